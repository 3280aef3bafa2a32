/** Semi and anti joins of a right side that is much the larger: it is reduced to the left side's keys first, and the rows are those of DuckDB alone. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type TestTables, testTables } from '../../support/planner-tables.js'
import { runGraph, textRows } from '../../support/run-graph.js'

const test = suite<TestTables>('planner/lower/reduced-join')

/** Both in order of `k`, with NULLs and keys that stand several times on either side, so that their files are cut at the same bounds. */
test.before(async context => {
  Object.assign(context, await testTables(1000))
  await context.add('few', `SELECT CASE WHEN i % 50 > 0 THEN i * 3 END AS k, i % 7 AS a, 'few ' || i AS name FROM range(700) t(i)`, {
    rowGroup: 2048,
  })
  await context.add('many', `SELECT CASE WHEN i % 97 > 0 THEN i // 20 END AS k, i % 11 AS a FROM range(40000) t(i)`, { rowGroup: 2048 })
})
test.after(context => context.close())

interface Case {
  readonly where: string
  /** Joins that are made so. */
  readonly reduced: number
}

const cases: readonly Case[] = [
  { where: 'EXISTS (SELECT * FROM many m WHERE m.k = f.k)', reduced: 1 },
  { where: 'NOT EXISTS (SELECT * FROM many m WHERE m.k = f.k)', reduced: 1 },
  { where: 'EXISTS (SELECT * FROM many m WHERE m.k = f.k AND m.a <> f.a)', reduced: 1 },
  { where: 'NOT EXISTS (SELECT * FROM many m WHERE m.k = f.k AND m.a > f.a + 2)', reduced: 1 },
  { where: 'EXISTS (SELECT * FROM many m WHERE m.k <=> f.k)', reduced: 1 },
  { where: 'NOT EXISTS (SELECT * FROM many m WHERE m.k <=> f.k AND m.a = f.a)', reduced: 1 },
  {
    where: 'EXISTS (SELECT * FROM many m WHERE m.k = f.k AND m.a = 3) AND NOT EXISTS (SELECT * FROM many m WHERE m.k = f.k AND m.a > 9)',
    reduced: 2,
  },
  // Conditions that may fail, or are of the kept side alone, leave the equality to hash by.
  { where: 'EXISTS (SELECT * FROM many m WHERE m.k = f.k AND m.a <> f.a AND 12 / (m.a - f.a) > 2)', reduced: 1 },
  { where: 'NOT EXISTS (SELECT * FROM many m WHERE m.k = f.k AND f.a <> 3 AND 12 / (f.a - 3) > m.a)', reduced: 1 },
  { where: 'f.k IN (SELECT k FROM many)', reduced: 1 },
  // Its NULL rule is a condition of its own, above.
  { where: 'f.k NOT IN (SELECT k FROM many WHERE k IS NOT NULL)', reduced: 1 },
  // No key to go by.
  { where: 'EXISTS (SELECT * FROM many m WHERE m.k > f.k + 1900)', reduced: 0 },
]

for (const { where, reduced } of cases) {
  test(where, async context => {
    const sql = `SELECT f.k, f.name FROM few f WHERE ${where}`
    const planned = await context.plan(sql, { 'spark.sql.autoBroadcastJoinThreshold': '-1' }, 4)
    const text = planned.explain('codegen')
    assert.is(text.match(/AS MATERIALIZED/g)?.length ?? 0, reduced, text)
    assert.not.match(text, /THEN false ELSE/)
    const { rows } = await runGraph(context.connection, planned.graph)
    const expected = await textRows(context.connection, sql.replace('<=>', 'IS NOT DISTINCT FROM'))
    assert.equal(rows.map(r => r.join('|')).sort(), expected.map(r => r.join('|')).sort())
    assert.ok(expected.length > 0 && expected.length < 700)
  })
}

test('sides of like size are joined as they are', async context => {
  const planned = await context.plan('SELECT m.k FROM many m LEFT SEMI JOIN many n ON m.k = n.k', { 'spark.sql.autoBroadcastJoinThreshold': '-1' }, 4)
  assert.not.match(planned.explain('codegen'), /AS MATERIALIZED/)
})

test.run()
