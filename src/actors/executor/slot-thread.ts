/** The entry module of a slot's thread: composes the kernel's slot with the block store's segments and files. Started by `task-runner.ts`. */
import { readSegment } from '../../blockstore/segment.js'
import { serveSlot } from '../../kernel/slot-serve.js'
import { openTaskSink, type TaskSinkSpec } from './task-sink.js'

await serveSlot({ decode: readSegment, openSink: (task, sink) => openTaskSink(task, sink as TaskSinkSpec) })
