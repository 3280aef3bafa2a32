/** What the event log tells of an application: plain records that pages, REST and tests read. `replay.ts` makes and updates them. Times are epoch milliseconds. */
import type { ErrorData } from '../core/errors.js'
import type { Resources } from '../protocol/common.js'
import type { TaskEndReason } from '../protocol/event-log.js'
import type { TaskMetrics } from '../protocol/tasks.js'

export interface ApplicationHistory {
  appId: string
  name: string
  user: string
  host: string
  /** Of spk. */
  version: string
  driverId?: string
  startedAt: number
  endedAt?: number
  state: 'RUNNING' | 'FINISHED' | 'FAILED' | 'KILLED'
  reason: string
  sparkProperties: Readonly<Record<string, string>>
  systemProperties: Readonly<Record<string, string>>
  readonly executors: Map<string, ExecutorHistory>
  readonly executions: Map<number, ExecutionHistory>
  readonly jobs: Map<number, JobHistory>
  readonly stages: Map<number, StageHistory>
  /** Events that the log says it lost, and events whose numbers are missing. */
  dropped: number
  missing: number
}

export interface ExecutorHistory {
  readonly executorId: string
  readonly workerId: string
  readonly host: string
  readonly totalCores: number
  readonly memory: number
  readonly resources: Resources
  readonly addedAt: number
  removedAt?: number
  removedReason?: string
  activeTasks: number
  completedTasks: number
  failedTasks: number
  killedTasks: number
  /** Milliseconds that its tasks took, together. */
  totalDuration: number
  metrics: TaskMetrics
}

/** A SQL query or DataFrame action. */
export interface ExecutionHistory {
  readonly executionId: number
  readonly description: string
  readonly physicalPlan: string
  /** As it was run, when adaptive execution changed it. */
  readonly finalPlan?: string
  readonly startedAt: number
  endedAt?: number
  error?: ErrorData
  readonly jobs: number[]
}

export interface JobHistory {
  readonly jobId: number
  readonly description: string
  readonly executionId?: number
  readonly stageIds: readonly number[]
  readonly startedAt: number
  endedAt?: number
  state: 'RUNNING' | 'SUCCEEDED' | 'FAILED'
  error?: ErrorData
}

export interface StageAttemptHistory {
  readonly attemptId: number
  readonly submittedAt: number
  completedAt?: number
  failureReason?: string
}

export interface StageHistory {
  readonly stageId: number
  readonly jobId: number
  readonly name: string
  readonly parentIds: readonly number[]
  numTasks: number
  readonly attempts: StageAttemptHistory[]
  /** By task id, in order of launch. */
  readonly tasks: Map<number, TaskHistory>
  /** Partitions whose output is there, failed attempts, attempts that run; the sum of metrics over attempts that succeeded. */
  completed: number
  failed: number
  active: number
  metrics: TaskMetrics
}

export interface TaskHistory {
  readonly taskId: number
  readonly stageAttemptId: number
  /** Partition, and which attempt at it. */
  readonly index: number
  readonly attempt: number
  readonly executorId: string
  host: string
  locality: 'PROCESS_LOCAL' | 'NODE_LOCAL' | 'ANY'
  readonly launchTime: number
  finishTime?: number
  status: 'RUNNING' | 'SUCCESS' | 'FAILED' | 'KILLED'
  end?: TaskEndReason
  metrics?: TaskMetrics
  /** It succeeded, and its output was lost afterwards. */
  resubmitted?: boolean
}

/** A stage in one line, as the driver's own progress shows it. */
export interface StageSummary {
  /** The application's number of this stage. */
  readonly stage: number
  readonly name: string
  readonly tasks: number
  /** Accepted attempts so far. */
  readonly completed: number
  readonly failed: number
  readonly active: number
  readonly metrics: TaskMetrics
  /** Milliseconds from submission to completion, or to now. */
  readonly durationMs: number
  readonly state: 'waiting' | 'running' | 'succeeded' | 'failed' | 'skipped'
}

/** `now` counts for what still runs. */
export function stageLines(history: ApplicationHistory, jobId: number, now: number): StageSummary[] {
  const job = history.jobs.get(jobId)
  if (job === undefined) return []
  return job.stageIds.flatMap(id => {
    const stage = history.stages.get(id)
    return stage === undefined ? [] : [stageLine(job, stage, now)]
  })
}

function stageLine(job: JobHistory, stage: StageHistory, now: number): StageSummary {
  const { stageId, name, numTasks: tasks, completed, failed, active, metrics, attempts } = stage
  const line = { stage: stageId, name, tasks, completed, failed, active, metrics }
  const [first] = attempts
  if (first === undefined) return { ...line, durationMs: 0, state: job.state === 'RUNNING' ? 'waiting' : 'skipped' }
  const last = attempts.at(-1)
  const completedAt = last?.failureReason === undefined ? last?.completedAt : undefined
  const complete = completedAt !== undefined
  const end = completedAt ?? job.endedAt ?? now
  const over = job.state === 'FAILED' ? 'failed' : 'running'
  return { ...line, durationMs: end - first.submittedAt, state: complete || job.state === 'SUCCEEDED' ? 'succeeded' : over }
}
