/**
 * Where a task's batches go, described by the control thread and opened in the slot's thread: a block file, or a result that stays in memory while it is
 * small enough to ride in a status message.
 */
import { rm } from 'node:fs/promises'
import { BlockWriter, type BlockWritten } from '../../blockstore/block-writer.js'
import { loadCodec } from '../../core/arrow/compression.js'
import { encodeStream } from '../../core/arrow/encode.js'
import type { Batch, ColumnData } from '../../core/batch.js'
import { assert, unreachable } from '../../core/errors.js'
import type { StructType } from '../../core/types.js'
import type { SinkEnd, TaskSink } from '../../kernel/slot-serve.js'

export type SinkSpec =
  /** `codec`: of Arrow's buffer compression, or none. */
  | { readonly kind: 'blocks'; readonly path: string; readonly partitions: number; readonly codec?: string }
  /** Rows for the driver: in the message up to `inlineBytes`, else a block file at `path`. */
  | { readonly kind: 'result'; readonly path: string; readonly inlineBytes: number }
  /** The kernel writes files itself, into a folder of this attempt alone. */
  | { readonly kind: 'files'; readonly directory: string }
  /** The kernel drops the rows. */
  | { readonly kind: 'none' }

/** What a finished sink tells the control thread. */
export type SinkValue =
  | ({ readonly kind: 'blocks' } & BlockWritten)
  | { readonly kind: 'inline'; readonly ipc: Uint8Array }
  | { readonly kind: 'files' }
  | { readonly kind: 'none' }

export function openSink(schema: StructType, spec: SinkSpec): TaskSink | Promise<TaskSink> {
  switch (spec.kind) {
    case 'blocks':
      return openBlocks(spec)
    case 'result':
      return new ResultSink(schema, spec.path, spec.inlineBytes)
    case 'files':
      return {
        write: () => assert(false, 'a task that writes files has no batches'),
        finish: () => ({ value: { kind: 'files' } satisfies SinkValue }),
        abort: () => rm(spec.directory, { recursive: true, force: true }),
      }
    case 'none':
      return {
        write: () => assert(false, 'a task that drops its rows has no batches'),
        finish: () => ({ value: { kind: 'none' } satisfies SinkValue }),
        abort: () => undefined,
      }
    default:
      return unreachable(spec)
  }
}

async function openBlocks({ path, partitions, codec }: Extract<SinkSpec, { kind: 'blocks' }>): Promise<TaskSink> {
  return blockSink(new BlockWriter({ path, partitions, codec: codec === undefined ? undefined : await loadCodec(codec) }))
}

function blockSink(writer: BlockWriter): TaskSink {
  return {
    write: (partition, batch) => writer.write(partition, batch),
    finish: async () => ({ value: { kind: 'blocks', ...(await writer.finish()) } satisfies SinkValue }),
    abort: () => writer.abort(),
  }
}

/** Batches stay as they are until they are too many; then all of them go to a file. Results are not compressed: any Arrow reader takes them. */
class ResultSink implements TaskSink {
  readonly #schema: StructType
  readonly #path: string
  readonly #inlineBytes: number
  #batches: Batch[] = []
  #bytes = 0
  #writer: BlockWriter | undefined

  constructor(schema: StructType, path: string, inlineBytes: number) {
    this.#schema = schema
    this.#path = path
    this.#inlineBytes = inlineBytes
  }

  async write(_partition: number, batch: Batch): Promise<void> {
    if (this.#writer !== undefined) {
      await this.#writer.write(0, batch)
      return
    }
    this.#batches.push(batch)
    this.#bytes += batch.columns.reduce((sum, column) => sum + bytesOf(column), 0)
    if (this.#bytes > this.#inlineBytes) await this.#spill()
  }

  async finish(): Promise<SinkEnd> {
    if (this.#writer === undefined) {
      const ipc = encodeStream(this.#schema, this.#batches)
      if (ipc.length <= this.#inlineBytes) return { value: { kind: 'inline', ipc } satisfies SinkValue, transfer: [ipc.buffer as ArrayBuffer] }
      await this.#spill()
    }
    return { value: { kind: 'blocks', ...(await (this.#writer as unknown as BlockWriter).finish()) } satisfies SinkValue }
  }

  async abort(): Promise<void> {
    await this.#writer?.abort()
  }

  async #spill(): Promise<void> {
    const writer = new BlockWriter({ path: this.#path, partitions: 1 })
    this.#writer = writer
    const batches = this.#batches
    this.#batches = []
    for (const batch of batches) await writer.write(0, batch)
  }
}

function bytesOf(column: ColumnData): number {
  const own = (column.validity?.length ?? 0) + (column.offsets?.byteLength ?? 0) + (column.data?.length ?? 0)
  return (column.children ?? []).reduce((sum, child) => sum + bytesOf(child), own)
}
