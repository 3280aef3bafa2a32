/**
 * The inside of a slot thread: opens the slot and serves its host's messages. The thread's entry module (which composes kernel and block store) calls
 * `serveSlot` once. One task at a time; a task's sink is opened, finished or aborted here, so that an abort follows every failure.
 */
import { parentPort, workerData } from 'node:worker_threads'
import type { Batch } from '../core/batch.js'
import { must, SpkError, toErrorData, unreachable } from '../core/errors.js'
import { shareGate } from './duckdb.js'
import { openSlot, type Slot } from './slot.js'
import type { FromSlot, SlotAsk, SlotBoot, ToSlot } from './slot-protocol.js'
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
  const boot = workerData as SlotBoot
  shareGate(boot.gate)
  const slot = await openSlot({ ...boot.slot, decode: options.decode })
  const state: ThreadState = { id: undefined, cancelled: false, crash: undefined }
  let running: string | undefined
  endOnCrash(slot, state, boot.gate, () => running)
  const send = (message: FromSlot, transfer: readonly ArrayBuffer[] = []) => port.postMessage(message, transfer)
  port.on('message', (message: ToSlot) => {
    switch (message.kind) {
      case 'run':
        running = message.task.id
        void runOne(slot, options, state, message.task, message.sink, send)
        return
      case 'interrupt':
        if (message.id === state.id) state.cancelled = true
        else slot.interrupt(message.id)
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

interface ThreadState {
  /** The task whose sink is being opened, and whether it was cancelled meanwhile: the slot does not know it yet. */
  id: string | undefined
  cancelled: boolean
  /** Set once something threw where nobody catches: the thread ends as soon as nothing native runs. */
  crash: SpkError | undefined
}

/**
 * An exception that reaches the top of a thread while a statement is in flight aborts the whole process. So it is caught here: no new native call may
 * start, the running one is interrupted, its task fails with the cause, and only then the thread ends.
 */
function endOnCrash(slot: Slot, state: ThreadState, gate: Int32Array, running: () => string | undefined): void {
  process.on('uncaughtException', error => {
    if (state.crash !== undefined) return
    state.crash = new SpkError(
      'SPK_SLOT_LOST',
      `The slot's thread failed outside its task: ${error instanceof Error ? error.message : String(error)}`,
      {
        retryable: true,
        cause: error,
      },
    )
    Atomics.store(gate, 1, 1)
    const timer = setInterval(() => {
      const id = running()
      if (id !== undefined) slot.interrupt(id)
      if (Atomics.load(gate, 0) !== 0) return
      clearInterval(timer)
      // One more turn for the task's report.
      setImmediate(() => process.exit(1))
    }, 5)
  })
}

async function runOne(
  slot: Slot,
  options: SlotServeOptions,
  state: ThreadState,
  task: KernelTask,
  description: unknown,
  send: (message: FromSlot, transfer?: readonly ArrayBuffer[]) => void,
): Promise<void> {
  let sink: TaskSink | undefined
  try {
    state.id = task.id
    state.cancelled = false
    sink = await options.openSink(task, description)
    state.id = undefined
    if (state.cancelled) throw new SpkError('SPK_TASK_CANCELLED', `Task ${task.id} was cancelled.`)
    const result = await slot.run(task, sink)
    const began = performance.now()
    const end = await sink.finish()
    const sinkMs = result.sinkMs + performance.now() - began
    send({ kind: 'finished', id: task.id, result: { ...result, sinkMs }, sink: end.value }, end.transfer)
  } catch (error) {
    state.id = undefined
    const data = toErrorData(state.crash ?? error)
    try {
      await sink?.abort()
    } finally {
      send({ kind: 'failed', id: task.id, error: data, ending: state.crash !== undefined })
    }
  }
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
