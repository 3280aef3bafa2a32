/**
 * Coalescing of small shuffle partitions (adaptive execution): neighbours are read by one task until the advisory size is reached, but no fewer tasks than
 * the cluster has slots when they would still be worth it. One list of ranges for all shuffle inputs of a fragment, so that joined sides stay aligned.
 */

export interface CoalesceOptions {
  /** Bytes that a task should read. */
  readonly advisory: number
  /** Bytes below which more parallelism is not worth a task. */
  readonly smallest: number
  /** Tasks to keep when sizes allow. */
  readonly parallelism: number
}

/** Partitions [from, to) of a shuffle. */
export interface PartitionRange {
  readonly from: number
  readonly to: number
}

/** `sizes` are bytes per reduce partition, summed over the fragment's inputs. Covers every partition once, in order; at least one range. */
export function coalesce(sizes: readonly number[], options: CoalesceOptions): PartitionRange[] {
  const total = sizes.reduce((a, b) => a + b, 0)
  const target = Math.max(Math.min(Math.ceil(total / Math.max(1, options.parallelism)), options.advisory), options.smallest)
  const ranges: PartitionRange[] = []
  let from = 0
  let bytes = 0
  sizes.forEach((size, partition) => {
    // an empty partition makes no task of its own
    if (bytes > 0 && size > 0 && bytes + size > target) {
      ranges.push({ from, to: partition })
      from = partition
      bytes = 0
    }
    bytes += size
  })
  ranges.push({ from, to: sizes.length })
  return ranges
}
