/**
 * Driver ↔ leading master. The driver retries its requests until acknowledged; registration is idempotent by `appId` (chosen by the driver from time and
 * randomness, so that a retry after a lost answer, or after a failover, is the same application). Messages to the driver are acknowledged and idempotent.
 */

import { Conf, ExecutorState, Resources, SeenEpoch } from './common.js'
import { Ack, message, type Static, Type } from './wire.js'

export const ApplicationDescription = Type.Object({
  appId: Type.String(),
  name: Type.String(),
  user: Type.String(),
  host: Type.String(),
  /** Cap over all executors (`spark.cores.max`); absent = `spark.deploy.defaultCores` of the master. */
  coresMax: Type.Optional(Type.Integer()),
  /** Absent = one executor takes all free cores of a worker. */
  executorCores: Type.Optional(Type.Integer()),
  executorMemory: Type.Number(),
  /** Amount per executor of each named resource. */
  executorResources: Type.Record(Type.String(), Type.Integer()),
  /** Upper bound on executors; absent = none. */
  executorLimit: Type.Optional(Type.Integer()),
  /** Secret that opens this application's blocks and authenticates its executors. */
  token: Type.String(),
  uiUrl: Type.String(),
  conf: Conf,
  /** Set when a worker runs this driver (cluster mode). */
  driverId: Type.Optional(Type.String()),
  startedAt: Type.Number(),
})
export type ApplicationDescription = Static<typeof ApplicationDescription>

/** Before a driver makes its id: a lane (see `subjects.ts`) that no active application is in; absent when all are taken. Nothing is reserved. */
export const RequestLane = message('requestLane', Type.Object({}), Type.Object({ lane: Type.Optional(Type.Integer()) }))

/** What the driver says it has, so that master and driver agree after a failover. */
export const RegisterApplication = message(
  'registerApplication',
  Type.Object({ description: ApplicationDescription, executors: Type.Array(Type.String()), seenEpoch: SeenEpoch }),
  Type.Union([
    Type.Object({
      kind: Type.Literal('registered'),
      masterId: Type.String(),
      epoch: Type.Integer(),
      heartbeatMs: Type.Integer(),
      uiUrl: Type.String(),
    }),
    Type.Object({ kind: Type.Literal('refused'), reason: Type.String() }),
  ]),
)

/** The presence of a client-mode driver. `waiting` says what an application without executors waits for. */
export const ApplicationHeartbeat = message(
  'applicationHeartbeat',
  Type.Object({ appId: Type.String(), seenEpoch: SeenEpoch }),
  Type.Object({
    kind: Type.Union([Type.Literal('ok'), Type.Literal('reregister'), Type.Literal('ended')]),
    epoch: Type.Integer(),
    masterId: Type.String(),
    waiting: Type.Optional(Type.String()),
    reason: Type.Optional(Type.String()),
  }),
)

export const UnregisterApplication = message(
  'unregisterApplication',
  Type.Object({
    appId: Type.String(),
    state: Type.Union([Type.Literal('FINISHED'), Type.Literal('FAILED'), Type.Literal('KILLED')]),
    reason: Type.String(),
  }),
  Ack,
)

export const RequestExecutors = message('requestExecutors', Type.Object({ appId: Type.String(), total: Type.Integer() }), Ack)
export const KillExecutors = message(
  'killExecutors',
  Type.Object({ appId: Type.String(), executorIds: Type.Array(Type.String()), reason: Type.String() }),
  Ack,
)

/** Master → driver. */
export const ExecutorAdded = message(
  'executorAdded',
  Type.Object({
    epoch: Type.Integer(),
    appId: Type.String(),
    executorId: Type.String(),
    workerId: Type.String(),
    host: Type.String(),
    cores: Type.Integer(),
    memory: Type.Number(),
    resources: Resources,
  }),
  Ack,
)
/** `workerLost`: the whole worker is gone, its shuffle files too. */
export const ExecutorUpdated = message(
  'executorUpdated',
  Type.Object({
    epoch: Type.Integer(),
    appId: Type.String(),
    executorId: Type.String(),
    state: ExecutorState,
    message: Type.Optional(Type.String()),
    exitCode: Type.Optional(Type.Integer()),
    workerLost: Type.Boolean(),
  }),
  Ack,
)
export const WorkerRemoved = message(
  'workerRemoved',
  Type.Object({ epoch: Type.Integer(), workerId: Type.String(), host: Type.String(), reason: Type.String() }),
  Ack,
)
export const ApplicationRemoved = message(
  'applicationRemoved',
  Type.Object({ epoch: Type.Integer(), appId: Type.String(), state: Type.String(), reason: Type.String() }),
  Ack,
)
/** A new leader introduces itself; the driver answers by registering again. */
export const DriverMasterChanged = message(
  'driverMasterChanged',
  Type.Object({ epoch: Type.Integer(), masterId: Type.String(), uiUrl: Type.String() }),
  Ack,
)
