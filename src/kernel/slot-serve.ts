/**
 * The inside of a slot thread: opens the slot and serves its host's messages. The thread's entry module (which composes kernel and block store) calls
 * `serveSlot` once. Tasks queue here and run one at a time; a task's sink is opened, finished or aborted here, so that an abort follows every failure.
 */
import { parentPort, workerData } from 'node:worker_threads'
import type { Batch } from '../core/batch.js'
import { must, SpkError, toErrorData, unreachable } from '../core/errors.js'
import { shareGate } from './duckdb.js'
import { openSlot, type Slot } from './slot.js'
import { type CommonPart, type FromSlot, GATE, type SlotAsk, type SlotBoot, type ToSlot } from './slot-protocol.js'
import { SlotQueue } from './slot-queue.js'
import type { BatchSink, KernelTask, Segment } from './task.js'

/** Where one task's batches go. */
export interface TaskSink extends BatchSink {
  /** Completes what was written; `value` goes to the host, with `transfer` moved instead of copied. */
  finish(): SinkEnd | Promise<SinkEnd>
  /** Removes what was written: the task failed or was cancelled. */
  abort(): void | Promise<void>
}

export interface SinkEnd {
  readonly value: unknown
  readonly transfer?: readonly ArrayBuffer[]
}

export interface SlotServeOptions {
  readonly decode: (segment: Segment) => Iterable<Batch>
  /** `sink` is what the host passed to `run` beside the task. */
  readonly openSink: (task: KernelTask, sink: unknown) => TaskSink | Promise<TaskSink>
}

/** Serves until the host says close. Errors of opening the slot end the thread with that error. */
export async function serveSlot(options: SlotServeOptions): Promise<void> {
  const port = must(parentPort, 'serveSlot outside a worker thread')
  const { gate, slot: own } = workerData as SlotBoot
  shareGate(gate)
  const slot = await openSlot({ ...own, decode: options.decode })
  const send = (message: FromSlot, transfer: readonly ArrayBuffer[] = []) => port.postMessage(message, transfer)
  const queue = new SlotQueue({ slot, openSink: options.openSink, begun: number => void Atomics.store(gate, GATE.begun, number), send })
  const commons = new Map<number, CommonPart>()
  endOnCrash(slot, queue, gate)
  port.on('message', (message: ToSlot) => {
    switch (message.kind) {
      case 'common':
        commons.set(message.number, message.part)
        return
      case 'run':
        for (const { number, common, own: part, sink } of message.tasks)
          queue.add(number, { ...must(commons.get(common), `common part ${common}`), ...part }, sink)
        return
      case 'interrupt':
        queue.interrupt(message.id)
        return
      case 'recall':
        send({ kind: 'returned', numbers: queue.recall() })
        return
      case 'ask':
        answer(slot, message.ask).then(
          value => send({ kind: 'answer', number: message.number, value }),
          error => send({ kind: 'answer', number: message.number, value: 0, error: toErrorData(error) }),
        )
        return
      case 'close':
        void slot.close().finally(() => port.close())
        return
      default:
        unreachable(message)
    }
  })
  send({ kind: 'ready' })
}

/**
 * An exception that reaches the top of a thread while a statement is in flight aborts the whole process. So it is caught here: no new native call may
 * start, the running one is interrupted, its task fails with the cause, and only then the thread ends.
 */
function endOnCrash(slot: Slot, queue: SlotQueue, gate: Int32Array): void {
  process.on('uncaughtException', error => {
    const message = `The slot's thread failed outside its task: ${error instanceof Error ? error.message : String(error)}`
    if (!queue.crash(new SpkError('SPK_SLOT_LOST', message, { retryable: true, cause: error }))) return
    Atomics.store(gate, GATE.closed, 1)
    const timer = setInterval(() => {
      const id = queue.running
      if (id !== undefined) slot.interrupt(id)
      if (Atomics.load(gate, GATE.calls) !== 0) return
      clearInterval(timer)
      // One more turn for the task's report.
      setImmediate(() => process.exit(1))
    }, 5)
  })
}

async function answer(slot: Slot, ask: SlotAsk): Promise<number> {
  switch (ask.kind) {
    case 'dropCached':
      await slot.dropCached(ask.keys)
      return 0
    case 'setMemoryLimit':
      await slot.setMemoryLimit(ask.bytes)
      return 0
    case 'memoryUsed':
      return slot.memoryUsed()
    default:
      return unreachable(ask)
  }
}
