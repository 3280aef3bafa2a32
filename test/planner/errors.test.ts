/** Queries that Spark refuses, or that fail when they run, and the condition and SQLSTATE it gives. Answers recorded from Spark itself. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { SpkError } from '#src/core/errors.js'
import { duckdbError } from '#src/kernel/duckdb-errors.js'
import { type TestTables, testTables } from '../support/planner-tables.js'
import { runGraph } from '../support/run-graph.js'

const test = suite<{ tables: TestTables }>('planner/errors')

const cases: readonly (readonly [string, string, string])[] = [
  ['select nope from t', 'UNRESOLVED_COLUMN.WITH_SUGGESTION', '42703'],
  ['select t.nope from t', 'UNRESOLVED_COLUMN.WITH_SUGGESTION', '42703'],
  ['select i, l from t2', 'TABLE_OR_VIEW_NOT_FOUND', '42P01'],
  ['select foo(i) from t', 'UNRESOLVED_ROUTINE', '42883'],
  ['select abs(i, l) from t', 'WRONG_NUM_ARGS.WITHOUT_SUGGESTION', '42605'],
  ['select abs(str) from t', 'CAST_INVALID_INPUT', '22018'],
  ['select upper(array(1)) from t', 'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE', '42K09'],
  ['select i + true from t', 'DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES', '42K09'],
  ['select i and true from t', 'DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES', '42K09'],
  ['select not i from t', 'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE', '42K09'],
  ['select i from t where sum(i) > 1', 'INVALID_WHERE_CONDITION', '42903'],
  ['select i from t where i', 'DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN', '42K09'],
  ['select i, sum(l) from t', 'MISSING_GROUP_BY', '42803'],
  ['select i, sum(l) from t group by str', 'MISSING_AGGREGATION', '42803'],
  ['select sum(sum(i)) from t', 'NESTED_AGGREGATE_FUNCTION', '42607'],
  ['select i from t group by sum(i)', 'GROUP_BY_AGGREGATE', '42903'],
  ['select i from t group by 3', 'GROUP_BY_POS_OUT_OF_RANGE', '42805'],
  ['select sum(i) from t group by 1', 'GROUP_BY_POS_AGGREGATE', '42903'],
  ['select i from t order by 5', 'ORDER_BY_POS_OUT_OF_RANGE', '42805'],
  ['select i from t union select i, l from t', 'NUM_COLUMNS_MISMATCH', '42826'],
  ['select i from t union select array(1) from t', 'INCOMPATIBLE_COLUMN_TYPE', '42825'],
  ['select a.i from t a join t b on a.i = b.i where i = 1', 'AMBIGUOUS_REFERENCE', '42704'],
  ['select * from t a join t b using (zz)', 'UNRESOLVED_USING_COLUMN_FOR_JOIN', '42703'],
  ['select x.* from t', 'CANNOT_RESOLVE_STAR_EXPAND', '42704'],
  ['select cast(array(1) as int) from t', 'DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION', '42K09'],
  ['select cast(i as array<int>) from t', 'DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION', '42K09'],
  ["select array(1, 'a', map(1,2)) from t", 'DATATYPE_MISMATCH.DATA_DIFF_TYPES', '42K09'],
  ['select coalesce(array(1), 1) from t', 'DATATYPE_MISMATCH.DATA_DIFF_TYPES', '42K09'],
  ['select case when i then 1 end from t', 'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE', '42K09'],
  ['select case when true then 1 else array(1) end from t', 'DATATYPE_MISMATCH.DATA_DIFF_TYPES', '42K09'],
  ['select str.f from t', 'INVALID_EXTRACT_BASE_FIELD_TYPE', '42000'],
  ['select i[0] from t', 'INVALID_EXTRACT_BASE_FIELD_TYPE', '42000'],
  ["select named_struct('a', 1).b from t", 'FIELD_NOT_FOUND', '42704'],
  ['select i from t limit -1', 'INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE', '42K0E'],
  ['select i from t limit i', 'INVALID_LIMIT_LIKE_EXPRESSION.IS_UNFOLDABLE', '42K0E'],
  ['select count(*) from t having i > 1', 'UNRESOLVED_COLUMN.WITH_SUGGESTION', '42703'],
  ['select map_keys(i) from t', 'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE', '42K09'],
  ['select 1/0 from t', 'DIVIDE_BY_ZERO', '22012'],
  ['select l % 0 from t', 'REMAINDER_BY_ZERO', '22012'],
  ['select i div 0 from t', 'DIVIDE_BY_ZERO', '22012'],
  ['select dec / 0 from t', 'DIVIDE_BY_ZERO', '22012'],
  ['select 2147483647 + i from t', 'ARITHMETIC_OVERFLOW', '22003'],
  ['select 9223372036854775807 + l from t', 'ARITHMETIC_OVERFLOW', '22003'],
  ["select cast('abc' as int) from t", 'CAST_INVALID_INPUT', '22018'],
  ['select cast(str as date) from t', 'CAST_INVALID_INPUT', '22018'],
  ['select cast(str as double) from t', 'CAST_INVALID_INPUT', '22018'],
  ['select cast(str as boolean) from t', 'CAST_INVALID_INPUT', '22018'],
  ['select cast(1e10 as int) from t', 'CAST_OVERFLOW', '22003'],
  ['select cast(300 as tinyint) from t', 'CAST_OVERFLOW', '22003'],
  ['select cast(12345.6 as decimal(5,2)) from t', 'NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION', '22003'],
  ['select array(1,2)[5] from t', 'INVALID_ARRAY_INDEX', '22003'],
  ['select element_at(array(1), 3) from t', 'INVALID_ARRAY_INDEX_IN_ELEMENT_AT', '22003'],
  ['select element_at(array(1), 0) from t', 'INVALID_INDEX_OF_ZERO', '22003'],
  ['select -(-2147483647 - i) from t', 'ARITHMETIC_OVERFLOW', '22003'],
  ['select sum(9223372036854775807 + l*0) from (select l from t union all select l from t)', 'ARITHMETIC_OVERFLOW', '22003'],
  ["select date_add('x', 1) from t", 'CAST_INVALID_INPUT', '22018'],
  ["select to_date('xx') from t", 'CAST_INVALID_INPUT', '22018'],
  ['select abs(cast(-128 as tinyint)) from t', 'ARITHMETIC_OVERFLOW', '22003'],
  ['select i = array(1) from t', 'DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES', '42K09'],
  ['select map(1,2) = map(1,2) from t', 'DATATYPE_MISMATCH.INVALID_ORDERING_TYPE', '42K09'],
  ['select * from t order by map(1,2)', 'DATATYPE_MISMATCH.INVALID_ORDERING_TYPE', '42K09'],
  ['select distinct map(1,2) from t', 'UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE', '0A000'],
  ['select max(map(1,2)) from t', 'DATATYPE_MISMATCH.INVALID_ORDERING_TYPE', '42K09'],
  ['select i from t group by i having l > 1', 'UNRESOLVED_COLUMN.WITH_SUGGESTION', '42703'],
  ['select a from values (1), (2, 3) as v(a)', 'INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH', '42000'],
  ['select percentile(str, 0.5) from t', 'CAST_INVALID_INPUT', '22018'],
  ['select distinct i from t order by l', 'UNRESOLVED_COLUMN.WITH_SUGGESTION', '42703'],
  ['select count(*) from t group by ()', 'PARSE_SYNTAX_ERROR', '42601'],
  ['select t.i, t2.i from t join t t2 on t.i = t2.i and t.l', 'DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES', '42K09'],
  ['select round(2.5, i) from t', 'DATATYPE_MISMATCH.NON_FOLDABLE_INPUT', '42K09'],
  ['select i from t a join t b', 'AMBIGUOUS_REFERENCE', '42704'],
  ['select -str from t', 'CAST_INVALID_INPUT', '22018'],
  ["select i + '1.5' from t", 'CAST_INVALID_INPUT', '22018'],
  ["select i in (1, 'a') from t", 'CAST_INVALID_INPUT', '22018'],
  ["select greatest(1, 'a') from t", 'DATATYPE_MISMATCH.DATA_DIFF_TYPES', '42K09'],
  ["select date '2024-01-01' > 5 from t", 'DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES', '42K09'],
  ['select sum(str) from t', 'CAST_INVALID_INPUT', '22018'],
  ['select avg(str) from t', 'CAST_INVALID_INPUT', '22018'],
  ['select sum(dt) from t', 'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE', '42K09'],
  ['select date_add(dt, l) from t', 'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE', '42K09'],
  ['select left(str, 5000000000L) from t', 'CAST_OVERFLOW', '22003'],
  ['select i from t group by i order by l', 'UNRESOLVED_COLUMN.WITH_SUGGESTION', '42703'],
  ['select i, count(*) c from t group by i order by l', 'UNRESOLVED_COLUMN.WITH_SUGGESTION', '42703'],
  ["select i from t where 'true'", 'DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN', '42K09'],
  ["select if('true', 1, 2) from t", 'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE', '42K09'],
  ['select year(str) from t', 'CAST_INVALID_INPUT', '22018'],
  ['select str + str from t', 'DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE', '42K09'],
  ['select str = true from t', 'CAST_INVALID_INPUT', '22018'],
  ['select str = dt from t', 'CAST_INVALID_INPUT', '22018'],
  ['select dt = 5 from t', 'DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES', '42K09'],
  ['select array(i, str) from t', 'CAST_INVALID_INPUT', '22018'],
  ['select map(i, 1, str, 2) from t', 'CAST_INVALID_INPUT', '22018'],
  ['select i from t union all select str from t', 'CAST_INVALID_INPUT', '22018'],
  ['select i from t union all select true from t', 'INCOMPATIBLE_COLUMN_TYPE', '42825'],
  ['select i in (str) from t', 'CAST_INVALID_INPUT', '22018'],
  ["select concat(array(1), array('a')) from t", 'CAST_INVALID_INPUT', '22018'],
  ["select array_contains(array(1), 'a') from t", 'DATATYPE_MISMATCH.ARRAY_FUNCTION_DIFF_TYPES', '42K09'],
  ["select map(1, 'a')['x'] from t", 'CAST_INVALID_INPUT', '22018'],
  ["select array(1)['0'] from t", 'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE', '42K09'],
  [
    'select cast(1.23456789012345678901234567890123456789 as decimal(38,20)) * cast(2.5 as decimal(38,10)) from t',
    'DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION',
    '22003',
  ],
  ['select sum(x), avg(x) from values (9223372036854775807), (1) as v(x)', 'ARITHMETIC_OVERFLOW', '22003'],
  ["select * from values (1), ('x') as v(a)", 'INVALID_INLINE_TABLE.INCOMPATIBLE_TYPES_IN_INLINE_TABLE', '42000'],
  ['select x from (select 1 as x, 2 as X)', 'AMBIGUOUS_REFERENCE', '42704'],
  ['select t.i from t as a', 'UNRESOLVED_COLUMN.WITH_SUGGESTION', '42703'],
  ['select date_add(dt, 1.5) from t', 'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE', '42K09'],
  ['select array(1,2)[1.0] from t', 'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE', '42K09'],
  ["select case when 'true' then 1 end from t", 'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE', '42K09'],
  ['select element_at(array(1), 1L) from t', 'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE', '42K09'],
  ["select element_at(array(1), '1') from t", 'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE', '42K09'],
  ["select i in ('a') from t", 'CAST_INVALID_INPUT', '22018'],
  ['select i from t having i > 1', 'MISSING_GROUP_BY', '42803'],
  ['select * from t having i > 1', 'MISSING_GROUP_BY', '42803'],
  ['select count(*) filter (where i) from t', 'INVALID_AGGREGATE_FILTER.NOT_BOOLEAN', '42903'],
  ['select sum(i) filter (where sum(l) > 1) from t', 'INVALID_AGGREGATE_FILTER.CONTAINS_AGGREGATE', '42903'],
  ['select (i).x from t', 'INVALID_EXTRACT_BASE_FIELD_TYPE', '42000'],
  ['select i from t, t', 'AMBIGUOUS_REFERENCE', '42704'],
  ['select i from t a, t b', 'AMBIGUOUS_REFERENCE', '42704'],
  ['select * from t cross join t b where a.i = 1', 'UNRESOLVED_COLUMN.WITH_SUGGESTION', '42703'],
  ['select a.i from t a left semi join t b on a.i = b.l where b.i = 1', 'INVALID_EXTRACT_BASE_FIELD_TYPE', '42000'],
  ['select i from t intersect select str from t', 'CAST_INVALID_INPUT', '22018'],
  ['select coalesce() from t', 'WRONG_NUM_ARGS.WITHOUT_SUGGESTION', '42605'],
  ['select nullif(i) from t', 'WRONG_NUM_ARGS.WITHOUT_SUGGESTION', '42605'],
  ['select if(i) from t', 'WRONG_NUM_ARGS.WITHOUT_SUGGESTION', '42605'],
  ['select i from nosuch', 'TABLE_OR_VIEW_NOT_FOUND', '42P01'],
  ['select cast(i as foo) from t', 'UNSUPPORTED_DATATYPE', '0A000'],
  ['select to_date(i) from t', 'CAST_INVALID_INPUT', '22018'],
  ["select trunc(str, 'MM') from t", 'CAST_INVALID_INPUT', '22018'],
  ['select year(i) from t', 'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE', '42K09'],
  ['select hour(str) from t', 'CAST_INVALID_INPUT', '22018'],
  ["select named_struct('a', i, 'b') from t", 'WRONG_NUM_ARGS.WITHOUT_SUGGESTION', '42605'],
  ['select - cast(-2147483648 as int) from t', 'ARITHMETIC_OVERFLOW', '22003'],
  ['select abs(cast(-2147483648 as int)) from t', 'ARITHMETIC_OVERFLOW', '22003'],
  ['select cast(128 as tinyint) from t', 'CAST_OVERFLOW', '22003'],
  ["select cast('128' as tinyint) from t", 'CAST_INVALID_INPUT', '22018'],
  ["select cast('9999999999' as int) from t", 'CAST_INVALID_INPUT', '22018'],
  ['select cast(1e20 as bigint) from t', 'CAST_OVERFLOW', '22003'],
  ["select cast('1.5' as int) from t", 'CAST_INVALID_INPUT', '22018'],
  ['select 1 / 3.0, 1.0 / 0 from t', 'DIVIDE_BY_ZERO', '22012'],
  ['select 1D / 0 from t', 'DIVIDE_BY_ZERO', '22012'],
  ['select mod(7, 0) from t', 'REMAINDER_BY_ZERO', '22012'],
  ['select pmod(7, 0) from t', 'REMAINDER_BY_ZERO', '22012'],
  ['select cast(99999 as smallint) * cast(2 as smallint) from t', 'CAST_OVERFLOW', '22003'],
  ['select 100Y + 100Y from t', 'BINARY_ARITHMETIC_OVERFLOW', '22003'],
  ['select 32767S * 2S from t', 'BINARY_ARITHMETIC_OVERFLOW', '22003'],
]

test.before(async context => {
  context.tables = await testTables()
  await context.tables.connection.run('SET errors_as_json = true')
  await context.tables.add(
    't',
    `SELECT 5::INTEGER AS i, 7::BIGINT AS l, 3::TINYINT AS b, 4::SMALLINT AS s, 2.5::DOUBLE AS d, 1.5::FLOAT AS f, 12.34::DECIMAL(10, 2) AS dec, 'Hello' AS str,
     NULL::INTEGER AS n, DATE '2024-03-15' AS dt, TIMESTAMPTZ '2024-03-15 13:45:30.25+00' AS ts`,
  )
})
test.after(context => context.tables.close())

/** The error of planning, or of running. */
async function failure(tables: TestTables, sql: string): Promise<unknown> {
  try {
    await runGraph(tables.connection, (await tables.plan(sql)).graph)
    return undefined
  } catch (error) {
    return duckdbError(error)
  }
}

for (const [sql, code, sqlState] of cases) {
  test(sql, async ({ tables }) => {
    const error = await failure(tables, sql)
    assert.instance(error, SpkError)
    if (!(error instanceof SpkError)) return
    assert.is(error.code, code)
    assert.is(error.sqlState, sqlState)
  })
}

test('a message names the candidates and the place', async ({ tables }) => {
  const error = await failure(tables, 'SELECT strr\nFROM t')
  assert.instance(error, SpkError)
  if (!(error instanceof SpkError)) return
  assert.match(error.message, 'Did you mean one of the following? [`str`,')
  assert.equal(error.context, { fragment: 'strr', start: 7, end: 11, line: 1, column: 8 })
})

test('a similar function is named', async ({ tables }) => {
  const error = await failure(tables, 'SELECT uper(str) FROM t')
  assert.match(String(error), '`upper`')
})

test('functions over windows are named too, operators and far names are not', async ({ tables }) => {
  assert.match(String(await failure(tables, 'SELECT row_numbr() OVER (ORDER BY i) FROM t')), 'similar names: [`row_number`')
  assert.match(String(await failure(tables, 'SELECT nosuch(i) FROM t')), 'No function has a similar name.')
})

test('views that exist are named when one does not', async ({ tables }) => {
  const error = await failure(tables, 'SELECT * FROM tt')
  assert.match(String(error), 'There are: [`t`]')
})

test.run()
