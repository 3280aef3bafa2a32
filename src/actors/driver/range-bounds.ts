/**
 * Bounds of a range exchange, from the keys its sample stage reported. Keys are memory-comparable: their byte order is the sort order. Each task's sample
 * stands for all its rows, so a key weighs rows / keys of its task. Pure; called once per range stage, and the bounds then hold for all its attempts.
 */
import { sum } from './map-outputs.js'
import { type TaskTable, tasksOf } from './task-table.js'

export interface KeySample {
  readonly keys: readonly Uint8Array[]
  /** Rows of the task that the keys stand for. */
  readonly rows: number
}

/**
 * Bounds for at most `partitions` parts of what the sample stage wrote; fewer when a part would have less than `smallest` bytes, since each should be worth a
 * task. `smallest` 0: as many as asked for.
 */
export function sampledBounds(sampled: TaskTable, partitions: number, smallest: number): Uint8Array[] {
  const samples: KeySample[] = []
  let bytes = 0
  for (const [, { accepted }] of tasksOf(sampled)) {
    if (accepted?.output.kind !== 'shuffle') continue
    bytes += sum(accepted.output.bytes)
    const { sample: keys = [], rows } = accepted.output
    if (keys.length > 0) samples.push({ keys, rows: sum(rows) })
  }
  const worth = smallest === 0 ? partitions : Math.ceil(bytes / smallest)
  return rangeBounds(samples, Math.max(1, Math.min(partitions, worth)))
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
