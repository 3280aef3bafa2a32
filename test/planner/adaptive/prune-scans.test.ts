/** What a finished broadcast's smallest and largest key leave of the files on the other side of its join. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type TestTables, testTables } from '../../support/planner-tables.js'
import { runGraph, textRows } from '../../support/run-graph.js'

const test = suite<TestTables>('planner/adaptive/prune-scans')

test.before(async context => {
  Object.assign(context, await testTables())
  // 8 row groups, in order of the day and of n; the key `k` is everywhere.
  await context.add(
    'facts',
    `SELECT i AS n, DATE '2020-01-01' + (i // 100)::INTEGER AS day, i::SMALLINT AS s, (i * 7919) % 100 AS k, i * 10 AS x FROM range(16384) t(i)`,
    { rowGroup: 2048 },
  )
  await context.add(
    'days',
    `SELECT DATE '2020-01-01' + i::INTEGER AS day, i AS n, i::SMALLINT AS s, i % 100 AS k, i % 7 AS weekday FROM range(400) t(i)`,
  )
})
test.after(context => context.close())

/** `kept`: of the 8 row groups; undefined: nothing is left out. */
const cases: readonly { readonly sql: string; readonly kept?: number | 'none' }[] = [
  { sql: "SELECT sum(x) AS s FROM facts f JOIN days d ON f.day = d.day WHERE d.day + 1 BETWEEN DATE '2020-02-09' AND DATE '2020-02-13'", kept: 2 },
  { sql: 'SELECT count(*) AS c FROM facts f JOIN (SELECT n + 5000 AS n FROM days) d ON f.n = d.n', kept: 1 },
  { sql: 'SELECT f.x FROM facts f WHERE EXISTS (SELECT 1 FROM (SELECT n - 20 AS n FROM days) d WHERE f.n = d.n)', kept: 1 },
  { sql: 'SELECT f.x FROM facts f JOIN (SELECT n, weekday FROM days WHERE weekday = 3) d ON f.n = d.n AND f.x > d.weekday', kept: 1 },
  // Below projections, filters and other joins.
  {
    sql: 'SELECT f.x, e.weekday FROM (SELECT n, k, x FROM facts WHERE x % 3 = 0) f JOIN days e ON f.k = e.n JOIN (SELECT n + 9000 AS n FROM days) d ON f.n = d.n',
    kept: 1,
  },
  // No key can be there.
  { sql: 'SELECT f.x FROM facts f JOIN (SELECT n + 100000 AS n FROM days) d ON f.n = d.n', kept: 'none' },
  // A column that is everywhere.
  { sql: 'SELECT count(*) AS c FROM facts f JOIN (SELECT k + 2 AS k FROM days WHERE weekday = 1) d ON f.k = d.k' },
  // Rows without a partner stay.
  { sql: 'SELECT f.x, d.n FROM facts f LEFT JOIN (SELECT n + 5000 AS n FROM days) d ON f.n = d.n' },
  { sql: 'SELECT f.x FROM facts f LEFT ANTI JOIN (SELECT n + 5000 AS n FROM days) d ON f.n = d.n' },
  // NULLs alone have no ends.
  { sql: 'SELECT f.x FROM facts f JOIN (SELECT nullif(n, n) AS n FROM days) d ON f.n = d.n' },
  // NULL is a key there.
  { sql: 'SELECT f.x FROM facts f JOIN (SELECT n + 5000 AS n FROM days) d ON f.n <=> d.n' },
  // What makes the keys may make others when it is run again; what counts rows counts those that are left out.
  { sql: 'SELECT f.x FROM facts f JOIN (SELECT n + 5000 AS n FROM days WHERE rand(5) < 2) d ON f.n = d.n' },
  {
    sql: 'SELECT f.i >= 0 AS i FROM (SELECT n, monotonically_increasing_id() AS i FROM facts) f JOIN (SELECT n + 5000 AS n FROM days) d ON f.n = d.n',
  },
]

/** Broadcasts are stages of their own, and of little more than a row group each. */
const settings = { 'spk.sql.broadcast.inlineRows': '0', 'spark.sql.files.openCostInBytes': '0', 'spark.sql.files.maxPartitionBytes': '20000' }

/** As DuckDB alone says it. */
const plainSql = (sql: string): string =>
  sql.replace('LEFT ANTI', 'ANTI').replace('<=>', 'IS NOT DISTINCT FROM').replace('rand(5) < 2', 'true').replace('monotonically_increasing_id()', '1')

for (const { sql, kept } of cases) {
  test(sql, async context => {
    const expected = (await textRows(context.connection, plainSql(sql))).map(r => r.join('|')).sort()
    for (const parallelism of [2, 8]) {
      const planned = await context.plan(sql, settings, parallelism)
      const run = await runGraph(context.connection, planned.graph, planned.adapt === undefined ? {} : { adapt: planned.adapt })
      assert.equal(run.rows.map(r => r.join('|')).sort(), expected)
      const [, left] = /dynamic pruning: (\d+) of 8 row groups/.exec(planned.finalPlan()) ?? []
      if (kept === 'none') assert.match(planned.finalPlan(), 'LocalTableScan <empty>')
      else assert.is(left, kept === undefined ? undefined : String(kept), planned.finalPlan())
    }
  })
}

test('not when it is switched off', async context => {
  const off = { ...settings, 'spark.sql.optimizer.dynamicPartitionPruning.enabled': 'false' }
  const planned = await context.plan(cases[1]?.sql ?? '', off, 2)
  await runGraph(context.connection, planned.graph, planned.adapt === undefined ? {} : { adapt: planned.adapt })
  assert.not.match(planned.finalPlan(), 'dynamic pruning')
})

test.run()
