import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeStream } from '#src/core/arrow/decode.js'
import { type DataType, typeString } from '#src/core/types.js'
import { parseTableSchema } from '#src/planner/parse/parse.js'
import { Decimal } from '#src/sql/decimal.js'
import { decodeArrays, decodeRows } from '#src/sql/decode.js'
import { encodeRows } from '#src/sql/encode.js'
import { inferSchema } from '#src/sql/infer.js'
import { Interval } from '#src/sql/interval.js'
import { localRelation } from '#src/sql/local-relation.js'
import { Timestamp } from '#src/sql/timestamp.js'

const test = suite('sql/rows')

/** Type → values that it holds. */
const samples: Readonly<Record<string, readonly unknown[]>> = {
  boolean: [true, false],
  tinyint: [-128, 127],
  smallint: [-32768, 32767],
  int: [-2147483648, 0, 2147483647],
  bigint: [0, Number.MAX_SAFE_INTEGER, -9223372036854775808n, 9223372036854775807n],
  float: [1.5, -0, Number.POSITIVE_INFINITY],
  double: [0.1, -1e300, Number.NaN],
  'decimal(5,2)': [Decimal.parse('-999.99'), Decimal.parse('0.01')],
  'decimal(38,18)': [Decimal.parse('99999999999999999999.999999999999999999'), Decimal.parse('-0.000000000000000001')],
  string: ['', 'abc', 'é中😀', 'x'.repeat(5000)],
  binary: [new Uint8Array(), Uint8Array.of(0, 255)],
  date: [new Date('1969-12-31'), new Date('2026-01-31')],
  timestamp: [new Timestamp(0n), new Timestamp(-1n), new Timestamp(1769860800123456n)],
  timestamp_ntz: [new Timestamp(123456789n)],
  'interval year to month': [new Interval(-14, 0, 0n)],
  'interval day to second': [new Interval(0, 3, 5n), new Interval(0, 0, -7n)],
  interval: [new Interval(1, -2, 3n)],
  'array<int>': [[], [1, null, 3]],
  'array<array<string>>': [[[], ['a', null], null]],
  'map<string,int>': [
    new Map(),
    new Map<string, number | null>([
      ['a', 1],
      ['b', null],
    ]),
  ],
  'struct<a: int, b: struct<c: string>>': [
    { a: 1, b: { c: 'x' } },
    { a: null, b: null },
  ],
}

for (const [type, values] of Object.entries(samples)) {
  test(`${type} comes back as it was, NULL too, through Arrow`, () => {
    const schema = parseTableSchema(`v ${type}`)
    const rows = [...values, null, ...values].map(v => ({ v }))
    const relation = localRelation(rows, schema)
    const back = relation.partitions.flatMap(p => [...decodeStream(p)]).flatMap(b => decodeRows(b))
    assert.is(back.length, rows.length)
    back.forEach((row, i) => {
      const want = rows[i]?.v
      if (want instanceof Timestamp) assert.is((row['v'] as Timestamp).micros, want.micros)
      if (type === 'double' || type === 'float') assert.ok(Object.is(row['v'], want), `${row['v']} for ${want}`)
      else assert.equal(row, rows[i])
    })
  })
}

test('random nested rows come back as they were', () => {
  const schema = parseTableSchema('a INT, s STRING, l ARRAY<STRUCT<x: BIGINT, y: ARRAY<STRING>>>, m MAP<STRING, ARRAY<INT>>')
  const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null, freq: 4 })
  const int = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
  const row = fc.record(
    {
      a: maybe(int),
      s: maybe(fc.string({ unit: 'grapheme', maxLength: 8 })),
      l: maybe(
        fc.array(
          maybe(fc.record({ x: maybe(int), y: maybe(fc.array(maybe(fc.string({ maxLength: 4 })), { maxLength: 3 })) }, { noNullPrototype: true })),
          { maxLength: 4 },
        ),
      ),
      m: maybe(fc.array(fc.tuple(fc.string({ maxLength: 3 }), maybe(fc.array(int, { maxLength: 3 }))), { maxLength: 3 }).map(e => new Map(e))),
    },
    { noNullPrototype: true },
  )
  fc.assert(
    fc.property(fc.array(row, { maxLength: 40 }), rows => assert.equal(decodeRows(encodeRows(rows, schema)), rows)),
    { numRuns: 60 },
  )
})

test('longs are numbers, bigint beyond 2^53, bigint always when asked', () => {
  const batch = encodeRows([{ v: 2 ** 53 }, { v: 2 ** 53 - 1 }, { v: -(2n ** 53n) - 1n }], parseTableSchema('v BIGINT'))
  assert.equal(
    decodeRows(batch).map(r => r['v']),
    [2n ** 53n, 2 ** 53 - 1, -(2n ** 53n) - 1n],
  )
  assert.equal(
    decodeRows(batch, { longAsBigInt: true }).map(r => r['v']),
    [2n ** 53n, 2n ** 53n - 1n, -(2n ** 53n) - 1n],
  )
})

test('of columns with one name the first is the property; arrays have all', () => {
  const batch = encodeRows([[1, 2, 3]], parseTableSchema('a INT, b INT, a INT'))
  assert.equal(decodeRows(batch), [{ a: 1, b: 2 }])
  assert.equal(decodeArrays(batch), [[1, 2, 3]])
})

test('a column named __proto__ is a column', () => {
  const [row] = decodeRows(encodeRows([[1]], parseTableSchema('`__proto__` INT')))
  assert.equal(Object.keys(row ?? {}), ['__proto__'])
})

/** Rows → inferred schema. */
const inferred: readonly (readonly [string, readonly object[], string])[] = [
  ['whole numbers are BIGINT', [{ a: 1 }, { a: 2 ** 40 }], 'a:bigint'],
  ['a fraction makes the column DOUBLE', [{ a: 1 }, { a: 1.5 }], 'a:double'],
  ['bigint', [{ a: 1n }], 'a:bigint'],
  [
    'scalars',
    [{ s: 'x', b: true, d: new Date(0), u: new Uint8Array(), n: Decimal.parse('1') }],
    's:string,b:boolean,d:timestamp,u:binary,n:decimal(38,18)',
  ],
  ['names in the order in which they first occur', [{ a: 1 }, { b: 'x', a: 2 }], 'a:bigint,b:string'],
  ['null takes the type of the others', [{ a: null }, { a: 'x' }, {}], 'a:string'],
  [
    'arrays, maps, objects',
    [{ l: [1, null], m: new Map([['k', 1.5]]), o: { x: [true] } }],
    'l:array<bigint>,m:map<string,double>,o:struct<x:array<boolean>>',
  ],
  ['objects are merged', [{ o: { x: 1 } }, { o: { y: 'a' } }], 'o:struct<x:bigint,y:string>'],
  ['rows by position', [[1, 'a']], '_1:bigint,_2:string'],
]
for (const [name, rows, expected] of inferred) {
  test(name, () => {
    const schema = inferSchema(rows)
    assert.is(schema.fields.map(f => `${f.name}:${typeString(f.type as DataType)}`).join(','), expected)
  })
}

test('names given for rows by position', () => {
  assert.equal(
    inferSchema([[1, 'a']], ['id', 'name']).fields.map(f => f.name),
    ['id', 'name'],
  )
})

const refused: readonly (readonly [string, () => unknown, RegExp])[] = [
  ['no rows', () => inferSchema([]), /CANNOT_INFER_EMPTY_SCHEMA/],
  ['only nulls', () => inferSchema([{ a: null }]), /CANNOT_DETERMINE_TYPE.*a holds only null/],
  ['two types', () => inferSchema([{ a: 1 }, { a: 'x' }]), /CANNOT_MERGE_TYPE.*bigint and string in column a \(row 1\)/],
  ['a function', () => inferSchema([{ a: () => 1 }]), /CANNOT_INFER_TYPE_FOR_FIELD/],
  ['a row that is no object', () => inferSchema([1 as never]), /Row 0 is a number/],
  ['a text for INT', () => encodeRows([{ a: 1 }, { a: 'x' }], parseTableSchema('a INT')), /int can not accept the string x in row 1, column a/],
  ['a fraction for INT', () => encodeRows([{ a: 1.5 }], parseTableSchema('a INT')), /FIELD_DATA_TYPE_UNACCEPTABLE/],
  ['too large for TINYINT', () => encodeRows([{ a: 128 }], parseTableSchema('a TINYINT')), /VALUE_OUT_OF_BOUNDS.*tinyint/],
  ['too large for DECIMAL', () => encodeRows([{ a: Decimal.parse('100') }], parseTableSchema('a DECIMAL(3,1)')), /VALUE_OUT_OF_BOUNDS/],
  ['null for NOT NULL', () => encodeRows([{ a: null }], parseTableSchema('a INT NOT NULL')), /FIELD_NOT_NULLABLE/],
  ['nested: the place is named', () => encodeRows([{ s: { x: 'y' } }], parseTableSchema('s STRUCT<x: INT>')), /row 0, column s\.x/],
  ['too few values', () => encodeRows([[1]], parseTableSchema('a INT, b INT')), /AXIS_LENGTH_MISMATCH/],
]
for (const [name, run, message] of refused) test(`refused: ${name}`, () => assert.throws(run, (e: Error) => message.test(e.message)))

test.run()
