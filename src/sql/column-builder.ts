/** Builds one column of a batch value by value: grows its buffers, keeps the validity bitmap. What `encode.ts` fills. */
import { fixedWidth } from '../core/arrow/encode.js'
import type { ColumnData } from '../core/batch.js'
import type { DataType } from '../core/types.js'

export class ColumnBuilder {
  readonly type: DataType
  readonly width: number
  /** Child builders of arrays (elements), maps (keys, values) and structs (fields). */
  readonly children: readonly ColumnBuilder[]
  #length = 0
  #nulls = 0
  #validity = new Uint8Array(8)
  #data: Uint8Array
  #view: DataView
  /** Bytes used of the data of strings and binaries. */
  #used = 0
  #offsets: Int32Array | undefined

  constructor(type: DataType) {
    this.type = type
    this.width = fixedWidth(type) ?? 0
    this.#data = new Uint8Array(Math.max(this.width * 8, 16))
    this.#view = new DataView(this.#data.buffer)
    const lists = type.kind === 'string' || type.kind === 'binary' || type.kind === 'enum' || type.kind === 'array' || type.kind === 'map'
    this.#offsets = lists ? new Int32Array(9) : undefined
    this.children =
      type.kind === 'array'
        ? [new ColumnBuilder(type.element)]
        : type.kind === 'map'
          ? [new ColumnBuilder(type.key), new ColumnBuilder(type.value)]
          : type.kind === 'struct'
            ? type.fields.map(f => new ColumnBuilder(f.type))
            : []
  }

  get length(): number {
    return this.#length
  }

  /** Adds NULL; the children of a struct get NULL too. */
  addNull(): void {
    if (this.type.kind === 'struct') for (const child of this.children) child.addNull()
    this.#nulls++
    this.#close(false)
  }

  /** Adds a fixed-width value: `write` gets the buffer and the byte offset. */
  addFixed(write: (view: DataView, offset: number) => void): void {
    const offset = this.#length * this.width
    this.#reserve(offset + this.width)
    write(this.#view, offset)
    this.#close(true)
  }

  addBoolean(value: boolean): void {
    const byte = this.#length >> 3
    this.#reserve(byte + 1)
    if (value) this.#data[byte] = (this.#data[byte] ?? 0) | (1 << (this.#length & 7))
    this.#close(true)
  }

  addBytes(bytes: Uint8Array): void {
    this.#reserve(this.#used + bytes.length)
    this.#data.set(bytes, this.#used)
    this.#used += bytes.length
    this.#close(true)
  }

  /** Ends a row of an array, map or struct whose children have been added. */
  closeNested(): void {
    this.#close(true)
  }

  #close(valid: boolean): void {
    const index = this.#length++
    if (index >> 3 >= this.#validity.length) this.#validity = grown(this.#validity, this.#validity.length * 2)
    if (valid) this.#validity[index >> 3] = (this.#validity[index >> 3] ?? 0) | (1 << (index & 7))
    if (this.width > 0) this.#reserve(this.#length * this.width)
    if (this.type.kind === 'boolean') this.#reserve((this.#length + 7) >> 3)
    if (this.#offsets === undefined) return
    if (this.#length >= this.#offsets.length) {
      const larger = new Int32Array(this.#offsets.length * 2)
      larger.set(this.#offsets)
      this.#offsets = larger
    }
    this.#offsets[this.#length] = this.type.kind === 'array' || this.type.kind === 'map' ? (this.children[0] as ColumnBuilder).length : this.#used
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#data.length) return
    this.#data = grown(this.#data, Math.max(bytes, this.#data.length * 2))
    this.#view = new DataView(this.#data.buffer)
  }

  /** The column. The builder is not used afterwards. */
  finish(): ColumnData {
    const { type } = this
    const length = this.#length
    const size = type.kind === 'boolean' ? (length + 7) >> 3 : this.width > 0 ? length * this.width : this.#used
    const base = { type, length, nullCount: type.kind === 'null' ? length : this.#nulls }
    const validity = this.#nulls > 0 && type.kind !== 'null' ? { validity: this.#validity.subarray(0, (length + 7) >> 3) } : {}
    const offsets = this.#offsets === undefined ? {} : { offsets: this.#offsets.subarray(0, length + 1) }
    const data = type.kind === 'null' || this.children.length > 0 || type.kind === 'struct' ? {} : { data: this.#data.subarray(0, size) }
    const children = this.children.length > 0 ? { children: this.children.map(c => c.finish()) } : {}
    return { ...base, ...validity, ...offsets, ...data, ...children }
  }
}

function grown(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(size)
  larger.set(bytes)
  return larger
}
