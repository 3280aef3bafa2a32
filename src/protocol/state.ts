/**
 * KV values, as readable JSON (`nats kv get`). The leading master alone writes `<c>_state`; every write carries its epoch, and a write goes through only
 * when the leader still holds the lease. Lost buckets are rewritten from memory and from what workers, executors and drivers report.
 */

import { ApplicationDescription } from './application.js'
import { ApplicationState, DriverDescription, DriverState, ExecutorState, Resources, Versions, WorkerState } from './common.js'
import { type Static, Type } from './wire.js'

const head = { v: Type.Integer(), epoch: Type.Integer() }

export const LeaseRecord = Type.Object({
  v: Type.Integer(),
  masterId: Type.String(),
  host: Type.String(),
  epoch: Type.Integer(),
  since: Type.Number(),
  ui: Type.String(),
  nonce: Type.String(),
  /** What its holder counts on: the lifetime of keys of the bucket. */
  ttlMs: Type.Optional(Type.Integer()),
})
export type LeaseRecord = Static<typeof LeaseRecord>

export const WorkerRecord = Type.Object({
  ...head,
  workerId: Type.String(),
  host: Type.String(),
  hostId: Type.String(),
  pid: Type.Integer(),
  cores: Type.Integer(),
  memory: Type.Number(),
  resources: Resources,
  uiUrl: Type.String(),
  blockUrl: Type.String(),
  versions: Versions,
  startedAt: Type.Number(),
  state: WorkerState,
})
export type WorkerRecord = Static<typeof WorkerRecord>

export const AppRecord = Type.Object({
  ...head,
  /** Without its token and the secrets of its conf: its driver brings them again when it registers with the next leader. */
  description: ApplicationDescription,
  state: ApplicationState,
  reason: Type.Optional(Type.String()),
  endedAt: Type.Optional(Type.Number()),
  nextExecutor: Type.Integer(),
  failures: Type.Integer(),
  sequence: Type.Integer(),
})
export type AppRecord = Static<typeof AppRecord>

export const DriverRecord = Type.Object({
  ...head,
  driverId: Type.String(),
  description: DriverDescription,
  state: DriverState,
  /** How often it was given to a worker. */
  launch: Type.Integer(),
  workerId: Type.Optional(Type.String()),
  resources: Resources,
  submittedAt: Type.Number(),
  /** Its kill was asked for: it is not relaunched when its worker is lost. */
  killing: Type.Optional(Type.Boolean()),
  exitCode: Type.Optional(Type.Integer()),
  message: Type.Optional(Type.String()),
  sequence: Type.Integer(),
})
export type DriverRecord = Static<typeof DriverRecord>

export const ExecutorRecord = Type.Object({
  ...head,
  appId: Type.String(),
  executorId: Type.String(),
  workerId: Type.String(),
  cores: Type.Integer(),
  memory: Type.Number(),
  resources: Resources,
  state: ExecutorState,
  exitCode: Type.Optional(Type.Integer()),
  message: Type.Optional(Type.String()),
})
export type ExecutorRecord = Static<typeof ExecutorRecord>
