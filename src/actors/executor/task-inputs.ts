/**
 * From what a task is told to read to what the kernel reads: scans and ranges as they are, blocks located and fetched, a broadcast fetched once for all
 * slots. Used by `task-runner.ts` alone.
 */
import type { BlockClient, FetchMetrics, WantedBlock } from '../../blockstore/client.js'
import { must, unreachable } from '../../core/errors.js'
import type { Segment } from '../../core/segment.js'
import { shuffleFileName } from '../../core/stage.js'
import type { KernelInput } from '../../kernel/task.js'
import type { MapOutputs, PlanInput, StagePlan } from '../../protocol/stage-plan.js'
import type { TaskInput, TaskLaunch } from '../../protocol/tasks.js'
import type { Broadcasts } from './broadcasts.js'

export interface LocatedInputs {
  readonly inputs: readonly KernelInput[]
  readonly metrics: FetchMetrics
  /** Frees what was fetched for this task alone. */
  release(): Promise<void>
}

/** Rejects with `SPK_FETCH_FAILED` or `SPK_TASK_CANCELLED`; then nothing is left to release. */
export async function locateInputs(
  plan: StagePlan,
  launch: TaskLaunch,
  client: BlockClient,
  broadcasts: Broadcasts,
  signal: AbortSignal,
): Promise<LocatedInputs> {
  const fragment = must(plan.fragments[launch.fragment], `fragment ${launch.fragment} of stage ${plan.stage}`)
  const metrics: FetchMetrics = { remoteBlocksFetched: 0, localBlocksFetched: 0, remoteBytesRead: 0, localBytesRead: 0, fetchWaitTime: 0 }
  const releases: (() => Promise<void>)[] = []
  const release = async (): Promise<void> => {
    for (const free of releases) await free()
  }
  const fetch = async (wanted: readonly WantedBlock[]): Promise<readonly Segment[]> => {
    const fetched = await client.fetch(wanted, signal)
    releases.push(() => fetched.release())
    for (const name of Object.keys(metrics) as (keyof FetchMetrics)[]) metrics[name] += fetched.metrics[name]
    return fetched.segments
  }
  const inputs: KernelInput[] = []
  try {
    for (const [i, input] of fragment.inputs.entries())
      inputs.push(await locate(input, must(launch.inputs[i], `input ${i} of the task`), fetch, broadcasts))
  } catch (error) {
    await release()
    throw error
  }
  return { inputs, metrics, release }
}

async function locate(
  input: PlanInput,
  task: TaskInput,
  fetch: (wanted: readonly WantedBlock[]) => Promise<readonly Segment[]>,
  broadcasts: Broadcasts,
): Promise<KernelInput> {
  const { name } = input
  switch (input.kind) {
    case 'scan': {
      if (task.kind !== 'scan') return mismatch(input, task)
      const { format, options, schema, fileSchema } = input
      return { kind: 'scan', name, format, options, schema, fileSchema, splits: task.splits }
    }
    case 'shuffle': {
      const { schema, outputs } = input
      if (task.kind === 'shuffle') return { kind: 'segments', name, schema, segments: await fetch(wantedBlocks(outputs, task.from, task.to)) }
      if (task.kind === 'forward')
        return { kind: 'segments', name, schema, segments: await fetch(wantedBlocks(outputs, 0, outputs.partitions, task.map)) }
      return mismatch(input, task)
    }
    case 'broadcast': {
      const { schema, outputs } = input
      const { cacheKey, segments } = await broadcasts.get(outputs)
      return { kind: 'segments', name, schema, segments, cacheKey }
    }
    case 'rows': {
      if (task.kind !== 'rows') return mismatch(input, task)
      const bytes = must(input.partitions[task.partition], `rows partition ${task.partition}`)
      return { kind: 'segments', name, schema: input.schema, segments: [{ kind: 'bytes', bytes }] }
    }
    case 'range': {
      if (task.kind !== 'range') return mismatch(input, task)
      const { start, end, step } = task
      return { kind: 'range', name, start, end, step }
    }
    default:
      return unreachable(input)
  }
}

function mismatch(input: PlanInput, task: TaskInput): never {
  throw new Error(`bug in spk: input ${input.name} is a ${input.kind}, the task brings a ${task.kind}`)
}

/** Partitions [from, to) of every map output that has rows, or of one. */
export function wantedBlocks(outputs: MapOutputs, from: number, to: number, only?: number): WantedBlock[] {
  return outputs.maps.flatMap(({ worker, attempt, rows }, map) => {
    if (rows === 0 || (only !== undefined && map !== only)) return []
    const place = must(outputs.workers[worker], `worker ${worker} of stage ${outputs.stage}`)
    const origin = { stage: outputs.stage, map, mapAttempt: attempt, workerId: place.workerId }
    return [{ place, file: shuffleFileName(outputs.stage, map, attempt), from, to, origin }]
  })
}
