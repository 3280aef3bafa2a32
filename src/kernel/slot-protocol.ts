/**
 * Messages between a slot's host (the executor's control thread) and its thread. The sink of a task is the executor's business: its description and
 * what it has to report pass through here unread (`sink`), as structured clones.
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
  /** Shared: native calls in flight in the thread, and whether new ones are refused. */
  readonly gate: Int32Array<SharedArrayBuffer>
}

export type ToSlot =
  | { readonly kind: 'run'; readonly task: KernelTask; readonly sink: unknown }
  | { readonly kind: 'interrupt'; readonly id: string }
  | { readonly kind: 'ask'; readonly number: number; readonly ask: SlotAsk }
  | { readonly kind: 'close' }

/** Requests that a running task does not delay. */
export type SlotAsk =
  | { readonly kind: 'dropCached'; readonly keys: readonly string[] }
  | { readonly kind: 'setMemoryLimit'; readonly bytes: number }
  | { readonly kind: 'memoryUsed' }

export type FromSlot =
  | { readonly kind: 'ready' }
  | { readonly kind: 'finished'; readonly id: string; readonly result: KernelResult; readonly sink: unknown }
  /** `ending`: the thread is about to end and takes no more tasks. */
  | { readonly kind: 'failed'; readonly id: string; readonly error: ErrorData; readonly ending: boolean }
  /** Answer to an `ask`: `value` for memoryUsed, else 0; or why it failed. */
  | { readonly kind: 'answer'; readonly number: number; readonly value: number; readonly error?: ErrorData }
