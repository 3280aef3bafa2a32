/**
 * Files that lie in order of a column: plans without exchanges on it, and the same rows as DuckDB alone, whatever the order, NULLs, repeated keys across
 * row groups and bounds; and tables that only look ordered, which keep their exchanges.
 */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Physical, physicalChildren } from '#src/planner/physical-plan.js'
import type { PlannedQuery } from '#src/planner/pipeline.js'
import { type TestTables, testTables } from '../../support/planner-tables.js'
import { runGraph, textRows } from '../../support/run-graph.js'

const test = suite<TestTables>('planner/physical/file-order')

/** Files claim to be large, so that nothing is broadcast for being small. */
test.before(async context => {
  Object.assign(context, await testTables(1000))
  const n = 30_000
  await context.add('orders', `SELECT i::BIGINT AS k, (i % 97)::INTEGER AS c, DATE '2024-01-01' + (i // 100)::INTEGER AS day FROM range(${n}) t(i)`, {
    rowGroup: 2048,
  })
  // Several lines an order: keys straddle row groups.
  await context.add('lines', `SELECT (i // 3)::INTEGER AS k, i AS line, (i % 50)::DOUBLE AS price FROM range(${n * 2}) t(i)`, { rowGroup: 2048 })
  await context.add(
    'log',
    `SELECT TIMESTAMP '2024-01-01' + to_microseconds(i * 1234567) AS at, (i * 7919) % ${n} AS k, TIMESTAMPTZ '2024-01-01 00:00:00+00' + to_seconds(i) AS z FROM range(${n}) t(i)`,
    { rowGroup: 2048 },
  )
  // Ordered with a tail of NULLs, and with NULLs in between.
  await context.add('tail', `SELECT CASE WHEN i < ${n - 5000} THEN i END AS k, i AS v FROM range(${n}) t(i)`, { rowGroup: 2048 })
  await context.add('holes', `SELECT CASE WHEN i % 1000 <> 7 THEN i END AS k, i AS v FROM range(${n}) t(i)`, { rowGroup: 2048 })
  await context.add('shuffled', `SELECT (i * 7919) % ${n} AS k, i AS v FROM range(${n}) t(i)`, { rowGroup: 2048 })
})
test.after(context => context.close())

function exchanges(plan: Physical): number {
  return (plan.kind === 'Exchange' ? 1 : 0) + physicalChildren(plan).reduce((sum, child) => sum + exchanges(child), 0)
}

function ranges(plan: Physical): number[] {
  const own = plan.kind === 'FileScan' && plan.ranges !== undefined ? [plan.ranges.bounds.length + 1] : []
  return [...own, ...physicalChildren(plan).flatMap(ranges)]
}

async function sameRows(context: TestTables, planned: PlannedQuery, duck: string): Promise<void> {
  const expected = (await textRows(context.connection, duck)).map(r => r.join('|')).sort()
  const actual = (await runGraph(context.connection, planned.graph)).rows.map(r => r.join('|')).sort()
  assert.equal(actual, expected, planned.explain('codegen'))
}

/** Query, exchanges left, scans cut by ranges. */
const cases: readonly (readonly [string, number, number])[] = [
  ['SELECT o.k, line, day FROM orders o JOIN lines l ON o.k = l.k', 0, 2],
  ['SELECT o.k, line FROM orders o LEFT JOIN lines l ON o.k = l.k', 0, 2],
  ['SELECT o.k, line FROM lines l RIGHT JOIN orders o ON o.k = l.k', 0, 2],
  ['SELECT o.k, line FROM orders o FULL JOIN lines l ON o.k = l.k', 0, 2],
  ['SELECT o.k FROM orders o LEFT SEMI JOIN lines l ON o.k = l.k', 0, 2],
  ['SELECT o.k FROM orders o LEFT ANTI JOIN (SELECT * FROM lines WHERE price > 10) l ON o.k = l.k', 0, 2],
  ['SELECT k, sum(price) AS p FROM lines GROUP BY k', 0, 1],
  ['SELECT k, count(DISTINCT price) AS p FROM lines GROUP BY k', 0, 1],
  ['SELECT o.k, sum(price) AS p FROM orders o JOIN lines l ON o.k = l.k GROUP BY o.k', 0, 2],
  ['SELECT o.k, p, c FROM orders o JOIN (SELECT k, sum(price) AS p FROM lines GROUP BY k HAVING sum(price) > 100) l ON o.k = l.k', 0, 2],
  ['SELECT a.k, b.line, c.c FROM orders a JOIN lines b ON a.k = b.k JOIN orders c ON c.k = b.k', 0, 3],
  ['SELECT a.k, b.line, c.v FROM orders a JOIN lines b ON a.k = b.k JOIN shuffled c ON c.k = b.k', 2, 2],
  ['SELECT day, count(DISTINCT k) AS n FROM orders GROUP BY day', 0, 1],
  ['SELECT a.at, a.k FROM log a JOIN log b ON a.at = b.at', 0, 2],
  ['SELECT a.z, a.k FROM log a JOIN log b ON a.z = b.z', 0, 2],
  ['SELECT o.k, v FROM orders o RIGHT JOIN tail t ON o.k = t.k', 0, 2],
  ['SELECT o.k, v FROM orders o JOIN tail t ON o.k <=> t.k', 0, 2],
  ['SELECT k, count(*) AS n, max(v) AS v FROM tail GROUP BY k', 0, 1],
  ['SELECT k, line, row_number() OVER (PARTITION BY k ORDER BY line) AS n FROM lines', 0, 1],
  ['SELECT k, c, rank() OVER (PARTITION BY day, k ORDER BY c) AS n FROM orders WHERE c > 3', 0, 1],
  ['SELECT k, v, count(*) OVER (PARTITION BY k) AS n FROM shuffled', 1, 0],
  // NULLs in every group: the first range would read all, so that order gains nothing.
  ['SELECT k, count(*) AS n FROM holes GROUP BY k', 1, 0],
  ['SELECT o.k, v FROM orders o JOIN shuffled s ON o.k = s.k', 2, 0],
  // Few groups: partial aggregation is as good, and the scan keeps its even tasks.
  ['SELECT day, count(*) AS n FROM orders GROUP BY day', 1, 0],
]

for (const [sql, left, cut] of cases) {
  test(sql, async context => {
    const planned = await context.plan(sql, {}, 4)
    const shown = planned.explain()
    assert.is(exchanges(planned.physical), left, shown)
    assert.is(ranges(planned.physical).length, cut, shown)
    assert.is(new Set(ranges(planned.physical)).size <= 1, true, shown)
    if (cut > 0) assert.match(shown, /rangepartitioned\(\S+, \d+\) by file order/)
    await sameRows(context, planned, sql.replace('LEFT SEMI', 'SEMI').replace('LEFT ANTI', 'ANTI').replace('<=>', 'IS NOT DISTINCT FROM'))
  })
}

test('switched off, every exchange is there', async context => {
  const planned = await context.plan('SELECT o.k, line FROM orders o JOIN lines l ON o.k = l.k', { 'spk.sql.fileOrder.enabled': 'false' }, 4)
  assert.is(exchanges(planned.physical), 2)
})

test('any nearly ordered table joins and groups right', async context => {
  let table = 0
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        rows: fc.integer({ min: 1, max: 12_000 }),
        repeat: fc.integer({ min: 1, max: 3000 }),
        disorder: fc.constantFrom(0, 1, 100, 3000),
        nulls: fc.constantFrom('false', 'i < 100', 'i % 2100 = 0', 'i > 5000'),
        files: fc.integer({ min: 1, max: 3 }),
        parallelism: fc.integer({ min: 2, max: 6 }),
        type: fc.constantFrom('left', 'right', 'inner', 'full'),
      }),
      async ({ rows, repeat, disorder, nulls, files, parallelism, type }) => {
        const name = `r${table++}`
        const key = `CASE WHEN ${nulls} THEN NULL ELSE (i + (i * 7919) % ${disorder + 1}) // ${repeat} - 3 END`
        await context.add(name, `SELECT ${key} AS k, i AS v FROM range(${rows}) t(i)`, { rowGroup: 2048, files })
        const sql = `SELECT o.k AS a, r.k AS b, count(*) AS n, sum(v) AS v FROM orders o ${type} JOIN ${name} r ON o.k = r.k GROUP BY o.k, r.k`
        await sameRows(context, await context.plan(sql, {}, parallelism), sql)
      },
    ),
    { numRuns: Number(process.env['SPK_FUZZ_RUNS'] ?? 12) },
  )
})

test('row groups that a filter leaves out stay out of the ranges', async context => {
  const sql = 'SELECT k, count(*) AS n FROM lines WHERE k >= 10000 GROUP BY k'
  const planned = await context.plan(sql, {}, 4)
  assert.equal(ranges(planned.physical), [4])
  const rows = (plan: Physical): number =>
    plan.kind === 'FileScan'
      ? plan.tasks.flat().reduce((sum, split) => sum + (split.rows ?? 0), 0)
      : physicalChildren(plan).reduce((n, p) => n + rows(p), 0)
  assert.ok(rows(planned.physical) < 50_000, planned.explain())
  await sameRows(context, planned, sql)
})

test.run()
