import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { SpkError } from '#src/core/errors.js'
import { parseDataType, parseExpression, parseStatement } from '#src/planner/parse/parse.js'

const test = suite('planner/parse/errors')

function failure(run: () => unknown): SpkError {
  try {
    run()
  } catch (error) {
    if (error instanceof SpkError) return error
    throw error
  }
  throw new Error('nothing failed')
}

/** SQL → `code state line:column` and what the message must say. The places are Spark 4.2's own. */
const cases: readonly (readonly [string, string, RegExp?])[] = [
  ['SELECT * FORM t', 'PARSE_SYNTAX_ERROR 42601 1:15', /near 't': expected ',', FROM.*perhaps FROM and not FORM is meant/],
  ['SELECT a,\n b FROM t GROUP c', 'PARSE_SYNTAX_ERROR 42601 2:17', /near 'c'/],
  ["SELECT 'abc", 'PARSE_SYNTAX_ERROR 42601 1:8', /the quote is not closed/],
  ["select 1 as 'a'", 'PARSE_SYNTAX_ERROR 42601 1:13', /near ''a'': expected a name/],
  ['SELECT (1', 'PARSE_SYNTAX_ERROR 42601 1:10', /near end of input: expected.*'\)'/],
  ['SELECT 1)', 'PARSE_SYNTAX_ERROR 42601 1:9'],
  ['SELECT a b c FROM t', 'PARSE_SYNTAX_ERROR 42601 1:12'],
  ['SELEC 1', 'PARSE_SYNTAX_ERROR 42601 1:1', /perhaps SELECT and not SELEC is meant/],
  ['SELECT 1 +', 'PARSE_SYNTAX_ERROR 42601 1:11', /expected an expression/],
  ['SELECT a FROM t JOIN', 'PARSE_SYNTAX_ERROR 42601 1:21'],
  ['SELECT a FROM (SELECT 1', 'PARSE_SYNTAX_ERROR 42601 1:24'],
  ['SELECT a FROM t,', 'PARSE_SYNTAX_ERROR 42601 1:17', /a table/],
  ['SELECT * FROM t ORDER a', 'PARSE_SYNTAX_ERROR 42601 1:23'],
  ['SELECT 1; SELECT 2', 'PARSE_SYNTAX_ERROR 42601 1:11'],
  ['SELECT a IS FOO', 'PARSE_SYNTAX_ERROR 42601 1:13', /expected .*NULL.*DISTINCT/],
  ['SELECT a BETWEEN 1', 'PARSE_SYNTAX_ERROR 42601 1:19', /AND/],
  ['SELECT f(a => )', 'PARSE_SYNTAX_ERROR 42601 1:15'],
  ['WITH a SELECT 1', 'PARSE_SYNTAX_ERROR 42601 1:8'],
  ['WITH a AS SELECT 1', 'PARSE_SYNTAX_ERROR 42601 1:11', /expected '\('/],
  ['VALUES', 'PARSE_SYNTAX_ERROR 42601 1:7'],
  ['SELECT INTERVAL 1 fortnight', 'PARSE_SYNTAX_ERROR 42601 1:19'],
  ['', 'PARSE_EMPTY_STATEMENT 42617 1:1'],
  ['SELECT /* x', 'UNCLOSED_BRACKETED_COMMENT 42601 1:8'],
  ['SELECT a FROM test-table', 'INVALID_IDENTIFIER 42602 1:15', /back quoted as: `test-table`/],
  ['SELECT é', 'INVALID_IDENTIFIER 42602 1:8'],
  ['SELECT CAST(a AS foo)', 'UNSUPPORTED_DATATYPE 0A000 1:18', /"FOO". Supported are BOOLEAN/],
  ['SELECT CAST(a AS decimal(40,2))', 'DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION 22003 1:18'],
  ['SELECT CAST(a AS char)', 'DATATYPE_MISSING_SIZE 42K01 1:18'],
  ['SELECT 1000Y', 'INVALID_NUMERIC_LITERAL_RANGE 22003 1:8', /tinyint with minimum value of -128 and maximum value of 127/],
  ['SELECT 1e400', 'INVALID_NUMERIC_LITERAL_RANGE 22003 1:8'],
  ['SELECT 123456789012345678901234567890123456789', 'DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION 22003 1:8'],
  ["SELECT DATE '2026-02-30'", 'INVALID_TYPED_LITERAL 42604 1:8'],
  ["SELECT TIMESTAMP '2026-01-01 25:00:00'", 'INVALID_TYPED_LITERAL 42604 1:8'],
  ["SELECT X'0g'", 'INVALID_TYPED_LITERAL 42604 1:8'],
  ["SELECT INTERVAL '1-13' YEAR TO MONTH", 'INVALID_INTERVAL_FORMAT.INTERVAL_PARSING 22006 1:17', /month 13 is outside 0 to 11/],
  ['SELECT INTERVAL 1 YEAR 2 DAYS', 'INVALID_INTERVAL_FORMAT.INTERVAL_PARSING 22006 1:8', /cannot be mixed/],
  ["SELECT a LIKE 'x' ESCAPE 'ab'", 'INVALID_ESC 42604 1:26'],
  ['SELECT :a', 'UNBOUND_SQL_PARAMETER 42P02 1:8', /unbound parameter: a/],
  ['SELECT ?', 'UNBOUND_SQL_PARAMETER 42P02 1:8'],
  ['SET a b', 'INVALID_SET_SYNTAX 42000 1:5'],
  ['CREATE TEMP VIEW a.b AS SELECT 1', 'INVALID_TEMP_OBJ_QUALIFIER 42602 1:18'],
  ['DESCRIBE INSERT INTO t VALUES (1)', 'PARSE_SYNTAX_ERROR 42601 1:22'],
  ['DROP VARIABLE v', 'PARSE_SYNTAX_ERROR 42601 1:6'],
  ['CREATE FUNCTION f() RETURNS TABLE () RETURN SELECT 1', 'PARSE_SYNTAX_ERROR 42601 1:36'],
  ['SHOW TABLE EXTENDED', 'PARSE_SYNTAX_ERROR 42601 1:20'],
  ['USE SCHEMA "x"', 'PARSE_SYNTAX_ERROR 42601 1:12'],
  ['BEGIN SELECT 1; IF a THEN SELECT 2; END', 'PARSE_SYNTAX_ERROR 42601 1:40', /IF/],
  ['SELECT IDENTIFIER(a) FROM t', 'NOT_A_CONSTANT_STRING.NOT_CONSTANT 42601 1:8'],
  ["SELECT 1 AS IDENTIFIER('a.b')", 'IDENTIFIER_TOO_MANY_NAME_PARTS 42601 1:13'],
  ["SELECT IDENTIFIER('a b')", 'PARSE_SYNTAX_ERROR 42601 1:8'],
  ['SELECT * FROM t TABLESAMPLE (101 PERCENT)', 'INVALID_SAMPLE 42601 1:30', /from 0 to 100/],
  ['CREATE TEMP VIEW v USING orc', 'DATA_SOURCE_NOT_FOUND 42K02 1:26', /parquet, csv and json/],
]

for (const [sql, expected, message] of cases) {
  test(sql, () => {
    const error = failure(() => parseStatement(sql))
    assert.is(`${error.code} ${error.sqlState} ${error.context?.line}:${error.context?.column}`, expected)
    if (message !== undefined) assert.match(error.message.replaceAll('\n', ' '), message)
  })
}

test('a syntax error prints as Spark prints it', () => {
  const { message } = failure(() => parseStatement('SELECT a\nFROM t\nGROUP c'))
  assert.is(
    message.replace(/: expected.*\. SQL/, '. SQL'),
    "[PARSE_SYNTAX_ERROR] Syntax error at or near 'c'. SQLSTATE: 42601 (line 3, pos 6)\n\n== SQL ==\nSELECT a\nFROM t\nGROUP c\n------^^^",
  )
})

test('another error underlines the fragment', () => {
  const { message } = failure(() => parseExpression('a +\n CAST(b AS\n foo(1))'))
  assert.is(message.slice(message.indexOf('==')), '== SQL (line 3, position 2) ==\n foo(1))\n ^^^^^^')
})

test('a type by itself fails in the same way', () => {
  assert.is(failure(() => parseDataType('array<int')).code, 'PARSE_SYNTAX_ERROR')
  assert.is(failure(() => parseDataType('decimal(1,2)')).code, 'INVALID_DECIMAL_SCALE')
})

test.run()
