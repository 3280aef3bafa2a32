/**
 * Fills VARCHAR, BLOB and ENUM vectors in bulk. The batch's whole value buffer is assigned to row 0 once, so that the vector's own heap holds a copy;
 * its header tells where, and all 16-byte headers are then written by us in one copy. Lifetimes are right because the heap belongs to the vector.
 */
import type { ColumnData } from '../core/batch.js'
import { must, SpkError } from '../core/errors.js'
import { rawBytes } from './buffers.js'
import { native, type Vector } from './duckdb.js'

const inline = 12

export function fillStrings(vector: Vector, column: ColumnData): void {
  const offsets = must(column.offsets, 'string column without offsets')
  const rows = column.length
  const first = offsets[0] as number
  const total = (offsets[rows] as number) - first
  const data = must(column.data, 'string column without data').subarray(first, first + total)
  const headers = rawBytes(rows * 16)
  const words = new Uint32Array(headers.buffer, 0, rows * 4)
  words.fill(0)
  let low = 0
  let high = 0
  if (total > inline) {
    native.vector_assign_string_element_len(vector, 0, data)
    const header = native.vector_get_data(vector, 16)
    const view = new DataView(header.buffer, header.byteOffset, 16)
    low = view.getUint32(8, true)
    high = view.getUint32(12, true)
  }
  for (let i = 0; i < rows; i++) {
    const at = (offsets[i] as number) - first
    const length = (offsets[i + 1] as number) - first - at
    words[i * 4] = length
    const to = i * 16 + 4
    if (length <= inline) {
      for (let b = 0; b < length; b++) headers[to + b] = data[at + b] as number
      continue
    }
    headers[to] = data[at] as number
    headers[to + 1] = data[at + 1] as number
    headers[to + 2] = data[at + 2] as number
    headers[to + 3] = data[at + 3] as number
    const address = low + at
    words[i * 4 + 2] = address
    words[i * 4 + 3] = high + (address >= 4294967296 ? 1 : 0)
  }
  native.copy_data_to_vector(vector, 0, headers.buffer, 0, rows * 16)
}

export function fillEnums(vector: Vector, column: ColumnData, values: readonly string[], validity: Uint8Array | undefined): void {
  const offsets = must(column.offsets, 'enum column without offsets')
  const data = must(column.data, 'enum column without data')
  const rows = column.length
  const index = new Map(values.map((value, i) => [value, i]))
  const out = values.length <= 255 ? new Uint8Array(rows) : values.length <= 65535 ? new Uint16Array(rows) : new Uint32Array(rows)
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  for (let i = 0; i < rows; i++) {
    if (validity !== undefined && (((validity[i >> 3] as number) >> (i & 7)) & 1) === 0) continue
    const value = text.toString('utf8', offsets[i], offsets[i + 1])
    const found = index.get(value)
    if (found === undefined) {
      const some = values.slice(0, 10).join(', ')
      throw new SpkError('SPK_BAD_ENUM_VALUE', `"${value}" is not a value of the column's ENUM (${some}${values.length > 10 ? ', …' : ''}).`)
    }
    out[i] = found
  }
  native.copy_data_to_vector(vector, 0, out.buffer as ArrayBuffer, 0, out.byteLength)
}
