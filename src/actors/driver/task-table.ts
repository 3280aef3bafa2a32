/**
 * The tasks of a stage as plain records, in a persistent vector: an update copies one chunk, so a stage of 100,000 tasks costs no more per report than one
 * of ten. The stage machine reads and writes it through a draft; everybody else only reads.
 */
import type { TaskMetrics, TaskOutput } from '../../protocol/tasks.js'

/** An attempt that holds a slot. */
export interface TaskAttempt {
  readonly attempt: number
  readonly stageAttempt: number
  readonly taskId: number
  readonly executorId: string
  readonly launchedAt: number
  /** A kill was ordered: its result is not wanted. */
  readonly killing: boolean
}

/** The attempt whose output is the partition's. */
export interface AcceptedAttempt {
  readonly attempt: number
  readonly stageAttempt: number
  readonly taskId: number
  readonly executorId: string
  readonly workerId: string
  readonly launchedAt: number
  readonly output: TaskOutput
  readonly metrics: TaskMetrics
}

export interface TaskRecord {
  readonly attempts: readonly TaskAttempt[]
  readonly accepted?: AcceptedAttempt
  /** Ended well; its result block is on the way to the driver. */
  readonly fetching?: AcceptedAttempt
  /** Attempts are numbered over all stage attempts, so that their files never share a name. */
  readonly nextAttempt: number
  /** Failures that count against `spark.task.maxFailures`. */
  readonly failures: number
  /** Executors lost under it. */
  readonly losses: number
}

const fresh: TaskRecord = { attempts: [], nextAttempt: 0, failures: 0, losses: 0 }

/** Nothing runs for it (a killed attempt that still holds its slot does not count) and nothing is accepted or on its way. */
export function isPending(task: TaskRecord): boolean {
  return task.accepted === undefined && task.fetching === undefined && task.attempts.every(a => a.killing)
}

const CHUNK = 64

export interface TaskTable {
  readonly size: number
  readonly chunks: readonly (readonly TaskRecord[])[]
}

export function newTaskTable(size: number): TaskTable {
  const chunks: TaskRecord[][] = []
  for (let at = 0; at < size; at += CHUNK) chunks.push(new Array<TaskRecord>(Math.min(CHUNK, size - at)).fill(fresh))
  return { size, chunks }
}

/** The record of a partition; undefined outside of the stage. */
export function taskAt(table: TaskTable, partition: number): TaskRecord | undefined {
  return table.chunks[Math.floor(partition / CHUNK)]?.[partition % CHUNK]
}

export function* tasksOf(table: TaskTable): Generator<[partition: number, task: TaskRecord]> {
  let partition = 0
  for (const chunk of table.chunks) for (const task of chunk) yield [partition++, task]
}

export interface TaskDraft {
  get(partition: number): TaskRecord | undefined
  set(partition: number, task: TaskRecord): void
  /** The table with all changes; the one it started from when there were none. */
  done(): TaskTable
}

export function draftTasks(table: TaskTable): TaskDraft {
  let chunks: (readonly TaskRecord[])[] | undefined
  const copied = new Map<number, TaskRecord[]>()
  return {
    get(partition) {
      return (chunks ?? table.chunks)[Math.floor(partition / CHUNK)]?.[partition % CHUNK]
    },
    set(partition, task) {
      chunks ??= [...table.chunks]
      const index = Math.floor(partition / CHUNK)
      let chunk = copied.get(index)
      if (chunk === undefined) {
        chunk = [...(chunks[index] ?? [])]
        copied.set(index, chunk)
        chunks[index] = chunk
      }
      chunk[partition % CHUNK] = task
    },
    done: () => (chunks === undefined ? table : { size: table.size, chunks }),
  }
}
