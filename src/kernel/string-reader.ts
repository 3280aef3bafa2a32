/**
 * Reads VARCHAR, BLOB and ENUM vectors. A DuckDB string is a 16-byte header: length, then up to 12 bytes inline, else a 4-byte prefix and a pointer.
 * Headers are kept as they are, with pointers replaced by offsets into an arena of our own; the bytes behind pointers that lie close together are
 * fetched in one native call (runs), because the calls, not the bytes, are the cost.
 */
import type { ColumnData } from '../core/batch.js'
import type { DataType, EnumType } from '../core/types.js'
import { BitStore, ByteStore, rawBytes } from './buffers.js'
import { boundValidity, type ColumnReader } from './column-reader.js'
import { type Cut, cutBits } from './cut.js'
import { native, type Vector } from './duckdb.js'

const page = 4096
const inline = 12
/** Bytes are copied 16 at a time, so some of what follows are read and written, too: both sides keep this much room. */
const slack = 16
/** From this length on, a native copy is cheaper than a loop. */
const nativeCopyFrom = 128

/** What string and enum readers give. */
export interface StringColumn extends ColumnData {
  readonly offsets: Int32Array
  readonly data: Uint8Array
}

/** Headers (4 words each) and arena of accumulated strings, and their cut. */
class Strings {
  readonly type: DataType
  readonly headers = new ByteStore()
  readonly arena = new ByteStore()
  readonly valid = new BitStore()
  rows = 0

  constructor(type: DataType) {
    this.type = type
  }

  bytes(): number {
    return this.headers.length + this.arena.length
  }

  take(cut: Cut): StringColumn[] {
    const bits = cutBits(this.valid.bits(), cut)
    const words = new Uint32Array(this.headers.bytes.buffer, 0, this.rows * 4)
    const parts = cut.pid === undefined ? [this.#whole(words)] : this.#scattered(words, cut, cut.pid, cut.target as Uint32Array)
    const columns = parts.map(
      (part, p): StringColumn => ({ type: this.type, length: cut.counts[p] as number, ...part, ...(bits[p] as { nullCount: number }) }),
    )
    this.headers.length = 0
    this.arena.length = 0
    this.valid.clear()
    this.rows = 0
    return columns
  }

  #whole(words: Uint32Array): { offsets: Int32Array; data: Uint8Array } {
    const offsets = new Int32Array(this.rows + 1)
    let total = 0
    for (let i = 0; i < this.rows; i++) {
      total += words[i * 4] as number
      offsets[i + 1] = total
    }
    const data = rawBytes(total + slack)
    const copy = this.#copier(words, data)
    for (let i = 0; i < this.rows; i++) copy(i, offsets[i] as number, words[i * 4] as number)
    return { offsets, data: data.subarray(0, total) }
  }

  #scattered(words: Uint32Array, cut: Cut, pid: Uint32Array, target: Uint32Array): { offsets: Int32Array; data: Uint8Array }[] {
    const { partitions, starts } = cut
    const first = new Float64Array(partitions + 1)
    for (let i = 0; i < this.rows; i++) {
      const p = (pid[i] as number) + 1
      first[p] = (first[p] as number) + (words[i * 4] as number)
    }
    // A partition's last copy must not reach into the next one's first bytes, which may be there already.
    for (let p = 0; p < partitions; p++) first[p + 1] = (first[p + 1] as number) + (first[p] as number) + slack
    const data = rawBytes(first[partitions] as number)
    const copy = this.#copier(words, data)
    const next = first.slice(0, partitions)
    // Partition p's offsets begin at starts[p] + p: each has one more than it has rows.
    const offsets = new Int32Array(cut.rows + partitions)
    for (let i = 0; i < this.rows; i++) {
      const p = pid[i] as number
      const at = next[p] as number
      const length = words[i * 4] as number
      copy(i, at, length)
      const end = at + length
      next[p] = end
      offsets[(target[i] as number) + p + 1] = end - (first[p] as number)
    }
    return Array.from(cut.counts, (_, p) => ({
      offsets: offsets.subarray((starts[p] as number) + p, (starts[p + 1] as number) + p + 1),
      data: data.subarray(first[p], next[p]),
    }))
  }

  /** A function that copies a row's bytes to a place in `data`, and up to `slack` more. */
  #copier(words: Uint32Array, data: Uint8Array<ArrayBuffer>): (row: number, at: number, length: number) => void {
    this.arena.reserve(slack)
    const to = new DataView(data.buffer)
    const arenaBytes = this.arena.bytes
    const arena = new DataView(arenaBytes.buffer)
    return (row, at, length) => {
      const header = row * 4
      if (length <= inline) {
        to.setUint32(at, words[header + 1] as number, true)
        if (length <= 4) return
        to.setUint32(at + 4, words[header + 2] as number, true)
        to.setUint32(at + 8, words[header + 3] as number, true)
        return
      }
      const from = words[header + 2] as number
      if (length < nativeCopyFrom) {
        for (let b = 0; b < length; b += 16) {
          to.setUint32(at + b, arena.getUint32(from + b, true), true)
          to.setUint32(at + b + 4, arena.getUint32(from + b + 4, true), true)
          to.setUint32(at + b + 8, arena.getUint32(from + b + 8, true), true)
          to.setUint32(at + b + 12, arena.getUint32(from + b + 12, true), true)
        }
      } else data.set(arenaBytes.subarray(from, from + length), at)
    }
  }
}

export class StringReader implements ColumnReader {
  readonly #strings: Strings
  #source: Uint8Array = rawBytes(0)
  #sourceValid: Uint8Array | undefined
  readonly #pointer = new BigUint64Array(1)

  constructor(type: DataType) {
    this.#strings = new Strings(type)
  }

  bind(vector: Vector, rows: number, mask?: Uint8Array): void {
    this.#source = native.vector_get_data(vector, rows * 16)
    this.#sourceValid = boundValidity(vector, rows, mask)
  }

  bytes(): number {
    return this.#strings.bytes()
  }

  take(cut: Cut): StringColumn[] {
    return this.#strings.take(cut)
  }

  add(from: number, to: number): void {
    const { headers, valid } = this.#strings
    const rows = to - from
    const at = headers.length
    headers.append(this.#source.subarray(from * 16, to * 16))
    valid.append(this.#sourceValid, from, rows)
    const words = new Uint32Array(headers.bytes.buffer, at, rows * 4)
    if (this.#sourceValid !== undefined) {
      const bits = this.#sourceValid
      // A NULL row's header is undefined memory.
      for (let i = 0; i < rows; i++) if ((((bits[(from + i) >> 3] as number) >> ((from + i) & 7)) & 1) === 0) words[i * 4] = 0
    }
    let i = 0
    while (i < rows) i = (words[i * 4] as number) <= inline ? i + 1 : this.#run(words, i, rows)
    this.#strings.rows += rows
  }

  /** Fetches the longest run of long strings starting at row `start` whose memory is known to be mapped without gaps; returns the row after it. */
  #run(words: Uint32Array, start: number, rows: number): number {
    let low = address(words, start)
    let high = low + (words[start * 4] as number)
    let wanted = 0
    let end = start
    for (; end < rows; end++) {
      const length = words[end * 4] as number
      if (length <= inline) continue
      const a = address(words, end)
      // Both ends are mapped memory; where they lie in the same or in adjacent pages, nothing unmapped lies between.
      if (a < low) {
        if (a + length <= low - (low % page) - page) break
        low = a
      } else if (a >= Math.ceil(high / page) * page + page) break
      if (a + length > high) high = a + length
      wanted += length
    }
    this.#pointer[0] = BigInt(low)
    const bytes = native.get_data_from_pointer(this.#pointer.buffer, 0, high - low)
    const { arena } = this.#strings
    const base = arena.length
    if (high - low <= wanted + (wanted >> 2) + 64) {
      // Dense, or shared by many rows (a dictionary): take the whole stretch.
      arena.append(bytes)
      for (let i = start; i < end; i++) if ((words[i * 4] as number) > inline) words[i * 4 + 2] = base + (address(words, i) - low)
    } else {
      arena.reserve(wanted)
      for (let i = start; i < end; i++) {
        const length = words[i * 4] as number
        if (length <= inline) continue
        const from = address(words, i) - low
        arena.bytes.set(bytes.subarray(from, from + length), arena.length)
        words[i * 4 + 2] = arena.length
        arena.length += length
      }
    }
    return end
  }
}

/** The pointer of a long string. User-space addresses fit 47 bits, hence a double. */
function address(words: Uint32Array, row: number): number {
  return (words[row * 4 + 2] as number) + (words[row * 4 + 3] as number) * 4294967296
}

/** Enum vectors hold indexes into a dictionary; a batch has the strings. */
export class EnumReader implements ColumnReader {
  readonly #strings: Strings
  readonly #width: 1 | 2 | 4
  readonly #dictionary: readonly Uint8Array[]
  readonly #places: Uint32Array
  #source: Uint8Array = rawBytes(0)
  #sourceValid: Uint8Array | undefined

  constructor(type: EnumType, width: 1 | 2 | 4) {
    this.#strings = new Strings(type)
    this.#width = width
    this.#dictionary = type.values.map(v => Buffer.from(v, 'utf8'))
    this.#places = new Uint32Array(type.values.length)
  }

  bind(vector: Vector, rows: number, mask?: Uint8Array): void {
    this.#source = native.vector_get_data(vector, rows * this.#width)
    this.#sourceValid = boundValidity(vector, rows, mask)
  }

  bytes(): number {
    return this.#strings.bytes()
  }

  take(cut: Cut): StringColumn[] {
    return this.#strings.take(cut)
  }

  add(from: number, to: number): void {
    const { headers, arena, valid } = this.#strings
    if (arena.length === 0) {
      // Once per cut, so that rows can point into the arena; a leading byte keeps it from staying empty.
      arena.append(Uint8Array.of(0))
      this.#dictionary.forEach((value, i) => {
        this.#places[i] = arena.length
        arena.append(value)
      })
    }
    const rows = to - from
    const at = headers.length
    headers.reserve(rows * 16)
    headers.length += rows * 16
    const words = new Uint32Array(headers.bytes.buffer, at, rows * 4)
    const bits = this.#sourceValid
    valid.append(bits, from, rows)
    for (let i = 0; i < rows; i++) {
      const row = from + i
      if (bits !== undefined && (((bits[row >> 3] as number) >> (row & 7)) & 1) === 0) {
        words[i * 4] = 0
        continue
      }
      const index = this.#index(row)
      const value = this.#dictionary[index] as Uint8Array
      words[i * 4] = value.length
      if (value.length > inline) words[i * 4 + 2] = this.#places[index] as number
      else headers.bytes.set(value, at + i * 16 + 4)
    }
    this.#strings.rows += rows
  }

  #index(row: number): number {
    const s = this.#source
    if (this.#width === 1) return s[row] as number
    if (this.#width === 2) return (s[row * 2] as number) | ((s[row * 2 + 1] as number) << 8)
    return (
      ((s[row * 4] as number) | ((s[row * 4 + 1] as number) << 8) | ((s[row * 4 + 2] as number) << 16) | ((s[row * 4 + 3] as number) << 24)) >>> 0
    )
  }
}
