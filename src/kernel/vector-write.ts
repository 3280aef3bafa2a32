/**
 * Fills DuckDB vectors from batch columns, whole columns at a time: one copy per buffer, straight from the segment's bytes where the layouts agree.
 * Row r of the column becomes row r of the vector. Called by the batch scan for the child vectors of its LIST columns.
 */
import type { ColumnData } from '../core/batch.js'
import { must } from '../core/errors.js'
import type { DataType } from '../core/types.js'
import { andBits, rawBytes } from './buffers.js'
import { native, type Vector } from './duckdb.js'
import { fillEnums, fillStrings } from './string-write.js'

/**
 * Writes all rows of `column` to a vector of the type's own DuckDB type with room for them. Rows clear in `mask` become NULL (a NULL struct's fields
 * must be NULL too: DuckDB takes fields out of a struct without looking at it).
 */
export function fillVector(vector: Vector, column: ColumnData, mask?: Uint8Array): void {
  const rows = column.length
  if (rows === 0) return
  const type = column.type
  if (type.kind === 'null') {
    fillValidity(vector, new Uint8Array((rows + 7) >> 3), rows)
    return
  }
  const validity = andBits(column.validity, mask, rows)
  if (validity !== undefined) fillValidity(vector, validity, rows)
  switch (type.kind) {
    case 'string':
    case 'binary':
      fillStrings(vector, column)
      return
    case 'enum':
      fillEnums(vector, column, type.values, validity)
      return
    case 'array':
    case 'map':
      fillLists(vector, column, type.kind === 'map')
      return
    case 'struct':
      must(column.children, 'struct column without children').forEach((child, i) => {
        fillVector(native.struct_vector_get_child(vector, i), child, validity)
      })
      return
    default:
      fillFixed(vector, column, type)
  }
}

function fillValidity(vector: Vector, bits: Uint8Array, rows: number): void {
  native.vector_ensure_validity_writable(vector)
  const bytes = (rows + 7) >> 3
  native.copy_data_to_vector_validity(vector, 0, bits.buffer as ArrayBuffer, bits.byteOffset, bytes)
}

function fillLists(vector: Vector, column: ColumnData, isMap: boolean): void {
  const offsets = must(column.offsets, 'list column without offsets')
  const children = must(column.children, 'list column without children')
  const rows = column.length
  const entries = new Uint32Array(rows * 4)
  for (let i = 0; i < rows; i++) {
    entries[i * 4] = offsets[i] as number
    entries[i * 4 + 2] = (offsets[i + 1] as number) - (offsets[i] as number)
  }
  native.copy_data_to_vector(vector, 0, entries.buffer, 0, rows * 16)
  const childRows = (children[0] as ColumnData).length
  native.list_vector_reserve(vector, childRows)
  native.list_vector_set_size(vector, childRows)
  const child = native.list_vector_get_child(vector)
  children.forEach((c, i) => {
    fillVector(isMap ? native.struct_vector_get_child(child, i) : child, c)
  })
}

function fillFixed(vector: Vector, column: ColumnData, type: DataType): void {
  const data = must(column.data, `${type.kind} column without data`)
  const rows = column.length
  switch (type.kind) {
    case 'boolean':
      copyIn(vector, unpackBooleans(data, rows), rows)
      return
    case 'uuid':
      copyIn(vector, uuidsIn(data, rows), rows * 16)
      return
    case 'interval':
      copyIn(vector, intervalsIn(data, rows), rows * 16)
      return
    case 'daytime_interval':
      copyIn(vector, dayTimesIn(data, rows), rows * 16)
      return
    case 'yearmonth_interval':
      copyIn(vector, yearMonthsIn(data, rows), rows * 16)
      return
    case 'decimal': {
      // DuckDB's own width of such a decimal, from 8 or 16 bytes.
      const width = type.precision <= 4 ? 2 : type.precision <= 9 ? 4 : type.precision <= 18 ? 8 : 16
      const stride = type.bits === 64 ? 8 : 16
      copyIn(vector, width === stride ? data : narrow(data, rows, width as 2 | 4 | 8, stride), rows * width)
      return
    }
    default:
      copyIn(vector, data, data.length)
  }
}

function copyIn(vector: Vector, data: Uint8Array, bytes: number): void {
  native.copy_data_to_vector(vector, 0, data.buffer as ArrayBuffer, data.byteOffset, Math.min(bytes, data.length))
}

function unpackBooleans(bits: Uint8Array, rows: number): Uint8Array {
  const out = rawBytes(rows)
  for (let i = 0; i < rows; i++) out[i] = ((bits[i >> 3] as number) >> (i & 7)) & 1
  return out
}

/** The low bytes of values of `stride` bytes. */
function narrow(data: Uint8Array, rows: number, width: 2 | 4 | 8, stride: 8 | 16): Uint8Array {
  const from = aligned(data, rows * stride)
  const out = rawBytes(rows * width)
  if (width === 8) {
    const source = new BigInt64Array(from.buffer, from.byteOffset, rows * 2)
    const to = new BigInt64Array(out.buffer, 0, rows)
    for (let i = 0; i < rows; i++) to[i] = source[i * 2] as bigint
  } else {
    const step = stride / 4
    const source = new Int32Array(from.buffer, from.byteOffset, rows * step)
    const to = width === 4 ? new Int32Array(out.buffer, 0, rows) : new Int16Array(out.buffer, 0, rows)
    for (let i = 0; i < rows; i++) to[i] = source[i * step] as number
  }
  return out
}

function uuidsIn(data: Uint8Array, rows: number): Uint8Array {
  const out = rawBytes(rows * 16)
  for (let i = 0; i < rows; i++) {
    for (let b = 0; b < 16; b++) out[i * 16 + 15 - b] = data[i * 16 + b] as number
    out[i * 16 + 15] = (out[i * 16 + 15] as number) ^ 0x80
  }
  return out
}

function intervalsIn(data: Uint8Array, rows: number): Uint8Array {
  const from = aligned(data, rows * 16)
  const source = new BigInt64Array(from.buffer, from.byteOffset, rows * 2)
  const to = new BigInt64Array(rows * 2)
  for (let i = 0; i < rows; i++) {
    to[i * 2] = source[i * 2] as bigint
    to[i * 2 + 1] = (source[i * 2 + 1] as bigint) / 1000n
  }
  return new Uint8Array(to.buffer)
}

const microsPerDay = 86_400_000_000n

/** Whole days go to the day part, as DuckDB normalises such intervals. */
function dayTimesIn(data: Uint8Array, rows: number): Uint8Array {
  const from = aligned(data, rows * 8)
  const source = new BigInt64Array(from.buffer, from.byteOffset, rows)
  const micros = new BigInt64Array(rows * 2)
  const parts = new Int32Array(micros.buffer)
  for (let i = 0; i < rows; i++) {
    const value = source[i] as bigint
    const days = value / microsPerDay
    parts[i * 4 + 1] = Number(days)
    micros[i * 2 + 1] = value - days * microsPerDay
  }
  return new Uint8Array(micros.buffer)
}

function yearMonthsIn(data: Uint8Array, rows: number): Uint8Array {
  const from = aligned(data, rows * 4)
  const source = new Int32Array(from.buffer, from.byteOffset, rows)
  const parts = new Int32Array(rows * 4)
  for (let i = 0; i < rows; i++) parts[i * 4] = source[i] as number
  return new Uint8Array(parts.buffer)
}

/** The bytes at an address that any typed array accepts: segments may lie anywhere in a larger buffer. */
function aligned(data: Uint8Array, bytes: number): Uint8Array {
  if ((data.byteOffset & 7) === 0) return data
  const copy = rawBytes(bytes)
  copy.set(data.subarray(0, bytes))
  return copy
}
