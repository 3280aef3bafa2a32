/** Which partitions of a shuffle count as skewed (Spark's `OptimizeSkewedJoin`). Used by the driver, which splits them, and by the planner. */

export interface SkewLimit {
  /** A skewed partition is larger than so many times the median … */
  readonly factor: number
  /** … and than so many bytes. */
  readonly threshold: number
}

/** Bytes above which one of these partitions is skewed. */
export function skewedAbove(partitions: readonly number[], { factor, threshold }: SkewLimit): number {
  return Math.max(median(partitions) * factor, threshold)
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? 0
  return Math.max(1, sorted.length % 2 === 0 ? ((sorted[middle - 1] ?? 0) + upper) / 2 : upper)
}
