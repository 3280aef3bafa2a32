/**
 * Where rows of a shuffle write go. Hash partitions come from DuckDB's `hash()` of the keys (an extra last column of the fragment); range partitions compare
 * memory-comparable sort keys with sampled bounds; round robin counts. One partitioner per task; pure but for its counter.
 */
import type { SortKey } from '../core/stage.js'
import { types } from '../core/types.js'
import { whole } from './cut.js'
import { native, quoteName, quoteText, type Vector } from './duckdb.js'
import { type StringColumn, StringReader } from './string-reader.js'
import type { KernelOutput } from './task.js'

/** SQL of a memory-comparable BLOB that orders as the keys say. The empty text at its end keeps it one: of a single short key DuckDB makes a BIGINT. */
export function sortKeySql(keys: readonly SortKey[]): string {
  const parts = keys.map(k => `${quoteName(k.column)}, ${quoteText(`${k.ascending ? 'ASC' : 'DESC'} NULLS ${k.nullsFirst ? 'FIRST' : 'LAST'}`)}`)
  return `create_sort_key(${[...parts, "'', 'ASC NULLS FIRST'"].join(', ')})`
}

export interface Partitioner {
  readonly partitions: number
  /** SQL of the extra column that `assign` reads, or undefined when it needs none. */
  readonly column: string | undefined
  /** Writes the partition of rows [0, rows) to `pid` from position `at`. */
  assign(vector: Vector | undefined, rows: number, pid: Uint32Array, at: number): void
}

/** `seed`: where round robin starts; the same for every attempt of a task. */
export function partitionerFor(output: Extract<KernelOutput, { kind: 'partitions' }>, seed: number): Partitioner {
  const { by, count } = output
  if (count === 1 || by.kind === 'single')
    return { partitions: count, column: undefined, assign: (_v, rows, pid, at) => void pid.fill(0, at, at + rows) }
  switch (by.kind) {
    case 'hash':
      return {
        partitions: count,
        column: `hash(${by.keys.map(quoteName).join(', ')})`,
        assign(vector, rows, pid, at) {
          const bytes = native.vector_get_data(vector as Vector, rows * 8)
          const words = new Uint32Array(bytes.buffer, bytes.byteOffset, rows * 2)
          // The high half as a fraction of `count`: cheaper than a remainder, and it leaves the low bits, which the reader's hash table goes by, all different.
          const share = count / 2 ** 32
          for (let i = 0; i < rows; i++) pid[at + i] = (words[i * 2 + 1] as number) * share
        },
      }
    case 'range':
      return rangePartitioner(by.keys, by.bounds, count)
    case 'roundRobin': {
      let next = seed % count
      return {
        partitions: count,
        column: undefined,
        assign(_vector, rows, pid, at) {
          for (let i = 0; i < rows; i++) {
            pid[at + i] = next
            next = next + 1 === count ? 0 : next + 1
          }
        },
      }
    }
  }
}

/** Partition = number of bounds below the key, so equal keys meet and partitions are in order. */
function rangePartitioner(keys: readonly SortKey[], bounds: readonly Uint8Array[], count: number): Partitioner {
  const reader = new StringReader(types.binary)
  return {
    partitions: count,
    column: sortKeySql(keys),
    assign(vector, rows, pid, at) {
      reader.bind(vector as Vector, rows)
      reader.add(0, rows)
      const { offsets, data } = reader.take(whole(rows))[0] as StringColumn
      for (let i = 0; i < rows; i++) {
        let low = 0
        let high = bounds.length
        while (low < high) {
          const middle = (low + high) >> 1
          if (compare(bounds[middle] as Uint8Array, data, offsets[i] as number, offsets[i + 1] as number) < 0) low = middle + 1
          else high = middle
        }
        pid[at + i] = Math.min(low, count - 1)
      }
    },
  }
}

/** Compares `a` with bytes [from, to) of `b` as unsigned bytes; a proper prefix is less. */
function compare(a: Uint8Array, b: Uint8Array, from: number, to: number): number {
  const length = Math.min(a.length, to - from)
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[from + i] as number)
    if (difference !== 0) return difference
  }
  return a.length - (to - from)
}
