/**
 * A slot as its executor sees it: a worker thread started from the executor's entry module. Tasks may be given ahead; they run one at a time, in order.
 * Guarantees: a cancelled task frees the slot within the grace period, or the thread is replaced when that is safe, or `onStuck` says that only the end of
 * the process can free it. A thread is never terminated with a native call in flight, because that aborts the process. A task that had not begun when its
 * thread was lost runs on the next one.
 */
import { Worker } from 'node:worker_threads'
import { assert, fromErrorData, SpkError, unreachable } from '../core/errors.js'
import { CommonParts } from './common-parts.js'
import { type FromSlot, GATE, type SlotAsk, type SlotBoot, type SlotEnd, type ToSlot } from './slot-protocol.js'
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

/** A task of a host. One that was recalled can be given to another host with `adopt`; its promise stays the same. */
export interface HostedTask extends Pending<SlotRun> {
  readonly task: KernelTask
  readonly sink: unknown
  /** 0 until the present thread has it: one that waits for a new thread survives the end of the old one. */
  number: number
  /** Set once it is to end. */
  grace: NodeJS.Timeout | undefined
}

/** How often a thread that is past its grace period is looked at again, for another grace period. */
const lookEveryMs = 20

export class SlotHost {
  readonly #options: SlotHostOptions
  readonly #asks = new Map<number, Pending<number>>()
  /** All that were not settled, by id. */
  readonly #tasks = new Map<string, HostedTask>()
  readonly #numbers = new Map<number, HostedTask>()
  /** To be posted as soon as the thread is ready. */
  #outbox: HostedTask[] = []
  #recall: ((returned: readonly HostedTask[]) => void) | undefined
  #commons = new CommonParts()
  #posted = 0
  #flushing = false
  #memoryLimit: number
  #worker: Worker | undefined
  #gate = new Int32Array(new SharedArrayBuffer(4 * GATE.length))
  #ready: Promise<void>
  /** Set while a thread that takes no more tasks is ending. Its successor waits: they share a spill folder. */
  #ending: Promise<void> | undefined
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

  /** Tasks that are here, running or not. */
  get load(): number {
    return this.#tasks.size
  }

  /** Runs a task behind those that are here; `sink` describes its sink to the entry module. Rejects with `SpkError`: the task's own, or `SPK_SLOT_LOST` (retryable). */
  run(task: KernelTask, sink: unknown): Promise<SlotRun> {
    return new Promise<SlotRun>((resolve, reject) => this.adopt({ task, sink, number: 0, grace: undefined, resolve, reject }))
  }

  /** Goes on with a task that another host gave back. */
  adopt(task: HostedTask): void {
    assert(!this.#closing, `slot ${this.#options.slot.id} is closed`)
    task.number = 0
    this.#tasks.set(task.task.id, task)
    this.#outbox.push(task)
    this.#flush()
  }

  /** Takes back the tasks that have not begun; empty also while an earlier recall is not answered. Whoever called gives them to another host. */
  recall(): Promise<readonly HostedTask[]> {
    if (this.#recall !== undefined || this.#numbers.size < 2) return Promise.resolve([])
    return new Promise(resolve => {
      this.#recall = resolve
      this.#post({ kind: 'recall' })
    })
  }

  /** Cancels a task that is here: its `run` rejects with `SPK_TASK_CANCELLED`, or with `SPK_SLOT_LOST` when the thread had to go. */
  interrupt(id: string): void {
    const task = this.#tasks.get(id)
    if (task === undefined || task.grace !== undefined) return
    if (task.number === 0) {
      this.#outbox = this.#outbox.filter(t => t !== task)
      this.#settle(task, cancelled(id))
      return
    }
    this.#post({ kind: 'interrupt', id })
    this.#watch(task)
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

  /** Cancels what is here, closes the slot and ends the thread; resolves when it is gone. After `onStuck` it may never. */
  async close(): Promise<void> {
    this.#closing = true
    await this.#ready.catch(() => undefined)
    for (const id of [...this.#tasks.keys()]) this.interrupt(id)
    const worker = this.#worker
    if (worker === undefined) return
    const gone = new Promise<void>(resolve => worker.once('exit', () => resolve()))
    if (this.#tasks.size === 0) this.#post({ kind: 'close' })
    await gone
  }

  #startThread(): Promise<void> {
    this.#gate = new Int32Array(new SharedArrayBuffer(4 * GATE.length))
    this.#commons = new CommonParts()
    this.#posted = 0
    const boot: SlotBoot = { slot: { ...this.#options.slot, memoryLimit: this.#memoryLimit }, entry: this.#options.entryData, gate: this.#gate }
    // Not what the program was started with: `--input-type` would refuse the entry, `--import` would run a user's hooks in every slot.
    const execArgv = process.execArgv.filter(flag => flag === '--enable-source-maps')
    const worker = new Worker(this.#options.entry, { workerData: boot, name: `slot ${boot.slot.id}`, execArgv })
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

  /** Posts what is in the outbox, once per turn. A thread is started again only when there is a task for it, so one that cannot start fails tasks instead of looping. */
  #flush(): void {
    if (this.#flushing) return
    this.#flushing = true
    this.#whenReady().then(
      () => {
        this.#flushing = false
        const tasks = this.#outbox
        if (tasks.length === 0) return
        this.#outbox = []
        this.#post({
          kind: 'run',
          tasks: tasks.map(task => {
            task.number = ++this.#posted
            this.#numbers.set(task.number, task)
            const { id, seed, inputs } = task.task
            const common = this.#commons.numberOf(task.task, message => this.#post(message))
            return { number: task.number, common, own: { id, inputs, ...(seed === undefined ? {} : { seed }) }, sink: task.sink }
          }),
        })
      },
      error => {
        this.#flushing = false
        for (const task of this.#outbox.splice(0)) this.#settle(task, error)
      },
    )
  }

  #receive(message: Exclude<FromSlot, { kind: 'ready' }>): void {
    switch (message.kind) {
      case 'ended':
        if (message.ending) this.#ending = new Promise(resolve => this.#worker?.once('exit', () => resolve()))
        for (const end of message.ends) this.#ended(end)
        return
      case 'returned':
        this.#returned(message.numbers)
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

  #ended(end: SlotEnd): void {
    const task = this.#numbers.get(end.number)
    if (task === undefined) return
    if (end.kind === 'failed') this.#settle(task, fromErrorData(end.error))
    else this.#settle(task, undefined, { result: end.result, sink: end.sink })
  }

  #returned(numbers: readonly number[]): void {
    const returned: HostedTask[] = []
    for (const number of numbers) {
      const task = this.#numbers.get(number)
      if (task === undefined) continue
      if (task.grace !== undefined) {
        this.#settle(task, cancelled(task.task.id))
        continue
      }
      this.#numbers.delete(number)
      this.#tasks.delete(task.task.id)
      returned.push(task)
    }
    this.#recall?.(returned)
    this.#recall = undefined
  }

  #settle(task: HostedTask, error: unknown, run?: SlotRun): void {
    this.#tasks.delete(task.task.id)
    this.#numbers.delete(task.number)
    clearTimeout(task.grace)
    if (run !== undefined) task.resolve(run)
    else task.reject(error)
    if (this.#closing && this.#tasks.size === 0) this.#post({ kind: 'close' })
  }

  /** The thread is gone: what it had begun fails, the rest waits for another thread. */
  #lost(error: SpkError): void {
    this.#worker = undefined
    this.#ending = undefined
    for (const asked of this.#asks.values()) asked.reject(error)
    this.#asks.clear()
    this.#recall?.([])
    this.#recall = undefined
    const begun = Atomics.load(this.#gate, GATE.begun)
    const left = [...this.#numbers.values()]
    this.#numbers.clear()
    const again = left.filter(task => task.number > begun && task.grace === undefined && !this.#closing)
    for (const task of left) if (!again.includes(task)) this.#settle(task, error)
    if (again.length === 0) return
    for (const task of again) task.number = 0
    this.#outbox = [...again, ...this.#outbox]
    this.#flush()
  }

  async #whenReady(): Promise<void> {
    await this.#ending
    if (this.#worker === undefined) this.#ready = this.#startThread()
    return this.#ready
  }

  #watch(task: HostedTask): void {
    const graceMs = this.#options.graceMs ?? 300
    task.grace = setTimeout(() => this.#overdue(task, performance.now() + graceMs), graceMs)
  }

  #overdue(task: HostedTask, giveUpAt: number): void {
    if (!this.#tasks.has(task.task.id)) return
    // Behind another one, which nobody wants to end: it goes when its thread comes to it.
    if (Atomics.load(this.#gate, GATE.begun) < task.number) {
      this.#watch(task)
      return
    }
    Atomics.store(this.#gate, GATE.closed, 1)
    if (Atomics.load(this.#gate, GATE.calls) === 0) {
      // Stuck in JavaScript: nothing native runs, and nothing native can start any more.
      void this.#worker?.terminate()
      return
    }
    Atomics.store(this.#gate, GATE.closed, 0)
    if (performance.now() < giveUpAt) task.grace = setTimeout(() => this.#overdue(task, giveUpAt), lookEveryMs)
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

function cancelled(id: string): SpkError {
  return new SpkError('SPK_TASK_CANCELLED', `Task ${id} was cancelled before it ran.`)
}
