/**
 * One column of DuckDB vectors, accumulated over chunks and cut into partitions: the contract that fixed-width, string and nested readers share.
 * Vectors are read raw, never row by row through the bindings. `vector-read.ts` chooses a reader for a type.
 */
import type { ColumnData } from '../core/batch.js'
import { andBits } from './buffers.js'
import type { Cut } from './cut.js'
import { native, type Vector } from './duckdb.js'

export interface ColumnReader {
  /**
   * Looks at rows [0, rows) of a vector; the vector must live until the last `add`. Rows clear in `mask` (a NULL parent) are NULL whatever the vector
   * says: its memory there is undefined.
   */
  bind(vector: Vector, rows: number, mask?: Uint8Array): void
  /** Appends rows [from, to) of the bound vector. */
  add(from: number, to: number): void
  /** Bytes held since the last `take`. */
  bytes(): number
  /** Hands over everything appended, one column per partition of the cut, and starts anew. */
  take(cut: Cut): ColumnData[]
}

/** Validity bits of rows [0, rows) of a vector, joined with its parent's; undefined when every row is valid. */
export function boundValidity(vector: Vector, rows: number, mask: Uint8Array | undefined): Uint8Array | undefined {
  // The bindings give null for "all valid", against their declared type.
  const own = native.vector_get_validity(vector, ((rows + 63) >> 6) * 8) as Uint8Array | null
  return andBits(own ?? undefined, mask, rows)
}
