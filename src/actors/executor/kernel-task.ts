/**
 * From the driver's plan and launch to what a slot runs: inputs with what must be fetched for them, output, sink. Pure; `task-runner.ts` fetches and runs.
 */
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { type BlockPlace, resultFileName } from '../../blockstore/blocks.js'
import type { WantedBlock } from '../../blockstore/client.js'
import type { Conf } from '../../core/config.js'
import { conf as options } from '../../core/config-table.js'
import { must, SpkError, unreachable } from '../../core/errors.js'
import type { TaskKey } from '../../core/ids.js'
import { shuffleFileName } from '../../core/stage.js'
import type { StructType } from '../../core/types.js'
import type { KernelInput, KernelOutput } from '../../kernel/task.js'
import type { MapOutputs, PlanInput, StagePlan } from '../../protocol/stage-plan.js'
import type { TaskInput, TaskLaunch } from '../../protocol/tasks.js'
import type { SinkSpec } from './sinks.js'

/** Results up to this size ride in the status message. */
export const INLINE_RESULT_BYTES = 256 * 1024

/** An input as the kernel takes it, or what must be fetched first. `cacheKey`: shared by all tasks of the executor that name the same. */
export type TaskSource =
  | { readonly kind: 'ready'; readonly input: KernelInput }
  | {
      readonly kind: 'fetch'
      readonly name: string
      readonly schema: StructType
      readonly blocks: readonly WantedBlock[]
      readonly cacheKey?: string
    }

export function taskSources(plan: StagePlan, launch: TaskLaunch): TaskSource[] {
  const fragment = must(plan.fragments[launch.fragment], `fragment ${launch.fragment} of stage ${plan.stage}`)
  return fragment.inputs.map((input, i) => taskSource(input, must(launch.inputs[i], `input ${i} of ${launch.key.partition}`)))
}

function taskSource(plan: PlanInput, task: TaskInput): TaskSource {
  const { name } = plan
  switch (plan.kind) {
    case 'scan': {
      if (task.kind !== 'scan') throw mismatch(plan, task)
      const { format, options: readerOptions, schema, fileSchema, fields } = plan
      const inner = fields === undefined ? {} : { fields }
      return { kind: 'ready', input: { kind: 'scan', name, format, options: readerOptions, schema, fileSchema, ...inner, splits: task.splits } }
    }
    case 'shuffle':
      if (task.kind === 'shuffle') return { kind: 'fetch', name, schema: plan.schema, blocks: wanted(plan.outputs, task.from, task.to, task.maps) }
      if (task.kind === 'forward')
        return {
          kind: 'fetch',
          name,
          schema: plan.schema,
          blocks: wanted(plan.outputs, 0, plan.outputs.partitions, { from: task.map, to: task.map + 1 }),
        }
      throw mismatch(plan, task)
    case 'broadcast': {
      if (task.kind !== 'broadcast') throw mismatch(plan, task)
      const cacheKey = broadcastKey(plan.outputs)
      return { kind: 'fetch', name, schema: plan.schema, blocks: wanted(plan.outputs, 0, plan.outputs.partitions), cacheKey }
    }
    case 'rows': {
      if (task.kind !== 'rows') throw mismatch(plan, task)
      // Not a view of the whole plan: it is copied into the slot's thread with all that lies behind it.
      const bytes = must(plan.partitions[task.partition], `partition ${task.partition} of rows ${name}`).slice()
      return { kind: 'ready', input: { kind: 'segments', name, schema: plan.schema, segments: [{ kind: 'bytes', bytes }] } }
    }
    case 'range':
      if (task.kind !== 'range') throw mismatch(plan, task)
      return { kind: 'ready', input: { kind: 'range', name, start: task.start, end: task.end, step: task.step } }
    default:
      return unreachable(plan)
  }
}

function mismatch(plan: PlanInput, task: TaskInput): SpkError {
  return new SpkError('SPK_BAD_MESSAGE', `Input ${plan.name} of the stage is of kind ${plan.kind}, the task's of kind ${task.kind}.`)
}

/** Blocks of all map outputs that have rows, or of those of some map tasks. */
function wanted(outputs: MapOutputs, from: number, to: number, maps?: { readonly from: number; readonly to: number }): WantedBlock[] {
  return outputs.maps.flatMap((output, map) => {
    if (output.rows === 0 || (maps !== undefined && (map < maps.from || map >= maps.to))) return []
    const place: BlockPlace = must(outputs.workers[output.worker], `worker ${output.worker} of stage ${outputs.stage}`)
    const { stage } = outputs
    return [
      {
        place,
        file: shuffleFileName(stage, map, output.attempt),
        from,
        to,
        origin: { stage, map, mapAttempt: output.attempt, workerId: place.workerId },
      },
    ]
  })
}

/** Names one set of map outputs: made again by other attempts, it is another broadcast. Starts with its stage, see `isBroadcastOf`. */
export function broadcastKey(outputs: MapOutputs): string {
  const attempts = crc32(outputs.maps.map(output => output.attempt).join('.'))
  return `broadcast_${outputs.stage}_${outputs.maps.length}_${attempts}`
}

export function isBroadcastOf(cacheKey: string, stages: readonly number[]): boolean {
  return stages.some(stage => cacheKey.startsWith(`broadcast_${stage}_`))
}

/** Whether a block file (by its name without extension) is output of one of the stages. */
export function isBlockOf(file: string, stages: readonly number[]): boolean {
  return stages.some(stage => file.startsWith(`shuffle_${stage}_`) || file.startsWith(`result_${stage}_`))
}

export interface TaskTarget {
  readonly output: KernelOutput
  readonly sink: SinkSpec
  /** The block file, when there may be one. */
  readonly file?: string
}

/** Where the task's rows go; block files below `blocksDir`. `conf`: the application's with the session's. */
export function taskTarget(plan: StagePlan, key: TaskKey, conf: Conf, blocksDir: string): TaskTarget {
  const { output } = plan
  const path = (file: string): string => join(blocksDir, file)
  const codec = conf.get(options.shuffleCompress) ? conf.get(options.ioCompressionCodec) : undefined
  const blocks = (partitions: number, by: Extract<KernelOutput, { kind: 'partitions' }>['by'], sample?: Sample): TaskTarget => {
    const file = shuffleFileName(plan.stage, key.partition, key.attempt)
    return {
      output: { kind: 'partitions', count: partitions, by, ...(sample === undefined ? {} : { sample }) },
      sink: { kind: 'blocks', path: path(file), partitions, ...(codec === undefined ? {} : { codec }) },
      file,
    }
  }
  switch (output.kind) {
    case 'hash':
      return blocks(output.partitions, { kind: 'hash', keys: output.keys })
    case 'range':
      return blocks(output.partitions, { kind: 'range', keys: output.keys, bounds: output.bounds })
    case 'roundRobin':
      return blocks(output.partitions, { kind: 'roundRobin' })
    case 'single':
      return blocks(1, { kind: 'single' }, output.sample)
    case 'broadcast':
      return blocks(1, { kind: 'single' })
    case 'result': {
      const file = resultFileName(plan.stage, key.partition, key.attempt)
      return { output: { kind: 'rows' }, sink: { kind: 'result', path: path(file), inlineBytes: INLINE_RESULT_BYTES }, file }
    }
    case 'noop':
      return { output: { kind: 'none' }, sink: { kind: 'none' } }
    case 'write': {
      const directory = join(output.temporary, `task_${plan.stage}_${key.partition}_${key.attempt}`)
      const prefix = `part-${String(key.partition).padStart(5, '0')}`
      return { output: { kind: 'files', write: output.write, directory, prefix }, sink: { kind: 'files', directory } }
    }
    default:
      return unreachable(output)
  }
}

type Sample = NonNullable<Extract<KernelOutput, { kind: 'partitions' }>['sample']>
