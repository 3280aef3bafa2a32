/**
 * Where the batches of a task go, on the slot's thread: a shuffle file, a result that travels with the status report (or as a block file when it is
 * large), or nothing, when the kernel writes files itself. What was begun is removed when the task fails.
 */
import { rm } from 'node:fs/promises'
import { BlockWriter } from '../../blockstore/block-writer.js'
import { type CodecName, loadCodec } from '../../core/arrow/compression.js'
import { encodeStream } from '../../core/arrow/encode.js'
import type { Batch } from '../../core/batch.js'
import { unreachable } from '../../core/errors.js'
import type { SinkEnd, TaskSink } from '../../kernel/slot-serve.js'
import type { KernelTask } from '../../kernel/task.js'

export interface TaskSinkSpec {
  /** Of everything this task writes and reads. */
  readonly codec: CodecName | undefined
  readonly to:
    | { readonly kind: 'shuffle'; readonly path: string; readonly partitions: number }
    /** `file` below `dir` is made only when the result is larger than `inlineBytes`. */
    | { readonly kind: 'result'; readonly path: string; readonly inlineBytes: number }
    | { readonly kind: 'files'; readonly directory: string }
}

/** What `finish` hands to the control thread. */
export type TaskSinkEnd =
  | { readonly kind: 'shuffle'; readonly bytes: readonly number[]; readonly rows: readonly number[] }
  | { readonly kind: 'inline'; readonly ipc: Uint8Array }
  | { readonly kind: 'block'; readonly bytes: number }
  | { readonly kind: 'files' }

export async function openTaskSink(task: KernelTask, spec: TaskSinkSpec): Promise<TaskSink> {
  const codec = spec.codec === undefined ? undefined : await loadCodec(spec.codec)
  const end = (value: TaskSinkEnd): SinkEnd => ({ value })
  const { to } = spec
  switch (to.kind) {
    case 'shuffle': {
      const writer = new BlockWriter({ path: to.path, partitions: to.partitions, schema: task.schema, codec })
      return {
        write: (partition, batch) => writer.write(partition, batch),
        finish: async () => end({ kind: 'shuffle', ...(await writer.finish()) }),
        abort: () => writer.abort(),
      }
    }
    case 'result': {
      let held: Batch[] = []
      let heldBytes = 0
      let writer: BlockWriter | undefined
      return {
        async write(_partition, batch) {
          if (writer === undefined) {
            held.push(batch)
            heldBytes += bytesOf(batch)
            if (heldBytes <= to.inlineBytes) return
            writer = new BlockWriter({ path: to.path, partitions: 1, schema: task.schema, codec })
            for (const early of held) await writer.write(0, early)
            held = []
          } else await writer.write(0, batch)
        },
        async finish() {
          if (writer === undefined) {
            const ipc = encodeStream(task.schema, held)
            if (ipc.length <= to.inlineBytes) return end({ kind: 'inline', ipc })
            writer = new BlockWriter({ path: to.path, partitions: 1, schema: task.schema, codec })
            for (const early of held) await writer.write(0, early)
          }
          const { bytes } = await writer.finish()
          return end({ kind: 'block', bytes: bytes[0] ?? 0 })
        },
        abort: () => writer?.abort(),
      }
    }
    case 'files':
      return {
        write: () => {},
        finish: () => end({ kind: 'files' }),
        abort: () => rm(to.directory, { recursive: true, force: true }),
      }
    default:
      return unreachable(to)
  }
}

/** Bytes of a batch's buffers. */
function bytesOf(batch: Batch): number {
  const ofColumn = (column: Batch['columns'][number]): number =>
    (column.validity?.byteLength ?? 0) +
    (column.offsets?.byteLength ?? 0) +
    (column.data?.byteLength ?? 0) +
    (column.children ?? []).reduce((sum, child) => sum + ofColumn(child), 0)
  return batch.columns.reduce((sum, column) => sum + ofColumn(column), 0)
}
