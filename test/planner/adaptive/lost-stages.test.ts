/**
 * Adaptive execution when results get lost: random queries, stages that start, end and lose what they wrote in any order, plans that change in between. The
 * rows are those of DuckDB alone, no stage waits for ever, and none reads what is not there. `SPK_LOST_RUNS` runs more than a test can afford.
 */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { random } from '../../fuzz/random.js'
import { type TestTables, testTables } from '../../support/planner-tables.js'
import { runGraph, textRows } from '../../support/run-graph.js'
import { runGraphLosing } from '../../support/run-graph-losing.js'
import { randomQuery } from './random-query.js'

const test = suite<TestTables>('planner/adaptive/lost-stages')
const n = 900
const tables = ['o', 'l', 't', 'u', 's', 'e']

/** Files claim to be large: little is broadcast at planning, and much at run time. */
test.before(async context => {
  Object.assign(context, await testTables(10_000))
  await context.add('o', `SELECT i AS k, (i * 7) % 97 AS v FROM range(${n}) t(i)`, { files: 3 })
  await context.add('l', `SELECT i // 2 AS k, i % 50 AS v FROM range(${n * 2}) t(i)`, { files: 4 })
  await context.add('t', `SELECT CASE WHEN i < ${n - 250} THEN i END AS k, i % 31 AS v FROM range(${n}) t(i)`, { files: 2 })
  await context.add('u', `SELECT CASE WHEN i >= 210 THEN i % 40 END AS k, CASE WHEN i % 5 <> 0 THEN i % 31 END AS v FROM range(${n}) t(i)`, {
    files: 2,
  })
  await context.add('s', `SELECT (i * 7919) % ${n} AS k, i % 11 AS v FROM range(${n}) t(i)`)
  await context.add('e', `SELECT i AS k, i AS v FROM range(150, 154) t(i)`)
})
test.after(context => context.close())

const cut = {
  coalesce: { advisory: 20_000, smallest: 100, parallelism: 3 },
  skew: { advisory: 5000, join: { factor: 1.5, threshold: 10_000 }, rebalance: true, smallShare: 0.2 },
}

async function check(context: TestTables, seed: number): Promise<readonly string[]> {
  const r = random(seed)
  const { query, inner } = randomQuery(r, tables)
  const settings = {
    'spark.sql.autoBroadcastJoinThreshold': r.one(['-1', '100000']),
    'spark.sql.adaptive.autoBroadcastJoinThreshold': r.one(['-1', '500', '20000', '1000000']),
    'spark.sql.adaptive.coalescePartitions.minPartitionSize': r.one(['1', '5000', '1MB']),
    'spark.sql.shuffle.partitions': r.one(['1', '3', '5']),
    'spk.sql.adaptive.keyFilterRows': r.one(['0', '100', '-1']),
    'spk.sql.fileOrder.enabled': r.one(['true', 'false']),
  }
  const rows = Number((await textRows(context.connection, `SELECT count(*) FROM ${inner('duck')} z`))[0]?.[0])
  // A product of duplicates, which takes long and shows nothing new.
  if (rows > 200_000) return []
  const planned = await context.plan(query('spark'), settings, r.one([1, 2, 3]))
  const expected = (await textRows(context.connection, query('duck'))).map(row => row.join('|')).sort()
  const adapt = planned.adapt === undefined ? {} : { adapt: planned.adapt }
  const lossy = r.chance(0.9)
  const run = lossy
    ? await runGraphLosing(context.connection, planned.graph, r, r.below(5), { ...adapt, ...(r.chance(0.5) ? { cut } : {}) })
    : { ...(await runGraph(context.connection, planned.graph, adapt)), log: [] }
  const about = `${query('spark')}\n${JSON.stringify(settings)}\n${run.log.join(', ')}\n${planned.explain()}\n${planned.finalPlan()}`
  assert.equal(run.rows.map(row => row.join('|')).sort(), expected, about)
  return run.log
}

test('the same rows, whatever is lost and whenever plans change', async context => {
  const seen = new Set<string>()
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 - 1 }), async seed => {
      for (const step of await check(context, seed)) seen.add(step.split(' ')[0] as string)
    }),
    { numRuns: Number(process.env['SPK_LOST_RUNS'] ?? 60), seed: Number(process.env['SPK_LOST_SEED'] ?? 3), endOnFailure: true },
  )
  // Otherwise the test would show nothing.
  assert.equal([...seen].sort(), ['drop', 'end', 'lose', 'replan', 'start'])
})

test.run()
