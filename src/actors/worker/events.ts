/** What a worker's machine hears, and the named commands by which it answers. Effects send the events and carry out the commands. */
import type { LaunchDriverOrder, LaunchExecutorOrder, OrderReply } from '../../protocol/worker-orders.js'
import type { ChildExit } from './ports.js'
import type { Child } from './state.js'

/** The orders of `protocol/worker-orders.ts`, told apart by `kind`. */
export type Order =
  | { readonly kind: 'launchExecutor'; readonly body: LaunchExecutorOrder }
  | {
      readonly kind: 'killExecutor'
      readonly body: { readonly epoch: number; readonly appId: string; readonly executorId: string; readonly reason: string }
    }
  | { readonly kind: 'launchDriver'; readonly body: LaunchDriverOrder }
  | {
      readonly kind: 'killDriver'
      readonly body: { readonly epoch: number; readonly driverId: string; readonly launch: number; readonly reason: string }
    }
  | { readonly kind: 'applicationFinished'; readonly body: { readonly epoch: number; readonly appId: string } }
  | { readonly kind: 'masterChanged'; readonly body: { readonly epoch: number; readonly masterId: string; readonly uiUrl: string } }

/**
 * `asked` names the request an event answers; `jitter` in [0, 1) comes with everything that may lead to a wait; `token` names an order to be answered;
 * `run` is the child's process number, so that news of an earlier process cannot be taken for a later one's. Times in milliseconds.
 */
export type WorkerEvent =
  | {
      readonly type: 'registered'
      readonly asked: number
      readonly jitter: number
      readonly epoch: number
      readonly masterId: string
      readonly uiUrl: string
      readonly heartbeatMs: number
      readonly killExecutors: readonly { readonly appId: string; readonly executorId: string }[]
      readonly killDrivers: readonly { readonly driverId: string; readonly launch: number }[]
    }
  | { readonly type: 'refused'; readonly asked: number; readonly reason: string }
  | {
      readonly type: 'beatAnswered'
      readonly asked: number
      readonly jitter: number
      readonly kind: 'ok' | 'reregister'
      readonly epoch: number
      readonly masterId: string
    }
  | { readonly type: 'unanswered'; readonly asked: number; readonly jitter: number; readonly error: string }
  /** The bus is back: no need to sit out a wait. */
  | { readonly type: 'busUp' }
  | { readonly type: 'order'; readonly token: number; readonly order: Order }
  | { readonly type: 'childStarted'; readonly key: string; readonly run: number; readonly pid: number }
  | { readonly type: 'childFailed'; readonly key: string; readonly run: number; readonly message: string }
  | { readonly type: 'childExited'; readonly key: string; readonly run: number; readonly exit: ChildExit; readonly ranMs: number }
  | { readonly type: 'restartDue'; readonly key: string; readonly run: number }
  | { readonly type: 'reportAcked'; readonly key: string; readonly seq: number }
  | { readonly type: 'reportUnanswered'; readonly key: string; readonly seq: number; readonly jitter: number }
  | { readonly type: 'reportDue'; readonly key: string; readonly seq: number }
  | { readonly type: 'stop'; readonly reason: string }
  | { readonly type: 'unregistered' }

export interface CommandParams {
  readonly answer: { readonly token: number; readonly reply: OrderReply }
  readonly register: { readonly asked: number }
  readonly heartbeat: { readonly asked: number }
  readonly unregister: { readonly reason: string }
  /** Starts the process; answered by `childStarted` or `childFailed`, later by `childExited`. */
  readonly launch: { readonly key: string; readonly run: number; readonly child: Child }
  readonly kill: { readonly key: string; readonly graceMs: number }
  readonly restartLater: { readonly key: string; readonly run: number; readonly delayMs: number }
  readonly report: { readonly key: string; readonly seq: number; readonly child: Child }
  readonly reportLater: { readonly key: string; readonly seq: number; readonly delayMs: number }
  readonly removeScratch: { readonly appId: string; readonly executorId: string }
  readonly removeApplication: { readonly appId: string }
  readonly removeDriver: { readonly driverId: string }
  readonly note: { readonly level: 'info' | 'warn' | 'error'; readonly text: string; readonly fields: Readonly<Record<string, string | number>> }
  /** The worker is at its end; nothing follows. */
  readonly finish: { readonly reason: string; readonly refused: boolean }
}

export type CommandName = keyof CommandParams
export type Command = { readonly [N in CommandName]: { readonly type: N; readonly params: CommandParams[N] } }[CommandName]
