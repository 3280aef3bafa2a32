/** The table of functions as a whole: names, and that every aggregate computed in two steps gives what it gives in one. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { findFunction, functionEntries, similarFunctions } from '#src/planner/functions/table.js'
import { type TestTables, testTables } from '../support/planner-tables.js'
import { runGraph } from '../support/run-graph.js'

const test = suite<{ tables: TestTables }>('planner/functions')

test.before(async context => {
  context.tables = await testTables()
  // Four files make four tasks, so that aggregates are split; the same rows in one file are not.
  const rows = `SELECT (i * 37 % 50)::INTEGER AS i, CASE WHEN i % 9 = 0 THEN NULL ELSE (i * 11 % 31)::BIGINT END AS l, (i * 0.25)::DOUBLE AS d, (i % 17)::DECIMAL(10, 2) AS p,
    ['a', 'b', 'c'][(i % 3) + 1] AS s, i % 2 = 0 AS t, (i % 7)::TINYINT AS b FROM range(400) t(i)`
  await context.tables.add('parts', rows, { files: 4 })
  await context.tables.add('one', rows)
})
test.after(context => context.tables.close())

test('names are found in any case, internal ones are not', () => {
  assert.is(findFunction('SUM')?.name, 'sum')
  assert.is(findFunction('avg_finish'), undefined)
  assert.is(findFunction('nosuch'), undefined)
  assert.is(similarFunctions('substrin')[0], 'substring')
})

const aggregates: readonly string[] = [
  'count(*)',
  'count(l)',
  'count(i, l)',
  'count_if(i > 20)',
  'sum(i)',
  'sum(l)',
  'sum(d)',
  'sum(p)',
  'avg(i)',
  'avg(l)',
  'avg(d)',
  'avg(p)',
  'min(s)',
  'max(l)',
  'min(d)',
  'bool_and(t)',
  'bool_or(t)',
  'every(i >= 0)',
  'bit_and(b)',
  'bit_or(b)',
  'bit_xor(b)',
  'product(b)',
  'stddev(d)',
  'stddev_pop(l)',
  'variance(i)',
  'var_pop(p)',
  'max_by(i, d)',
  'min_by(s, d)',
  'approx_count_distinct(i)',
  'median(i)',
  'percentile(d, 0.25)',
  'percentile_approx(i, 0.5)',
  'corr(i, l)',
  'covar_pop(i, d)',
  'covar_samp(i, d)',
  'count(DISTINCT i)',
  'count(DISTINCT i, s)',
  'sum(DISTINCT i)',
  'avg(DISTINCT p)',
  'try_sum(l)',
  'try_avg(d)',
  'skewness(i)',
  'kurtosis(i)',
  ...['count', 'avgx', 'avgy', 'intercept', 'r2', 'slope', 'sxx', 'sxy', 'syy'].map(name => `regr_${name}(i, d)`),
  'percentile_cont(0.5) WITHIN GROUP (ORDER BY d)',
  'percentile_disc(0.25) WITHIN GROUP (ORDER BY i DESC)',
  "listagg(s, ',') WITHIN GROUP (ORDER BY s, i)",
  "listagg(s, ',') WITHIN GROUP (ORDER BY s, i, 2.5D, 'x')",
  "mode('a', true)",
  'mode() WITHIN GROUP (ORDER BY 2.5D DESC)',
  'size(collect_list(l))',
  'size(collect_set(i))',
  'sum(i) FILTER (WHERE t)',
  'count(DISTINCT i) FILTER (WHERE t)',
  'avg(d) FILTER (WHERE i > 10)',
  'stddev(d) FILTER (WHERE i > 10)',
]

/** Sums of doubles in another order may differ in the last digit. */
function close(rows: readonly (readonly string[])[]): string[] {
  return rows.map(r => r.map(v => (Number.isFinite(Number(v)) ? String(Number(Number(v).toPrecision(11))) : v)).join('|')).sort()
}

for (const call of aggregates) {
  test(`${call} in two steps is ${call} in one`, async ({ tables }) => {
    for (const [list, rest] of [
      [call, ''],
      [`s, ${call}`, ' GROUP BY s'],
      // What no footer tells to be without rows.
      [call, ' WHERE abs(i) < 0'],
    ] as const) {
      const split = await tables.plan(`SELECT ${list} FROM parts${rest}`, { 'spark.sql.shuffle.partitions': '3' }, 4)
      const whole = await tables.plan(`SELECT ${list} FROM one${rest}`)
      assert.is(whole.graph.stages.length, 1)
      assert.ok(split.graph.stages.length > 1)
      assert.equal(close((await runGraph(tables.connection, split.graph)).rows), close((await runGraph(tables.connection, whole.graph)).rows))
    }
  })
}

test('every aggregate is in one of these tables, or cannot be compared', () => {
  const compared = new Set(aggregates.flatMap(a => [...a.matchAll(/([a-z_0-9]+)\(/g)].map(m => findFunction(m[1] ?? '')?.name)))
  // The first row depends on the order of rows, as bins of a histogram do, and the mode on ties.
  const not = ['first', 'last', 'mode', 'histogram_numeric']
  for (const e of functionEntries()) if (e.kind === 'aggregate' && !e.internal && !not.includes(e.name)) assert.ok(compared.has(e.name), e.name)
})

test.run()
