/**
 * What runs inside one slot: one task, from located inputs to an output sink. The executor resolves block locations to files or bytes before it calls;
 * the slot thread (or local caller) implements it with DuckDB (`slot.ts`). Plain data only: it crosses a thread boundary.
 */
import type { Batch } from '../core/batch.js'
import type { OperatorProfile } from '../core/operator-profile.js'
import type { Segment } from '../core/segment.js'
import type { FileFormat, ScanSplit, SortKey, WriteSpec } from '../core/stage.js'
import type { StructType } from '../core/types.js'

export type { Segment } from '../core/segment.js'

export type KernelInput =
  | {
      readonly kind: 'scan'
      readonly name: string
      readonly format: FileFormat
      readonly options: Readonly<Record<string, string>>
      readonly schema: StructType
      readonly fileSchema: StructType
      readonly fields?: Readonly<Record<string, readonly string[]>>
      readonly splits: readonly ScanSplit[]
    }
  /** `cacheKey` set: keep as a table of this slot under that key until dropped (broadcast). */
  | {
      readonly kind: 'segments'
      readonly name: string
      readonly schema: StructType
      readonly segments: readonly Segment[]
      readonly cacheKey?: string
    }
  | { readonly kind: 'range'; readonly name: string; readonly start: string; readonly end: string; readonly step: string }

export type KernelOutput =
  | {
      readonly kind: 'partitions'
      readonly count: number
      readonly by:
        | { readonly kind: 'hash'; readonly keys: readonly string[] }
        | { readonly kind: 'range'; readonly keys: readonly SortKey[]; readonly bounds: readonly Uint8Array[] }
        | { readonly kind: 'roundRobin' }
        | { readonly kind: 'single' }
      /** `size` 0: the smallest and the largest key alone. */
      readonly sample?: { readonly keys: readonly SortKey[]; readonly size: number }
    }
  | { readonly kind: 'rows' }
  /** COPY into `directory` (created), file names start with `prefix`. */
  | { readonly kind: 'files'; readonly write: WriteSpec; readonly directory: string; readonly prefix: string }
  /** Every row is made, and dropped. */
  | { readonly kind: 'none' }

export interface KernelTask {
  /** Unique per attempt; cancellation goes by it. */
  readonly id: string
  /** The task's partition number: what is random about it (samples, round robin's start) is then the same for each attempt. Default 0. */
  readonly seed?: number
  readonly sql: string
  readonly settings: Readonly<Record<string, string>>
  /** The statement gives no more rows than its inputs have. */
  readonly bounded?: boolean
  readonly inputs: readonly KernelInput[]
  readonly schema: StructType
  readonly output: KernelOutput
  /** Session conf: `spark.sql.session.timeZone`, … */
  readonly conf: Readonly<Record<string, string>>
}

/** Takes batches as they are made, on the slot's thread. The slot awaits it before it makes more: bounded memory. */
export interface BatchSink {
  write(partition: number, batch: Batch): void | Promise<void>
}

export interface KernelResult {
  readonly rowsOut: number
  /** `output.kind = files` only. */
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly rows: number }[]
  readonly sample?: readonly Uint8Array[]
  readonly rowsRead: number
  readonly bytesRead: number
  readonly shuffleRowsRead: number
  readonly bytesSpilled: number
  readonly peakMemory: number
  /** Milliseconds of this thread's CPU. */
  readonly cpuMs: number
  /** Milliseconds spent in the sink. */
  readonly sinkMs: number
  /** With `spk.sql.profile` in the task's conf. */
  readonly operators?: readonly OperatorProfile[]
}
