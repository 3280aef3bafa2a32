/**
 * The slots of an executor: threads of the kernel, started with the first task that needs one, as many as there are cores. Follows their memory. Used by
 * `task-runner.ts`, which never asks for more tasks at a time than there are slots.
 */
import { join } from 'node:path'
import type { Clock } from '../../core/clock.js'
import { SpkError } from '../../core/errors.js'
import type { Logger } from '../../core/log.js'
import { SlotHost, type SlotRun } from '../../kernel/slot-host.js'
import type { KernelTask } from '../../kernel/task.js'
import type { SinkSpec } from './sinks.js'
import type { SlotThreadData } from './slot-thread.js'

export interface SlotPoolOptions {
  readonly cores: number
  /** Each slot spills into a folder of its own below. */
  readonly scratchDir: string
  /** Bytes of each slot's DuckDB. */
  readonly memoryLimit: number
  readonly codec: string
  readonly clock: Clock
  readonly log: Logger
  readonly onStuck: (slot: string) => void
  readonly background?: boolean
  /** What all slots hold, each time it was asked. */
  readonly onMemory: (bytes: number) => void
}

/** Asking costs a query: not after each of thousands of small tasks. */
const SAMPLE_EVERY_MS = 500

interface Slot {
  readonly index: number
  readonly host: Promise<SlotHost>
  busy: boolean
  memory: number
  /** Monotonic time from which it is asked again. */
  sampleAt: number
}

export class SlotPool {
  readonly #options: SlotPoolOptions
  readonly #slots: Slot[] = []
  readonly #waiting: (() => void)[] = []
  #memoryLimit: number
  #closed = false

  constructor(options: SlotPoolOptions) {
    this.#options = options
    this.#memoryLimit = options.memoryLimit
  }

  /** Bytes that the slots' DuckDBs held when they were last asked: after tasks, not too often. */
  get memoryUsed(): number {
    return this.#slots.reduce((sum, slot) => sum + slot.memory, 0)
  }

  /** Starts slots without tasks, side by side, so that the first tasks find them ready. */
  warm(count: number): void {
    while (this.#slots.length < Math.min(count, this.#options.cores)) this.#open()
  }

  /** Runs a task in a free slot. Rejects with the task's `SpkError`; `SPK_TASK_CANCELLED` when the signal fires. */
  async run(task: KernelTask, sink: SinkSpec, signal: AbortSignal): Promise<SlotRun> {
    const slot = await this.#take()
    let interrupt: (() => void) | undefined
    try {
      const host = await slot.host
      if (signal.aborted) throw new SpkError('SPK_TASK_CANCELLED', `Task ${task.id} was cancelled before it ran.`)
      const run = host.run(task, sink)
      interrupt = () => host.interrupt(task.id)
      signal.addEventListener('abort', interrupt)
      return await run
    } finally {
      if (interrupt !== undefined) signal.removeEventListener('abort', interrupt)
      slot.busy = false
      this.#waiting.shift()?.()
      this.#sample(slot)
    }
  }

  async dropCached(keys: readonly string[]): Promise<void> {
    if (keys.length > 0) await Promise.all(this.#slots.map(async slot => (await slot.host).dropCached(keys)))
  }

  /** For each slot, bytes. A slot that holds more than that keeps its limit until it is asked again. */
  setMemoryLimit(bytes: number): void {
    this.#memoryLimit = bytes
    for (const slot of this.#slots) {
      slot.host.then(host => host.setMemoryLimit(bytes)).catch(error => this.#options.log.debug({ err: error }, 'memory limit of a slot not changed'))
    }
  }

  /** Cancels what runs and ends the threads. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(this.#slots.map(async slot => (await slot.host.catch(() => undefined))?.close()))
  }

  /** A slot that is free, marked as taken. */
  async #take(): Promise<Slot> {
    for (;;) {
      const idle = this.#slots.find(slot => !slot.busy) ?? (this.#slots.length < this.#options.cores ? this.#open() : undefined)
      if (idle !== undefined) {
        idle.busy = true
        return idle
      }
      // The machine counts slots, not threads: one may be settling still.
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    }
  }

  #open(): Slot {
    let index = 0
    while (this.#slots.some(slot => slot.index === index)) index++
    const id = String(index)
    const { scratchDir, codec, onStuck, background = false } = this.#options
    const entryData: SlotThreadData = { codec }
    const host = SlotHost.start({
      entry: new URL('./slot-thread.js', import.meta.url),
      slot: { id, spillDir: join(scratchDir, `slot-${id}`), memoryLimit: this.#memoryLimit },
      entryData,
      background,
      onStuck,
    })
    const slot: Slot = { index, host, busy: false, memory: 0, sampleAt: 0 }
    this.#slots.push(slot)
    // One that cannot start fails the task that wanted it; the next task tries anew.
    host.catch(() => {
      const at = this.#slots.indexOf(slot)
      if (at >= 0) this.#slots.splice(at, 1)
    })
    return slot
  }

  #sample(slot: Slot): void {
    const now = this.#options.clock.monotonic()
    if (this.#closed || now < slot.sampleAt) return
    slot.sampleAt = now + SAMPLE_EVERY_MS
    slot.host
      .then(host => host.memoryUsed())
      .then(bytes => {
        slot.memory = bytes
        this.#options.onMemory(this.memoryUsed)
      })
      .catch(() => undefined)
  }
}
