/** What the application machine knows, hears and orders: its registration with the leading master, its executors and their workers. */
import type { ErrorData } from '../../core/errors.js'
import type { Resources } from '../../protocol/common.js'
import type { BlockSource } from './ports.js'

/** connecting: not yet registered. waiting: registered, no executor. running: has executors. A running application does not need the master. */
export type ApplicationPhase = 'connecting' | 'waiting' | 'running' | 'finished' | 'failed'

export interface ExecutorInfo {
  readonly executorId: string
  readonly workerId: string
  readonly host: string
  readonly cores: number
  readonly memory: number
  readonly resources: Resources
  /** Known from the executor itself; until then only the master's word. */
  readonly registered?: { readonly hostId: string; readonly pid: number; readonly lastSeen: number }
}

export interface ApplicationInput {
  /** Milliseconds without a heartbeat after which an executor is lost (`spark.network.timeout`). */
  readonly networkTimeoutMs: number
}

export interface ApplicationContext extends ApplicationInput {
  readonly phase: ApplicationPhase
  /** Newest epoch of a leader heard of; what an older one says is not followed. */
  readonly epoch: number
  readonly master?: { readonly masterId: string; readonly uiUrl: string; readonly heartbeatMs: number }
  readonly refusals: number
  readonly executors: ReadonlyMap<string, ExecutorInfo>
  /** Executors that were lost: they are not taken back. */
  readonly removed: ReadonlySet<string>
  readonly workers: ReadonlyMap<string, BlockSource>
  /** All executors must run the same DuckDB: hashes of keys depend on it. */
  readonly duckdb?: string
  readonly activeJobs: number
  readonly starving: boolean
  /** What the master says the application waits for. */
  readonly waitingFor?: string
  readonly lastCheck?: number
  readonly failure?: ErrorData
}

export type ApplicationEvent =
  | { readonly type: 'registered'; readonly masterId: string; readonly epoch: number; readonly uiUrl: string; readonly heartbeatMs: number }
  | { readonly type: 'refused'; readonly reason: string }
  | { readonly type: 'registerFailed' }
  | { readonly type: 'registerAgain' }
  | { readonly type: 'beat' }
  | {
      readonly type: 'beatAnswered'
      readonly kind: 'ok' | 'reregister' | 'ended'
      readonly epoch: number
      readonly waiting?: string
      readonly reason?: string
    }
  | { readonly type: 'beatFailed' }
  | { readonly type: 'masterChanged'; readonly epoch: number }
  | { readonly type: 'executorAdded'; readonly epoch: number; readonly executor: ExecutorInfo }
  | { readonly type: 'executorEnded'; readonly epoch: number; readonly executorId: string; readonly reason: string; readonly workerLost: boolean }
  | { readonly type: 'workerRemoved'; readonly epoch: number; readonly workerId: string; readonly reason: string }
  | { readonly type: 'applicationRemoved'; readonly epoch: number; readonly state: string; readonly reason: string }
  | { readonly type: 'executorRegistered'; readonly executor: ExecutorInfo; readonly worker: BlockSource; readonly duckdb: string }
  | { readonly type: 'executorSeen'; readonly executorId: string; readonly now: number }
  /** `now` is monotonic time, as in `lastSeen`. */
  | { readonly type: 'check' }
  | { readonly type: 'checked'; readonly now: number }
  | { readonly type: 'jobStarted' }
  | { readonly type: 'jobEnded' }
  | { readonly type: 'starve' }
  | { readonly type: 'stop'; readonly failure?: string }

export type ApplicationCommand =
  | { readonly type: 'register'; readonly params: { readonly executors: readonly string[] } }
  | { readonly type: 'heartbeat'; readonly params: Record<string, never> }
  | { readonly type: 'executorReady'; readonly params: { readonly executor: ExecutorInfo } }
  | { readonly type: 'executorLost'; readonly params: { readonly executor: ExecutorInfo; readonly reason: string; readonly workerLost: boolean } }
  | { readonly type: 'workerLost'; readonly params: { readonly workerId: string } }
  | { readonly type: 'killExecutors'; readonly params: { readonly executorIds: readonly string[]; readonly reason: string } }
  | { readonly type: 'readClock'; readonly params: Record<string, never> }
  | { readonly type: 'warnStarving'; readonly params: { readonly missing: string } }
  | { readonly type: 'warnNoMaster'; readonly params: Record<string, never> }
  | { readonly type: 'failJobs'; readonly params: { readonly error: ErrorData } }
  | { readonly type: 'unregister'; readonly params: { readonly state: 'FINISHED' | 'FAILED'; readonly reason: string } }

/** Delayed events that the machine raises for itself. */
export type Later = 'registerAgain' | 'beat' | 'beatSoon' | 'check' | 'starve'

export function newApplication(input: ApplicationInput): ApplicationContext {
  return {
    ...input,
    phase: 'connecting',
    epoch: 0,
    refusals: 0,
    executors: new Map(),
    removed: new Set(),
    workers: new Map(),
    activeJobs: 0,
    starving: false,
  }
}

/** Executors that take tasks. */
export function registeredExecutors(context: ApplicationContext): ExecutorInfo[] {
  return [...context.executors.values()].filter(e => e.registered !== undefined)
}
