/** Functions that take lambda functions: values as Spark gives them. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { SpkError } from '#src/core/errors.js'
import { type TestTables, testTables } from '../support/planner-tables.js'
import { runGraph } from '../support/run-graph.js'

const test = suite<{ tables: TestTables }>('planner/lambdas')

test.before(async context => {
  context.tables = await testTables()
  await context.tables.add('t', 'SELECT * FROM (VALUES (1, [1, 2, 3]), (2, [4, NULL]), (3, []), (4, NULL)) v(a, l)')
})
test.after(({ tables }) => tables.close())

/** An expression over `t`, its values for a = 1, 2, 3, 4 as DuckDB prints them. */
const cases: readonly (readonly [string, string])[] = [
  ['transform(l, x -> x + a)', '[2, 3, 4]|[6, NULL]|[]|NULL'],
  ['transform(l, (x, i) -> i * 10 + x)', '[1, 12, 23]|[4, NULL]|[]|NULL'],
  ['filter(l, x -> x > 1)', '[2, 3]|[4]|[]|NULL'],
  ['filter(l, (x, i) -> i = 1)', '[2]|[NULL]|[]|NULL'],
  ['exists(l, x -> x > 2)', 'true|true|false|NULL'],
  ['exists(l, x -> x > 4)', 'false|NULL|false|NULL'],
  ['forall(l, x -> x > 0)', 'true|NULL|true|NULL'],
  ['forall(l, x -> x > 4)', 'false|false|true|NULL'],
  ['aggregate(l, 0, (acc, x) -> acc + x)', '6|NULL|0|NULL'],
  ["aggregate(l, '', (acc, x) -> acc || cast(x as string))", '123|NULL||NULL'],
  ['reduce(l, 0, (acc, x) -> acc + coalesce(x, 100), acc -> acc * a)', '6|208|0|NULL'],
  ['zip_with(l, array(a, 20), (x, y) -> x + y)', '[2, 22, NULL]|[6, NULL]|[NULL, NULL]|NULL'],
  ['transform(l, x -> transform(l, y -> x * y))', '[[1, 2, 3], [2, 4, 6], [3, 6, 9]]|[[16, NULL], [NULL, NULL]]|[]|NULL'],
  ['size(filter(transform(l, x -> x * 2), x -> x > 3))', '2|1|0|NULL'],
  ['transform(l, x -> named_struct("v", x)).v', '[1, 2, 3]|[4, NULL]|[]|NULL'],
  ["map_filter(map('a', a, 'b', 3), (k, v) -> v > 2)", '{b: 3}|{b: 3}|{a: 3, b: 3}|{a: 4, b: 3}'],
  ["transform_values(map('a', a), (k, v) -> k || cast(v as string))", '{a: a1}|{a: a2}|{a: a3}|{a: a4}'],
  ["transform_keys(map('a', a), (k, v) -> k || cast(v as string))", '{a1: 1}|{a2: 2}|{a3: 3}|{a4: 4}'],
  ["map_zip_with(map('a', a), map('a', 1, 'b', 2), (k, x, y) -> coalesce(x, 0) + y)", '{a: 2, b: 2}|{a: 3, b: 2}|{a: 4, b: 2}|{a: 5, b: 2}'],
]
for (const [sql, values] of cases) {
  test(sql, async ({ tables }) => {
    const planned = await tables.plan(`select a, ${sql} from t`)
    const rows = [...(await runGraph(tables.connection, planned.graph)).rows].sort((x, y) => Number(x[0]) - Number(y[0]))
    assert.is(rows.map(r => (r[1] ?? '').replaceAll("'", '')).join('|'), values)
  })
}

test('a lambda in a condition, a parameter over a column of its name', async ({ tables }) => {
  const planned = await tables.plan('select a from t where exists(l, a -> a = 3)')
  assert.equal((await runGraph(tables.connection, planned.graph)).rows, [['1']])
})

test('the name of a column made by a lambda', async ({ tables }) => {
  const [column] = (await tables.plan('select transform(l, x -> x + a) from t')).schema.fields
  assert.is(column?.name, 'transform(l, lambdafunction((namedlambdavariable() + a), namedlambdavariable()))')
})

const refused: readonly (readonly [string, string])[] = [
  ['select transform(l, (x, y, z) -> x) from t', 'INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH'],
  ['select transform(l, (x, x) -> x) from t', 'INVALID_LAMBDA_FUNCTION_CALL.DUPLICATE_ARG_NAMES'],
  ['select upper(x -> x) from t', 'INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION'],
  ['select filter(l, x -> x + 1) from t', 'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE'],
  ['select transform(a, x -> x + 1) from t', 'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE'],
  ['select transform(l, x -> y) from t', 'UNRESOLVED_COLUMN.WITH_SUGGESTION'],
]
for (const [sql, code] of refused) {
  test(`${code}: ${sql}`, async ({ tables }) => {
    try {
      await tables.plan(sql)
    } catch (error) {
      assert.is((error as SpkError).code, code)
      return
    }
    assert.unreachable()
  })
}

test.run()
