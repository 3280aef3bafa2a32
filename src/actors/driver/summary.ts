/** What a user sees of a job's stages: counts, metrics and times, from the machines as they are now. Pure; used by `job-effects.ts`. */
import type { StageSpec } from '../../core/stage.js'
import { noMetrics } from '../../protocol/task-metrics.js'
import type { StageSummary } from './handle.js'
import type { JobContext } from './job-state.js'
import { sum } from './map-outputs.js'
import type { StageContext } from './stage-state.js'

export interface SummaryOptions {
  /** As they are planned now. */
  readonly specs: readonly StageSpec[]
  readonly job: JobContext
  /** A stage's machine by its position, when it has started. */
  readonly stage: (position: number) => StageContext | undefined
  /** Of an executor: what it holds beyond waits there. */
  readonly cores: (executorId: string) => number
  /** Epoch milliseconds. */
  readonly now: number
}

export function summarize({ specs, job, stage, cores, now }: SummaryOptions): StageSummary[] {
  const over = job.phase === 'succeeded' || job.phase === 'failed'
  return specs.map((spec, position): StageSummary => {
    const known = { stage: job.stages[position]?.id ?? position, name: spec.name }
    const own = stage(position)
    if (own === undefined) {
      return { ...known, tasks: 0, completed: 0, failed: 0, active: 0, metrics: noMetrics, durationMs: 0, state: over ? 'skipped' : 'waiting' }
    }
    // a complete stage whose outputs were lost and not needed again has still done its work
    const succeeded = job.stages[position]?.state === 'complete' || job.phase === 'succeeded'
    const failed = over || own.phase === 'failed'
    const dropped = job.stages[position]?.state === 'dropped'
    return {
      ...known,
      tasks: own.tasks,
      completed: own.accepted,
      failed: own.failed,
      active: sum([...own.slots].map(([executorId, held]) => Math.min(held, cores(executorId)))),
      metrics: own.metrics,
      durationMs: (own.completedAt ?? now) - own.submittedAt,
      state: dropped ? 'skipped' : succeeded ? 'succeeded' : failed ? 'failed' : 'running',
    }
  })
}
