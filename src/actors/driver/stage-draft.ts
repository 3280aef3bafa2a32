/**
 * A working copy of a stage's context while one event is decided. Every change of a task goes through `put`, which keeps the counters true to the records;
 * `done` gives the next context. Used by `stage-decide.ts` and `stage-reports.ts` only.
 */
import type { ErrorData } from '../../core/errors.js'
import type { TaskKey } from '../../core/ids.js'
import type { TaskEndReason } from '../../protocol/event-log.js'
import { addMetrics } from '../../protocol/task-metrics.js'
import type { TaskMetrics } from '../../protocol/tasks.js'
import { rewind } from './pending.js'
import type { StageCommand, StageContext, StagePhase, TaskEnded } from './stage-state.js'
import { type AcceptedAttempt, draftTasks, isPending, type TaskAttempt, type TaskDraft, type TaskRecord, tasksOf } from './task-table.js'

type Fields = Omit<StageContext, 'table' | 'slots' | 'completedAt' | 'pace'> & { completedAt: number | undefined; pace: number | undefined }
type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** Weight of the newest run time in the mean. */
const NEWEST = 0.2

export class StageDraft {
  readonly now: Mutable<Fields>
  readonly tasks: TaskDraft
  readonly slots: Map<string, number>
  readonly commands: StageCommand[] = []
  readonly ended: TaskEnded[] = []
  /** Map outputs that were accepted and are lost. */
  lost = 0
  failure: ErrorData | undefined
  readonly #start: StageContext
  readonly #requeued: number[] = []

  constructor(context: StageContext) {
    this.#start = context
    this.now = { ...context, completedAt: context.completedAt, pace: context.pace }
    this.tasks = draftTasks(context.table)
    this.slots = new Map(context.slots)
  }

  put(partition: number, before: TaskRecord, after: TaskRecord): void {
    this.tasks.set(partition, after)
    this.now.accepted += Number(after.accepted !== undefined) - Number(before.accepted !== undefined)
    const was = isPending(before)
    const is = isPending(after)
    this.now.pending += Number(is) - Number(was)
    if (is && !was) this.#requeued.push(partition)
  }

  key(partition: number, attempt: TaskAttempt): TaskKey {
    return { job: this.now.job, stage: this.now.stage, stageAttempt: attempt.stageAttempt, partition, attempt: attempt.attempt }
  }

  /** All tasks as they are now. */
  *all(): Generator<[partition: number, task: TaskRecord]> {
    for (const [partition, task] of tasksOf(this.#start.table)) yield [partition, this.tasks.get(partition) ?? task]
  }

  occupy(executorId: string): void {
    this.slots.set(executorId, (this.slots.get(executorId) ?? 0) + 1)
  }

  /** The attempt has left its slot. */
  release(task: TaskRecord, attempt: TaskAttempt): TaskRecord {
    const left = (this.slots.get(attempt.executorId) ?? 0) - 1
    if (left > 0) this.slots.set(attempt.executorId, left)
    else this.slots.delete(attempt.executorId)
    return { ...task, attempts: task.attempts.filter(a => a !== attempt) }
  }

  /** The attempt ended without a wanted output. Returns the record without it; the caller puts it. */
  end(partition: number, task: TaskRecord, attempt: TaskAttempt, reason: TaskEndReason, metrics?: TaskMetrics): TaskRecord {
    this.ended.push({ partition, task: attempt, end: reason, ...(metrics === undefined ? {} : { metrics }) })
    if (reason.reason !== 'TaskKilled') this.now.failed++
    return this.release(task, attempt)
  }

  /** Orders the end of a partition's attempts; they hold their slots until they have ended. Returns the record; the caller puts it. */
  kill(partition: number, task: TaskRecord, reason: string): TaskRecord {
    if (task.attempts.every(a => a.killing)) return task
    for (const a of task.attempts) {
      if (!a.killing) this.commands.push({ type: 'kill', params: { executorId: a.executorId, key: this.key(partition, a), reason } })
    }
    return { ...task, attempts: task.attempts.map(a => ({ ...a, killing: true })) }
  }

  killAll(reason: string): void {
    for (const [partition, task] of this.all()) {
      if (task.attempts.length > 0) this.put(partition, task, this.kill(partition, task, reason))
    }
  }

  /** `before` is the record as the table holds it, `after` the one that gets the output. */
  accept(partition: number, before: TaskRecord, after: TaskRecord, accepted: AcceptedAttempt): void {
    const { fetching: _fetching, ...rest } = after
    this.put(partition, before, { ...rest, accepted })
    const { executorRunTime } = accepted.metrics
    this.now.pace = this.now.pace === undefined ? executorRunTime : this.now.pace * (1 - NEWEST) + executorRunTime * NEWEST
    this.now.metrics = addMetrics(this.now.metrics, accepted.metrics)
    this.ended.push({ partition, task: accepted, end: { reason: 'Success' }, metrics: accepted.metrics })
  }

  /** Accepted map outputs for which `gone` holds are open again. */
  drop(gone: (accepted: AcceptedAttempt, partition: number) => boolean): void {
    for (const [partition, task] of this.all()) {
      if (task.accepted === undefined || !gone(task.accepted, partition)) continue
      const { accepted, ...rest } = task
      this.ended.push({ partition, task: accepted, end: { reason: 'Resubmitted' } })
      this.put(partition, task, rest)
      this.lost++
    }
  }

  enter(phase: StagePhase): void {
    this.now.phase = phase
  }

  done(): StageContext {
    const { completedAt, cursors, pace, ...rest } = this.now
    return {
      ...rest,
      table: this.tasks.done(),
      slots: this.slots,
      cursors: rewind(this.now.queues, cursors, this.#requeued),
      ...(completedAt === undefined ? {} : { completedAt }),
      ...(pace === undefined ? {} : { pace }),
    }
  }
}
