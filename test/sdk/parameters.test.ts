/** Parameters of SQL texts, named and positional, and those of EXECUTE IMMEDIATE, end to end. Expected by Spark. */
import { Decimal, SparkSession, SpkError, type SqlArguments } from 'spk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('sdk/parameters')
let spark: SparkSession

test.before(async () => {
  spark = await SparkSession.builder().master('local[1]').config({ 'spark.sql.session.timeZone': 'UTC' }).create()
})
test.after(() => spark.stop())

const shown = (value: unknown): string =>
  JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? `${v}n` : v instanceof Map ? [...v] : v instanceof Decimal ? String(v) : v))

/** Text, values, types and rows. */
const cases: readonly (readonly [string, SqlArguments | undefined, string, string])[] = [
  ['SELECT :a + 1', { a: 1 }, 'int', '[[2]]'],
  ['SELECT ? - ?', [1, 2], 'int', '[[-1]]'],
  ['SELECT ?', [1, 2], 'int', '[[1]]'],
  ['SELECT :a', { a: 1, b: 2 }, 'int', '[[1]]'],
  ['SELECT ?, ?, ?, ?', [null, true, 1.5, "it's"], 'void boolean double string', '[[null,true,1.5,"it\'s"]]'],
  ['SELECT ?, ?', [5n, 2n ** 70n], 'bigint decimal(38,0)', '[[5,"1180591620717411303424"]]'],
  ['SELECT ?', [new Date(0)], 'timestamp', '[["1970-01-01T00:00:00.000Z"]]'],
  ['SELECT ?', [Decimal.parse('1.50')], 'decimal(3,2)', '[["1.50"]]'],
  ['SELECT :a[0], :m["k"], :s.x', { a: [7, 8], m: new Map([['k', 1]]), s: { x: 'y' } }, 'int int string', '[[7,1,"y"]]'],
  ['SELECT :a', { a: [null, [1]] }, 'array<array<int>>', '[[[null,[1]]]]'],
  ["SELECT :a || 'x', ':a', `:a` FROM VALUES (1) t(`:a`)", { a: 1 }, 'string string int', '[["1x",":a",1]]'],
  ['SELECT /* :z */ :a -- :q ?', { a: 1 }, 'int', '[[1]]'],
  ['SELECT :a::int, CAST(:a AS STRING)', { a: '5' }, 'int string', '[[5,"5"]]'],
  ['SELECT * FROM range(:n) WHERE id > :least LIMIT :most', { n: 9, least: 2, most: 2 }, 'bigint', '[[3],[4]]'],
  ['SELECT * FROM range(5) LIMIT ? OFFSET ?', [2, 1], 'bigint', '[[1],[2]]'],
  ['SELECT IDENTIFIER(:c) FROM IDENTIFIER(:t)(2)', { c: 'id', t: 'range' }, 'bigint', '[[0],[1]]'],
  ['SELECT id FROM range(5) WHERE array_contains(:list, id)', { list: [3n, 4n] }, 'bigint', '[[3],[4]]'],
  ["SELECT * FROM VALUES (1, 'a') t(k, c) PIVOT (sum(k) FOR c IN (:a, :b))", { a: 'a', b: 'b' }, 'bigint bigint', '[[1,null]]'],
  ['SELECT sum(id) OVER (ORDER BY id ROWS BETWEEN ? PRECEDING AND CURRENT ROW) FROM range(3)', [1], 'bigint', '[[0],[1],[3]]'],
  ["SELECT :a 'b' :c, IDENTIFIER(:t '.' :k) FROM VALUES (1) t(k)", { a: 'a', c: 'c', t: 't', k: 'k' }, 'string int', '[["abc",1]]'],
  ["SELECT 'x' :a, 'y' :b", { a: 'a', b: '' }, 'string string', '[["xa","y"]]'],
  ["SELECT CAST(DATE'2020-01-31' + INTERVAL :n DAYS AS STRING)", { n: 3 }, 'string', '[["2020-02-03"]]'],
  ["SELECT CAST(DATE'2020-01-31' + INTERVAL -? MONTH AS STRING)", ['3'], 'string', '[["2019-10-31"]]'],
  ['SELECT CAST(INTERVAL ? HOURS 5 MINUTES AS STRING)', [2], 'string', `[["INTERVAL '02:05' HOUR TO MINUTE"]]`],
  ['SELECT CAST(INTERVAL :a YEAR TO MONTH AS STRING)', { a: '1-2' }, 'string', `[["INTERVAL '1-2' YEAR TO MONTH"]]`],
  ["EXECUTE IMMEDIATE 'SELECT 1 + ?' USING 5", undefined, 'int', '[[6]]'],
  ["EXECUTE IMMEDIATE 'SELECT :a - :b' USING (5 AS a, 6 AS b)", undefined, 'int', '[[-1]]'],
  ["EXECUTE IMMEDIATE 'SELECT ?' USING 5 AS a", undefined, 'int', '[[5]]'],
  ["EXECUTE IMMEDIATE 'SELECT ?' USING 2 + 3, 4", undefined, 'int', '[[5]]'],
  ["EXECUTE IMMEDIATE 'sel' || 'ect 1'", undefined, 'int', '[[1]]'],
  ["EXECUTE IMMEDIATE 'EXECUTE IMMEDIATE \\'SELECT 1\\''", undefined, 'int', '[[1]]'],
  ["EXECUTE IMMEDIATE 'SELECT :x::int' USING :outer AS x", { outer: '7' }, 'int', '[[7]]'],
]
for (const [sql, args, types, rows] of cases) {
  test(`${sql} ${shown(args)}`, async () => {
    const df = spark.sql(sql, args)
    assert.is((await df.dtypes()).map(([, type]) => type).join(' '), types)
    assert.is(shown(await df.collectArrays()), rows)
  })
}

/** Text, values, condition, SQLSTATE and what the message says. */
const errors: readonly (readonly [string, SqlArguments | undefined, string, RegExp])[] = [
  ['SELECT :a', undefined, 'UNBOUND_SQL_PARAMETER 42P02', /unbound parameter: a\./],
  ['SELECT :a', {}, 'UNBOUND_SQL_PARAMETER 42P02', /unbound parameter: a\./],
  ['SELECT :A', { a: 1 }, 'UNBOUND_SQL_PARAMETER 42P02', /unbound parameter: A\..*Given are: a/],
  ['SELECT :toString', {}, 'UNBOUND_SQL_PARAMETER 42P02', /toString/],
  ['SELECT ?, ?', [1], 'UNBOUND_SQL_PARAMETER 42P02', /unbound parameter: _10\..*1 values/],
  ['SELECT :a, ?', { a: 1 }, 'INVALID_QUERY_MIXED_QUERY_PARAMETERS 42613', /not both/],
  ['SELECT :a, ?', [1], 'INVALID_QUERY_MIXED_QUERY_PARAMETERS 42613', /not both/],
  ['SELECT ?, :a', { a: 1 }, 'INVALID_QUERY_MIXED_QUERY_PARAMETERS 42613', /not both/],
  ['SELECT :a + :b', { a: 1 }, 'UNBOUND_SQL_PARAMETER 42P02', /: b\./],
  ["EXECUTE IMMEDIATE 'SELECT :a' USING 5", undefined, 'ALL_PARAMETERS_MUST_BE_NAMED 07001', /names: "5"/],
  ["EXECUTE IMMEDIATE 'SELECT :a, ?' USING 5 AS a, 6", undefined, 'INVALID_QUERY_MIXED_QUERY_PARAMETERS 42613', /not both/],
  ["EXECUTE IMMEDIATE 'SELECT ?, ?' USING 5", undefined, 'UNBOUND_SQL_PARAMETER 42P02', /_10/],
  ["EXECUTE IMMEDIATE 'SELECT ?' USING (SELECT 5)", undefined, 'UNSUPPORTED_EXPR_FOR_PARAMETER 42K0E', /subquery/],
  ["EXECUTE IMMEDIATE 'SELECT ?' USING id", undefined, 'UNRESOLVED_COLUMN.WITHOUT_SUGGESTION 42703', /`id`/],
  ['EXECUTE IMMEDIATE 1', undefined, 'INVALID_EXPR_TYPE_FOR_QUERY_EXECUTE_IMMEDIATE 42K09', /"INT"/],
  ['EXECUTE IMMEDIATE NULL', undefined, 'INVALID_EXPR_TYPE_FOR_QUERY_EXECUTE_IMMEDIATE 42K09', /"VOID"/],
  ["EXECUTE IMMEDIATE 'SELECT nosuch FROM range(1)'", undefined, 'UNRESOLVED_COLUMN.WITH_SUGGESTION 42703', /nosuch/],
  ["EXECUTE IMMEDIATE 'SELEC 1'", undefined, 'PARSE_SYNTAX_ERROR 42601', /SELEC/],
  ["EXECUTE IMMEDIATE 'SELECT 1' INTO x", undefined, 'UNSUPPORTED_FEATURE.SQL_STATEMENT 0A000', /INTO/],
]
for (const [sql, args, condition, message] of errors) {
  test(`${sql} ${shown(args)} fails`, async () => {
    const error = await Promise.resolve()
      .then(() => spark.sql(sql, args).collect())
      .then(
        () => undefined,
        (e: unknown) => e,
      )
    assert.ok(error instanceof SpkError, 'it did not fail')
    assert.is(`${error.code} ${error.sqlState}`, condition)
    assert.match(error.message, message)
  })
}

test('commands take parameters, and keep the values', async () => {
  await spark.sql('CREATE TEMP VIEW v AS SELECT :a AS x', { a: 2 }).collect()
  assert.equal(await spark.sql('SELECT * FROM v').collect(), [{ x: 2 }])
  await spark.sql("EXECUTE IMMEDIATE 'CREATE TABLE t AS SELECT ? AS x' USING 3").collect()
  await spark.sql('INSERT INTO t VALUES (:a)', { a: 9 }).collect()
  assert.equal(await spark.sql('SELECT x FROM t ORDER BY x').collect(), [{ x: 3 }, { x: 9 }])
})

test.run()
