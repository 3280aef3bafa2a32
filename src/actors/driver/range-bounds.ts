/**
 * Bounds of a range exchange, from the keys its sample stage reported. Keys are memory-comparable: their byte order is the sort order. Each task's sample
 * stands for all its rows, so a key weighs rows / keys of its task. Pure; called once per range stage, and the bounds then hold for all its attempts.
 */

export interface KeySample {
  readonly keys: readonly Uint8Array[]
  /** Rows of the task that the keys stand for. */
  readonly rows: number
}

/** At most `partitions` − 1 strictly ascending keys that cut the weight into even parts; fewer when there are not as many different keys. */
export function rangeBounds(samples: readonly KeySample[], partitions: number): Uint8Array[] {
  const weighted = samples.flatMap(({ keys, rows }) => keys.map(key => ({ key, weight: rows / keys.length })))
  weighted.sort((a, b) => compareBytes(a.key, b.key))
  const total = weighted.reduce((sum, w) => sum + w.weight, 0)
  const bounds: Uint8Array[] = []
  let seen = 0
  let last: Uint8Array | undefined
  for (const { key, weight } of weighted) {
    if (bounds.length >= partitions - 1) break
    seen += weight
    const due = (total * (bounds.length + 1)) / partitions
    if (seen >= due && (last === undefined || compareBytes(key, last) > 0)) {
      bounds.push(key)
      last = key
    }
  }
  return bounds
}

/** Order of unsigned bytes; a prefix comes before what it starts. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
