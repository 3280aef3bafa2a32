/** A random sample of sort keys of a task's rows, for the bounds of a range exchange: a reservoir whose choices depend on the task's seed alone. */
import { types } from '../core/types.js'
import { whole } from './cut.js'
import type { Vector } from './duckdb.js'
import { type StringColumn, StringReader } from './string-reader.js'

/** A bound may be a prefix of a key and still order rows; long keys would not fit a status message. */
const maxKeyBytes = 128

export class KeySampler {
  readonly #size: number
  readonly #reader = new StringReader(types.binary)
  readonly #keys: Uint8Array[] = []
  #seen = 0
  #state: number

  constructor(size: number, seed: number) {
    this.#size = size
    this.#state = (seed * 0x9e3779b9 + 0x85ebca6b) >>> 0
  }

  /** Considers rows [0, rows) of a vector of sort keys. */
  add(vector: Vector, rows: number): void {
    this.#reader.bind(vector, rows)
    const slots: number[] = []
    for (let row = 0; row < rows; row++) {
      const slot = this.#seen < this.#size ? this.#seen : Math.floor(this.#random() * (this.#seen + 1))
      this.#seen++
      if (slot >= this.#size) continue
      slots.push(slot)
      this.#reader.add(row, row + 1)
    }
    if (slots.length === 0) return
    const { offsets, data } = this.#reader.take(whole(slots.length))[0] as StringColumn
    slots.forEach((slot, i) => {
      const from = offsets[i] as number
      this.#keys[slot] = data.slice(from, Math.min(offsets[i + 1] as number, from + maxKeyBytes))
    })
  }

  /** The sample, in ascending order. */
  keys(): Uint8Array[] {
    return [...this.#keys].sort((a, b) => Buffer.compare(a, b))
  }

  /** mulberry32: small, and good enough for sampling. */
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
