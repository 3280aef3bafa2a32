/** The conversations of a master by message name: requests it answers, orders it gives to workers, news it tells drivers. Types follow from the schemas. */
import {
  ApplicationHeartbeat,
  ApplicationRemoved,
  DriverMasterChanged,
  ExecutorAdded,
  ExecutorUpdated,
  KillExecutors,
  RegisterApplication,
  RequestExecutors,
  RequestLane,
  UnregisterApplication,
  WorkerRemoved,
} from '../../protocol/application.js'
import { RequestDriverStatus, RequestKillApplication, RequestKillDriver, RequestMasterState, RequestSubmitDriver } from '../../protocol/submission.js'
import type { Static } from '../../protocol/wire.js'
import { ApplicationFinished, KillDriver, KillExecutor, LaunchDriver, LaunchExecutor, MasterChanged } from '../../protocol/worker-orders.js'
import { DriverStateChanged, ExecutorStateChanged, RegisterWorker, UnregisterWorker, WorkerHeartbeat } from '../../protocol/worker-registration.js'

export const requests = {
  registerWorker: RegisterWorker,
  workerHeartbeat: WorkerHeartbeat,
  executorStateChanged: ExecutorStateChanged,
  driverStateChanged: DriverStateChanged,
  unregisterWorker: UnregisterWorker,
  requestLane: RequestLane,
  registerApplication: RegisterApplication,
  applicationHeartbeat: ApplicationHeartbeat,
  unregisterApplication: UnregisterApplication,
  requestExecutors: RequestExecutors,
  killExecutors: KillExecutors,
  requestSubmitDriver: RequestSubmitDriver,
  requestDriverStatus: RequestDriverStatus,
  requestKillDriver: RequestKillDriver,
  requestKillApplication: RequestKillApplication,
  requestMasterState: RequestMasterState,
} as const

export const orders = {
  launchExecutor: LaunchExecutor,
  killExecutor: KillExecutor,
  launchDriver: LaunchDriver,
  killDriver: KillDriver,
  applicationFinished: ApplicationFinished,
  masterChanged: MasterChanged,
} as const

export const news = {
  executorAdded: ExecutorAdded,
  executorUpdated: ExecutorUpdated,
  workerRemoved: WorkerRemoved,
  applicationRemoved: ApplicationRemoved,
  driverMasterChanged: DriverMasterChanged,
} as const

type Body<T> = T extends { schema: infer S } ? (S extends { static: infer V } ? V : never) : never
type Tagged<T> = { readonly [K in keyof T]: { readonly kind: K; readonly body: Body<T[K]> } }[keyof T]

export type RequestKind = keyof typeof requests
export type Request = Tagged<typeof requests>
export type RequestBody<K extends RequestKind> = Static<(typeof requests)[K]['schema']>
export type Answer<K extends RequestKind> = Static<(typeof requests)[K]['reply']>

/** What only the sender knows, the epoch, is added when the order or news goes out. */
type Unsent<T> = T extends { kind: infer K; body: infer B } ? { readonly kind: K; readonly body: Omit<B, 'epoch'> } : never
export type Order = Unsent<Tagged<typeof orders>>
export type News = Unsent<Tagged<typeof news>>

/** The newest epoch that the sender of a request has heard of; 0 when it says none. */
export function seenEpoch({ body }: Request): number {
  return 'seenEpoch' in body ? (body.seenEpoch ?? 0) : 0
}
