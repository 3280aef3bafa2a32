/** Estimates against the truth: tables with real footers, queries, and how far the estimate may be off. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { cardinality } from '#src/planner/cardinality.js'
import { type TestTables, testTables } from '../support/planner-tables.js'

const test = suite<TestTables>('planner/cardinality')

test.before(async context => {
  const tables = await testTables()
  Object.assign(context, tables)
  await tables.add(
    'facts',
    `SELECT i::INTEGER AS id, (i * 7919 % 1000)::INTEGER AS item, DATE '2024-01-01' + (i % 366)::INTEGER AS day, 'city ' || (i % 20) AS city,
            CASE WHEN i % 4 = 0 THEN NULL ELSE i % 50 END::BIGINT AS maybe, (i % 1000 / 10)::DECIMAL(9, 1) AS price, i * 0.5::DOUBLE AS x
     FROM range(20000) t(i)`,
    { files: 2, rowGroup: 4096 },
  )
  await tables.add('items', "SELECT i::INTEGER AS item, 'name ' || i AS name, (i % 10)::INTEGER AS kind FROM range(1000) t(i)")
  // Ten lines of an order lie together; few of all customers and days are there.
  await tables.add(
    'lines',
    `SELECT (i // 10 * 7919 % 50000)::INTEGER AS customer, (5000 + i // 10 * 31 % 400)::INTEGER AS day, (i // 10)::INTEGER AS number, i::INTEGER AS line
     FROM range(40000) t(i)`,
    { rowGroup: 4096 },
  )
  await tables.add('customers', "SELECT i::INTEGER AS customer, 'c ' || i % 7 AS class FROM range(50000) t(i)")
  await tables.add('days', 'SELECT i::INTEGER AS day, (i // 100)::INTEGER AS season FROM range(20000) t(i)')
  await tables.add('empty', 'SELECT 1::INTEGER AS item WHERE false')
})
test.after(context => context.close())

/**
 * Query, and by which factor the estimate may differ from the number of rows: 2 where the rows alternate between two files, each of which then holds
 * half of the values.
 */
const cases: readonly (readonly [string, number])[] = [
  ['SELECT * FROM facts', 1],
  ['SELECT * FROM empty', 1],
  ['SELECT * FROM facts WHERE id < 5000', 1.05],
  ['SELECT * FROM facts WHERE id >= 5000 AND id < 7000', 1.05],
  ['SELECT * FROM facts WHERE 1000 > id', 1.05],
  ['SELECT * FROM facts WHERE id > 30000', 1],
  ['SELECT * FROM facts WHERE id = 17', 1.05],
  ['SELECT * FROM facts WHERE id = -17', 1],
  ["SELECT * FROM facts WHERE day < DATE '2024-03-01'", 1.05],
  ["SELECT * FROM facts WHERE day = DATE '2024-03-01'", 2.1],
  ["SELECT * FROM facts WHERE city = 'city 3'", 2.1],
  ["SELECT * FROM facts WHERE city IN ('city 3', 'city 4', 'city 5')", 2.1],
  ["SELECT * FROM facts WHERE NOT city = 'city 3'", 1.1],
  ['SELECT * FROM facts WHERE maybe IS NULL', 1.05],
  ['SELECT * FROM facts WHERE maybe IS NOT NULL', 1.05],
  ['SELECT * FROM facts WHERE maybe = 7', 1.5],
  ['SELECT * FROM facts WHERE price <= 25', 1.1],
  ['SELECT * FROM facts WHERE x < 1000', 1.05],
  ["SELECT * FROM facts WHERE id < 2000 OR city = 'city 3'", 2.1],
  ['SELECT * FROM facts JOIN items USING (item)', 1.1],
  ['SELECT * FROM facts JOIN items USING (item) WHERE kind = 3', 1.2],
  ['SELECT * FROM facts LEFT JOIN (SELECT * FROM items WHERE item < 100) i USING (item)', 1.2],
  ['SELECT * FROM facts LEFT SEMI JOIN (SELECT * FROM items WHERE item < 100) i USING (item)', 1.2],
  ['SELECT * FROM facts LEFT ANTI JOIN (SELECT * FROM items WHERE item < 100) i USING (item)', 1.2],
  ['SELECT city, count(*) FROM facts GROUP BY city', 2.1],
  ['SELECT day, city, count(*) FROM facts GROUP BY day, city', 2.1],
  ['SELECT count(*) FROM facts', 1],
  ['SELECT DISTINCT item FROM facts', 1.1],
  ['SELECT * FROM facts LIMIT 10', 1],
  ['SELECT id FROM facts UNION ALL SELECT item FROM items', 1],
  ['SELECT * FROM range(5, 100, 7)', 1],
  ['SELECT customer FROM lines GROUP BY customer', 1.1],
  ['SELECT customer FROM lines WHERE line < 5000 GROUP BY customer', 1.1],
  ['SELECT day FROM lines GROUP BY day', 1.1],
  ['SELECT * FROM lines JOIN customers USING (customer)', 1.1],
  ["SELECT * FROM lines JOIN customers USING (customer) WHERE class = 'c 1'", 1.5],
  ['SELECT * FROM lines JOIN days USING (day)', 1.1],
  ['SELECT * FROM lines JOIN days USING (day) WHERE season = 52', 1.1],
  ['SELECT * FROM lines JOIN days USING (day) JOIN customers USING (customer) WHERE season = 52', 1.1],
  ['SELECT * FROM lines JOIN (SELECT number, count(*) AS n FROM lines GROUP BY number) o USING (number)', 1.1],
  ['SELECT * FROM lines LEFT JOIN (SELECT number, count(*) AS n FROM lines WHERE line < 8000 GROUP BY number) o USING (number)', 1.1],
  ['SELECT * FROM customers LEFT SEMI JOIN lines USING (customer)', 1.1],
  ['SELECT * FROM customers LEFT SEMI JOIN (SELECT customer FROM lines WHERE line < 8000) l USING (customer)', 2],
  ['SELECT * FROM lines JOIN (SELECT day FROM lines UNION ALL SELECT day FROM days) u USING (day)', 2],
]

for (const [sql, factor] of cases) {
  test(sql, async context => {
    const planned = await context.plan(sql)
    const result = await context.connection.runAndReadAll(
      `SELECT count(*)::INTEGER FROM (${sql.replace('LEFT SEMI JOIN', 'SEMI JOIN').replace('LEFT ANTI JOIN', 'ANTI JOIN')})`,
    )
    const actual = Number(result.getRows()[0]?.[0])
    const estimated = cardinality(planned.optimized)?.rows
    const off = Math.max(1, estimated ?? Number.NaN) / Math.max(1, actual)
    assert.ok(Math.max(off, 1 / off) <= factor * (1 + 1e-9), `${sql}: ${estimated} rows estimated, ${actual} found`)
  })
}

test.run()
