/** Branded ids and how they are made: Spark's forms (`app-yyyyMMddHHmmss-0000`, `worker-…`, `driver-…`), UTC. An id never holds `.`, `*`, `>` or a space. */
declare const brand: unique symbol
type Branded<T, B extends string> = T & { readonly [brand]: B }

export type MasterId = Branded<string, 'MasterId'>
export type WorkerId = Branded<string, 'WorkerId'>
export type AppId = Branded<string, 'AppId'>
export type DriverId = Branded<string, 'DriverId'>
/** Executors are numbered per application, from "0". */
export type ExecutorId = Branded<string, 'ExecutorId'>
export type JobId = Branded<number, 'JobId'>
/** Stages are numbered per application, over all its jobs. */
export type StageId = Branded<number, 'StageId'>

/** One attempt of one task: the key under which every report about it is merged. */
export interface TaskKey {
  readonly job: number
  readonly stage: number
  readonly stageAttempt: number
  readonly partition: number
  readonly attempt: number
}

/** The one printed form of a task key: `job 0 stage 1.0 task 3.0`. */
export function taskKeyString(key: TaskKey): string {
  return `job ${key.job} stage ${key.stage}.${key.stageAttempt} task ${key.partition}.${key.attempt}`
}

function stamp(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/[-:T]/g, '').slice(0, 14)
}

/** `app-20260131120000-0007` */
export function newAppId(epochMs: number, sequence: number): AppId {
  return `app-${stamp(epochMs)}-${String(sequence).padStart(4, '0')}` as AppId
}

/** `driver-20260131120000-0007` */
export function newDriverId(epochMs: number, sequence: number): DriverId {
  return `driver-${stamp(epochMs)}-${String(sequence).padStart(4, '0')}` as DriverId
}

/** `worker-20260131120000-host-1a2b3c4d`; characters that a bus subject cannot hold become `_`. */
export function newWorkerId(epochMs: number, host: string, suffix: string): WorkerId {
  return `worker-${stamp(epochMs)}-${subjectToken(host)}-${suffix}` as WorkerId
}

/** `master-20260131120000-host-1a2b3c4d` */
export function newMasterId(epochMs: number, host: string, suffix: string): MasterId {
  return `master-${stamp(epochMs)}-${subjectToken(host)}-${suffix}` as MasterId
}

/** Makes any text usable as one token of a bus subject. */
export function subjectToken(text: string): string {
  return text.replace(/[^A-Za-z0-9_-]/g, '_')
}

/**
 * First token of the subjects on which answers to a user of the bus arrive. Each user has its own, so that permissions keep one from hearing another's;
 * without users it is the client's default.
 */
export function inboxPrefix(user: string | undefined): string {
  return user === undefined ? '_INBOX' : `_INBOX_${subjectToken(user)}`
}
