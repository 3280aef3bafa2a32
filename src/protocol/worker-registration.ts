/**
 * Worker → leading master. The worker retries every request until it is acknowledged; the master merges by id and state, so a repeat changes nothing.
 * Only the leader subscribes: no answer means "no leader now", never "you are unknown".
 */

import { DriverLaunch, DriverState, ExecutorState, Resources, RunningDriver, RunningExecutor, SeenEpoch, Versions } from './common.js'
import { Ack, message, type Static, Type } from './wire.js'

export const RegisterWorker = message(
  'registerWorker',
  Type.Object({
    workerId: Type.String(),
    host: Type.String(),
    /** Same for all processes that share a disk (machine id): a block of the same hostId is read from its file. */
    hostId: Type.String(),
    pid: Type.Integer(),
    cores: Type.Integer(),
    memory: Type.Number(),
    resources: Resources,
    uiUrl: Type.String(),
    blockUrl: Type.String(),
    versions: Versions,
    startedAt: Type.Number(),
    executors: Type.Array(RunningExecutor),
    drivers: Type.Array(RunningDriver),
    seenEpoch: SeenEpoch,
  }),
  Type.Union([
    Type.Object({
      kind: Type.Literal('registered'),
      masterId: Type.String(),
      epoch: Type.Integer(),
      uiUrl: Type.String(),
      heartbeatMs: Type.Integer(),
      killExecutors: Type.Array(Type.Object({ appId: Type.String(), executorId: Type.String() })),
      killDrivers: Type.Array(DriverLaunch),
    }),
    Type.Object({ kind: Type.Literal('refused'), reason: Type.String() }),
  ]),
)
export type RegisterWorkerRequest = Static<typeof RegisterWorker.schema>
export type RegisterWorkerReply = Static<typeof RegisterWorker.reply>

/**
 * `applications`: those whose blocks lie on this worker (absent: none); of one that has ended the worker is told again, whatever became of earlier orders
 * and masters. `reregister`: the master does not know this worker, or holds it for dead: register again with what runs.
 */
export const WorkerHeartbeat = message(
  'workerHeartbeat',
  Type.Object({
    workerId: Type.String(),
    executors: Type.Array(RunningExecutor),
    drivers: Type.Array(RunningDriver),
    applications: Type.Optional(Type.Array(Type.String())),
    seenEpoch: SeenEpoch,
  }),
  Type.Object({ kind: Type.Union([Type.Literal('ok'), Type.Literal('reregister')]), masterId: Type.String(), epoch: Type.Integer() }),
)

export const ExecutorStateChanged = message(
  'executorStateChanged',
  Type.Object({
    workerId: Type.String(),
    appId: Type.String(),
    executorId: Type.String(),
    state: ExecutorState,
    message: Type.Optional(Type.String()),
    exitCode: Type.Optional(Type.Integer()),
  }),
  Ack,
)

export const DriverStateChanged = message(
  'driverStateChanged',
  Type.Object({
    workerId: Type.String(),
    driverId: Type.String(),
    launch: Type.Integer(),
    state: DriverState,
    message: Type.Optional(Type.String()),
    exitCode: Type.Optional(Type.Integer()),
  }),
  Ack,
)

/** The worker stops on purpose: what it ran is gone. */
export const UnregisterWorker = message('unregisterWorker', Type.Object({ workerId: Type.String(), reason: Type.String() }), Ack)
