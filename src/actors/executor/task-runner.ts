/**
 * The real task runner: locates a task's inputs, runs it in a free slot thread, names its output. Slots start when the runner does, side by side. A killed
 * task frees its slot within the kernel's grace period; a slot that cannot be freed ends the process (`onStuck`), and its worker starts another.
 */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { resultFileName } from '../../blockstore/blocks.js'
import { BlockClient } from '../../blockstore/client.js'
import type { CodecName } from '../../core/arrow/compression.js'
import type { Clock, Rng } from '../../core/clock.js'
import { Conf } from '../../core/config.js'
import { conf as options } from '../../core/config-table.js'
import { must, SpkError, toErrorData, unreachable } from '../../core/errors.js'
import { taskKeyString } from '../../core/ids.js'
import type { Logger } from '../../core/log.js'
import { shuffleFileName } from '../../core/stage.js'
import { SlotHost, type SlotRun } from '../../kernel/slot-host.js'
import type { KernelOutput, KernelTask } from '../../kernel/task.js'
import type { ExecutorLaunch } from '../../protocol/executor-launch.js'
import type { StagePlan } from '../../protocol/stage-plan.js'
import { noMetrics } from '../../protocol/task-metrics.js'
import type { TaskFailure, TaskLaunch, TaskMetrics, TaskOutput } from '../../protocol/tasks.js'
import { Broadcasts } from './broadcasts.js'
import type { TaskEnd, TaskRunner } from './ports.js'
import { type LocatedInputs, locateInputs } from './task-inputs.js'
import type { TaskSinkEnd, TaskSinkSpec } from './task-sink.js'
import { slotMemoryLimit, storageToEvict, unifiedMemory } from './unified-memory.js'

export interface TaskRunnerOptions {
  readonly launch: ExecutorLaunch
  readonly clock: Clock
  readonly rng: Rng
  readonly log: Logger
  readonly onStuck: (slot: string) => void
}

/** Larger results travel as blocks, bytes. */
const INLINE_RESULT_BYTES = 256 * 1024

interface Running {
  readonly controller: AbortController
  slot: SlotHost | undefined
  killed: string | undefined
}

export function startTaskRunner(runnerOptions: TaskRunnerOptions): TaskRunner {
  const { launch, clock, rng, log } = runnerOptions
  const conf = new Conf(launch.conf)
  const memory = unifiedMemory(launch.memory, conf.get(options.memoryFraction), conf.get(options.memoryStorageFraction))
  const client = new BlockClient({
    hostId: launch.hostId,
    appId: launch.appId,
    token: launch.token,
    scratchDir: join(launch.scratchDir, 'fetch'),
    clock,
    rng,
    maxSizeInFlight: conf.get(options.reducerMaxSizeInFlight),
    maxRetries: conf.get(options.shuffleMaxRetries),
    retryWaitMs: conf.get(options.shuffleRetryWait),
    idleMs: conf.get(options.networkTimeout),
  })
  const broadcasts = new Broadcasts(client)
  const running = new Map<string, Running>()
  const taken = new Set<number>()
  let limit = slotMemoryLimit(memory, 0, launch.cores)

  const startSlot = (index: number): Promise<SlotHost> => {
    const started = SlotHost.start({
      entry: new URL('./slot-thread.js', import.meta.url),
      slot: { id: `${launch.executorId}.${index}`, spillDir: join(launch.scratchDir, `slot-${index}`), memoryLimit: limit },
      onStuck: runnerOptions.onStuck,
    })
    // Whoever runs a task in it hears of the failure.
    started.catch((error: unknown) => log.warn({ err: error, slot: index }, 'a slot did not start'))
    return started
  }
  const slots = Array.from({ length: launch.cores }, (_, index) => startSlot(index))

  /** Storage follows the broadcasts held; the slots get the rest. */
  async function balance(): Promise<void> {
    const held = broadcasts.bytes()
    const keys = await broadcasts.evict(storageToEvict(memory, memory.total - held, held, held))
    const next = slotMemoryLimit(memory, broadcasts.bytes(), launch.cores)
    if (keys.length === 0 && next === limit) return
    limit = next
    for (const slot of slots) {
      await slot
        .then(async host => {
          if (keys.length > 0) await host.dropCached(keys)
          await host.setMemoryLimit(next)
        })
        .catch((error: unknown) => log.debug({ err: error }, 'a slot keeps its memory limit'))
    }
  }

  async function runIn(index: number, plan: StagePlan, task: TaskLaunch, own: Running): Promise<TaskEnd> {
    const began = clock.monotonic()
    let located: LocatedInputs | undefined
    try {
      const host = await must(slots[index], `slot ${index}`).catch(async () => {
        slots[index] = startSlot(index)
        return slots[index] as Promise<SlotHost>
      })
      located = await locateInputs(plan, task, client, broadcasts, own.controller.signal)
      if (plan.fragments[task.fragment]?.inputs.some(input => input.kind === 'broadcast')) await balance()
      if (own.killed !== undefined) return { kind: 'failed', failure: { kind: 'TaskKilled', reason: own.killed } }
      own.slot = host
      const { kernelTask, sink } = describe(plan, task, located)
      const run = await host.run(kernelTask, sink)
      return finished(plan, task, run, located, clock.monotonic() - began)
    } catch (error) {
      return { kind: 'failed', failure: failureOf(error, own.killed), metrics: { ...noMetrics, executorRunTime: clock.monotonic() - began } }
    } finally {
      await located?.release().catch((error: unknown) => log.warn({ err: error }, 'fetched blocks were not removed'))
    }
  }

  function describe(plan: StagePlan, task: TaskLaunch, located: LocatedInputs): { kernelTask: KernelTask; sink: TaskSinkSpec } {
    const { key } = task
    const fragment = must(plan.fragments[task.fragment], 'fragment')
    const taskConf = conf.with(plan.conf)
    const codec = taskConf.get(options.shuffleCompress) ? (taskConf.get(options.ioCompressionCodec) as CodecName) : undefined
    const { output, to } = destination(plan, task, launch.blocksDir)
    const { sql, settings } = fragment
    return {
      kernelTask: {
        id: taskKeyString(key),
        seed: key.partition,
        sql,
        settings,
        inputs: located.inputs,
        schema: plan.schema,
        output,
        conf: taskConf.entries(),
      },
      sink: { codec, to },
    }
  }

  return {
    async run(plan, task) {
      const id = taskKeyString(task.key)
      const index = slots.findIndex((_, i) => !taken.has(i))
      const own: Running = { controller: new AbortController(), slot: undefined, killed: undefined }
      if (index < 0) return { kind: 'failed', failure: { kind: 'ExceptionFailure', error: toErrorData(new Error('bug in spk: no free slot')) } }
      taken.add(index)
      running.set(id, own)
      try {
        return await runIn(index, plan, task, own)
      } finally {
        running.delete(id)
        taken.delete(index)
      }
    },
    kill(task, reason) {
      const id = taskKeyString(task.key)
      const own = running.get(id)
      if (own === undefined || own.killed !== undefined) return
      own.killed = reason
      own.controller.abort()
      own.slot?.interrupt(id)
    },
    async removeStages(stages) {
      const keys = await broadcasts.forgetStages(stages)
      if (keys.length > 0) for (const slot of slots) await slot.then(host => host.dropCached(keys)).catch(() => undefined)
      const ours = (file: string): boolean => {
        const stage = /^(?:shuffle|result)_(\d+)_/.exec(file)?.[1]
        return stage !== undefined && stages.includes(Number(stage))
      }
      client.forget(launch.blocksDir, ours)
      const names = await readdir(launch.blocksDir).catch(() => [])
      await Promise.all(names.filter(ours).map(name => rm(join(launch.blocksDir, name), { force: true })))
    },
    memoryUsed: () => broadcasts.bytes(),
    async close() {
      await Promise.all(slots.map(slot => slot.then(host => host.close()).catch(() => undefined)))
      client.close()
    },
  }
}

/** Where the task's rows go, for the kernel and for the sink. */
function destination(plan: StagePlan, task: TaskLaunch, blocksDir: string): { readonly output: KernelOutput; readonly to: TaskSinkSpec['to'] } {
  const { stage, partition, attempt } = task.key
  const { output } = plan
  const shuffle = (partitions: number): TaskSinkSpec['to'] => ({
    kind: 'shuffle',
    path: join(blocksDir, shuffleFileName(stage, partition, attempt)),
    partitions,
  })
  switch (output.kind) {
    case 'hash':
      return { output: { kind: 'partitions', count: output.partitions, by: { kind: 'hash', keys: output.keys } }, to: shuffle(output.partitions) }
    case 'range':
      return {
        output: { kind: 'partitions', count: output.partitions, by: { kind: 'range', keys: output.keys, bounds: output.bounds } },
        to: shuffle(output.partitions),
      }
    case 'roundRobin':
      return { output: { kind: 'partitions', count: output.partitions, by: { kind: 'roundRobin' } }, to: shuffle(output.partitions) }
    case 'single': {
      const sample = output.sample === undefined ? {} : { sample: output.sample }
      return { output: { kind: 'partitions', count: 1, by: { kind: 'single' }, ...sample }, to: shuffle(1) }
    }
    case 'broadcast':
      return { output: { kind: 'partitions', count: 1, by: { kind: 'single' } }, to: shuffle(1) }
    case 'result':
      return {
        output: { kind: 'rows' },
        to: { kind: 'result', path: join(blocksDir, resultFileName(stage, partition, attempt)), inlineBytes: INLINE_RESULT_BYTES },
      }
    case 'write': {
      const directory = join(output.temporary, `task_${stage}_${partition}_${attempt}`)
      return {
        output: { kind: 'files', write: output.write, directory, prefix: `part-${String(partition).padStart(5, '0')}` },
        to: { kind: 'files', directory },
      }
    }
    default:
      return unreachable(output)
  }
}

function finished(plan: StagePlan, task: TaskLaunch, run: SlotRun, located: LocatedInputs, ms: number): TaskEnd {
  const { result } = run
  const sink = run.sink as TaskSinkEnd
  const output = outputOf(task, run)
  const written = sink.kind === 'shuffle' ? sink.bytes.reduce((sum, bytes) => sum + bytes, 0) : 0
  const metrics: TaskMetrics = {
    ...noMetrics,
    executorRunTime: ms,
    executorCpuTime: result.cpuMs,
    resultSize: sink.kind === 'inline' ? sink.ipc.length : sink.kind === 'block' ? sink.bytes : 0,
    peakExecutionMemory: result.peakMemory,
    diskBytesSpilled: result.bytesSpilled,
    inputMetrics: { bytesRead: result.bytesRead, recordsRead: result.rowsRead },
    outputMetrics:
      plan.output.kind === 'write'
        ? { bytesWritten: result.files.reduce((sum, f) => sum + f.bytes, 0), recordsWritten: result.rowsOut }
        : noMetrics.outputMetrics,
    shuffleReadMetrics: { ...located.metrics, recordsRead: result.shuffleRowsRead },
    shuffleWriteMetrics:
      sink.kind === 'shuffle' ? { bytesWritten: written, recordsWritten: result.rowsOut, writeTime: result.sinkMs } : noMetrics.shuffleWriteMetrics,
  }
  return { kind: 'finished', output, metrics }
}

function outputOf(task: TaskLaunch, { result, sink }: SlotRun): TaskOutput {
  const end = sink as TaskSinkEnd
  switch (end.kind) {
    case 'shuffle':
      return { kind: 'shuffle', bytes: [...end.bytes], rows: [...end.rows], ...(result.sample === undefined ? {} : { sample: [...result.sample] }) }
    case 'inline':
      return { kind: 'result', rows: result.rowsOut, ipc: end.ipc }
    case 'block':
      return {
        kind: 'resultBlock',
        rows: result.rowsOut,
        bytes: end.bytes,
        file: resultFileName(task.key.stage, task.key.partition, task.key.attempt),
      }
    case 'files':
      return { kind: 'files', rows: result.rowsOut, files: [...result.files] }
    default:
      return unreachable(end)
  }
}

function failureOf(error: unknown, killed: string | undefined): TaskFailure {
  if (killed !== undefined) return { kind: 'TaskKilled', reason: killed }
  const data = toErrorData(error)
  if (error instanceof SpkError && error.code === 'SPK_FETCH_FAILED' && error.params['map'] !== undefined) {
    const { stage, map, mapAttempt, workerId } = error.params
    return { kind: 'FetchFailed', stage: Number(stage), map: Number(map), mapAttempt: Number(mapAttempt), workerId: workerId ?? '', error: data }
  }
  return { kind: 'ExceptionFailure', error: data }
}
