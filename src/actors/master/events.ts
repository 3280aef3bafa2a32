/** What a master's machine hears, and the named commands by which it answers. Effects send the events and carry out the commands. */
import type { RunningDriver, RunningExecutor, Versions } from '../../protocol/common.js'
import type { AppRecord, DriverRecord, ExecutorRecord, LeaseRecord, WorkerRecord } from '../../protocol/state.js'
import type { OrderReply } from '../../protocol/worker-orders.js'
import type { At, Cluster } from './cluster.js'
import type { Answer, News, Order, Request, RequestKind } from './messages.js'

/** Spark's names. */
export type MasterStatusName = 'STANDBY' | 'RECOVERING' | 'COMPLETING_RECOVERY' | 'ALIVE'

export interface Settings {
  /** For a cluster that has none yet. */
  readonly leaseTtlMs: number
  readonly workerTimeoutMs: number
  readonly appTimeoutMs: number
  readonly spreadOut: boolean
  /** Cap of an application that sets none; undefined: no limit. */
  readonly defaultCores: number | undefined
  /** −1: no cap. */
  readonly maxExecutorRetries: number
  readonly retainedApplications: number
  readonly retainedDrivers: number
}

/** One record of the state bucket. */
export type StateRecord =
  | { readonly kind: 'worker'; readonly record: WorkerRecord }
  | { readonly kind: 'app'; readonly record: AppRecord }
  | { readonly kind: 'executor'; readonly record: ExecutorRecord }
  | { readonly kind: 'driver'; readonly record: DriverRecord }

export interface MasterContext {
  readonly masterId: string
  readonly uiUrl: string
  /** Of the bus, as the status shows it. */
  readonly url: string
  readonly versions: Versions
  readonly settings: Settings
  readonly status: MasterStatusName
  /** Of the lease held; 0 when none is. */
  readonly epoch: number
  /** What the lease lives in this cluster; until it was read, what the configuration says. */
  readonly leaseTtlMs: number
  /** When the last successful renewal was sent. */
  readonly renewed: At
  /** The highest epoch heard of. */
  readonly floor: number
  /** Who leads, as last seen in the lease. */
  readonly leader: LeaseRecord | undefined
  readonly cluster: Cluster
  /** The store was found empty: until this monotonic time what workers run is believed rather than killed. */
  readonly rebuildUntil: number | undefined
  /** Monotonic time of the last sweep; undefined before the first of this term. */
  readonly swept: number | undefined
}

/** Something that a worker runs and should not. */
export type Stranger = { readonly kind: 'executor'; readonly report: RunningExecutor } | { readonly kind: 'driver'; readonly report: RunningDriver }

/** `epoch` names the term an event belongs to; one of another term changes nothing. */
export type MasterEvent =
  /** The lease is ours and the records are read. `sentAt`: when the write that confirmed it was sent. */
  | {
      readonly type: 'leaseTaken'
      readonly epoch: number
      readonly ttlMs: number
      readonly sentAt: At
      readonly at: At
      readonly records: readonly StateRecord[]
    }
  | { readonly type: 'leaseHeld'; readonly by: LeaseRecord }
  | { readonly type: 'leaseUnavailable'; readonly error: string }
  | { readonly type: 'renewDue' }
  | { readonly type: 'leaseRenewed'; readonly epoch: number; readonly sentAt: At; readonly at: At }
  /** Nobody knows whether the renewal happened. */
  | { readonly type: 'renewUnknown'; readonly epoch: number; readonly error: string }
  | { readonly type: 'leaseLost'; readonly epoch: number; readonly reason: string }
  | { readonly type: 'deadlinePassed' }
  /** Somebody has seen a newer epoch than ours. */
  | { readonly type: 'fenced'; readonly epoch: number; readonly newer: number; readonly by: string }
  | { readonly type: 'sweepDue' }
  | { readonly type: 'clockRead'; readonly at: At }
  /** Everything decided so far is in the store. */
  | { readonly type: 'stored'; readonly epoch: number }
  | { readonly type: 'request'; readonly token: number; readonly at: At; readonly request: Request }
  | {
      readonly type: 'orderAnswered'
      readonly epoch: number
      readonly at: At
      readonly workerId: string
      readonly order: Order
      readonly reply: Exclude<OrderReply, { kind: 'stale' }>
    }
  | { readonly type: 'stop' }

/** `after`: keys that must be in the store first. */
export interface CommandParams {
  readonly takeLease: { readonly floor: number }
  readonly renewLease: { readonly epoch: number }
  /** Ends a term: no answer, order or write goes out any more. */
  readonly standDown: { readonly epoch: number }
  readonly openInbox: { readonly epoch: number }
  /** Answered by `clockRead`. */
  readonly readClock: undefined
  readonly reply: {
    [K in RequestKind]: { readonly token: number; readonly kind: K; readonly value: Answer<K>; readonly after: readonly string[] }
  }[RequestKind]
  readonly refuse: { readonly token: number; readonly code: string; readonly message: string }
  readonly store: { readonly key: string; readonly state: StateRecord }
  readonly erase: { readonly key: string }
  /** Answered by `stored`. */
  readonly settle: { readonly epoch: number }
  /** Compares the bucket with what was written, and writes again what is missing. */
  readonly audit: undefined
  readonly order: { readonly workerId: string; readonly order: Order; readonly after: readonly string[] }
  readonly dropOrders: { readonly workerId: string }
  /** `last`: nothing follows; tried for a limited time only. */
  readonly tell: { readonly appId: string; readonly news: News; readonly after: readonly string[]; readonly last: boolean }
  readonly dropNews: { readonly appId: string }
  readonly note: {
    readonly level: 'debug' | 'info' | 'warn' | 'error'
    readonly text: string
    readonly fields: Readonly<Record<string, string | number>>
  }
  /** The master is at its end: gives the lease back when it holds it. */
  readonly finish: { readonly epoch: number }
}

export type CommandName = keyof CommandParams
export type Command = { readonly [N in CommandName]: { readonly type: N; readonly params: CommandParams[N] } }[CommandName]

/** A decision: the changed part of the context, and what is to be done, in order. */
export interface Decision {
  readonly next: Partial<MasterContext>
  readonly commands: readonly Command[]
}

export type Decide = (context: MasterContext, event: MasterEvent) => Decision
