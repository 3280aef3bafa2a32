/**
 * The real task runner: fetches a task's blocks, runs it in a slot, says how it ended. Slots start with the first task that needs them. A broadcast is
 * fetched once and shared by all slots. Never rejects; a killed task frees its slot within the kernel's grace period or takes the process with it.
 */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { BlockClient, type FetchMetrics } from '../../blockstore/client.js'
import { BlockStore } from '../../blockstore/store.js'
import { memoryShares, slotMemory } from '../../blockstore/unified-memory.js'
import type { Clock, Rng } from '../../core/clock.js'
import { Conf } from '../../core/config.js'
import { conf as options } from '../../core/config-table.js'
import { must, SpkError } from '../../core/errors.js'
import { taskKeyString } from '../../core/ids.js'
import type { Logger } from '../../core/log.js'
import { noteOutputFolder } from '../../core/output-folders.js'
import type { KernelInput, KernelOutput } from '../../kernel/task.js'
import type { ExecutorLaunch } from '../../protocol/executor-launch.js'
import type { StagePlan } from '../../protocol/stage-plan.js'
import type { TaskLaunch } from '../../protocol/tasks.js'
import { BroadcastInputs } from './broadcast-inputs.js'
import { isBlockOf, type TaskSource, taskSources, taskTarget } from './kernel-task.js'
import type { TaskEnd, TaskRunner } from './ports.js'
import type { SinkValue } from './sinks.js'
import { SlotPool } from './slot-pool.js'
import { addFetch, noFetch, taskFailure, taskMetrics, taskOutput } from './task-outcome.js'

export interface TaskRunnerOptions {
  readonly launch: ExecutorLaunch
  readonly clock: Clock
  readonly rng: Rng
  readonly log: Logger
  /** Called when a slot is stuck for good: only the end of the process frees it. */
  readonly onStuck: (slot: string) => void
  /** Slots that start at once instead of with their first task. Default: all. */
  readonly warmSlots?: number
  /** True: slots alone do not keep the process alive. */
  readonly background?: boolean
}

interface Running {
  /** While it fetches. */
  abort: AbortController | undefined
  killed: string | undefined
}

interface Stage {
  readonly conf: Conf
  readonly entries: Readonly<Record<string, string>>
  output: KernelOutput | undefined
}

interface Inputs {
  readonly inputs: readonly KernelInput[]
  readonly fetched: FetchMetrics
  release(): Promise<void>
}

/** Throws when the executor's memory is too small or its configuration wrong. */
export function startTaskRunner(options_: TaskRunnerOptions): TaskRunner {
  return new SlotTaskRunner(options_)
}

class SlotTaskRunner implements TaskRunner {
  readonly #options: TaskRunnerOptions
  readonly #conf: Conf
  readonly #client: BlockClient
  readonly #store: BlockStore
  readonly #broadcasts: BroadcastInputs
  readonly #slots: SlotPool
  readonly #running = new Map<string, Running>()
  readonly #stages = new WeakMap<StagePlan, Stage>()
  /** Temporary folders of writes that are noted. */
  readonly #written = new Set<string>()

  constructor(options_: TaskRunnerOptions) {
    this.#options = options_
    const { launch, clock, rng, log } = options_
    const conf = new Conf(launch.conf)
    this.#conf = conf
    this.#client = new BlockClient({
      hostId: launch.hostId,
      appId: launch.appId,
      token: launch.token,
      scratchDir: launch.scratchDir,
      clock,
      rng,
      maxSizeInFlight: conf.get(options.reducerMaxSizeInFlight),
      maxRetries: conf.get(options.shuffleMaxRetries),
      retryWaitMs: conf.get(options.shuffleRetryWait),
      idleMs: conf.get(options.networkTimeout),
    })
    const shares = memoryShares(launch.memory, conf.get(options.memoryFraction), conf.get(options.memoryStorageFraction))
    this.#store = new BlockStore({
      dir: join(launch.scratchDir, 'cache'),
      shares,
      onExecutionLimit: bytes => this.#slots.setMemoryLimit(slotMemory(bytes, launch.cores)),
    })
    this.#broadcasts = new BroadcastInputs(this.#client, this.#store)
    this.#slots = new SlotPool({
      cores: launch.cores,
      scratchDir: launch.scratchDir,
      memoryLimit: slotMemory(this.#store.executionLimit, launch.cores),
      codec: conf.get(options.ioCompressionCodec),
      clock,
      log,
      onStuck: options_.onStuck,
      background: options_.background ?? false,
      onMemory: bytes => void this.#store.setExecution(bytes),
    })
    this.#slots.warm(options_.warmSlots ?? launch.cores)
  }

  async run(plan: StagePlan, launch: TaskLaunch): Promise<TaskEnd> {
    const id = taskKeyString(launch.key)
    const running: Running = { abort: undefined, killed: undefined }
    this.#running.set(id, running)
    const began = this.#options.clock.monotonic()
    let fetched = began
    let inputs: Inputs | undefined
    try {
      const sources = taskSources(plan, launch)
      const ready = sources.flatMap(source => (source.kind === 'ready' ? [source.input] : []))
      // Most tasks of a stage that reads nothing remote need no waiting at all.
      if (ready.length < sources.length) {
        running.abort = new AbortController()
        inputs = await this.#inputs(sources, running.abort.signal)
        if (running.killed !== undefined) throw new SpkError('SPK_TASK_CANCELLED', `Task ${id} was cancelled before it ran.`)
        fetched = this.#options.clock.monotonic()
      }
      const stage = this.#stage(plan)
      const target = taskTarget(plan, launch.key, stage.conf, this.#options.launch.blocksDir)
      // The same for all tasks but where each writes files of its own.
      if (target.output.kind !== 'files') stage.output ??= target.output
      this.#noteOutput(plan)
      const output = target.output.kind === 'files' ? target.output : must(stage.output, 'output of a stage')
      const { sql, settings, bounded } = plan.fragments[launch.fragment] as StagePlan['fragments'][number]
      const common = { sql, settings, ...(bounded ? { bounded } : {}), schema: plan.schema, conf: stage.entries, output }
      const { result, sink } = await this.#slots.run({ id, seed: launch.key.partition, inputs: inputs?.inputs ?? ready, ...common }, target.sink)
      const told = taskOutput(result, sink as SinkValue, target.file, plan.output.kind === 'result')
      // Not the time that it waited in the slot's queue.
      const runMs = fetched - began + result.cpuMs + result.sinkMs
      return { kind: 'finished', output: told, metrics: taskMetrics(runMs, inputs?.fetched ?? noFetch, result, told) }
    } catch (error) {
      const metrics = taskMetrics(this.#options.clock.monotonic() - began, inputs?.fetched ?? noFetch)
      return { kind: 'failed', failure: taskFailure(error, running.killed), metrics }
    } finally {
      this.#running.delete(id)
      if (inputs !== undefined) await inputs.release().catch(error => this.#options.log.warn({ err: error }, 'scratch of a task was not removed'))
    }
  }

  kill(launch: TaskLaunch, reason: string): void {
    this.#kill(taskKeyString(launch.key), reason)
  }

  #kill(id: string, reason: string): void {
    const running = this.#running.get(id)
    if (running === undefined || running.killed !== undefined) return
    running.killed = reason
    running.abort?.abort()
    this.#slots.interrupt(id)
  }

  /** What all tasks of a plan share; by reference, so that it crosses to a slot once. */
  #stage(plan: StagePlan): Stage {
    let stage = this.#stages.get(plan)
    if (stage === undefined) {
      const conf = this.#conf.with(plan.conf)
      stage = { conf, entries: conf.entries(), output: undefined }
      this.#stages.set(plan, stage)
    }
    return stage
  }

  async removeStages(stages: readonly number[]): Promise<void> {
    const { blocksDir } = this.#options.launch
    await this.#slots.dropCached(await this.#broadcasts.remove(stages))
    this.#client.forget(blocksDir, file => isBlockOf(file, stages))
    for (const name of await readdir(blocksDir).catch(() => [])) {
      if (isBlockOf(name, stages)) await rm(join(blocksDir, name), { force: true })
    }
  }

  memoryUsed(): number {
    return this.#slots.memoryUsed + this.#store.memoryUsed
  }

  async close(): Promise<void> {
    for (const id of [...this.#running.keys()]) this.#kill(id, 'the executor stops')
    await this.#slots.close()
    this.#client.close()
  }

  /** Before a file is made in it: should the driver die, somebody must know. */
  #noteOutput({ output }: StagePlan): void {
    if (output.kind !== 'write' || this.#written.has(output.temporary)) return
    this.#written.add(output.temporary)
    noteOutputFolder(this.#options.launch.blocksDir, output.temporary)
  }

  /** Fetches what must be fetched; on failure nothing is left behind. */
  async #inputs(sources: readonly TaskSource[], signal: AbortSignal): Promise<Inputs> {
    const inputs: KernelInput[] = []
    const releases: (() => Promise<void>)[] = []
    let fetched = noFetch
    const release = async (): Promise<void> => {
      for (const each of releases.splice(0)) await each()
    }
    try {
      for (const source of sources) {
        if (source.kind === 'ready') {
          inputs.push(source.input)
          continue
        }
        const { name, schema, cacheKey } = source
        const blocks =
          cacheKey === undefined ? await this.#client.fetch(source.blocks, signal) : await this.#broadcasts.fetch(cacheKey, source.blocks, signal)
        releases.push(() => blocks.release())
        fetched = addFetch(fetched, blocks.metrics)
        inputs.push({ kind: 'segments', name, schema, segments: blocks.segments, ...(cacheKey === undefined ? {} : { cacheKey }) })
      }
      return { inputs, fetched, release }
    } catch (error) {
      await release()
      throw error
    }
  }
}
