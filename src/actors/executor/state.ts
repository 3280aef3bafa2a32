/**
 * What an executor knows: the stages it was sent, the tasks it holds, the reports nobody has acknowledged yet, and when it last heard from its driver. Plain
 * immutable data, with the questions asked about it. `decide.ts` changes it, `machine.ts` carries it, `effects.ts` only reads it.
 */
import { type TaskKey, taskKeyString } from '../../core/ids.js'
import type { StagePlan } from '../../protocol/stage-plan.js'
import type { StageKey, TaskLaunch, TaskReport } from '../../protocol/tasks.js'

export interface HeldTask {
  readonly launch: TaskLaunch
  readonly phase: 'queued' | 'running'
  /** Set once it is to end. */
  readonly killed?: string
  /** The driver was told, or is about to be, that it runs. */
  readonly told?: boolean
}

/** A stage whose parts are still arriving. */
export interface PartialStage {
  readonly of: number
  readonly parts: Readonly<Record<number, Uint8Array>>
}

/** Reports that are on their way: one message at a time, so that what gathers meanwhile goes together. */
export interface Sending {
  readonly seq: number
  readonly reports: readonly TaskReport[]
}

export interface ExecutorState {
  readonly executorId: string
  readonly cores: number
  readonly heartbeatMs: number
  /** `spark.network.timeout`: the driver may be silent for this long. */
  readonly silenceMs: number
  /** Monotonic time at which the driver was last heard. */
  readonly heardAt: number
  /** Number of the last request (registration or heartbeat); an answer to another one is late and ignored. */
  readonly asked: number
  readonly tries: number
  readonly retryMs: number
  readonly partial: Readonly<Record<string, PartialStage>>
  readonly plans: Readonly<Record<string, StagePlan>>
  /** Every task that was ever taken on, per stage in chunks of partitions: a repeated launch must not write a second file of the same name. */
  readonly seen: Readonly<Record<string, SeenTasks>>
  /** In order of arrival. */
  readonly tasks: Readonly<Record<string, HeldTask>>
  /** Handed to the slots. */
  readonly running: number
  /** How long tasks take, of the stage of which one ended last. */
  readonly pace?: Pace
  /** Ended or started, and not yet on their way; in order, one per task. */
  readonly reports: readonly TaskReport[]
  /** Undefined and not absent: the machine assigns key by key. */
  readonly sending: Sending | undefined
  readonly nextSeq: number
  readonly reportTries: number
  /** A timer is set that sends what is in `reports`. */
  readonly reportTimer: boolean
  /** Stages to be forgotten once none of their tasks runs. */
  readonly removing: readonly number[]
  readonly stopping?: Stopping
}

export interface Pace {
  readonly stage: string
  /** Moving mean of run times, milliseconds. */
  readonly ms: number
}

export type SeenTasks = Readonly<Record<number, readonly string[]>>

export interface Stopping {
  readonly reason: string
  readonly code: number
  /** Nobody wants the last reports: the application is over, or the driver is not there. */
  readonly quiet: boolean
}

export function stageKeyString(key: StageKey): string {
  return `${key.job}.${key.stage}.${key.stageAttempt}`
}

/** Tasks that wait for a slot, in order of arrival. */
export function queued(state: ExecutorState): HeldTask[] {
  return Object.values(state.tasks).filter(task => task.phase === 'queued')
}

/** What registrations and heartbeats carry: every task the driver may count on, that is held or has an end it has not acknowledged. */
export function heldKeys(state: ExecutorState): TaskKey[] {
  const keys = new Map<string, TaskKey>()
  for (const task of Object.values(state.tasks)) keys.set(taskKeyString(task.launch.key), task.launch.key)
  for (const report of [...(state.sending?.reports ?? []), ...state.reports]) keys.set(taskKeyString(report.key), report.key)
  return [...keys.values()]
}

const CHUNK = 64

export function wasSeen(seen: SeenTasks | undefined, key: TaskKey): boolean {
  return seen?.[Math.floor(key.partition / CHUNK)]?.includes(`${key.partition}.${key.attempt}`) ?? false
}

export function addSeen(seen: SeenTasks | undefined, keys: readonly TaskKey[]): SeenTasks {
  const added = new Map<number, string[]>()
  for (const { partition, attempt } of keys) {
    const chunk = Math.floor(partition / CHUNK)
    let names = added.get(chunk)
    if (names === undefined) {
      names = [...(seen?.[chunk] ?? [])]
      added.set(chunk, names)
    }
    names.push(`${partition}.${attempt}`)
  }
  return { ...seen, ...Object.fromEntries(added) }
}
