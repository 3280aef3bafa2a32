/**
 * How accumulated rows are cut into partitions: which partition each row goes to and where in it. Made once per flush and shared by all columns; nested
 * columns derive one for their child rows. Rows keep their order within a partition.
 */
import { countZeros } from './buffers.js'

export interface Cut {
  readonly rows: number
  readonly partitions: number
  /** Rows per partition. */
  readonly counts: Uint32Array
  /** First position of each partition in the cut order; one longer than `partitions`. */
  readonly starts: Uint32Array
  /** Partition of each row; absent when there is one partition. */
  readonly pid?: Uint32Array
  /** Position of each row in the cut order; absent when there is one partition. */
  readonly target?: Uint32Array
}

/** Everything into one partition, in order. */
export function whole(rows: number): Cut {
  return { rows, partitions: 1, counts: Uint32Array.of(rows), starts: Uint32Array.of(0, rows) }
}

/** Cuts by the partition number of each row. */
export function cutBy(pid: Uint32Array, rows: number, partitions: number): Cut {
  if (partitions === 1) return whole(rows)
  const counts = new Uint32Array(partitions)
  for (let i = 0; i < rows; i++) {
    const p = pid[i] as number
    counts[p] = (counts[p] as number) + 1
  }
  const starts = new Uint32Array(partitions + 1)
  for (let p = 0; p < partitions; p++) starts[p + 1] = (starts[p] as number) + (counts[p] as number)
  const next = starts.slice(0, partitions)
  const target = new Uint32Array(rows)
  for (let i = 0; i < rows; i++) {
    const p = pid[i] as number
    const at = next[p] as number
    target[i] = at
    next[p] = at + 1
  }
  return { rows, partitions, counts, starts, pid, target }
}

export interface CutBits {
  readonly validity?: Uint8Array
  readonly nullCount: number
}

/** Cuts a bitmap (absent = all set): one bitmap per partition, each from its own first byte, absent where nothing is clear. */
export function cutBits(bits: Uint8Array | undefined, cut: Cut): CutBits[] {
  if (bits === undefined) return Array.from({ length: cut.partitions }, () => ({ nullCount: 0 }))
  if (cut.pid === undefined || cut.target === undefined) return [bitmap(bits, cut.rows)]
  const { pid, target, counts, starts } = cut
  const first = new Uint32Array(cut.partitions + 1)
  for (let p = 0; p < cut.partitions; p++) first[p + 1] = (first[p] as number) + (((counts[p] as number) + 7) >> 3)
  const out = new Uint8Array(first[cut.partitions] as number)
  for (let i = 0; i < cut.rows; i++) {
    if ((((bits[i >> 3] as number) >> (i & 7)) & 1) === 0) continue
    const p = pid[i] as number
    const bit = (target[i] as number) - (starts[p] as number)
    const byte = (first[p] as number) + (bit >> 3)
    out[byte] = (out[byte] as number) | (1 << (bit & 7))
  }
  return Array.from(counts, (count, p) => bitmap(out.subarray(first[p], first[p + 1]), count))
}

function bitmap(bits: Uint8Array, rows: number): CutBits {
  const nullCount = countZeros(bits, rows)
  return nullCount === 0 ? { nullCount } : { nullCount, validity: bits.subarray(0, (rows + 7) >> 3) }
}
