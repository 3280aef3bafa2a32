/** Joins of which a key has most of the rows: which inputs may be split, and that pieces of a partition give together what the partition gives. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { StageGraph } from '#src/core/stage.js'
import { type TestTables, testTables } from '../../support/planner-tables.js'
import { runGraph, textRows } from '../../support/run-graph.js'

const test = suite<TestTables>('planner/adaptive/skew-join')

test.before(async context => {
  Object.assign(context, await testTables(1000))
  // Two rows of three have one key; some have none.
  const key = (n: number) => `CASE WHEN i % 3 < 2 THEN 7 WHEN i % 31 = 0 THEN NULL ELSE (i * 7919) % ${n} END`
  await context.add('a', `SELECT ${key(900)} AS k, i AS x FROM range(900) t(i)`, { files: 6 })
  await context.add('b', `SELECT CASE WHEN i % 5 = 0 THEN 7 ELSE i END AS k, i * 10 AS y FROM range(400) t(i)`, { files: 3 })
  await context.add('c', `SELECT i % 50 AS k, i AS z FROM range(200) t(i)`, { files: 2 })
})
test.after(context => context.close())

/** The stages whose inputs a task may take in pieces, as the inputs' stages; `!` marks one that must be read whole. */
function marks(graph: StageGraph): string {
  const reads = graph.stages.flatMap(stage =>
    stage.fragments.flatMap(f => f.inputs.filter(input => input.kind === 'shuffle' && input.read === 'partition')),
  )
  return reads.map(input => (input.kind === 'shuffle' ? `${input.stage}${input.cut === 'split' ? '' : '!'}` : '')).join(' ')
}

const cases: readonly [sql: string, marks: string][] = [
  ['SELECT a.x, b.y FROM a JOIN b ON a.k = b.k', '0 1'],
  ['SELECT a.x, b.y FROM a LEFT JOIN b ON a.k = b.k', '0 1!'],
  ['SELECT a.x, b.y FROM b RIGHT JOIN a ON a.k = b.k', '0 1!'],
  ['SELECT a.x, b.y FROM a FULL JOIN b ON a.k = b.k', '0! 1!'],
  ['SELECT a.x FROM a LEFT SEMI JOIN b ON a.k = b.k AND b.y > a.x', '0 1!'],
  ['SELECT a.x FROM a LEFT ANTI JOIN b ON a.k = b.k AND b.y > a.x', '0 1!'],
  ['SELECT a.x FROM a WHERE a.x NOT IN (SELECT y FROM b WHERE b.k = a.k AND y IS NOT NULL)', '0 1!'],
  // Both joins by one key, in one stage.
  ['SELECT count(*) AS n, sum(a.x + b.y * c.z) AS s FROM a JOIN b ON a.k = b.k JOIN c ON a.k = c.k', '0 1 2'],
  ['SELECT count(*) AS n, sum(a.x + b.y), sum(c.z) AS s FROM a JOIN b ON a.k = b.k LEFT JOIN c ON a.k = c.k', '0 1 2!'],
  // Filters, projections and partial aggregates pass rows on as they come.
  ['SELECT count(*) AS n, sum(a.x + b.y) AS s FROM a JOIN b ON a.k = b.k WHERE a.x + b.y > 100', '0 1'],
  ['SELECT a.x % 5 AS g, count(*) AS n FROM a JOIN b ON a.k = b.k GROUP BY a.x % 5', '0 1 2!'],
  ['SELECT a.x % 5 AS g, b.y % 3 AS h, count(*) AS n FROM a JOIN b ON a.k = b.k GROUP BY ROLLUP(a.x % 5, b.y % 3)', '0 1 2!'],
  // The groups of one key must be in one task.
  ['SELECT a.k, count(*) AS n FROM a JOIN b ON a.k = b.k GROUP BY a.k', '0! 1!'],
  ['SELECT a.k, row_number() OVER (PARTITION BY a.k ORDER BY a.x, b.y) AS n FROM a JOIN b ON a.k = b.k', '0! 1!'],
  // A side that is grouped by the key is read whole; the other may be split.
  ['SELECT a.x, b.n FROM a JOIN (SELECT k, count(*) AS n FROM b GROUP BY k) b ON a.k = b.k', '0 1!'],
]

const settings = {
  'spark.sql.autoBroadcastJoinThreshold': '-1',
  'spark.sql.shuffle.partitions': '4',
  'spk.sql.fileOrder.enabled': 'false',
}
/** Whatever is larger than half of the median is split, by single map tasks. */
const cut = {
  coalesce: { advisory: 2000, smallest: 1, parallelism: 1 },
  skew: { advisory: 1, join: { factor: 0.5, threshold: 1 }, rebalance: true, smallShare: 0 },
}

for (const [sql, wanted] of cases) {
  test(sql, async context => {
    const planned = await context.plan(sql, settings, 4)
    const sides = marks(planned.graph)
    assert.ok(sides === wanted || sides === reversed(wanted), `${sides}\n${planned.explain('codegen')}`)
    const expected = (await textRows(context.connection, sql.replace('LEFT SEMI', 'SEMI').replace('LEFT ANTI', 'ANTI'))).map(r => r.join('|')).sort()
    const whole = await runGraph(context.connection, planned.graph)
    const split = await runGraph(context.connection, planned.graph, { cut })
    assert.equal(whole.rows.map(r => r.join('|')).sort(), expected)
    assert.equal(split.rows.map(r => r.join('|')).sort(), expected)
    const tasks = (run: typeof whole) => run.tasks.reduce((sum, n) => sum + (n ?? 0), 0)
    if (/\d(?!\d*!)/.test(wanted)) assert.ok(tasks(split) > tasks(whole), `${split.tasks} ${whole.tasks}`)
  })
}

/** What follows the join needs its rows by their keys. */
const relying: readonly string[] = [
  'SELECT a.k, count(*) AS n, sum(a.x + b.y) AS s FROM a JOIN b ON a.k = b.k GROUP BY a.k',
  'SELECT a.k, sum(b.y) AS s FROM a LEFT JOIN b ON a.k = b.k GROUP BY a.k',
  'SELECT a.k, a.x, row_number() OVER (PARTITION BY a.k ORDER BY a.x, b.y) AS n FROM a JOIN b ON a.k = b.k',
  'SELECT k, max(n) AS n FROM (SELECT a.k, a.x % 7 AS g, count(*) AS n FROM a JOIN b ON a.k = b.k GROUP BY a.k, a.x % 7) GROUP BY k',
]
const forced = { ...settings, 'spark.sql.adaptive.forceOptimizeSkewedJoin': 'true', 'spark.sql.adaptive.autoBroadcastJoinThreshold': '-1' }
const gathers = { 'spark.sql.adaptive.coalescePartitions.enabled': 'false' }

for (const sql of relying) {
  test(`forced: ${sql}`, async context => {
    const expected = (await textRows(context.connection, sql)).map(r => r.join('|')).sort()
    const rows = (run: { readonly rows: readonly (readonly string[])[] }) => run.rows.map(r => r.join('|')).sort()
    const plain = await context.plan(sql, { ...settings, ...gathers }, 4)
    // Skew: an exchange more, and the join's partitions in pieces.
    const skew = { 'spark.sql.adaptive.skewJoin.skewedPartitionFactor': '0.5', 'spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes': '1' }
    const skewed = await context.plan(sql, { ...forced, ...gathers, ...skew }, 4)
    assert.is(skewed.graph.stages.length, plain.graph.stages.length + 1)
    assert.match(skewed.explain(), 'if the join below is skewed')
    const split = await runGraph(context.connection, skewed.graph, { cut, ...(skewed.adapt === undefined ? {} : { adapt: skewed.adapt }) })
    assert.is(split.ran.length, skewed.graph.stages.length)
    assert.equal(rows(split), expected)
    assert.ok((split.tasks[2] ?? 0) > 4, `${split.tasks}`)
    // No skew: the stages that there would be without.
    const even = await context.plan(sql, { ...forced, ...gathers }, 4)
    const whole = await runGraph(context.connection, even.graph, even.adapt === undefined ? {} : { adapt: even.adapt })
    assert.is(whole.ran.length, plain.graph.stages.length)
    assert.equal(rows(whole), expected)
    assert.not.match(even.finalPlan(), 'if the join below is skewed')
  })
}

test('forced: a join that becomes a broadcast keeps the exchange, on which what follows relies', async context => {
  const sql = 'SELECT k, n FROM (SELECT a.k, count(*) AS n FROM a LEFT SEMI JOIN b ON a.k = b.k GROUP BY a.k) JOIN c USING (k)'
  const expected = (await textRows(context.connection, sql.replace('LEFT SEMI', 'SEMI'))).map(r => r.join('|')).sort()
  const settled = {
    ...forced,
    ...gathers,
    'spark.sql.adaptive.autoBroadcastJoinThreshold': '10MB',
    'spark.sql.adaptive.localShuffleReader.enabled': 'false',
  }
  const planned = await context.plan(sql, settled, 4)
  const run = await runGraph(context.connection, planned.graph, planned.adapt === undefined ? {} : { adapt: planned.adapt })
  assert.equal(run.rows.map(r => r.join('|')).sort(), expected)
  assert.match(planned.finalPlan(), /if the join below is skewed[\s\S]*BroadcastHashJoin/)
})

/** Which side is built decides which stage comes first. */
function reversed(wanted: string): string {
  const [a = '', b = '', ...rest] = wanted.split(' ')
  return [`0${b.slice(1)}`, `1${a.slice(1)}`, ...rest].join(' ')
}

test.run()
