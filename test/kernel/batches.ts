/** Batches from and to plain values, for tests: independent of the kernel's own readers and writers. */
import type { Batch, ColumnData } from '#src/core/batch.js'
import { isValid } from '#src/core/batch.js'
import type { DataType, StructType } from '#src/core/types.js'

/**
 * A value by type: null; boolean; number; bigint for 64- and 128-bit ones, decimals and timestamps; string for string, enum; hex text for binary, uuid, and the
 * bits of float and double (so that NaN patterns compare); `{months, days, nanos}`; arrays; arrays of pairs for maps; arrays of fields for structs.
 */
export type Value = null | boolean | number | bigint | string | { months: number; days: number; nanos: bigint } | readonly Value[]

const widths: Partial<Record<DataType['kind'], number>> = {
  byte: 1,
  ubyte: 1,
  short: 2,
  ushort: 2,
  int: 4,
  uint: 4,
  float: 4,
  date: 4,
  yearmonth_interval: 4,
  long: 8,
  ulong: 8,
  double: 8,
  timestamp: 8,
  timestamp_ntz: 8,
  time: 8,
  daytime_interval: 8,
  decimal: 16,
  hugeint: 16,
  uuid: 16,
  interval: 16,
}

export function makeColumn(type: DataType, values: readonly Value[]): ColumnData {
  const length = values.length
  const nullCount = values.filter(v => v === null).length
  const validity = nullCount === 0 || type.kind === 'null' ? {} : { validity: bitmap(values.map(v => v !== null)) }
  const base = { type, length, nullCount, ...validity }
  switch (type.kind) {
    case 'null':
      return { type, length, nullCount: length }
    case 'boolean':
      return { ...base, data: bitmap(values.map(v => v === true)) }
    case 'string':
    case 'enum':
    case 'binary': {
      const parts = values.map(v => (v === null ? Buffer.alloc(0) : Buffer.from(v as string, type.kind === 'binary' ? 'hex' : 'utf8')))
      return { ...base, offsets: offsetsOf(parts.map(p => p.length)), data: new Uint8Array(Buffer.concat(parts)) }
    }
    case 'array': {
      const lists = values.map(v => (v ?? []) as Value[])
      return { ...base, offsets: offsetsOf(lists.map(l => l.length)), children: [makeColumn(type.element, lists.flat(1))] }
    }
    case 'map': {
      const lists = values.map(v => (v ?? []) as [Value, Value][])
      const pairs = lists.flat(1) as unknown as [Value, Value][]
      return {
        ...base,
        offsets: offsetsOf(lists.map(l => l.length)),
        children: [
          makeColumn(
            type.key,
            pairs.map(p => p[0]),
          ),
          makeColumn(
            type.value,
            pairs.map(p => p[1]),
          ),
        ],
      }
    }
    case 'struct':
      return {
        ...base,
        children: type.fields.map((f, i) =>
          makeColumn(
            f.type,
            values.map(v => (v === null ? null : (((v as Value[])[i] ?? null) as Value))),
          ),
        ),
      }
    default: {
      const width = widths[type.kind] as number
      const data = Buffer.alloc(length * width)
      values.forEach((v, i) => {
        if (v !== null) put(data, i * width, type.kind, v)
      })
      return { ...base, data: new Uint8Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.length)) }
    }
  }
}

export function makeBatch(schema: StructType, columns: readonly (readonly Value[])[], rows = columns[0]?.length ?? 0): Batch {
  return { schema, rows, columns: schema.fields.map((f, i) => makeColumn(f.type, columns[i] as Value[])) }
}

export function columnValues(column: ColumnData): Value[] {
  return Array.from({ length: column.length }, (_, i) => (isValid(column, i) ? valueAt(column, i) : null))
}

function valueAt(column: ColumnData, i: number): Value {
  const type = column.type
  const data = Buffer.from((column.data ?? new Uint8Array()).buffer as ArrayBuffer, column.data?.byteOffset ?? 0, column.data?.length ?? 0)
  const from = column.offsets?.[i] ?? 0
  const to = column.offsets?.[i + 1] ?? 0
  switch (type.kind) {
    case 'null':
      return null
    case 'boolean':
      return (((data[i >> 3] as number) >> (i & 7)) & 1) === 1
    case 'string':
    case 'enum':
      return data.toString('utf8', from, to)
    case 'binary':
      return data.toString('hex', from, to)
    case 'array':
      return columnValues(column.children?.[0] as ColumnData).slice(from, to)
    case 'map': {
      const [keys, values] = (column.children as ColumnData[]).map(columnValues) as [Value[], Value[]]
      return Array.from({ length: to - from }, (_, k) => [keys[from + k] as Value, values[from + k] as Value])
    }
    case 'struct':
      return (column.children as ColumnData[]).map(child => (isValid(child, i) ? valueAt(child, i) : null))
    case 'decimal':
      return type.bits === 64 ? data.readBigInt64LE(i * 8) : get(data, i * 16, type.kind)
    default:
      return get(data, i * (widths[type.kind] as number), type.kind)
  }
}

/** Rows of all batches, as arrays of values. */
export function rowsOf(batches: readonly Batch[]): Value[][] {
  return batches.flatMap(b => {
    const columns = b.columns.map(columnValues)
    return Array.from({ length: b.rows }, (_, i) => columns.map(c => c[i] as Value))
  })
}

function put(data: Buffer, at: number, kind: DataType['kind'], value: Value): void {
  switch (kind) {
    case 'byte':
      data.writeInt8(value as number, at)
      return
    case 'ubyte':
      data.writeUInt8(value as number, at)
      return
    case 'short':
      data.writeInt16LE(value as number, at)
      return
    case 'ushort':
      data.writeUInt16LE(value as number, at)
      return
    case 'uint':
      data.writeUInt32LE(value as number, at)
      return
    case 'int':
    case 'date':
    case 'yearmonth_interval':
      data.writeInt32LE(value as number, at)
      return
    case 'float':
    case 'double':
    case 'uuid':
      data.set(Buffer.from(value as string, 'hex'), at)
      return
    case 'ulong':
      data.writeBigUInt64LE(value as bigint, at)
      return
    case 'decimal':
    case 'hugeint':
      data.writeBigUInt64LE(BigInt.asUintN(64, value as bigint), at)
      data.writeBigInt64LE(BigInt.asIntN(64, (value as bigint) >> 64n), at + 8)
      return
    case 'interval': {
      const { months, days, nanos } = value as { months: number; days: number; nanos: bigint }
      data.writeInt32LE(months, at)
      data.writeInt32LE(days, at + 4)
      data.writeBigInt64LE(nanos, at + 8)
      return
    }
    default:
      data.writeBigInt64LE(value as bigint, at)
  }
}

function get(data: Buffer, at: number, kind: DataType['kind']): Value {
  switch (kind) {
    case 'byte':
      return data.readInt8(at)
    case 'ubyte':
      return data.readUInt8(at)
    case 'short':
      return data.readInt16LE(at)
    case 'ushort':
      return data.readUInt16LE(at)
    case 'uint':
      return data.readUInt32LE(at)
    case 'int':
    case 'date':
    case 'yearmonth_interval':
      return data.readInt32LE(at)
    case 'float':
      return data.toString('hex', at, at + 4)
    case 'double':
      return data.toString('hex', at, at + 8)
    case 'uuid':
      return data.toString('hex', at, at + 16)
    case 'ulong':
      return data.readBigUInt64LE(at)
    case 'decimal':
    case 'hugeint':
      return data.readBigUInt64LE(at) + (data.readBigInt64LE(at + 8) << 64n)
    case 'interval':
      return { months: data.readInt32LE(at), days: data.readInt32LE(at + 4), nanos: data.readBigInt64LE(at + 8) }
    default:
      return data.readBigInt64LE(at)
  }
}

function bitmap(bits: readonly boolean[]): Uint8Array {
  const out = new Uint8Array((bits.length + 7) >> 3)
  bits.forEach((bit, i) => {
    if (bit) out[i >> 3] = (out[i >> 3] as number) | (1 << (i & 7))
  })
  return out
}

function offsetsOf(lengths: readonly number[]): Int32Array {
  const out = new Int32Array(lengths.length + 1)
  lengths.forEach((length, i) => {
    out[i + 1] = (out[i] as number) + length
  })
  return out
}
