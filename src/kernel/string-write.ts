/**
 * Fills VARCHAR, BLOB and ENUM vectors in bulk. The batch's whole value buffer is assigned to row 0 once, so that the vector's own heap holds a copy;
 * its header tells where, and all 16-byte headers are then written by us in one copy. Lifetimes are right because the heap belongs to the vector.
 */
import type { ColumnData } from '../core/batch.js'
import { must, SpkError } from '../core/errors.js'
import { rawBytes } from './buffers.js'
import { native, type Vector } from './duckdb.js'

const inline = 12

/** Which bits of an inline string's three words belong to it, by its length. */
const firstMask = masks(0)
const secondMask = masks(4)
const thirdMask = masks(8)

function masks(from: number): Int32Array {
  return Int32Array.from({ length: inline + 1 }, (_, length) => (length - from >= 4 ? -1 : length <= from ? 0 : 2 ** (8 * (length - from)) - 1))
}

export function fillStrings(vector: Vector, column: ColumnData): void {
  const offsets = must(column.offsets, 'string column without offsets')
  const rows = column.length
  const first = offsets[0] as number
  const total = (offsets[rows] as number) - first
  const data = must(column.data, 'string column without data').subarray(first, first + total)
  const headers = rawBytes(rows * 16)
  const words = new Uint32Array(headers.buffer, 0, rows * 4)
  let low = 0
  let high = 0
  if (total > inline) {
    native.vector_assign_string_element_len(vector, 0, data)
    const header = native.vector_get_data(vector, 16)
    const view = new DataView(header.buffer, header.byteOffset, 16)
    low = view.getUint32(8, true)
    high = view.getUint32(12, true)
  }
  const bytes = new DataView(data.buffer, data.byteOffset, total)
  // From here on a string may be too close to the end for whole words to be read.
  const nearEnd = total - inline
  for (let i = 0; i < rows; i++) {
    const at = (offsets[i] as number) - first
    const length = (offsets[i + 1] as number) - first - at
    const w = i * 4
    words[w] = length
    if (length > inline) {
      const address = low + at
      words[w + 1] = bytes.getUint32(at, true)
      words[w + 2] = address
      words[w + 3] = high + (address >= 4294967296 ? 1 : 0)
    } else if (at <= nearEnd) {
      // What follows the string must read as zeros: DuckDB compares whole headers.
      words[w + 1] = bytes.getUint32(at, true) & (firstMask[length] as number)
      words[w + 2] = length > 4 ? bytes.getUint32(at + 4, true) & (secondMask[length] as number) : 0
      words[w + 3] = length > 8 ? bytes.getUint32(at + 8, true) & (thirdMask[length] as number) : 0
    } else {
      words.fill(0, w + 1, w + 4)
      for (let b = 0; b < length; b++) headers[w * 4 + 4 + b] = data[at + b] as number
    }
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
