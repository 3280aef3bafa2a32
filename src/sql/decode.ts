/** Batches to rows: each column once to JavaScript values, then row by row. The inverse of `encode.ts`; the meaning of each type is in `row.ts`. */
import { type Batch, type ColumnData, isValid } from '../core/batch.js'
import { must, SpkError } from '../core/errors.js'
import { Decimal } from './decimal.js'
import { Interval } from './interval.js'
import type { Row, Value } from './row.js'
import { Timestamp } from './timestamp.js'

export interface DecodeOptions {
  /** BIGINT as bigint always, not only beyond 2^53. */
  readonly longAsBigInt?: boolean
}

/** The value of one row of a column; NULL rows never reach it. */
type Reader = (index: number) => Value

/** Rows of a batch as objects. Of columns with one name the first wins. */
export function decodeRows(batch: Batch, options: DecodeOptions = {}): Row[] {
  const names: string[] = []
  const columns: Value[][] = []
  for (const [i, { name }] of batch.schema.fields.entries()) {
    if (names.includes(name)) continue
    names.push(name)
    columns.push(decodeColumn(must(batch.columns[i], 'a column per field'), options))
  }
  return Array.from({ length: batch.rows }, (_, r) => {
    const row: Row = {}
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string
      const value = (columns[i] as Value[])[r]
      // A column of this name would set the prototype instead.
      if (name === '__proto__') Object.defineProperty(row, name, { value, enumerable: true, configurable: true, writable: true })
      else row[name] = value
    }
    return row
  })
}

/** Rows of a batch as arrays of values, in column order. */
export function decodeArrays(batch: Batch, options: DecodeOptions = {}): Value[][] {
  const columns = batch.columns.map(c => decodeColumn(c, options))
  return Array.from({ length: batch.rows }, (_, r) => columns.map(c => c[r] as Value))
}

/** All values of a column. */
export function decodeColumn(column: ColumnData, options: DecodeOptions = {}): Value[] {
  const read = readerOf(column, options)
  const all = column.validity === undefined && column.type.kind !== 'null'
  return Array.from({ length: column.length }, (_, i) => (all || isValid(column, i) ? read(i) : null))
}

function view(column: ColumnData): DataView {
  const data = column.data ?? new Uint8Array()
  return new DataView(data.buffer, data.byteOffset, data.byteLength)
}

function readerOf(column: ColumnData, options: DecodeOptions): Reader {
  const { type } = column
  const bytes = view(column)
  const long = (value: bigint): Value => (options.longAsBigInt || BigInt.asIntN(54, value) !== value ? value : Number(value))
  switch (type.kind) {
    case 'null':
      return () => null
    case 'boolean':
      return i => (bytes.getUint8(i >> 3) & (1 << (i & 7))) !== 0
    case 'byte':
      return i => bytes.getInt8(i)
    case 'short':
      return i => bytes.getInt16(i * 2, true)
    case 'int':
      return i => bytes.getInt32(i * 4, true)
    case 'long':
      return i => long(bytes.getBigInt64(i * 8, true))
    case 'ubyte':
      return i => bytes.getUint8(i)
    case 'ushort':
      return i => bytes.getUint16(i * 2, true)
    case 'uint':
      return i => bytes.getUint32(i * 4, true)
    case 'ulong':
      return i => long(bytes.getBigUint64(i * 8, true))
    case 'hugeint':
      return i => int128(bytes, i)
    case 'float':
      return i => bytes.getFloat32(i * 4, true)
    case 'double':
      return i => bytes.getFloat64(i * 8, true)
    case 'decimal':
      return i => new Decimal(int128(bytes, i), type.scale)
    case 'date':
      return i => new Date(bytes.getInt32(i * 4, true) * 86_400_000)
    case 'timestamp':
    case 'timestamp_ntz':
      return i => new Timestamp(bytes.getBigInt64(i * 8, true))
    case 'time':
      return i => timeText(bytes.getBigInt64(i * 8, true))
    case 'interval':
      return i => new Interval(bytes.getInt32(i * 16, true), bytes.getInt32(i * 16 + 4, true), bytes.getBigInt64(i * 16 + 8, true) / 1000n)
    case 'daytime_interval':
      return i => {
        const micros = bytes.getBigInt64(i * 8, true)
        return new Interval(0, Number(micros / 86_400_000_000n), micros % 86_400_000_000n)
      }
    case 'yearmonth_interval':
      return i => new Interval(bytes.getInt32(i * 4, true), 0, 0n)
    case 'uuid':
      return i => uuidText(must(column.data, 'uuid data').subarray(i * 16, i * 16 + 16))
    case 'string':
    case 'enum':
      return textReader(column)
    case 'binary':
      return i => slice(column, i).slice()
    case 'array': {
      const [start, end] = edges(column)
      const values = decodeColumn(must(column.children?.[0], 'elements of an array'), options)
      return i => values.slice(start(i), end(i))
    }
    case 'map': {
      const [start, end] = edges(column)
      const keys = decodeColumn(must(column.children?.[0], 'keys of a map'), options)
      const values = decodeColumn(must(column.children?.[1], 'values of a map'), options)
      return i => {
        const map = new Map<Value, Value>()
        for (let j = start(i); j < end(i); j++) map.set(keys[j] as Value, values[j] as Value)
        return map
      }
    }
    case 'struct': {
      const columns = type.fields.map((_, f) => decodeColumn(must(column.children?.[f], 'a child per field'), options))
      return i => Object.fromEntries(type.fields.map((f, j) => [f.name, (columns[j] as Value[])[i] as Value]))
    }
    default:
      throw new SpkError('UNSUPPORTED_DATATYPE', `Values of type ${(type as { kind: string }).kind} cannot be read.`, { sqlState: '0A000' })
  }
}

function edges(column: ColumnData): [(i: number) => number, (i: number) => number] {
  const offsets = must(column.offsets, 'offsets of a list')
  return [i => offsets[i] as number, i => offsets[i + 1] as number]
}

function slice(column: ColumnData, i: number): Uint8Array {
  const offsets = must(column.offsets, 'offsets of strings')
  return (column.data ?? new Uint8Array()).subarray(offsets[i] as number, offsets[i + 1] as number)
}

function textReader(column: ColumnData): Reader {
  const offsets = must(column.offsets, 'offsets of strings')
  const data = column.data ?? new Uint8Array()
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  return i => text.toString('utf8', offsets[i] as number, offsets[i + 1] as number)
}

function int128(bytes: DataView, i: number): bigint {
  return (bytes.getBigInt64(i * 16 + 8, true) << 64n) | bytes.getBigUint64(i * 16, true)
}

/** `12:34:56.5` of microseconds since midnight. */
function timeText(micros: bigint): string {
  return new Timestamp(micros).format().slice(11)
}

function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
