/** Entry of a slot's thread: the kernel's slot, reading segments and writing sinks of the block store. Started by the kernel's `SlotHost`. */
import { workerData } from 'node:worker_threads'
import { readSegment } from '../../blockstore/segment.js'
import { loadCodec } from '../../core/arrow/compression.js'
import type { SlotBoot } from '../../kernel/slot-protocol.js'
import { serveSlot } from '../../kernel/slot-serve.js'
import { openSink, type SinkSpec } from './sinks.js'

/** `workerData.entry`: what the control thread says once. */
export interface SlotThreadData {
  /** Codec of blocks that this application writes and reads. */
  readonly codec: string
}

// Segments are decoded synchronously, so the codec must be there before.
await loadCodec(((workerData as SlotBoot).entry as SlotThreadData).codec)
await serveSlot({ decode: readSegment, openSink: (task, spec) => openSink(task.schema, spec as SinkSpec) })
