/** The smallest and the largest value of a column over a task's rows, as memory-comparable keys; NULLs are none. For pruning what a join reads by them. */
import { types } from '../core/types.js'
import { whole } from './cut.js'
import type { Vector } from './duckdb.js'
import { type StringColumn, StringReader } from './string-reader.js'

/** What a key of NULL starts with. */
const nullMark = 2

export class KeyEnds {
  readonly #reader = new StringReader(types.binary)
  #low: Uint8Array | undefined
  #high: Uint8Array | undefined

  /** Considers rows [0, rows) of a vector of sort keys. */
  add(vector: Vector, rows: number): void {
    if (rows === 0) return
    this.#reader.bind(vector, rows)
    this.#reader.add(0, rows)
    const { offsets, data } = this.#reader.take(whole(rows))[0] as StringColumn
    for (let row = 0; row < rows; row++) {
      const key = data.subarray(offsets[row] as number, offsets[row + 1] as number)
      if (key[0] === nullMark) continue
      // Copies: the vector's memory is used again.
      if (this.#low === undefined || Buffer.compare(key, this.#low) < 0) this.#low = key.slice()
      if (this.#high === undefined || Buffer.compare(key, this.#high) > 0) this.#high = key.slice()
    }
  }

  /** Both, or none where every value is NULL. */
  keys(): Uint8Array[] {
    return this.#low === undefined || this.#high === undefined ? [] : [this.#low, this.#high]
  }
}
