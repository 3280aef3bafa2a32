/**
 * Leading master → worker. Every order carries the lease's epoch; a worker refuses one older than the newest it has seen (`stale`), which fences a
 * master that was paused. The master retries until acknowledged; an order for something that already runs, or is already gone, is acknowledged.
 */

import { Conf, DriverDescription, Resources } from './common.js'
import { message, type Static, Type } from './wire.js'

export const OrderReply = Type.Union([
  Type.Object({ kind: Type.Literal('accepted') }),
  Type.Object({ kind: Type.Literal('stale'), epoch: Type.Integer() }),
  Type.Object({ kind: Type.Literal('refused'), reason: Type.String() }),
])
export type OrderReply = Static<typeof OrderReply>

export const LaunchExecutor = message(
  'launchExecutor',
  Type.Object({
    epoch: Type.Integer(),
    masterId: Type.String(),
    appId: Type.String(),
    appName: Type.String(),
    user: Type.String(),
    executorId: Type.String(),
    /** Cap of the application over all its executors, for show; absent: none. */
    coresMax: Type.Optional(Type.Integer()),
    cores: Type.Integer(),
    memory: Type.Number(),
    resources: Resources,
    token: Type.String(),
    conf: Conf,
  }),
  OrderReply,
)
export type LaunchExecutorOrder = Static<typeof LaunchExecutor.schema>

export const KillExecutor = message(
  'killExecutor',
  Type.Object({ epoch: Type.Integer(), appId: Type.String(), executorId: Type.String(), reason: Type.String() }),
  OrderReply,
)

export const LaunchDriver = message(
  'launchDriver',
  Type.Object({
    epoch: Type.Integer(),
    masterId: Type.String(),
    driverId: Type.String(),
    launch: Type.Integer(),
    description: DriverDescription,
    resources: Resources,
  }),
  OrderReply,
)
export type LaunchDriverOrder = Static<typeof LaunchDriver.schema>

export const KillDriver = message(
  'killDriver',
  Type.Object({ epoch: Type.Integer(), driverId: Type.String(), launch: Type.Integer(), reason: Type.String() }),
  OrderReply,
)

/** The application ended: stop its executors, remove its blocks and work folders. */
export const ApplicationFinished = message('applicationFinished', Type.Object({ epoch: Type.Integer(), appId: Type.String() }), OrderReply)

/** A new leader introduces itself; the worker answers by registering again with what it runs. */
export const MasterChanged = message(
  'masterChanged',
  Type.Object({ epoch: Type.Integer(), masterId: Type.String(), uiUrl: Type.String() }),
  OrderReply,
)
