/** Which row groups a condition leaves: a table of footers, and files of all types that DuckDB wrote, from which no row may be missing. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type DataType, decimal, types } from '#src/core/types.js'
import { type Attribute, type BoundExpr, literal } from '#src/planner/bound.js'
import type { LiteralValue } from '#src/planner/expr.js'
import { call } from '#src/planner/functions/define.js'
import { mayMatch } from '#src/planner/row-group-filter.js'
import { type TestTables, testTables } from '../support/planner-tables.js'
import { runGraph, textRows } from '../support/run-graph.js'

const test = suite<{ tables: TestTables }>('planner/row-group-filter')

const columnOf = (type: DataType): Attribute => ({ kind: 'Attribute', id: 1, name: 'c', type, nullable: true, qualifier: [] })
const compare = (fn: string, type: DataType, ...values: readonly LiteralValue[]): BoundExpr =>
  call(fn, [columnOf(type), ...values.map(v => literal(v, type))], types.boolean, true)

/** `cast(c as to) = value`, or `IS NULL`. */
const overCast = (fn: string, type: DataType, to: DataType, ...values: readonly LiteralValue[]): BoundExpr =>
  call(
    fn,
    [{ kind: 'Cast', child: columnOf(type), type: to, nullable: true, mode: 'legacy' }, ...values.map(v => literal(v, to))],
    types.boolean,
    true,
  )

const cases: readonly (readonly [
  name: string,
  type: DataType,
  min: string | undefined,
  max: string | undefined,
  condition: BoundExpr,
  may: boolean,
])[] = [
  ['below', types.int, '5', '9', compare('=', types.int, 4), false],
  ['at an end', types.int, '5', '9', compare('=', types.int, 9), true],
  ['less than the least', types.int, '5', '9', compare('<', types.int, 4), false],
  ['less than the least, which itself is not', types.int, '5', '9', compare('<', types.int, 5), false],
  ['not greater than the greatest', types.int, '5', '9', compare('>', types.int, 9), false],
  ['rounded: kept', decimal(20, 2), '900719925474099.21', '900719925474099.21', compare('<', decimal(20, 2), '900719925474099.21'), true],
  ['greater than the greatest', types.long, '5', '9', compare('>', types.long, 10n), false],
  ['too large for a number: kept', types.long, '9007199254740992', '9007199254740992', compare('=', types.long, 9007199254740993n), true],
  ['a list beside', types.int, '5', '9', compare('in', types.int, 1, 2, 12), false],
  ['a list with one inside', types.int, '5', '9', compare('in', types.int, 1, 7), true],
  ['a list of NULLs', types.int, '5', '9', compare('in', types.int, null), false],
  ['NULL', types.int, '5', '9', compare('=', types.int, null), false],
  ['declared with fewer digits than the file has, which are rounded: kept', decimal(5, 1), '1.26', '1.26', compare('=', decimal(5, 1), '1.3'), true],
  ['declared as a whole number: kept', types.int, '1.6', '1.6', compare('=', types.int, 2), true],
  ['declared with fewer digits, which are all there are', decimal(5, 1), '1.20', '1.30', compare('=', decimal(5, 1), '1.4'), false],
  ['a decimal', decimal(10, 2), '1.50', '2.75', compare('>=', decimal(10, 2), '2.76'), false],
  ['a date', types.date, '2020-01-01', '2020-01-31', compare('>', types.date, 18293), false],
  ['a date inside', types.date, '2020-01-01', '2020-01-31', compare('>', types.date, 18290), true],
  ['an instant', types.timestamp, '2020-01-01 00:00:00+00', '2020-01-01 10:00:00+00', compare('<', types.timestamp, 1_577_836_700_000_000n), false],
  [
    'an instant, within a millisecond',
    types.timestamp,
    '2020-01-01 00:00:00.000999+00',
    '2020-01-01 00:00:00.000999+00',
    compare('=', types.timestamp, 1_577_836_800_000_999n),
    true,
  ],
  [
    'an instant whose file has local time: kept',
    types.timestamp,
    '2020-01-01 00:00:00',
    '2020-01-01 10:00:00',
    compare('<', types.timestamp, 0n),
    true,
  ],
  ['local time', types.timestampNtz, '2020-01-01 00:00:00', '2020-01-01 10:00:00', compare('<', types.timestampNtz, 0n), false],
  ['a wider whole number', types.int, '5', '9', overCast('=', types.int, types.long, 10n), false],
  ['a decimal that holds every int', types.int, '5', '9', overCast('=', types.int, decimal(10, 0), '10'), false],
  ['a narrower whole number, which goes round: kept', types.int, '261', '261', overCast('=', types.int, types.byte, 5), true],
  ['a narrower whole number may be NULL: kept', types.int, '261', '261', overCast('isnull', types.int, types.byte), true],
  ['a narrower decimal may be NULL: kept', decimal(10, 2), '1000.00', '1000.00', overCast('isnull', decimal(10, 2), decimal(4, 2)), true],
  ['a decimal too narrow for an int may be NULL: kept', types.int, '1000', '1000', overCast('isnull', types.int, decimal(4, 1)), true],
  ['a whole number too narrow for a decimal: kept', decimal(10, 0), '9999999999', '9999999999', overCast('=', decimal(10, 0), types.int, 5), true],
  ['NaN is larger than any end: kept', types.double, '1.0', '2.0', compare('>', types.double, 5), true],
  ['a string without ends: kept', types.string, undefined, undefined, compare('=', types.string, 'x'), true],
  ['a function that is not known: kept', types.int, '5', '9', call('coalesce', [columnOf(types.int), literal(1, types.int)], types.boolean), true],
  ['one of two', types.int, '5', '9', call('or', [compare('<', types.int, 1), compare('=', types.int, 6)], types.boolean), true],
  ['neither of two', types.int, '5', '9', call('or', [compare('<', types.int, 1), compare('=', types.int, 60)], types.boolean), false],
  ['not both', types.int, '5', '9', call('and', [compare('>', types.int, 6), compare('<', types.int, 4)], types.boolean), false],
  ['not what is outside: kept', types.int, '5', '9', call('not', [compare('=', types.int, 1)], types.boolean), true],
]
for (const [name, type, min, max, condition, may] of cases) {
  test(`${name}: ${may ? 'may match' : 'cannot'}`, () => {
    const footer = { bytes: 1, nulls: 0, ...(min === undefined || max === undefined ? {} : { min, max }) }
    assert.is(mayMatch(condition, { rows: 10, bytes: 1, columns: new Map([['c', footer]]) }, new Map([[1, columnOf(type)]])), may)
  })
}

test('NULLs: all rows, none, and not counted', () => {
  const may = (fn: string, nulls: number | undefined) =>
    mayMatch(
      call(fn, [columnOf(types.int), ...(fn === '=' ? [literal(1, types.int)] : [])], types.boolean),
      { rows: 10, bytes: 1, columns: new Map([['c', { bytes: 1, ...(nulls === undefined ? {} : { nulls }) }]]) },
      new Map([[1, columnOf(types.int)]]),
    )
  assert.equal(
    ['isnull', 'isnotnull', '='].map(fn => may(fn, 10)),
    [true, false, false],
  )
  assert.equal(
    ['isnull', 'isnotnull', '='].map(fn => may(fn, 0)),
    [false, true, true],
  )
  assert.equal(
    ['isnull', 'isnotnull', '='].map(fn => may(fn, undefined)),
    [true, true, true],
  )
})

test.before(async context => {
  context.tables = await testTables()
  // Row groups of at least one vector: 24 of them in 3 files, all columns in order but for the noise.
  const sql = `SELECT i::INTEGER AS i, (i * 1000000007)::BIGINT AS l, (i / 8.0)::DECIMAL(12, 3) AS p, DATE '1965-03-01' + (i / 4)::INTEGER AS d,
    TIMESTAMPTZ '2001-02-03 04:05:06+00' + INTERVAL (i) MINUTE AS t, TIMESTAMP '1969-12-31 23:59:00' + INTERVAL (i) MILLISECOND AS z,
    CASE WHEN i % 5000 = 7 THEN 'nan'::DOUBLE ELSE i / 3 END AS x, 's' || lpad(i::VARCHAR, 6, '0') AS s,
    CASE WHEN i % 2 = 0 THEN '😀' ELSE 'é' END || (i // 3000) || repeat('x', i % 90) AS u, i > 20000 AS b, CASE WHEN i > 30000 THEN i END AS n
    FROM range(48000) r(i)`
  await context.tables.add('ordered', sql, { files: 1, rowGroup: 2048 })
  for (const part of [0, 1, 2]) await context.tables.add(`part${part}`, `SELECT * FROM (${sql}) WHERE i // 16000 = ${part}`, { rowGroup: 4096 })
})
test.after(context => context.tables.close())

const number = fc.integer({ min: -100, max: 48100 })
const operator = fc.constantFrom('=', '<', '<=', '>', '>=')
const comparison = fc.oneof(
  fc.tuple(operator, number).map(([op, n]) => `i ${op} ${n}`),
  fc.tuple(operator, number).map(([op, n]) => `l ${op} ${n}000000${n % 10}`),
  fc.tuple(operator, number).map(([op, n]) => `p ${op} CAST('${(n / 8).toFixed(3)}' AS DECIMAL(12, 3))`),
  fc.tuple(operator, number).map(([op, n]) => `d ${op} DATE '${new Date(Date.UTC(1965, 2, 1 + Math.floor(n / 4))).toISOString().slice(0, 10)}'`),
  fc.tuple(operator, number).map(([op, n]) => `z ${op} TIMESTAMP_NTZ '${new Date(-60_000 + n).toISOString().slice(0, 23).replace('T', ' ')}'`),
  fc
    .tuple(operator, number)
    .map(([op, n]) => `t ${op} TIMESTAMP '${new Date(Date.UTC(2001, 1, 3, 4, 5 + n, 6)).toISOString().slice(0, 19).replace('T', ' ')}'`),
  fc.tuple(operator, number).map(([op, n]) => `x ${op} CAST(${n} AS DOUBLE)`),
  fc.tuple(operator, number).map(([op, n]) => `s ${op} 's0${Math.max(0, n)}'`),
  fc.tuple(operator, number).map(([op, n]) => `${op === '=' ? "'😀" : "'é"}${Math.max(0, n)}' ${op} u`),
  number.map(n => `u LIKE '😀${Math.max(0, n)}%' OR u IN ('é1', 'é${n}')`),
  number.map(n => `s LIKE 's0${String(Math.max(0, n)).padStart(5, '0').slice(0, 3)}%'`),
  fc.array(number, { minLength: 1, maxLength: 4 }).map(list => `p IN (${list.map(n => (n / 8).toFixed(3)).join(', ')})`),
  fc.tuple(operator, number).map(([op, n]) => `i ${op} ${n}.5`),
  fc.array(number, { minLength: 1, maxLength: 4 }).map(list => `i IN (${list.join(', ')})`),
  fc.constantFrom('n IS NULL', 'n IS NOT NULL', 'b', 'b = false', 'n > 47000', 'n = i'),
)
const condition = fc
  .tuple(comparison, fc.constantFrom('AND', 'OR'), comparison, fc.boolean())
  .map(([a, word, b, not]) => `${not ? 'NOT ' : ''}(${a}) ${word} ${b}`)

test('no row is missing, whatever is left out', async ({ tables }) => {
  await fc.assert(
    fc.asyncProperty(
      condition,
      fc.constantFrom('ordered', '(SELECT * FROM part0 UNION ALL SELECT * FROM part1 UNION ALL SELECT * FROM part2)'),
      async (where, from) => {
        const sql = `SELECT count(*) AS n, sum(i) AS i FROM ${from} x WHERE ${where}`
        const planned = await tables.plan(sql, { 'spark.sql.files.maxPartitionBytes': '100KB', 'spark.sql.files.openCostInBytes': '0' })
        const actual = (await runGraph(tables.connection, planned.graph, planned)).rows
        assert.equal(
          actual,
          await textRows(tables.connection, sql.replaceAll('TIMESTAMP_NTZ', 'TIMESTAMP').replaceAll('t = TIMESTAMP', 't = TIMESTAMPTZ')),
          where,
        )
      },
    ),
    { numRuns: Number(process.env['SPK_FUZZ_RUNS'] ?? 60) },
  )
})

test('row groups and files that cannot match are not read', async ({ tables }) => {
  const rowsOf = async (sql: string) => {
    const { graph } = await tables.plan(sql)
    const inputs = graph.stages.flatMap(s => s.fragments.flatMap(f => f.inputs))
    return inputs.flatMap(i => (i.kind === 'scan' ? i.tasks.flat() : [])).reduce((sum, split) => sum + (split.rows ?? 0), 0)
  }
  assert.is(await rowsOf('SELECT sum(i) FROM ordered'), 48000)
  assert.is(await rowsOf('SELECT sum(i) FROM ordered WHERE i BETWEEN 4000 AND 4100'), 4096)
  assert.is(await rowsOf("SELECT sum(i) FROM ordered WHERE d = DATE '1965-03-02'"), 2048)
  assert.is(await rowsOf('SELECT sum(i) FROM ordered WHERE p IN (0.125, 5999.875)'), 2048 + (48000 % 2048))
  assert.is(await rowsOf('SELECT sum(i) FROM ordered WHERE i < 0'), 0)
  assert.is(await rowsOf("SELECT sum(i) FROM ordered WHERE s = 's004100'"), 2048)
  assert.is(await rowsOf("SELECT sum(i) FROM ordered WHERE s > 's047999'"), 48000 % 2048)
  assert.is(await rowsOf("SELECT sum(i) FROM ordered WHERE s LIKE 's0419%'"), 2048)
  assert.is(await rowsOf("SELECT sum(i) FROM ordered WHERE s >= 't'"), 0)
  assert.is(await rowsOf('SELECT sum(i) FROM ordered WHERE n IS NOT NULL AND n < 31000'), 2048 * 2)
})

test.run()
