/**
 * What the stage machine knows, hears and orders. One machine per stage of a job, over all its attempts; tasks are records in its context. The machine is
 * made when the stage's tasks are known, lives on when it is complete (its map outputs may be lost), and ends when its last attempt has left its slot.
 */
import type { ErrorData } from '../../core/errors.js'
import type { TaskKey } from '../../core/ids.js'
import type { TaskEndReason } from '../../protocol/event-log.js'
import { noMetrics } from '../../protocol/task-metrics.js'
import type { TaskMetrics, TaskReport } from '../../protocol/tasks.js'
import type { Cursors, PendingQueues } from './pending.js'
import type { Assignment, LocalityState } from './schedule.js'
import { type AcceptedAttempt, newTaskTable, type TaskAttempt, type TaskTable } from './task-table.js'

/**
 * running: tasks may be launched. paused: parents are incomplete or the outputs were rolled back; what runs goes on. complete: every partition accepted.
 * failed: told the job, waits to be stopped. stopping: waits for killed attempts to leave their slots. stopped: the end.
 */
export type StagePhase = 'running' | 'paused' | 'complete' | 'failed' | 'stopping' | 'stopped'

export interface StageInputData {
  readonly job: number
  readonly stage: number
  readonly name: string
  readonly tasks: number
  readonly queues: PendingQueues
  readonly kind: 'shuffle' | 'result' | 'write' | 'noop'
  readonly rowLimit?: number
  /** `spark.task.maxFailures` */
  readonly maxFailures: number
  /** `spark.driver.maxResultSize`; 0 = no limit. */
  readonly maxResultSize: number
  /** Epoch milliseconds. */
  readonly now: number
}

export interface StageContext extends StageInputData {
  readonly phase: StagePhase
  readonly attempt: number
  readonly table: TaskTable
  readonly cursors: Cursors
  readonly locality: LocalityState
  /** Tasks that wait for a launch, accepted ones, failed attempts so far. */
  readonly pending: number
  readonly accepted: number
  readonly failed: number
  /** Slots held per executor, killed attempts included until they end. */
  readonly slots: ReadonlyMap<string, number>
  /** Moving mean of the run times of accepted attempts, milliseconds. */
  readonly pace?: number
  /** Sum over accepted attempts. */
  readonly metrics: TaskMetrics
  /** Results received and on their way, in bytes and tasks. */
  readonly resultBytes: number
  readonly results: number
  readonly submittedAt: number
  readonly completedAt?: number
}

export type StageEvent =
  /** What the schedule decided. `firstTaskId` numbers the launches. */
  | {
      readonly type: 'launched'
      readonly assignments: readonly Assignment[]
      readonly cursors: Cursors
      readonly locality: LocalityState
      readonly firstTaskId: number
      readonly now: number
    }
  | {
      readonly type: 'reports'
      readonly executorId: string
      readonly workerId: string
      readonly reports: readonly TaskReport[]
      readonly now: number
    }
  /** The executor is gone: whatever it ran has ended. */
  | { readonly type: 'executorLost'; readonly executorId: string; readonly reason: string; readonly now: number }
  /** These attempts never reached their executor, or it does not know them. */
  | { readonly type: 'attemptsLost'; readonly executorId: string; readonly keys: readonly TaskKey[]; readonly reason: string; readonly now: number }
  /** A reader could not fetch this map output. With `wholeWorker` all outputs on that worker are given up. */
  | {
      readonly type: 'outputLost'
      readonly map: number
      readonly mapAttempt: number
      readonly workerId: string
      readonly wholeWorker: boolean
      readonly now: number
    }
  /** The worker's disk is gone. */
  | { readonly type: 'workerLost'; readonly workerId: string; readonly now: number }
  | { readonly type: 'resultFetched'; readonly partition: number; readonly attempt: number; readonly ipc: Uint8Array; readonly now: number }
  | { readonly type: 'resultLost'; readonly partition: number; readonly attempt: number; readonly message: string; readonly now: number }
  /**
   * Slots are free elsewhere, and on these executors tasks wait behind others: those that were launched by `before` are taken away from there, but for as many
   * as the executor has slots.
   */
  | {
      readonly type: 'spread'
      readonly executors: readonly { readonly executorId: string; readonly cores: number }[]
      readonly before: number
      readonly now: number
    }
  | { readonly type: 'pause' }
  | { readonly type: 'resume'; readonly attempt: number; readonly now: number }
  /** A non-deterministic input changed: everything runs again. */
  | { readonly type: 'rollback'; readonly reason: string; readonly now: number }
  | { readonly type: 'stop'; readonly reason: string; readonly now: number }

/** An attempt's end, for the event log and for progress. */
export interface TaskEnded {
  readonly partition: number
  readonly task: TaskAttempt | AcceptedAttempt
  readonly end: TaskEndReason
  readonly metrics?: TaskMetrics
}

export interface LaunchedTask {
  readonly key: TaskKey
  readonly taskId: number
  readonly locality: Assignment['locality']
}

export interface FetchFailure {
  readonly stageAttempt: number
  /** The map output that could not be read. */
  readonly mapStage: number
  readonly map: number
  readonly mapAttempt: number
  readonly workerId: string
  readonly message: string
}

export type StageCommand =
  | { readonly type: 'launch'; readonly params: { readonly executorId: string; readonly tasks: readonly LaunchedTask[] } }
  | { readonly type: 'kill'; readonly params: { readonly executorId: string; readonly key: TaskKey; readonly reason: string } }
  | { readonly type: 'fetchResult'; readonly params: { readonly partition: number; readonly accepted: AcceptedAttempt } }
  | { readonly type: 'tasksEnded'; readonly params: { readonly ended: readonly TaskEnded[] } }
  | { readonly type: 'complete'; readonly params: { readonly attempt: number } }
  | { readonly type: 'outputsLost'; readonly params: { readonly count: number } }
  | { readonly type: 'fetchFailed'; readonly params: FetchFailure }
  | { readonly type: 'fail'; readonly params: { readonly error: ErrorData } }
  | { readonly type: 'drained'; readonly params: Record<string, never> }

/** A stage before its first attempt: `resume` starts it. */
export function newStage(input: StageInputData): StageContext {
  return {
    ...input,
    phase: 'paused',
    attempt: -1,
    table: newTaskTable(input.tasks),
    cursors: new Map(),
    locality: { level: 0, since: input.now },
    pending: input.tasks,
    accepted: 0,
    failed: 0,
    slots: new Map(),
    metrics: noMetrics,
    resultBytes: 0,
    results: 0,
    submittedAt: input.now,
  }
}
