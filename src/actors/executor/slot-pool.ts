/**
 * The slots of an executor: threads of the kernel, started with the first task that needs one, as many as there are cores. Follows their memory. Used by
 * `task-runner.ts`, which never asks for more tasks at a time than there are slots.
 */
import { join } from 'node:path'
import type { Clock, Timer } from '../../core/clock.js'
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

/** How often slots are asked what they hold while tasks run, and once more after the last: between, execution may grow into what storage has borrowed. */
const SAMPLE_EVERY_MS = 500

interface Slot {
  readonly index: number
  readonly host: Promise<SlotHost>
  busy: boolean
  memory: number
  /** Bytes its DuckDB may use. */
  limit: number
}

export class SlotPool {
  readonly #options: SlotPoolOptions
  readonly #slots: Slot[] = []
  readonly #waiting: (() => void)[] = []
  #memoryLimit: number
  #sampler: Timer | undefined
  #closed = false

  constructor(options: SlotPoolOptions) {
    this.#options = options
    this.#memoryLimit = options.memoryLimit
  }

  /** Bytes that the slots' DuckDBs held when they were last asked. */
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
    this.#sampleSoon()
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
    }
  }

  async dropCached(keys: readonly string[]): Promise<void> {
    if (keys.length > 0) await Promise.all(this.#slots.map(async slot => (await slot.host).dropCached(keys)))
  }

  /** For each slot, bytes. A slot that cannot do with that yet keeps its limit until it is asked the next time. */
  setMemoryLimit(bytes: number): void {
    this.#memoryLimit = bytes
    for (const slot of this.#slots) this.#limit(slot).catch(error => this.#options.log.debug({ err: error }, 'memory limit of a slot not changed'))
  }

  /** Cancels what runs and ends the threads. */
  async close(): Promise<void> {
    this.#closed = true
    this.#sampler?.cancel()
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
    const slot: Slot = { index, host, busy: false, memory: 0, limit: this.#memoryLimit }
    this.#slots.push(slot)
    // One that cannot start fails the task that wanted it; the next task tries anew.
    host.catch(() => {
      const at = this.#slots.indexOf(slot)
      if (at >= 0) this.#slots.splice(at, 1)
    })
    return slot
  }

  #sampleSoon(): void {
    if (this.#sampler !== undefined || this.#closed) return
    this.#sampler = this.#options.clock.after(
      SAMPLE_EVERY_MS,
      () => {
        this.#sampler = undefined
        void this.#sample()
        if (this.#slots.some(slot => slot.busy)) this.#sampleSoon()
      },
      { unref: true },
    )
  }

  async #limit(slot: Slot): Promise<void> {
    const bytes = this.#memoryLimit
    await (await slot.host).setMemoryLimit(bytes)
    slot.limit = bytes
  }

  async #sample(): Promise<void> {
    const ask = async (slot: Slot): Promise<void> => {
      slot.memory = await (await slot.host).memoryUsed()
      if (slot.limit !== this.#memoryLimit) await this.#limit(slot)
    }
    // One that does not answer, because it ends, keeps its last figure until it is replaced.
    await Promise.allSettled(this.#slots.map(ask))
    if (!this.#closed) this.#options.onMemory(this.memoryUsed)
  }
}
