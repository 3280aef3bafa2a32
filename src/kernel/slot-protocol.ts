/**
 * Messages between a slot's host (the executor's control thread) and its thread: tasks and their ends go in batches, so that neither side waits for a round
 * trip per task. The sink of a task is the executor's business: its description and what it has to report pass through here unread (`sink`), as
 * structured clones.
 */
import type { ErrorData } from '../core/errors.js'
import type { ScatterLimits } from './scatter.js'
import type { KernelResult, KernelTask } from './task.js'

/** What a slot thread is started with (`workerData`). */
export interface SlotBoot {
  readonly slot: {
    readonly id: string
    /** Absolute; of this slot alone. */
    readonly spillDir: string
    /** Bytes. */
    readonly memoryLimit: number
    readonly limits?: ScatterLimits
    readonly chunksPerGc?: number
  }
  /** Whatever the thread's entry module needs, unread here. */
  readonly entry: unknown
  /** Shared: see `GATE`. */
  readonly gate: Int32Array<SharedArrayBuffer>
}

/** Cells of the shared gate: native calls in flight in the thread, whether new ones are refused, and the number of the task that was last begun. */
export const GATE = { calls: 0, closed: 1, begun: 2, length: 3 } as const

/** What tasks of one stage have in common; sent once to a thread and named by its number from then on. */
export type CommonPart = Pick<KernelTask, 'sql' | 'settings' | 'bounded' | 'schema' | 'conf' | 'output'>

export interface QueuedTask {
  /** Counts the tasks given to a thread, from 1; they run in this order. */
  readonly number: number
  readonly common: number
  readonly own: Omit<KernelTask, keyof CommonPart>
  readonly sink: unknown
}

export type ToSlot =
  /** Replaces what had this number. */
  | { readonly kind: 'common'; readonly number: number; readonly part: CommonPart }
  | { readonly kind: 'run'; readonly tasks: readonly QueuedTask[] }
  /** Ends a task, waiting or running. */
  | { readonly kind: 'interrupt'; readonly id: string }
  /** Asks for the tasks that wait. */
  | { readonly kind: 'recall' }
  | { readonly kind: 'ask'; readonly number: number; readonly ask: SlotAsk }
  | { readonly kind: 'close' }

/** Requests that a running task does not delay. */
export type SlotAsk =
  | { readonly kind: 'dropCached'; readonly keys: readonly string[] }
  | { readonly kind: 'setMemoryLimit'; readonly bytes: number }
  | { readonly kind: 'memoryUsed' }

/** How a task ended in the thread. */
export type SlotEnd =
  | { readonly kind: 'finished'; readonly number: number; readonly result: KernelResult; readonly sink: unknown }
  | { readonly kind: 'failed'; readonly number: number; readonly error: ErrorData }

export type FromSlot =
  | { readonly kind: 'ready' }
  /** `ending`: the thread is about to end and takes no more tasks. */
  | { readonly kind: 'ended'; readonly ends: readonly SlotEnd[]; readonly ending: boolean }
  /** Answer to `recall`: these will not run here. */
  | { readonly kind: 'returned'; readonly numbers: readonly number[] }
  /** Answer to an `ask`: `value` for memoryUsed, else 0; or why it failed. */
  | { readonly kind: 'answer'; readonly number: number; readonly value: number; readonly error?: ErrorData }
