/** The right side of a semi or anti join by equal keys is sent with each key once, where keys repeat; the rows stay those of DuckDB alone. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type TestTables, testTables } from '../../support/planner-tables.js'
import { runGraph, textRows } from '../../support/run-graph.js'

const test = suite<TestTables>('planner/physical/semi-join-keys')

test.before(async context => {
  Object.assign(context, await testTables(1000))
  await context.add('t', 'SELECT i AS k, i % 7 AS g FROM range(3000) t(i)', { files: 2 })
  await context.add('often', 'SELECT CASE WHEN i % 11 <> 0 THEN i % 40 END AS k, i AS x FROM range(5000) t(i)', { files: 2 })
  await context.add('once', 'SELECT i * 3 AS k FROM range(2000) t(i)', { files: 2 })
})
test.after(context => context.close())

/** Query, and whether keys are made single before they are sent. */
const cases: readonly (readonly [string, boolean])[] = [
  ['SELECT g FROM t SEMI JOIN often o ON t.k = o.k', true],
  ['SELECT g FROM t ANTI JOIN often o ON t.k = o.k', true],
  // What is compared besides the keys is needed of every row.
  ['SELECT g FROM t SEMI JOIN often o ON t.k = o.k AND o.x > t.g', false],
  ['SELECT g FROM t SEMI JOIN once o ON t.k = o.k', false],
  ['SELECT g FROM t JOIN (SELECT k FROM often) o ON t.k = o.k', false],
]

for (const [sql, single] of cases) {
  for (const threshold of ['-1', '1GB']) {
    test(`${sql}, broadcast below ${threshold}`, async context => {
      const planned = await context.plan(sql.replace('SEMI', 'LEFT SEMI').replace('ANTI', 'LEFT ANTI'), {
        'spark.sql.autoBroadcastJoinThreshold': threshold,
        'spk.sql.fileOrder.enabled': 'false',
      })
      assert.is(/HashAggregate\(keys=\[k#\d+\], mode=partial/.test(planned.explain()), single, planned.explain())
      const rows = async (found: Promise<readonly (readonly string[])[]>) => (await found).map(r => r.join('|')).sort()
      assert.equal(await rows(runGraph(context.connection, planned.graph, planned).then(r => r.rows)), await rows(textRows(context.connection, sql)))
    })
  }
}

test.run()
