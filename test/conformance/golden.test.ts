import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { array, decimal, field, map, struct, types } from '#src/core/types.js'
import { Interval } from '#src/sql/interval.js'
import { judge, mask, sameTypes } from './compare.js'
import { inputSettings, parseGolden } from './golden.js'
import { hiveText } from './hive-text.js'

const test = suite('conformance/golden')

const sample = `-- Automatically generated
-- !query
SELECT 1 AS one,
       'a' AS two
-- !query schema
struct<one:int,two:string>
-- !query output
1	a
2	b\tc


-- !query
SELECT nope
-- !query schema
struct<>
-- !query output
org.apache.spark.sql.catalyst.ExtendedAnalysisException
{
  "errorClass" : "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION",
  "sqlState" : "42703",
  "queryContext" : [ {
    "startIndex" : 8,
    "stopIndex" : 11,
    "fragment" : "nope"
  } ]
}


-- !query
SELECT old()
-- !query schema
struct<>
-- !query output
java.lang.IllegalArgumentException
something went wrong


-- !query
DROP TABLE t
-- !query schema
struct<>
-- !query output



-- !query
SELECT 'java.lang.Fine'
-- !query schema
struct<java.lang.Fine:string>
-- !query output
java.lang.Fine
`

test('blocks become statements with rows, typed errors, old errors and empty results', () => {
  assert.equal(parseGolden(sample), [
    {
      sql: "SELECT 1 AS one,\n       'a' AS two",
      expected: { kind: 'rows', schema: 'struct<one:int,two:string>', output: '1\ta\n2\tb\tc' },
    },
    {
      sql: 'SELECT nope',
      expected: { kind: 'error', condition: 'UNRESOLVED_COLUMN.WITHOUT_SUGGESTION', sqlState: '42703', start: 7, stop: 11 },
    },
    { sql: 'SELECT old()', expected: { kind: 'error' } },
    { sql: 'DROP TABLE t', expected: { kind: 'rows', schema: 'struct<>', output: '' } },
    { sql: "SELECT 'java.lang.Fine'", expected: { kind: 'rows', schema: 'struct<java.lang.Fine:string>', output: 'java.lang.Fine' } },
  ])
})

test('settings: SET lines, the first value of each dimension, and those of imported files', () => {
  const other = '--SET a.b = 1,c=x\n--CONFIG_DIM1 d=1\n--CONFIG_DIM1 d=2\n'
  assert.equal(
    inputSettings(`--IMPORT other.sql\n--SET c=y\n--CONFIG_DIM2 e=1,f=2\n--CONFIG_DIM2 e=3\nSELECT 1;\n`, () => other),
    {
      'a.b': '1',
      c: 'y',
      d: '1',
      e: '1',
      f: '2',
    },
  )
})

test("values are written in Hive's way", () => {
  const options = { timeZone: 'UTC' }
  const text = (value: unknown, type: Parameters<typeof hiveText>[1]) => hiveText(value as never, type, options)
  assert.is(text(null, types.int), 'NULL')
  assert.is(text('a b', types.string), 'a b')
  assert.is(text(['a', null], array(types.string)), '["a",null]')
  assert.is(
    text(
      new Map([
        ['b', 2],
        ['a', 1],
      ]),
      map(types.string, types.int),
    ),
    '{"a":1,"b":2}',
  )
  assert.is(text({ x: 1.5, y: null }, struct([field('x', types.double), field('y', types.int)])), '{"x":1.5,"y":null}')
  assert.is(text(1e7, types.double), '1.0E7')
  assert.is(text(new Date(0), types.date), '1970-01-01')
  assert.is(text(Uint8Array.of(0x41, 0x42), types.binary), 'AB')
  assert.is(text(new Interval(0, -1, -7_384_000_000n), { kind: 'daytime_interval' }), '-1 02:03:04.000000000')
  assert.is(text(new Interval(-14, 0, 0n), { kind: 'yearmonth_interval' }), '-1-2')
})

const rows = (lines: readonly string[], schema = struct([field('a', types.int)]), sorted = false) =>
  ({ kind: 'rows', schema, lines, sorted }) as const

test('verdicts', () => {
  const wanted = { kind: 'rows', schema: 'struct<a:int>', output: '1\n2' } as const
  assert.is(judge(wanted, rows(['2', '1'])).verdict, 'pass')
  assert.is(judge(wanted, rows(['2', '1'], undefined, true)).verdict, 'rows', 'a sorted query keeps its order')
  assert.is(judge(wanted, rows(['1', '2'], struct([field('a', types.long)]))).verdict, 'type')
  assert.equal(judge(wanted, rows(['1', '2'], struct([field('b', types.int)]))), { verdict: 'pass', names: true })
  assert.is(judge(wanted, { kind: 'error', code: 'X', message: 'x' }).verdict, 'refused')
  const failing = { kind: 'error', condition: 'X.Y', start: 1, stop: 2 } as const
  assert.is(judge(failing, rows(['1'])).verdict, 'accepted')
  assert.is(judge(failing, { kind: 'error', code: 'X', message: 'x' }).verdict, 'error')
  assert.equal(judge(failing, { kind: 'error', code: 'X.Y', message: 'x', start: 1, stop: 2 }), { verdict: 'pass' })
  assert.equal(judge(failing, { kind: 'error', code: 'X.Y', message: 'x', start: 0, stop: 2 }), { verdict: 'pass', place: true })
  assert.is(judge({ kind: 'error' }, { kind: 'error', code: 'SPK_CRASH', message: 'x' }).verdict, 'error', 'a crash is no refusal')
})

test('doubles may differ in the last digits, nothing else may', () => {
  const one = struct([field('a', types.double)])
  const wanted = { kind: 'rows', schema: 'struct<a:double>', output: '0.30000000000000004' } as const
  assert.is(judge(wanted, rows(['0.3'], one)).verdict, 'pass')
  assert.is(judge(wanted, rows(['0.3000001'], one)).verdict, 'rows')
  const exact = { kind: 'rows', schema: 'struct<a:decimal(3,1)>', output: '0.30000000000000004' } as const
  assert.is(judge(exact, rows(['0.3'], struct([field('a', decimal(3, 1))]))).verdict, 'rows')
})

test('types are compared apart from names, which may hold anything', () => {
  const schema = struct([field('x', types.int), field('y', array(types.string))])
  assert.ok(sameTypes('struct<(a < b), c:d:int,z:array<string>>', schema))
  assert.not.ok(sameTypes('struct<x:int,y:array<int>>', schema))
  assert.is(mask('Scan#12 plan_id=7'), 'Scan#x plan_id=x')
})

test.run()
