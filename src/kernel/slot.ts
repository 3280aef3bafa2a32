/**
 * The runtime of one slot: one single-threaded DuckDB for the executor's life, one task at a time on a connection that no failed task used. Runs on the thread that
 * opened it, be that a worker thread (`slot-serve.ts`) or the caller's own. Guarantees: a cancelled or failed task leaves the slot usable, and its
 * promise settles only when no statement of it runs any more.
 */
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import type { Batch } from '../core/batch.js'
import { assert, SpkError } from '../core/errors.js'
import { BatchScans } from './batch-scan.js'
import { BroadcastCache } from './broadcast-cache.js'
import { type Connection, Database } from './duckdb.js'
import { freeChunks } from './free-chunks.js'
import { registerJsFunctions } from './js-binding.js'
import { PreparedStatements } from './prepared.js'
import { RandomStreams } from './random-streams.js'
import { runTask } from './run-task.js'
import { defaultLimits, type ScatterLimits } from './scatter.js'
import { Settings } from './settings.js'
import type { BatchSink, KernelResult, KernelTask, Segment } from './task.js'

export interface SlotOptions {
  /** Name of the slot, in messages and in its spill folder. */
  readonly id: string
  /** Absolute folder of this slot alone; created, and emptied on close. */
  readonly spillDir: string
  /** DuckDB's memory limit, bytes. */
  readonly memoryLimit: number
  /** Arrow IPC of a segment to batches, synchronously (the block store's `readSegments`). */
  readonly decode: (segment: Segment) => Iterable<Batch>
  readonly limits?: ScatterLimits
  /** Chunks between collections of those that are done with (`free-chunks.ts`). Default 32. */
  readonly chunksPerGc?: number
}

export interface Slot {
  /** Runs one task; rejects with `SpkError`. One at a time. */
  run(task: KernelTask, sink: BatchSink): Promise<KernelResult>
  /** Cancels the task if it is the one running: its promise rejects with `SPK_TASK_CANCELLED` within milliseconds. */
  interrupt(id: string): void
  dropCached(keys: readonly string[]): Promise<void>
  /** Rejects with `SPK_OUT_OF_MEMORY`, keeping the old limit, when more is in use and cannot be spilled. */
  setMemoryLimit(bytes: number): Promise<void>
  /** Bytes that DuckDB holds now. */
  memoryUsed(): Promise<number>
  /** Only when no task runs. */
  close(): Promise<void>
}

interface Current {
  readonly id: string
  connection: Connection | undefined
  cancelled: boolean
  again: NodeJS.Timeout | undefined
}

/** An interrupt that arrives between two statements is lost, so it is repeated until the task has settled. */
const interruptEveryMs = 10
const sampleEveryMs = 200
/** A result that takes no more than this part of the memory limit may be made at once. */
const wholeShare = 6
/** A task this quick has not spilled. */
const quickMs = 20

/** Follows a running task's memory and spill. */
interface Watch {
  readonly began: number
  /** Most bytes seen. */
  memory: number
  spilled: number
}

export async function openSlot(options: SlotOptions): Promise<Slot> {
  assert(isAbsolute(options.spillDir), `spill folder ${options.spillDir} is not absolute`)
  mkdirSync(options.spillDir, { recursive: true })
  const database = await Database.open({ spillDir: options.spillDir, memoryLimit: options.memoryLimit })
  const control = await database.connect()
  registerJsFunctions(control.raw)
  const random = new RandomStreams()
  random.register(control.raw)
  return new RunningSlot(options, database, control, random)
}

class RunningSlot implements Slot {
  readonly #options: SlotOptions
  #memoryLimit: number
  readonly #database: Database
  readonly #control: Connection
  readonly #random: RandomStreams
  readonly #scans: BatchScans
  readonly #cache = new BroadcastCache()
  readonly #settings = new Settings()
  readonly #prepared = new PreparedStatements()
  #current: Current | undefined
  #watched: Watch | undefined
  #sampler: NodeJS.Timeout | undefined
  #warm: Connection | undefined
  /** Statements on the control connection run one after the other. */
  #controlQueue: Promise<unknown> = Promise.resolve()

  constructor(options: SlotOptions, database: Database, control: Connection, random: RandomStreams) {
    this.#random = random
    this.#options = options
    this.#memoryLimit = options.memoryLimit
    this.#database = database
    this.#control = control
    this.#scans = new BatchScans(control)
  }

  async run(task: KernelTask, sink: BatchSink): Promise<KernelResult> {
    assert(this.#current === undefined, `slot ${this.#options.id} already runs ${this.#current?.id}`)
    // Set before the first await: an interrupt may come at any time.
    const current: Current = { id: task.id, connection: undefined, cancelled: false, again: undefined }
    this.#current = current
    const watch = this.#watch()
    const check = () => {
      if (current.cancelled) throw new SpkError('SPK_TASK_CANCELLED', `Task ${task.id} was cancelled.`)
    }
    try {
      const connection = this.#warm ?? (await this.#database.connect())
      this.#warm = undefined
      current.connection = connection
      check()
      // A setting may be part of a plan.
      if (await this.#settings.apply(connection, task.conf, task.settings)) this.#prepared.clear()
      check()
      const outcome = await runTask(task, sink, {
        connection,
        scans: this.#scans,
        cache: this.#cache,
        prepared: this.#prepared,
        random: this.#random,
        decode: this.#options.decode,
        limits: this.#options.limits ?? defaultLimits,
        wholeBytes: this.#memoryLimit / wholeShare,
        profilePath: `${this.#options.spillDir}.profile.json`,
        check,
        onChunk: chunks => this.#onChunk(chunks, watch),
      })
      // A connection whose task ended well is as good as new; after any failure the next task gets another.
      this.#warm = connection
      current.connection = undefined
      const { peakMemory, peakSpill, ...result } = outcome
      return {
        ...result,
        bytesSpilled: Math.max(watch.spilled, peakSpill),
        peakMemory: Math.max(watch.memory, peakMemory),
        cpuMs: Math.max(0, performance.now() - watch.began - outcome.sinkMs),
      }
    } catch (error) {
      if (current.cancelled) check()
      throw error
    } finally {
      this.#watched = undefined
      clearInterval(current.again)
      this.#current = undefined
      if (current.connection !== undefined) {
        this.#prepared.clear()
        current.connection.close()
      }
    }
  }

  interrupt(id: string): void {
    const current = this.#current
    if (current === undefined || current.id !== id || current.cancelled) return
    current.cancelled = true
    current.connection?.interrupt()
    current.again = setInterval(() => current.connection?.interrupt(), interruptEveryMs)
  }

  dropCached(keys: readonly string[]): Promise<void> {
    return this.#onControl(() => this.#cache.drop(keys, this.#control))
  }

  setMemoryLimit(bytes: number): Promise<void> {
    return this.#onControl(async () => {
      await this.#control.run(`SET GLOBAL memory_limit = '${Math.floor(bytes)}B'`)
      this.#memoryLimit = bytes
    })
  }

  memoryUsed(): Promise<number> {
    return this.#onControl(async () => {
      const rows = await this.#control.rows<{ used: number | null }>('SELECT sum(memory_usage_bytes)::BIGINT AS used FROM duckdb_memory()')
      return rows[0]?.used ?? 0
    })
  }

  async close(): Promise<void> {
    assert(this.#current === undefined, `slot ${this.#options.id} closed while ${this.#current?.id} runs`)
    clearInterval(this.#sampler)
    await this.#controlQueue
    this.#prepared.clear()
    this.#warm?.close()
    this.#control.close()
    this.#database.close()
    rmSync(this.#options.spillDir, { recursive: true, force: true })
  }

  #onControl<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#controlQueue.then(work)
    this.#controlQueue = result.catch(() => undefined)
    return result
  }

  #onChunk(chunks: number, watch: Watch): void {
    // What blocking operators spilled is still there when the first chunk comes.
    if (chunks === 1) this.#look(watch)
    if (chunks % (this.#options.chunksPerGc ?? 32) === 0) freeChunks()
  }

  /** Follows memory and spill of the running task by sampling: only large tasks are profiled. One shorter than an interval shows none. */
  #watch(): Watch {
    const watch: Watch = { began: performance.now(), memory: 0, spilled: 0 }
    this.#watched = watch
    this.#sampler ??= setInterval(() => this.#sample(), sampleEveryMs).unref()
    return watch
  }

  /** One timer for all tasks: most are over before it fires. */
  #sample(): void {
    const watch = this.#watched
    if (watch === undefined) {
      clearInterval(this.#sampler)
      this.#sampler = undefined
      return
    }
    if (performance.now() - watch.began < sampleEveryMs / 2) return
    this.#look(watch)
    this.memoryUsed().then(
      used => {
        watch.memory = Math.max(watch.memory, used)
      },
      () => undefined,
    )
  }

  #look(watch: Watch): void {
    if (performance.now() - watch.began > quickMs) watch.spilled = Math.max(watch.spilled, folderBytes(this.#options.spillDir))
  }
}

function folderBytes(folder: string): number {
  try {
    return readdirSync(folder).reduce((sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0), 0)
  } catch {
    // The folder may be gone while DuckDB cleans up.
    return 0
  }
}
