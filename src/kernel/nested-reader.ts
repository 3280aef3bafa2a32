/**
 * Reads LIST, MAP and STRUCT vectors by their children: a list's child rows go to the partition of their parent, so nesting costs one derived cut per
 * level and no row objects. MAP is DuckDB's list of (key, value) structs, whose struct level has no NULLs.
 */
import type { ColumnData } from '../core/batch.js'
import { type DataType, types } from '../core/types.js'
import { BitStore, ByteStore } from './buffers.js'
import { boundValidity, type ColumnReader } from './column-reader.js'
import { type Cut, cutBits, cutBy, whole } from './cut.js'
import { native, type Vector } from './duckdb.js'

export class ListReader implements ColumnReader {
  readonly #type: DataType
  readonly #children: readonly ColumnReader[]
  /** From the list's child vector to the vectors of `children`. */
  readonly #childVectors: (child: Vector) => readonly Vector[]
  /** Length of each list, int32. */
  readonly #lengths = new ByteStore()
  readonly #valid = new BitStore()
  #childRows = 0
  #entries: Uint32Array = new Uint32Array(0)
  #sourceValid: Uint8Array | undefined

  constructor(type: DataType, children: readonly ColumnReader[], childVectors: (child: Vector) => readonly Vector[]) {
    this.#type = type
    this.#children = children
    this.#childVectors = childVectors
  }

  bind(vector: Vector, rows: number, mask?: Uint8Array): void {
    const bytes = native.vector_get_data(vector, rows * 16)
    // (offset, length) pairs of 64-bit numbers: both fit their low words, a vector's child never has 2^32 rows.
    this.#entries = new Uint32Array(bytes.buffer, bytes.byteOffset, rows * 4)
    this.#sourceValid = boundValidity(vector, rows, mask)
    const childRows = native.list_vector_get_size(vector)
    const vectors = this.#childVectors(native.list_vector_get_child(vector))
    this.#children.forEach((child, i) => {
      child.bind(vectors[i] as Vector, childRows)
    })
  }

  add(from: number, to: number): void {
    const rows = to - from
    this.#lengths.reserve(rows * 4)
    const lengths = new Int32Array(this.#lengths.bytes.buffer, this.#lengths.length, rows)
    this.#lengths.length += rows * 4
    this.#valid.append(this.#sourceValid, from, rows)
    const bits = this.#sourceValid
    // Neighbouring lists usually lie one after the other: append whole stretches of child rows.
    let first = 0
    let end = 0
    for (let i = 0; i < rows; i++) {
      const row = from + i
      // A NULL list's entry is undefined memory.
      const valid = bits === undefined || (((bits[row >> 3] as number) >> (row & 7)) & 1) === 1
      const length = valid ? (this.#entries[row * 4 + 2] as number) : 0
      lengths[i] = length
      if (length === 0) continue
      const offset = this.#entries[row * 4] as number
      if (offset !== end) {
        this.#addChildren(first, end)
        first = offset
      }
      end = offset + length
    }
    this.#addChildren(first, end)
  }

  #addChildren(from: number, to: number): void {
    if (from === to) return
    for (const child of this.#children) child.add(from, to)
    this.#childRows += to - from
  }

  bytes(): number {
    return this.#children.reduce((sum, child) => sum + child.bytes(), this.#lengths.length)
  }

  take(cut: Cut): ColumnData[] {
    const lengths = new Int32Array(this.#lengths.bytes.buffer, 0, cut.rows)
    const { pid, target, starts, partitions, counts } = cut
    const offsets = new Int32Array(cut.rows + partitions)
    let childCut: Cut
    if (pid === undefined || target === undefined) {
      for (let i = 0; i < cut.rows; i++) offsets[i + 1] = (offsets[i] as number) + (lengths[i] as number)
      childCut = whole(this.#childRows)
    } else {
      const childPid = new Uint32Array(this.#childRows)
      const ends = new Int32Array(partitions)
      let at = 0
      for (let i = 0; i < cut.rows; i++) {
        const p = pid[i] as number
        const length = lengths[i] as number
        childPid.fill(p, at, at + length)
        at += length
        const end = (ends[p] as number) + length
        ends[p] = end
        offsets[(target[i] as number) + p + 1] = end
      }
      childCut = cutBy(childPid, this.#childRows, partitions)
    }
    const bits = cutBits(this.#valid.bits(), cut)
    const children = this.#children.map(child => child.take(childCut))
    this.#lengths.length = 0
    this.#valid.clear()
    this.#childRows = 0
    return Array.from(
      counts,
      (length, p): ColumnData => ({
        type: this.#type,
        length,
        offsets: offsets.subarray((starts[p] as number) + p, (starts[p + 1] as number) + p + 1),
        children: children.map(parts => parts[p] as ColumnData),
        ...(bits[p] as { nullCount: number }),
      }),
    )
  }
}

export class StructReader implements ColumnReader {
  readonly #type: DataType
  readonly #children: readonly ColumnReader[]
  readonly #valid = new BitStore()
  #sourceValid: Uint8Array | undefined

  constructor(type: DataType, children: readonly ColumnReader[]) {
    this.#type = type
    this.#children = children
  }

  bind(vector: Vector, rows: number, mask?: Uint8Array): void {
    this.#sourceValid = boundValidity(vector, rows, mask)
    this.#children.forEach((child, i) => {
      child.bind(native.struct_vector_get_child(vector, i), rows, this.#sourceValid)
    })
  }

  add(from: number, to: number): void {
    this.#valid.append(this.#sourceValid, from, to - from)
    for (const child of this.#children) child.add(from, to)
  }

  bytes(): number {
    return this.#children.reduce((sum, child) => sum + child.bytes(), this.#valid.length >> 3)
  }

  take(cut: Cut): ColumnData[] {
    const bits = cutBits(this.#valid.bits(), cut)
    const children = this.#children.map(child => child.take(cut))
    this.#valid.clear()
    return Array.from(
      cut.counts,
      (length, p): ColumnData => ({
        type: this.#type,
        length,
        children: children.map(parts => parts[p] as ColumnData),
        ...(bits[p] as { nullCount: number }),
      }),
    )
  }
}

/** Columns of type NULL: nothing to read but how many. */
export class NullReader implements ColumnReader {
  bind(): void {}
  add(): void {}
  bytes(): number {
    return 0
  }
  take(cut: Cut): ColumnData[] {
    return Array.from(cut.counts, (length): ColumnData => ({ type: types.null, length, nullCount: length }))
  }
}
