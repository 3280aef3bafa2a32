import * as arrow from 'apache-arrow'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Codec, loadCodec } from '#src/core/arrow/compression.js'
import { decodeStream, loadCodecOf, streamSchema } from '#src/core/arrow/decode.js'
import { encodeBatch, encodeSchema, encodeStream, joined } from '#src/core/arrow/encode.js'
import type { Batch } from '#src/core/batch.js'
import { SpkError } from '#src/core/errors.js'
import type { DataType } from '#src/core/types.js'
import { type Plain, plainColumn } from './plain-value.js'
import { atomicKinds, batchSeed, makeBatch } from './random-batch.js'

const test = suite('core/arrow/stream')

const codecs: (Codec | undefined)[] = [undefined, await loadCodec('lz4'), await loadCodec('zstd')]

function sameBatch(actual: Batch, expected: Batch): void {
  assert.is(actual.rows, expected.rows)
  assert.equal(actual.schema, expected.schema)
  actual.columns.forEach((column, i) => {
    assert.equal(plainColumn(column), plainColumn(expected.columns[i] as Batch['columns'][number]))
    assert.is(column.nullCount, expected.columns[i]?.nullCount)
  })
}

test('random batches of every type come back as they were, with each codec, at every alignment', () => {
  fc.assert(
    fc.property(batchSeed, fc.array(fc.nat(20), { maxLength: 3 }), fc.nat(2), fc.nat(7), ({ fields, rows, seed }, more, codec, shift) => {
      const batch = makeBatch(fields, rows, seed)
      const batches = [batch, ...more.map((rows, i) => makeBatch(batch.schema.fields, rows, i))]
      const bytes = encodeStream(batch.schema, batches, codecs[codec])
      const moved = new Uint8Array(bytes.length + shift).subarray(shift)
      moved.set(bytes)
      const decoded = [...decodeStream(moved)]
      assert.is(decoded.length, batches.length)
      decoded.forEach((b, i) => {
        sameBatch(b, batches[i] as Batch)
      })
    }),
    { numRuns: 300 },
  )
})

test('aligned and uncompressed columns are views of the bytes given', () => {
  const batch = makeBatch([{ name: 'a', type: { kind: 'long' }, nullable: false }], 100, 3)
  const bytes = encodeStream(batch.schema, [batch])
  const [decoded] = decodeStream(bytes)
  assert.is(decoded?.columns[0]?.data?.buffer, bytes.buffer)
})

test('a piece without its schema message decodes with the schema given', () => {
  const batch = makeBatch([{ name: 'a', type: { kind: 'string' }, nullable: true }], 10, 3)
  const [decoded] = decodeStream(joined(encodeBatch(batch)), batch.schema)
  sameBatch(decoded as Batch, batch)
})

test('zstd is loaded for bytes that need it', async () => {
  const batch = makeBatch([{ name: 'a', type: { kind: 'string' }, nullable: true }], 100, 3)
  await loadCodecOf(encodeStream(batch.schema, [batch], codecs[2]))
  await loadCodecOf(encodeStream(batch.schema, []))
})

/** The same plain form from what apache-arrow read, so that this file's own decoder is not the judge of its encoder. */
function arrowPlain(data: arrow.Data, index: number): Plain {
  if (data.type.typeId === arrow.Type.Null || !data.getValid(index)) return null
  const at = data.offset + index
  const [from, to] = [data.valueOffsets?.[index] ?? 0, data.valueOffsets?.[index + 1] ?? 0]
  const child = (i: number) => data.children[i] as arrow.Data
  switch (data.type.typeId) {
    case arrow.Type.Bool:
      return ((data.values[at >> 3] ?? 0) & (1 << (at & 7))) !== 0
    case arrow.Type.Utf8:
      return Buffer.from(data.values.subarray(from, to)).toString()
    case arrow.Type.Binary:
      return Buffer.from(data.values.subarray(from, to)).toString('hex')
    case arrow.Type.List:
      return Array.from({ length: to - from }, (_, i) => arrowPlain(child(0), from + i))
    case arrow.Type.Map:
      return Array.from({ length: to - from }, (_, i) => arrowPlain(child(0), from + i))
    case arrow.Type.Struct:
      return data.children.map(c => arrowPlain(c, index))
    default: {
      const bytes = new Uint8Array(data.values.buffer, data.values.byteOffset, data.values.byteLength)
      const width = bytes.length / data.length
      return Buffer.from(bytes.subarray(index * width, (index + 1) * width)).toString('hex')
    }
  }
}

const named: readonly [DataType, string][] = [
  ...atomicKinds.map(kind => [{ kind }, ''] as [DataType, string]),
  [{ kind: 'decimal', precision: 38, scale: 10 }, 'Decimal[38e+10]'],
  [{ kind: 'decimal', precision: 18, scale: 2, bits: 64 }, 'Decimal[18e+2]'],
  [{ kind: 'enum', values: ['a', 'b'] }, 'Utf8'],
  [{ kind: 'array', element: { kind: 'int' }, containsNull: true }, 'List<Int32>'],
  [{ kind: 'map', key: { kind: 'string' }, value: { kind: 'double' }, valueContainsNull: true }, 'Map<{key:Utf8, value:Float64}>'],
  [{ kind: 'struct', fields: [{ name: 'x', type: { kind: 'uuid' }, nullable: true }] }, 'Struct<{x:FixedSizeBinary[16]}>'],
]
const atomicArrow: Record<string, string> = {
  null: 'Null',
  boolean: 'Bool',
  string: 'Utf8',
  binary: 'Binary',
  byte: 'Int8',
  short: 'Int16',
  int: 'Int32',
  long: 'Int64',
  ubyte: 'Uint8',
  ushort: 'Uint16',
  uint: 'Uint32',
  ulong: 'Uint64',
  float: 'Float32',
  double: 'Float64',
  date: 'Date32<DAY>',
  timestamp: 'Timestamp<MICROSECOND, UTC>',
  timestamp_ntz: 'Timestamp<MICROSECOND>',
  time: 'Time64<MICROSECOND>',
  interval: 'Interval<MONTH_DAY_NANO>',
  daytime_interval: 'Duration<MICROSECOND>',
  yearmonth_interval: 'Interval<YEAR_MONTH>',
  hugeint: 'Decimal[38e0]',
  uuid: 'FixedSizeBinary[16]',
}

for (const [type, expected] of named) {
  test(`apache-arrow reads ${type.kind} as ${expected || atomicArrow[type.kind]}`, () => {
    const batch = makeBatch([{ name: 'a', type, nullable: true }], 33, 9)
    const table = arrow.tableFromIPC(encodeStream(batch.schema, [batch]))
    assert.is(String(table.schema.fields[0]?.type), expected || atomicArrow[type.kind])
    const data = table.getChildAt(0)?.data[0] as arrow.Data
    const column = batch.columns[0] as Batch['columns'][number]
    assert.equal(
      Array.from({ length: 33 }, (_, i) => arrowPlain(data, i)),
      plainColumn(column),
    )
  })
}

test('random streams are read by apache-arrow itself', () => {
  fc.assert(
    fc.property(batchSeed, ({ fields, rows, seed }) => {
      const batch = makeBatch(fields, rows, seed)
      const table = arrow.tableFromIPC(encodeStream(batch.schema, [batch]))
      assert.is(table.schema.fields.length, batch.columns.length)
      batch.columns.forEach((column, i) => {
        const data = table.batches[0]?.data.children[i] as arrow.Data
        assert.equal(
          Array.from({ length: column.length }, (_, row) => arrowPlain(data, row)),
          plainColumn(column),
        )
      })
    }),
    { numRuns: 200 },
  )
})

test('what apache-arrow writes is read here', () => {
  const table = new arrow.Table({
    i: arrow.vectorFromArray([1, null, 3], new arrow.Int32()),
    s: arrow.vectorFromArray(['x', null, 'long enough not to be inlined'], new arrow.Utf8()),
    l: arrow.vectorFromArray([[1n], null, [2n, 3n]], new arrow.List(new arrow.Field('item', new arrow.Int64(), true))),
    t: arrow.vectorFromArray([1, 2, 3], new arrow.TimestampMicrosecond()),
  })
  for (const type of ['stream'] as const) {
    const bytes = arrow.tableToIPC(table, type)
    assert.equal(
      streamSchema(bytes).fields.map(f => f.type.kind),
      ['int', 'string', 'array', 'timestamp_ntz'],
    )
    const columns = [...decodeStream(bytes)][0]?.columns.map(plainColumn)
    assert.equal(columns?.[1], ['x', null, 'long enough not to be inlined'])
    assert.equal(columns?.[2], [['0100000000000000'], null, ['0200000000000000', '0300000000000000']])
  }
})

test('a type that spk cannot hold is refused by name', () => {
  const table = new arrow.Table({ when: arrow.vectorFromArray([new Date(0)], new arrow.DateMillisecond()) })
  assert.throws(
    () => streamSchema(arrow.tableToIPC(table, 'stream')),
    (e: unknown) => e instanceof SpkError && e.code === 'SPK_ARROW_UNSUPPORTED' && e.message.includes('when'),
  )
})

test('damaged bytes give a typed error or rows, never another failure', () => {
  const flips = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(batchSeed, fc.nat(2), flips, fc.option(fc.nat()), ({ fields, rows, seed }, codec, damage, cut) => {
      const batch = makeBatch(fields, rows, seed)
      const bytes = joined([encodeSchema(batch.schema), ...encodeBatch(batch, codecs[codec])])
      for (const [at, value] of damage) bytes[at % bytes.length] = value
      const given = cut === null ? bytes : bytes.subarray(0, cut % bytes.length)
      try {
        for (const decoded of decodeStream(given)) decoded.columns.forEach(plainColumn)
      } catch (error) {
        assert.ok(error instanceof SpkError, String((error as Error).stack))
        assert.ok(['SPK_CORRUPT_BLOCK', 'SPK_ARROW_UNSUPPORTED'].includes(error.code), String(error))
      }
    }),
    { numRuns: 1000 },
  )
})

test('a name that runs over its message is damage, though other bytes follow', () => {
  const schema = { kind: 'struct', fields: [{ name: 'wxyz', type: { kind: 'int' }, nullable: false }] } as const
  const batch: Batch = {
    schema,
    rows: 1000,
    columns: [{ type: { kind: 'int' }, length: 1000, nullCount: 0, data: new Uint8Array(4000) }],
  }
  const bytes = joined([encodeSchema(schema), ...encodeBatch(batch)])
  const name = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf('wxyz')
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(name - 4, 2000, true)
  assert.throws(
    () => [...decodeStream(bytes)],
    (e: unknown) => e instanceof SpkError && e.code === 'SPK_CORRUPT_BLOCK',
  )
})

test.run()
