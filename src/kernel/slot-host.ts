/**
 * A slot as its executor sees it: a worker thread started from the executor's entry module, one task at a time. Guarantees: a cancelled task frees the
 * slot within the grace period, or the thread is replaced when that is safe, or `onStuck` says that only the end of the process can free it. A thread
 * is never terminated with a native call in flight, because that aborts the process.
 */
import { Worker } from 'node:worker_threads'
import { assert, fromErrorData, SpkError, unreachable } from '../core/errors.js'
import type { FromSlot, SlotAsk, SlotBoot, ToSlot } from './slot-protocol.js'
import type { KernelResult, KernelTask } from './task.js'

export interface SlotHostOptions {
  /** The thread's entry module, which calls `serveSlot`. */
  readonly entry: URL
  readonly slot: SlotBoot['slot']
  /** Passed to the entry module as `workerData.entry`. */
  readonly entryData?: unknown
  /** Milliseconds from an interrupt until the thread counts as stuck. Default 300. */
  readonly graceMs?: number
  /** True: the thread alone does not keep the process alive (local mode: who waits for its answer does). */
  readonly background?: boolean
  /** Called once when the slot can neither be freed nor replaced: the executor process should exit, its worker replaces it. */
  readonly onStuck: (slot: string) => void
}

export interface SlotRun {
  readonly result: KernelResult
  /** What the task's sink reported. */
  readonly sink: unknown
}

interface Pending<T> {
  readonly resolve: (value: T) => void
  readonly reject: (error: unknown) => void
}

interface Running extends Pending<SlotRun> {
  readonly id: string
  /** Whether the present thread has it: one that waits for a new thread survives the end of the old one. */
  posted: boolean
  grace: NodeJS.Timeout | undefined
}

/** How often a thread that is past its grace period is looked at again, for another grace period. */
const lookEveryMs = 20

export class SlotHost {
  readonly #options: SlotHostOptions
  readonly #asks = new Map<number, Pending<number>>()
  #memoryLimit: number
  #worker: Worker | undefined
  #gate = new Int32Array(new SharedArrayBuffer(8))
  #ready: Promise<void>
  /** Set while a thread that takes no more tasks is ending. Its successor waits: they share a spill folder. */
  #ending: Promise<void> | undefined
  #running: Running | undefined
  #nextAsk = 1
  #closing = false

  private constructor(options: SlotHostOptions) {
    this.#options = options
    this.#memoryLimit = options.slot.memoryLimit
    this.#ready = this.#startThread()
  }

  /** Starts the thread; resolves when its slot is open. */
  static async start(options: SlotHostOptions): Promise<SlotHost> {
    const host = new SlotHost(options)
    await host.#ready
    return host
  }

  get busy(): boolean {
    return this.#running !== undefined
  }

  /** Runs one task; `sink` describes its sink to the entry module. Rejects with `SpkError`: the task's own, or `SPK_SLOT_LOST` (retryable). */
  async run(task: KernelTask, sink: unknown): Promise<SlotRun> {
    assert(this.#running === undefined && !this.#closing, `slot ${this.#options.slot.id} is busy or closed`)
    return new Promise<SlotRun>((resolve, reject) => {
      const running: Running = { id: task.id, posted: false, grace: undefined, resolve, reject }
      this.#running = running
      this.#whenReady().then(
        () => {
          running.posted = true
          this.#post({ kind: 'run', task, sink })
        },
        error => this.#settle(error),
      )
    })
  }

  /** Cancels the task if it runs here: its `run` rejects with `SPK_TASK_CANCELLED`, or with `SPK_SLOT_LOST` when the thread had to go. */
  interrupt(id: string): void {
    const running = this.#running
    if (running === undefined || running.id !== id || running.grace !== undefined) return
    // Like `run`, so that it is posted after the task.
    this.#whenReady().then(
      () => this.#post({ kind: 'interrupt', id }),
      () => undefined,
    )
    const graceMs = this.#options.graceMs ?? 300
    running.grace = setTimeout(() => this.#overdue(running, performance.now() + graceMs), graceMs)
  }

  async dropCached(keys: readonly string[]): Promise<void> {
    await this.#ask({ kind: 'dropCached', keys })
  }

  /** Bytes; holds for replacement threads, too. Rejects with `SPK_OUT_OF_MEMORY` when more is in use. */
  async setMemoryLimit(bytes: number): Promise<void> {
    await this.#ask({ kind: 'setMemoryLimit', bytes })
    this.#memoryLimit = bytes
  }

  /** Bytes that the slot's DuckDB holds now. */
  async memoryUsed(): Promise<number> {
    return this.#ask({ kind: 'memoryUsed' })
  }

  /** Cancels what runs, closes the slot and ends the thread; resolves when it is gone. After `onStuck` it may never. */
  async close(): Promise<void> {
    this.#closing = true
    await this.#ready.catch(() => undefined)
    const worker = this.#worker
    if (worker === undefined) return
    const gone = new Promise<void>(resolve => worker.once('exit', () => resolve()))
    if (this.#running === undefined) this.#post({ kind: 'close' })
    else this.interrupt(this.#running.id)
    await gone
  }

  #startThread(): Promise<void> {
    this.#gate = new Int32Array(new SharedArrayBuffer(8))
    const boot: SlotBoot = { slot: { ...this.#options.slot, memoryLimit: this.#memoryLimit }, entry: this.#options.entryData, gate: this.#gate }
    const worker = new Worker(this.#options.entry, { workerData: boot, name: `slot ${boot.slot.id}` })
    // earlier, Node would undo it while it starts the thread
    if (this.#options.background) worker.once('online', () => worker.unref())
    this.#worker = worker
    return new Promise<void>((resolve, reject) => {
      let failure: unknown
      worker.on('message', (message: FromSlot) => {
        if (message.kind === 'ready') resolve()
        else this.#receive(message)
      })
      worker.on('error', error => {
        failure = error
      })
      worker.on('exit', () => {
        const lost = new SpkError('SPK_SLOT_LOST', `Slot ${boot.slot.id} lost its thread${failure instanceof Error ? `: ${failure.message}` : '.'}`, {
          retryable: true,
          ...(failure === undefined ? {} : { cause: failure }),
        })
        reject(lost)
        this.#lost(lost)
      })
    })
  }

  #receive(message: Exclude<FromSlot, { kind: 'ready' }>): void {
    switch (message.kind) {
      case 'finished':
        if (message.id === this.#running?.id) this.#settle(undefined, { result: message.result, sink: message.sink })
        return
      case 'failed':
        if (message.ending) this.#ending = new Promise(resolve => this.#worker?.once('exit', () => resolve()))
        if (message.id === this.#running?.id) this.#settle(fromErrorData(message.error))
        return
      case 'answer': {
        const asked = this.#asks.get(message.number)
        this.#asks.delete(message.number)
        if (message.error === undefined) asked?.resolve(message.value)
        else asked?.reject(fromErrorData(message.error))
        return
      }
      default:
        unreachable(message)
    }
  }

  #settle(error: unknown, run?: SlotRun): void {
    const running = this.#running
    if (running === undefined) return
    this.#running = undefined
    clearTimeout(running.grace)
    if (run !== undefined) running.resolve(run)
    else running.reject(error)
    if (this.#closing) this.#post({ kind: 'close' })
  }

  /** The thread is gone: whatever waited for it fails, and another takes its place. */
  #lost(error: SpkError): void {
    this.#worker = undefined
    this.#ending = undefined
    for (const asked of this.#asks.values()) asked.reject(error)
    this.#asks.clear()
    if (this.#running?.posted) this.#settle(error)
  }

  /** A thread is started again only when there is a task for it, so one that cannot start fails tasks instead of looping. */
  async #whenReady(): Promise<void> {
    await this.#ending
    if (this.#worker === undefined) this.#ready = this.#startThread()
    return this.#ready
  }

  #overdue(running: Running, giveUpAt: number): void {
    if (this.#running !== running) return
    Atomics.store(this.#gate, 1, 1)
    if (Atomics.load(this.#gate, 0) === 0) {
      // Stuck in JavaScript: nothing native runs, and nothing native can start any more.
      void this.#worker?.terminate()
      return
    }
    Atomics.store(this.#gate, 1, 0)
    if (performance.now() < giveUpAt) running.grace = setTimeout(() => this.#overdue(running, giveUpAt), lookEveryMs)
    else this.#options.onStuck(this.#options.slot.id)
  }

  async #ask(ask: SlotAsk): Promise<number> {
    await this.#whenReady()
    return new Promise<number>((resolve, reject) => {
      const number = this.#nextAsk++
      this.#asks.set(number, { resolve, reject })
      this.#post({ kind: 'ask', number, ask })
    })
  }

  #post(message: ToSlot): void {
    this.#worker?.postMessage(message)
  }
}
