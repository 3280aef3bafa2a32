/** Exchanges that do the same are one stage, read in several places; and the rows stay those of DuckDB alone. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type TestTables, testTables } from '../../support/planner-tables.js'
import { runGraph, textRows } from '../../support/run-graph.js'

const test = suite<TestTables>('planner/physical/reuse-exchanges')

test.before(async context => {
  Object.assign(context, await testTables(1000))
  await context.add('t', "SELECT (i * 7919) % 500 AS k, i % 13 AS g, i::DOUBLE AS x, 'name ' || i % 7 AS s FROM range(5000) t(i)", { rowGroup: 2048 })
  await context.add('small', 'SELECT i AS k FROM range(20) t(i)')
  await context.add('none', "SELECT i AS k, DATE '2024-01-01' AS d, 1.5::DECIMAL(12, 2) AS m FROM range(0) t(i)")
})
test.after(context => context.close())

const random = 'WITH c AS (SELECT k, rand() AS r FROM t) SELECT a.r, b.r AS r2 FROM c a JOIN c b ON a.k = b.k'

/** Query, stages, how often an exchange is read again, and the query as DuckDB reads it where it reads the text otherwise. */
const cases: readonly (readonly [sql: string, stages: number, reused: number, duck?: string])[] = [
  ['SELECT a.g, count(*) AS n FROM t a JOIN t b ON a.k = b.k AND a.g = b.g GROUP BY a.g', 3, 1],
  // The columns differ: two exchanges.
  ['SELECT a.x, b.s FROM t a JOIN t b ON a.k = b.k', 3, 0],
  ['SELECT a.x, b.x AS y FROM t a JOIN t b ON a.k = b.k', 2, 1],
  ['SELECT a.x, b.x AS y FROM (SELECT * FROM t WHERE g > 5) a JOIN (SELECT * FROM t WHERE g > 5) b ON a.k = b.k', 2, 1],
  ['SELECT a.x, b.x AS y FROM (SELECT * FROM t WHERE g > 5) a JOIN (SELECT * FROM t WHERE g > 6) b ON a.k = b.k', 3, 0],
  // Folded to the two infinities.
  [
    'SELECT a.x, b.x AS y FROM (SELECT * FROM t WHERE x < 1e308D * 10D) a LEFT JOIN (SELECT * FROM t WHERE x < -1e308D * 10D) b ON a.k = b.k',
    3,
    0,
    "SELECT a.x, b.x AS y FROM t a LEFT JOIN (SELECT * FROM t WHERE x < '-Infinity'::DOUBLE) b ON a.k = b.k",
  ],
  ['WITH c AS (SELECT k, sum(x) AS s FROM t GROUP BY k) SELECT * FROM c WHERE s > (SELECT avg(s) FROM c)', 2, 1],
  ['SELECT k, sum(x) AS s FROM t GROUP BY k UNION ALL SELECT k, sum(x) + 1 FROM t GROUP BY k', 2, 1],
  // Without rows, columns differ by their types alone.
  ['SELECT sum(b.m) AS s, min(c.d) AS d FROM t a JOIN none b ON a.k = b.k RIGHT JOIN none c ON a.k = c.k', 5, 0],
  // One broadcast for both.
  ['SELECT a.x FROM t a JOIN small s ON a.k = s.k UNION ALL SELECT a.x FROM t a JOIN small s ON a.g = s.k', 2, 1],
]

for (const [sql, stages, reused, duck = sql] of cases) {
  test(sql, async context => {
    const settings = sql.includes('small') ? { 'spk.sql.broadcast.inlineRows': '0' } : { 'spark.sql.autoBroadcastJoinThreshold': '-1' }
    const planned = await context.plan(sql, settings, 4)
    const shown = planned.explain()
    assert.is(planned.graph.stages.length, stages, `${shown}\n${planned.explain('codegen')}`)
    assert.is(shown.split('ReusedExchange').length - 1, reused, shown)
    const rows = async (found: Promise<readonly (readonly string[])[]>) => (await found).map(r => r.join('|')).sort()
    assert.equal(await rows(runGraph(context.connection, planned.graph).then(r => r.rows)), await rows(textRows(context.connection, duck)))
  })
}

test('random rows are made twice, as they were asked for twice', async context => {
  const planned = await context.plan(random, { 'spark.sql.autoBroadcastJoinThreshold': '-1' }, 4)
  assert.not.match(planned.explain(), /ReusedExchange/)
})

test.run()
