/** The ends of a column over all that a stage wrote, from those that its tasks reported. What joins with it is pruned by them. Called by `job-effects.ts`. */
import type { StageSize, StageSpec } from '../../core/stage.js'
import { sum } from './map-outputs.js'
import { compareBytes } from './range-bounds.js'
import { type TaskTable, tasksOf } from './task-table.js'

/** Nothing where a task that wrote rows has not said, or all values are NULL. */
export function columnEnds({ output }: StageSpec, tasks: TaskTable): Pick<StageSize, 'ends'> {
  if (output.kind !== 'broadcast' || output.ends === undefined) return {}
  let low: Uint8Array | undefined
  let high: Uint8Array | undefined
  for (const [, { accepted }] of tasksOf(tasks)) {
    if (accepted?.output.kind !== 'shuffle') continue
    const { sample, rows } = accepted.output
    if (sample === undefined && sum(rows) > 0) return {}
    for (const key of sample ?? []) {
      if (low === undefined || compareBytes(key, low) < 0) low = key
      if (high === undefined || compareBytes(key, high) > 0) high = key
    }
  }
  return low === undefined || high === undefined ? {} : { ends: { low, high } }
}
