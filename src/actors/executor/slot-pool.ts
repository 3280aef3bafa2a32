/**
 * The slots of an executor: threads of the kernel, started with the first task that needs one, as many as there are cores. More tasks than slots may be
 * given: they queue in the slots, and move to another one when theirs has more to do. Follows the slots' memory. Used by `task-runner.ts`.
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

/** How often a slot that has nothing to do looks for what waits elsewhere. */
const RELIEVE_EVERY_MS = 20

interface Slot {
  readonly index: number
  readonly host: Promise<SlotHost>
  /** Set once it has started. */
  ready: SlotHost | undefined
  /** Tasks that it has. */
  load: number
  memory: number
  /** Bytes its DuckDB may use. */
  limit: number
}

/** Where a task is; it may move before it begins. */
interface Place {
  slot: Slot
  cancelled: boolean
}

export class SlotPool {
  readonly #options: SlotPoolOptions
  readonly #slots: Slot[] = []
  readonly #places = new Map<string, Place>()
  #memoryLimit: number
  #sampler: Timer | undefined
  #relieving: Timer | undefined
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

  /** Runs a task in the slot that has least to do, behind what it has. Rejects with the task's `SpkError`; `SPK_TASK_CANCELLED` when it was interrupted. */
  async run(task: KernelTask, sink: SinkSpec): Promise<SlotRun> {
    const place: Place = { slot: this.#choose(), cancelled: false }
    place.slot.load++
    this.#places.set(task.id, place)
    this.#sampleSoon()
    try {
      const host = place.slot.ready ?? (await place.slot.host)
      if (place.cancelled || this.#closed) throw new SpkError('SPK_TASK_CANCELLED', `Task ${task.id} was cancelled before it ran.`)
      return await host.run(task, sink)
    } finally {
      this.#places.delete(task.id)
      const { slot } = place
      slot.load--
      if (slot.load === 0) void this.#relieve()
    }
  }

  /** Ends a task that was given to `run`, waiting or running. */
  interrupt(id: string): void {
    const place = this.#places.get(id)
    if (place === undefined) return
    place.cancelled = true
    place.slot.ready?.interrupt(id)
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
    this.#relieving?.cancel()
    await Promise.all(this.#slots.map(async slot => (await slot.host.catch(() => undefined))?.close()))
  }

  /** A slot without tasks, a new one, or the one with fewest. */
  #choose(): Slot {
    const [first, ...others] = this.#slots
    if (first === undefined) return this.#open()
    const least = others.reduce((a, b) => (b.load < a.load ? b : a), first)
    return least.load > 0 && this.#slots.length < this.#options.cores ? this.#open() : least
  }

  /** A slot has nothing to do: it gets a share of what waits behind a task of another slot. Tried again as long as there is such a slot and such a task. */
  async #relieve(): Promise<void> {
    if (this.#relieving !== undefined || this.#closed || this.#crowded() === undefined) return
    // A slot that starts, or has not been given its tasks yet, gives none back: it is asked again a little later.
    this.#relieving = this.#options.clock.after(
      RELIEVE_EVERY_MS,
      () => {
        this.#relieving = undefined
        void this.#relieve()
      },
      { unref: true },
    )
    for (const returned of (await this.#crowded()?.ready?.recall()) ?? []) {
      const place = this.#places.get(returned.task.id)
      if (this.#closed || place === undefined || place.cancelled) {
        returned.reject(new SpkError('SPK_TASK_CANCELLED', `Task ${returned.task.id} was cancelled before it ran.`))
        continue
      }
      place.slot.load--
      const slot = this.#slots.reduce((a, b) => (b.ready !== undefined && b.load < a.load ? b : a), place.slot)
      slot.load++
      place.slot = slot
      slot.ready?.adopt(returned)
    }
  }

  /** The slot with most tasks, when one of them waits there although another slot has none. */
  #crowded(): Slot | undefined {
    const busiest = this.#slots.reduce<Slot | undefined>((a, b) => (a === undefined || b.load > a.load ? b : a), undefined)
    return busiest !== undefined && busiest.load > 1 && this.#slots.some(slot => slot.load === 0 && slot.ready !== undefined) ? busiest : undefined
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
    const slot: Slot = { index, host, ready: undefined, load: 0, memory: 0, limit: this.#memoryLimit }
    this.#slots.push(slot)
    // One that cannot start fails the tasks that wanted it; the next task tries anew.
    host.then(
      started => {
        slot.ready = started
      },
      () => {
        const at = this.#slots.indexOf(slot)
        if (at >= 0) this.#slots.splice(at, 1)
      },
    )
    return slot
  }

  #sampleSoon(): void {
    if (this.#sampler !== undefined || this.#closed) return
    this.#sampler = this.#options.clock.after(
      SAMPLE_EVERY_MS,
      () => {
        this.#sampler = undefined
        void this.#sample()
        if (this.#slots.some(slot => slot.load > 0)) this.#sampleSoon()
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
