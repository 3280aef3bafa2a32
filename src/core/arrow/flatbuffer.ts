/**
 * The little of FlatBuffers that Arrow's messages need: a tree of tables written in one pass, and a checked reader. Arrow's own generated classes load
 * 30 modules and build back to front; a record batch is on the path of every shuffle, so its header is written here. Offsets point forward, 8-byte
 * fields and struct vectors are aligned to 8, as verifiers in other languages ask.
 */
import { SpkError, unreachable } from '../errors.js'

/** A value of one table slot. An absent slot reads as the schema's default. */
export type FlatSlot = { readonly kind: 'i8' | 'i16' | 'i32' | 'i64'; readonly value: number } | { readonly kind: 'ref'; readonly to: FlatNode }

export type FlatNode =
  | { readonly kind: 'table'; readonly slots: readonly (FlatSlot | undefined)[] }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'vector'; readonly items: readonly FlatNode[] }
  /** A vector of structs of two int64. */
  | { readonly kind: 'pairs'; readonly values: readonly number[] }

export const i8 = (value: number): FlatSlot => ({ kind: 'i8', value })
export const i16 = (value: number): FlatSlot => ({ kind: 'i16', value })
export const i32 = (value: number): FlatSlot => ({ kind: 'i32', value })
export const i64 = (value: number): FlatSlot => ({ kind: 'i64', value })
export const ref = (to: FlatNode): FlatSlot => ({ kind: 'ref', to })
export const flatTable = (...slots: readonly (FlatSlot | undefined)[]): FlatNode => ({ kind: 'table', slots })
export const flatString = (text: string): FlatNode => ({ kind: 'string', text })
export const flatVector = (items: readonly FlatNode[]): FlatNode => ({ kind: 'vector', items })
export const flatPairs = (values: readonly number[]): FlatNode => ({ kind: 'pairs', values })

const widths = { i8: 1, i16: 2, i32: 4, i64: 8, ref: 4 } as const
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** The bytes of a buffer with this root, `prefix` bytes left free before it, padded so that prefix and buffer end on a multiple of 8. */
export function flatBytes(root: FlatNode, prefix: number): Uint8Array {
  const writer = new FlatWriter(prefix)
  writer.root(root)
  return writer.bytes()
}

/** A buffer whose 64-bit numbers are filled in later. */
export interface FlatTemplate {
  readonly bytes: Uint8Array
  /** Where the number that stood for itself as `n` goes: `places[n]`. */
  readonly places: readonly (number | undefined)[]
}

/** Like `flatBytes`, for a tree whose 64-bit numbers are 0, 1, 2 …, each once: the places that the real ones go to. */
export function flatTemplate(root: FlatNode, prefix: number): FlatTemplate {
  const places: number[] = []
  const writer = new FlatWriter(prefix, places)
  writer.root(root)
  return { bytes: writer.bytes().slice(), places }
}

class FlatWriter {
  #bytes = new Uint8Array(512)
  #view = new DataView(this.#bytes.buffer)
  readonly #start: number
  readonly #places: number[] | undefined
  #at: number

  constructor(prefix: number, places?: number[]) {
    this.#start = prefix
    this.#at = prefix
    this.#places = places
  }

  root(node: FlatNode): void {
    const from = this.#take(4)
    this.#point(from, node)
  }

  bytes(): Uint8Array {
    this.#align(8, 0)
    return this.#bytes.subarray(0, this.#at)
  }

  /** Reserves bytes (zero) and returns where they start. */
  #take(size: number): number {
    const at = this.#at
    this.#at += size
    if (this.#at > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + 512))
      grown.set(this.#bytes)
      this.#bytes = grown
      this.#view = new DataView(grown.buffer)
    }
    return at
  }

  /** Pads until the position, counted from the buffer's start, is `remainder` modulo `to`. */
  #align(to: number, remainder: number): void {
    const over = (this.#at - this.#start - remainder) % to
    if (over !== 0) this.#take(over < 0 ? -over : to - over)
  }

  #point(from: number, node: FlatNode): void {
    const at = this.#write(node)
    this.#view.setUint32(from, at - from, true)
  }

  #write(node: FlatNode): number {
    switch (node.kind) {
      case 'table':
        return this.#table(node.slots)
      case 'string': {
        const text = encoder.encode(node.text)
        this.#align(4, 0)
        const at = this.#take(4 + text.length + 1)
        this.#view.setUint32(at, text.length, true)
        this.#bytes.set(text, at + 4)
        return at
      }
      case 'vector': {
        this.#align(4, 0)
        const at = this.#take(4 + node.items.length * 4)
        this.#view.setUint32(at, node.items.length, true)
        node.items.forEach((item, i) => {
          this.#point(at + 4 + i * 4, item)
        })
        return at
      }
      case 'pairs': {
        this.#align(8, 4)
        const at = this.#take(4 + node.values.length * 8)
        this.#view.setUint32(at, node.values.length / 2, true)
        node.values.forEach((value, i) => {
          this.#int64(at + 4 + i * 8, value)
        })
        return at
      }
      default:
        return unreachable(node)
    }
  }

  /** The vtable, then the table with its widest fields first, then what it refers to. */
  #table(slots: readonly (FlatSlot | undefined)[]): number {
    this.#align(2, 0)
    const vtable = this.#take(4 + slots.length * 2)
    this.#align(8, 4)
    const table = this.#take(4)
    const places = new Map<number, number>()
    for (const width of [8, 4, 2, 1]) {
      slots.forEach((slot, i) => {
        if (slot !== undefined && widths[slot.kind] === width) places.set(i, this.#take(width))
      })
    }
    this.#view.setInt32(table, table - vtable, true)
    this.#view.setUint16(vtable, 4 + slots.length * 2, true)
    this.#view.setUint16(vtable + 2, this.#at - table, true)
    for (const [i, at] of places) this.#view.setUint16(vtable + 4 + i * 2, at - table, true)
    for (const [i, at] of places) {
      const slot = slots[i] as FlatSlot
      if (slot.kind === 'ref') this.#point(at, slot.to)
      else if (slot.kind === 'i8') this.#view.setInt8(at, slot.value)
      else if (slot.kind === 'i16') this.#view.setInt16(at, slot.value, true)
      else if (slot.kind === 'i32') this.#view.setInt32(at, slot.value, true)
      else this.#int64(at, slot.value)
    }
    return table
  }

  #int64(at: number, value: number): void {
    if (this.#places !== undefined) this.#places[value] = at
    this.#view.setUint32(at, (value % 2 ** 32) >>> 0, true)
    this.#view.setInt32(at + 4, Math.floor(value / 2 ** 32), true)
  }
}

/** One table of a received buffer. Every read outside the buffer, and every offset into nowhere, is `SPK_CORRUPT_BLOCK`. */
export class FlatReader {
  readonly #view: DataView
  readonly #at: number

  private constructor(view: DataView, at: number) {
    this.#view = view
    this.#at = at
  }

  static root(bytes: Uint8Array): FlatReader {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return checked(() => new FlatReader(view, view.getUint32(0, true)))
  }

  i8(slot: number, absent = 0): number {
    return checked(() => this.#read(slot, absent, at => this.#view.getInt8(at)))
  }
  i16(slot: number, absent = 0): number {
    return checked(() => this.#read(slot, absent, at => this.#view.getInt16(at, true)))
  }
  i32(slot: number, absent = 0): number {
    return checked(() => this.#read(slot, absent, at => this.#view.getInt32(at, true)))
  }
  i64(slot: number, absent = 0): number {
    return checked(() => this.#read(slot, absent, at => int64(this.#view, at)))
  }
  table(slot: number): FlatReader | undefined {
    return checked(() => this.#read(slot, undefined, at => new FlatReader(this.#view, at + this.#view.getUint32(at, true))))
  }
  text(slot: number): string | undefined {
    return checked(() =>
      this.#read(slot, undefined, at => {
        const from = at + this.#view.getUint32(at, true)
        const length = this.#view.getUint32(from, true)
        // The bytes behind the message belong to others.
        if (from + 4 + length > this.#view.byteLength) throw new RangeError('text runs over the end')
        return decoder.decode(new Uint8Array(this.#view.buffer, this.#view.byteOffset + from + 4, length))
      }),
    )
  }
  /** Elements of a vector of tables; none when absent. */
  tables(slot: number): FlatReader[] {
    return checked(() => this.#vector(slot, 4, at => new FlatReader(this.#view, at + this.#view.getUint32(at, true))))
  }
  /** Elements of a vector of structs of two int64. */
  pairs(slot: number): [number, number][] {
    return checked(() => this.#vector(slot, 16, at => [int64(this.#view, at), int64(this.#view, at + 8)]))
  }

  #vector<T>(slot: number, width: number, element: (at: number) => T): T[] {
    return this.#read(slot, [] as T[], at => {
      const from = at + this.#view.getUint32(at, true)
      const count = this.#view.getUint32(from, true)
      if (from + 4 + count * width > this.#view.byteLength) throw new RangeError('vector runs over the end')
      return Array.from({ length: count }, (_, i) => element(from + 4 + i * width))
    })
  }

  #read<T>(slot: number, absent: T, value: (at: number) => T): T {
    const vtable = this.#at - this.#view.getInt32(this.#at, true)
    const place = 4 + slot * 2
    if (place >= this.#view.getUint16(vtable, true)) return absent
    const offset = this.#view.getUint16(vtable + place, true)
    return offset === 0 ? absent : value(this.#at + offset)
  }
}

function int64(view: DataView, at: number): number {
  return view.getInt32(at + 4, true) * 2 ** 32 + view.getUint32(at, true)
}

function checked<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof RangeError)
      throw new SpkError('SPK_CORRUPT_BLOCK', `An Arrow message header is damaged: ${cause.message}.`, { cause, retryable: true })
    throw cause
  }
}
