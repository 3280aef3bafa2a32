/**
 * The tasks of a slot's thread: a queue, the one that runs, and the ends that have not been told yet. Ends are told together: when nothing is left to run,
 * when there are many, or after a moment. A task that waits can be cancelled or given back; every other one ends exactly once.
 */
import { SpkError, toErrorData } from '../core/errors.js'
import type { Slot } from './slot.js'
import type { FromSlot, SlotEnd } from './slot-protocol.js'
import type { TaskSink } from './slot-serve.js'
import type { KernelTask } from './task.js'

export interface SlotQueueOptions {
  readonly slot: Pick<Slot, 'run' | 'interrupt'>
  readonly openSink: (task: KernelTask, sink: unknown) => TaskSink | Promise<TaskSink>
  /** A task begins. */
  readonly begun: (number: number) => void
  readonly send: (message: FromSlot, transfer?: readonly ArrayBuffer[]) => void
}

interface Waiting {
  readonly number: number
  readonly task: KernelTask
  readonly sink: unknown
}

/** So many ends are told at once, and none later than after so many milliseconds. */
const TELL_COUNT = 32
const TELL_MS = 5

export class SlotQueue {
  readonly #options: SlotQueueOptions
  #waiting: Waiting[] = []
  #ends: SlotEnd[] = []
  #transfer: ArrayBuffer[] = []
  #timer: NodeJS.Timeout | undefined
  #running: string | undefined
  /** Set while a sink is opened: the slot does not know the task yet. */
  #opening = false
  #cancelled = false
  #crash: SpkError | undefined

  constructor(options: SlotQueueOptions) {
    this.#options = options
  }

  /** Id of the task that runs. */
  get running(): string | undefined {
    return this.#running
  }

  add(number: number, task: KernelTask, sink: unknown): void {
    this.#waiting.push({ number, task, sink })
    if (this.#running === undefined && this.#crash === undefined) void this.#work()
  }

  /** Cancels a task: at once when it waits, by ending its statement when it runs. */
  interrupt(id: string): void {
    if (id === this.#running) {
      if (this.#opening) this.#cancelled = true
      else this.#options.slot.interrupt(id)
      return
    }
    const found = this.#waiting.find(w => w.task.id === id)
    if (found === undefined) return
    this.#waiting = this.#waiting.filter(w => w !== found)
    this.#ends.push({ kind: 'failed', number: found.number, error: toErrorData(cancelled(id)) })
    this.#tell()
  }

  /** Takes out all tasks that wait; their numbers. */
  recall(): number[] {
    const numbers = this.#waiting.map(w => w.number)
    this.#waiting = []
    return numbers
  }

  /** From now on no task is begun, and the one that runs fails with this. False when it had crashed before. */
  crash(error: SpkError): boolean {
    if (this.#crash !== undefined) return false
    this.#crash = error
    if (this.#running === undefined) this.#tell()
    return true
  }

  async #work(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#crash === undefined ? this.#waiting.shift() : undefined) {
      this.#running = next.task.id
      this.#options.begun(next.number)
      const end = await this.#run(next)
      this.#running = undefined
      this.#ends.push(end)
      if (this.#waiting.length === 0 || this.#ends.length >= TELL_COUNT || this.#crash !== undefined) this.#tell()
      else this.#timer ??= setTimeout(() => this.#tell(), TELL_MS)
    }
  }

  async #run({ number, task, sink: description }: Waiting): Promise<SlotEnd> {
    let sink: TaskSink | undefined
    try {
      const opened = this.#options.openSink(task, description)
      sink = opened instanceof Promise ? await this.#open(opened, task.id) : opened
      const result = await this.#options.slot.run(task, sink)
      const began = performance.now()
      const finished = sink.finish()
      const end = finished instanceof Promise ? await finished : finished
      if (end.transfer !== undefined) this.#transfer.push(...end.transfer)
      return { kind: 'finished', number, result: { ...result, sinkMs: result.sinkMs + performance.now() - began }, sink: end.value }
    } catch (error) {
      const data = toErrorData(this.#crash ?? error)
      try {
        await sink?.abort()
      } catch {
        // The failure that made the output worthless is what the host must hear.
      }
      return { kind: 'failed', number, error: data }
    }
  }

  async #open(opened: Promise<TaskSink>, id: string): Promise<TaskSink> {
    this.#opening = true
    this.#cancelled = false
    try {
      const sink = await opened
      if (!this.#cancelled) return sink
      await sink.abort()
      throw cancelled(id)
    } finally {
      this.#opening = false
    }
  }

  #tell(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#ends.length === 0) return
    const [ends, transfer] = [this.#ends, this.#transfer]
    this.#ends = []
    this.#transfer = []
    this.#options.send({ kind: 'ended', ends, ending: this.#crash !== undefined }, transfer)
  }
}

function cancelled(id: string): SpkError {
  return new SpkError('SPK_TASK_CANCELLED', `Task ${id} was cancelled.`)
}
