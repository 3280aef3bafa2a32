/** Which strategy, which build side, which exchanges: sizes and hints in, one line of plan out. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Conf } from '#src/core/config.js'
import { SpkError } from '#src/core/errors.js'
import { field, struct, types } from '#src/core/types.js'
import { physicalText } from '#src/planner/explain.js'
import { parseExpression, parseStatement } from '#src/planner/parse/parse.js'
import { type Physical, physicalChildren } from '#src/planner/physical-plan.js'
import { type PlannerEnvironment, planQuery } from '#src/planner/pipeline.js'

const test = suite('planner/physical/joins')
const MB = 2 ** 20

/** Tables named by their megabytes: `t5` is 5 MB in one file, `t500` 500 MB, `n5` 5 MB with ten times the rows. All have columns a, b, c. */
function environment(settings: Readonly<Record<string, string>>): PlannerEnvironment {
  return {
    sources: {
      describe: (_, paths) => {
        const size = Number(paths[0]?.slice(2)) * MB
        const groups = Math.max(1, Math.ceil(size / (16 * MB)))
        return Promise.resolve({
          schema: struct([field('a', types.long), field('b', types.long), field('c', types.int)]),
          files: [
            {
              file: { uri: `${paths[0]}`, size, mtimeMs: 0 },
              rowGroups: Array.from({ length: groups }, () => ({ rows: paths[0]?.[1] === 'n' ? 1_000_000 : 100_000, bytes: size / groups })),
            },
          ],
        })
      },
    },
    view: name => (/^[tn]\d+$/.test(name[0] ?? '') ? { kind: 'ReadFiles', format: 'parquet', paths: [`/${name[0]}`], options: {} } : undefined),
    viewNames: () => [],
    parseExpression,
    conf: new Conf({ 'spark.sql.session.timeZone': 'UTC', ...settings }),
    parallelism: 4,
    now: 0,
  }
}

/** Each join as `strategy type(probe, build)`, tables by name, `~` an exchange by hash, `*` a broadcast or a table that every task reads itself, `1` all in one task. */
function shape(plan: Physical): string {
  switch (plan.kind) {
    case 'Join':
      return `${plan.strategy} ${plan.type}(${shape(plan.probe)}, ${shape(plan.build)})`
    case 'FileScan':
      return `${plan.everyTask ? '*' : ''}${(plan.paths[0] ?? '').slice(1)}`
    case 'Exchange': {
      const marks = { hash: '~', broadcast: '*', single: '1', range: 'r', roundRobin: 'o' } as const
      return `${marks[plan.target.kind]}${shape(plan.input)}`
    }
    case 'HashAggregate':
      return `agg(${shape(plan.input)})`
    default:
      return physicalChildren(plan).map(shape).join(' ')
  }
}

const cases: readonly (readonly [string, string, Readonly<Record<string, string>>?])[] = [
  ['SELECT x.c FROM t500 x JOIN t5 y ON x.a = y.a', 'BroadcastHashJoin inner(t500, *t5)'],
  // A long side is not sent where adaptive execution is likely to send the other one.
  ['SELECT x.c FROM t500 x JOIN n5 y ON x.a = y.a WHERE x.b = 5 AND x.c = 3', 'ShuffledHashJoin inner(~n5, ~t500)'],
  ['SELECT x.c FROM t500 x JOIN n5 y ON x.a = y.a WHERE x.b = 5', 'BroadcastHashJoin inner(t500, *n5)'],
  [
    'SELECT x.c FROM t500 x JOIN n5 y ON x.a = y.a WHERE x.b = 5 AND x.c = 3',
    'BroadcastHashJoin inner(t500, *n5)',
    { 'spark.sql.adaptive.enabled': 'false' },
  ],
  ['SELECT x.c FROM t5 x JOIN t500 y ON x.a = y.a', 'BroadcastHashJoin inner(t500, *t5)'],
  ['SELECT x.c FROM t500 x JOIN t600 y ON x.a = y.a', 'ShuffledHashJoin inner(~t500, ~t600)'],
  ['SELECT x.c FROM t500 x JOIN t900 y ON x.a = y.a', 'ShuffledHashJoin inner(~t900, ~t500)'],
  ['SELECT x.c FROM t500 x JOIN t5 y ON x.a = y.a', 'ShuffledHashJoin inner(~t500, ~t5)', { 'spark.sql.autoBroadcastJoinThreshold': '-1' }],
  ['SELECT x.c FROM t500 x JOIN t200 y ON x.a = y.a', 'BroadcastHashJoin inner(t500, *t200)', { 'spark.sql.autoBroadcastJoinThreshold': '1g' }],
  // Both in one task: nothing moves.
  ['SELECT x.c FROM t1 x JOIN t2 y ON x.a = y.a', 'ShuffledHashJoin inner(t2, t1)'],
  // The build side that a type allows.
  ['SELECT x.c, y.c FROM t500 x LEFT JOIN t5 y ON x.a = y.a', 'BroadcastHashJoin left(t500, *t5)'],
  ['SELECT x.c, y.c FROM t5 x LEFT JOIN t500 y ON x.a = y.a', 'ShuffledHashJoin left(~t5, ~t500)'],
  ['SELECT x.c, y.c FROM t5 x RIGHT JOIN t500 y ON x.a = y.a', 'BroadcastHashJoin left(t500, *t5)'],
  ['SELECT x.c, y.c FROM t500 x RIGHT JOIN t5 y ON x.a = y.a', 'ShuffledHashJoin left(~t5, ~t500)'],
  ['SELECT x.c, y.c FROM t500 x FULL JOIN t5 y ON x.a = y.a', 'ShuffledHashJoin full(~t500, ~t5)'],
  ['SELECT x.c FROM t500 x LEFT SEMI JOIN t5 y ON x.a = y.a', 'BroadcastHashJoin semi(t500, *t5)'],
  ['SELECT x.c FROM t5 x LEFT ANTI JOIN t500 y ON x.a = y.a', 'ShuffledHashJoin anti(~t5, ~t500)'],
  // Hints.
  ['SELECT /*+ BROADCAST(y) */ x.c FROM t500 x JOIN t600 y ON x.a = y.a', 'BroadcastHashJoin inner(t500, *t600)'],
  ['SELECT /*+ MERGE(y) */ x.c FROM t500 x JOIN t5 y ON x.a = y.a', 'SortMergeJoin inner(~t500, ~t5)'],
  ['SELECT /*+ SHUFFLE_MERGE(x) */ x.c FROM t500 x JOIN t5 y ON x.a = y.a', 'SortMergeJoin inner(~t500, ~t5)'],
  ['SELECT /*+ MERGEJOIN(x) */ x.c FROM t500 x JOIN t5 y ON x.a = y.a AND x.b + y.b > 3', 'SortMergeJoin inner(~t500, ~t5)'],
  // Outer and semi joins hash, which finishes on disk, too.
  ['SELECT /*+ MERGE(x) */ x.c, y.c FROM t500 x FULL JOIN t600 y ON x.a = y.a', 'ShuffledHashJoin full(~t600, ~t500)'],
  ['SELECT /*+ MERGE(x) */ x.c FROM t500 x LEFT SEMI JOIN t600 y ON x.a = y.a', 'ShuffledHashJoin semi(~t500, ~t600)'],
  ['SELECT /*+ MERGE(x) */ x.c, y.c FROM t500 x LEFT JOIN t600 y ON x.a = y.a', 'ShuffledHashJoin left(~t500, ~t600)'],
  ['SELECT /*+ SHUFFLE_HASH(y) */ x.c FROM t500 x JOIN t900 y ON x.a = y.a', 'ShuffledHashJoin inner(~t500, ~t900)'],
  ['SELECT /*+ SHUFFLE_HASH(x) */ x.c FROM t900 x JOIN t500 y ON x.a = y.a', 'ShuffledHashJoin inner(~t500, ~t900)'],
  ['SELECT /*+ SHUFFLE_HASH(y) */ x.c FROM t500 x JOIN t5 y ON x.a = y.a', 'ShuffledHashJoin inner(~t500, ~t5)'],
  ['SELECT /*+ SHUFFLE_REPLICATE_NL(y) */ x.c FROM t500 x JOIN t5 y ON x.a = y.a', 'CartesianProduct inner(ot500, ot5)'],
  ['SELECT /*+ SHUFFLE_REPLICATE_NL(y) */ x.c, y.c FROM t500 x LEFT JOIN t5 y ON x.a = y.a', 'ShuffledHashJoin left(~t500, ~t5)'],
  // Where hints differ, in Spark's order: BROADCAST, MERGE, SHUFFLE_HASH, SHUFFLE_REPLICATE_NL.
  ['SELECT /*+ MERGE(x), BROADCAST(y) */ x.c FROM t500 x JOIN t600 y ON x.a = y.a', 'BroadcastHashJoin inner(t500, *t600)'],
  ['SELECT /*+ SHUFFLE_HASH(x), MERGE(y) */ x.c FROM t500 x JOIN t600 y ON x.a = y.a', 'SortMergeJoin inner(~t600, ~t500)'],
  ['SELECT /*+ SHUFFLE_REPLICATE_NL(x), SHUFFLE_HASH(y) */ x.c FROM t500 x JOIN t600 y ON x.a = y.a', 'ShuffledHashJoin inner(~t500, ~t600)'],
  // Settings.
  ['SELECT x.c FROM t500 x JOIN t600 y ON x.a = y.a', 'SortMergeJoin inner(~t500, ~t600)', { 'spark.sql.join.preferSortMergeJoin': 'true' }],
  ['SELECT x.c FROM t500 x JOIN t5 y ON x.a = y.a', 'BroadcastHashJoin inner(t500, *t5)', { 'spark.sql.join.preferSortMergeJoin': 'true' }],
  [
    'SELECT /*+ SHUFFLE_HASH(y) */ x.c FROM t500 x JOIN t600 y ON x.a = y.a',
    'ShuffledHashJoin inner(~t500, ~t600)',
    { 'spark.sql.join.preferSortMergeJoin': 'true' },
  ],
  ['SELECT /*+ BROADCAST(x) */ x.c, y.c FROM t500 x LEFT JOIN t600 y ON x.a = y.a', 'ShuffledHashJoin left(~t500, ~t600)'],
  // Without equal keys.
  ['SELECT x.c FROM t500 x JOIN t5 y ON x.a < y.a', 'BroadcastNestedLoopJoin inner(t500, *t5)'],
  ['SELECT x.c FROM t5 x CROSS JOIN t500 y', 'BroadcastNestedLoopJoin cross(t500, *t5)'],
  ['SELECT x.c, y.c FROM t5 x LEFT JOIN t500 y ON x.a < y.a', 'BroadcastNestedLoopJoin left(t5, *t500)'],
  ['SELECT x.c FROM t500 x JOIN t600 y ON x.a < y.a', 'CartesianProduct inner(ot500, ot600)'],
  ['SELECT x.c FROM t500 x CROSS JOIN t600 y', 'CartesianProduct cross(ot500, ot600)'],
  ['SELECT /*+ BROADCAST(y) */ x.c FROM t500 x CROSS JOIN t600 y', 'BroadcastNestedLoopJoin cross(t500, *t600)'],
  ['SELECT /*+ SHUFFLE_REPLICATE_NL(y) */ x.c FROM t500 x JOIN t5 y ON x.a < y.a', 'CartesianProduct inner(ot500, ot5)'],
  ['SELECT x.c, y.c FROM t500 x LEFT JOIN t600 y ON x.a < y.a', 'BroadcastNestedLoopJoin left(t500, *t600)'],
  ['SELECT x.c, y.c FROM t500 x FULL JOIN t50 y ON x.a < y.a', 'NestedLoopJoin full(1t500, 1t50)'],
  // No exchange where the rows lie right already.
  ['SELECT x.a, count(*) FROM t500 x JOIN t600 y ON x.a = y.a GROUP BY x.a', 'agg(ShuffledHashJoin inner(~t600, ~t500))'],
  ['SELECT y.a, count(*) FROM t500 x JOIN t600 y ON x.a = y.a GROUP BY y.a', 'agg(ShuffledHashJoin inner(~t600, ~t500))'],
  ['SELECT x.a, x.b, count(*) FROM t500 x JOIN t600 y ON x.a = y.a GROUP BY x.a, x.b', 'agg(ShuffledHashJoin inner(~t500, ~t600))'],
  ['SELECT x.c FROM t500 x JOIN t600 y ON x.a = y.a JOIN t400 z ON y.a = z.a', 'ShuffledHashJoin inner(ShuffledHashJoin inner(~t500, ~t600), ~t400)'],
  [
    'SELECT x.c FROM t500 x FULL JOIN t600 y ON x.a = y.a LEFT JOIN t400 z ON x.a = z.a',
    'ShuffledHashJoin left(~ShuffledHashJoin full(~t500, ~t600), ~t400)',
  ],
  [
    'SELECT x.c FROM t500 x FULL JOIN t600 y ON x.a = y.a JOIN t400 z ON x.a = z.a',
    'ShuffledHashJoin inner(ShuffledHashJoin left(~t500, ~t600), ~t400)',
  ],
]

for (const [sql, wanted, settings] of cases) {
  test(`${sql}${settings === undefined ? '' : ` ${JSON.stringify(settings)}`}`, async () => {
    const statement = parseStatement(sql)
    if (statement.kind !== 'Query') throw new Error('not a query')
    const planned = await planQuery(statement.plan, environment(settings ?? {}))
    assert.is(shape(planned.physical).trim(), wanted)
  })
}

test('a product that would send too much to every executor is refused, with advice', async () => {
  const statement = parseStatement('SELECT x.c, y.c FROM t20000 x LEFT JOIN t30000 y ON x.a < y.a')
  if (statement.kind !== 'Query') throw new Error('not a query')
  try {
    await planQuery(statement.plan, environment({}))
    assert.unreachable()
  } catch (error) {
    assert.instance(error, SpkError)
    assert.match(String(error), /SPK_JOIN_TOO_LARGE.*equality/)
  }
})

test('a small side of one row group is read by every task; one that is not, or is asked to be a stage, is broadcast', async () => {
  for (const [sql, settings, wanted] of [
    ['SELECT x.c FROM t500 x JOIN t5 y ON x.a = y.a', {}, true],
    ['SELECT x.c FROM t500 x JOIN t5 y ON x.a = y.a', { 'spk.sql.broadcast.inlineRows': '99999' }, false],
    ['SELECT x.c FROM t500 x JOIN n5 y ON x.a = y.a', {}, false],
    // A random condition must give all tasks the same rows.
    ['SELECT x.c FROM t500 x JOIN (SELECT * FROM t5 WHERE rand() < 0.5) y ON x.a = y.a', {}, false],
    // What is joined in it is small as well.
    ['SELECT x.c FROM t500 x JOIN (SELECT t5.* FROM t5 JOIN t4 USING (a)) y ON x.a = y.a', { 'spk.sql.broadcast.inlineRows': '300000' }, true],
    ['SELECT x.c FROM t500 x JOIN (SELECT t5.* FROM t5 JOIN t4 USING (a)) y ON x.a = y.a', { 'spk.sql.broadcast.inlineRows': '150000' }, false],
  ] as const) {
    const statement = parseStatement(sql)
    if (statement.kind !== 'Query') throw new Error('not a query')
    const { physical, graph } = await planQuery(statement.plan, environment(settings))
    assert.is(!physicalText(physical).includes('BroadcastExchange'), wanted, `${sql}\n${physicalText(physical)}`)
    const scans = graph.stages.flatMap(s => s.fragments.flatMap(f => f.inputs)).filter(i => i.kind === 'scan' && i.everyTask)
    assert.is(scans.length > 0, wanted)
  }
})

test.run()
