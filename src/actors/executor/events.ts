/** What an executor's machine hears, and the named commands by which it answers. Effects send the events and carry out the commands. */
import type { TaskKey } from '../../core/ids.js'
import type { StagePlan } from '../../protocol/stage-plan.js'
import type { StageKey, TaskLaunch, TaskReport } from '../../protocol/tasks.js'
import type { TaskEnd } from './ports.js'

/** The driver's messages, told apart by `kind`. */
export type DriverOrder =
  | { readonly kind: 'stagePart'; readonly stage: StageKey; readonly part: number; readonly of: number; readonly bytes: Uint8Array }
  | { readonly kind: 'launchTasks'; readonly stage: StageKey; readonly tasks: readonly TaskLaunch[] }
  | { readonly kind: 'killTasks'; readonly keys: readonly TaskKey[]; readonly reason: string }
  | { readonly kind: 'removeStages'; readonly stages: readonly number[] }
  | { readonly kind: 'stopExecutor'; readonly reason: string }

export type OrderReply =
  | { readonly kind: 'ack' }
  | { readonly kind: 'launch'; readonly answer: 'accepted' | 'missingStage' | 'refused' }
  | { readonly kind: 'error'; readonly error: unknown }

/**
 * `asked` names the request an event answers; `at` is the monotonic time at which something of the driver was heard (or missed), milliseconds; `jitter` in
 * [0, 1) comes with everything that may lead to a wait; `token` names an order to be answered.
 */
export type ExecutorEvent =
  | { readonly type: 'registered'; readonly asked: number; readonly at: number }
  | { readonly type: 'refused'; readonly asked: number; readonly reason: string }
  | { readonly type: 'beatAnswered'; readonly asked: number; readonly at: number; readonly kind: 'ok' | 'reregister' | 'stop' }
  | { readonly type: 'unanswered'; readonly asked: number; readonly at: number; readonly jitter: number; readonly error: string }
  /** The bus is back: no need to sit out a wait. */
  | { readonly type: 'busUp' }
  | { readonly type: 'order'; readonly token: number; readonly at: number; readonly order: DriverOrder }
  | { readonly type: 'tasksEnded'; readonly ends: readonly { readonly key: TaskKey; readonly end: TaskEnd }[] }
  | { readonly type: 'reportAcked'; readonly seq: number; readonly at: number }
  | { readonly type: 'reportUnanswered'; readonly seq: number; readonly jitter: number }
  | { readonly type: 'reportDue' }
  | { readonly type: 'stop'; readonly reason: string; readonly code: number }

export interface CommandParams {
  readonly answer: { readonly token: number; readonly reply: OrderReply }
  readonly register: { readonly asked: number }
  readonly heartbeat: { readonly asked: number }
  /** Gives tasks to the slots; answered by `tasksEnded`. */
  readonly run: { readonly plan: StagePlan; readonly launches: readonly TaskLaunch[] }
  readonly kill: { readonly launch: TaskLaunch; readonly reason: string }
  readonly report: { readonly seq: number; readonly reports: readonly TaskReport[] }
  readonly reportLater: { readonly delayMs: number }
  readonly removeStages: { readonly stages: readonly number[] }
  readonly note: { readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly text: string; readonly fields: Readonly<Record<string, unknown>> }
  /** The executor is at its end; nothing follows. */
  readonly finish: { readonly reason: string; readonly code: number }
}

export type CommandName = keyof CommandParams
export type Command = { readonly [N in CommandName]: { readonly type: N; readonly params: CommandParams[N] } }[CommandName]
