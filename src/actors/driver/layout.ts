/**
 * Cuts a stage into tasks once its parents are complete: how many, what each reads, and where it would rather run. Tasks are numbered fragment after
 * fragment. Pure. The layout holds for all attempts of the stage, so a task that runs again reads the same partitions.
 */
import { assert, must, SpkError, unreachable } from '../../core/errors.js'
import type { Fragment, StageInput, StageSpec } from '../../core/stage.js'
import type { TaskInput } from '../../protocol/tasks.js'
import { type CoalesceOptions, coalesce, onePerPartition, type PartitionRange } from './coalesce.js'
import type { ShuffleSizes } from './map-outputs.js'
import { hostPlace, type Place } from './pending.js'

export interface TaskLayout {
  readonly fragment: number
  readonly inputs: readonly TaskInput[]
  readonly preferred: readonly Place[]
}

export interface LayoutOptions {
  /** Sizes of a parent's output, by its number in the graph. */
  readonly sizes: (stage: number) => ShuffleSizes
  /** Undefined: adaptive coalescing is off. */
  readonly coalesce?: CoalesceOptions
}

/** A host is preferred when it holds this part of what a task reads, as in Spark … */
const PREFERRED_SHARE = 0.2
/** … and at least this much: less is fetched faster than any wait is worth. */
const PREFERRED_BYTES = 2 ** 20

export function layoutTasks(spec: StageSpec, options: LayoutOptions): TaskLayout[] {
  return spec.fragments.flatMap((fragment, index) => layoutFragment(spec, fragment, index, options))
}

function layoutFragment(spec: StageSpec, fragment: Fragment, index: number, options: LayoutOptions): TaskLayout[] {
  const shuffled = fragment.inputs.filter(input => input.kind === 'shuffle' && input.read === 'partition') as ShuffleInput[]
  const others = fragment.inputs.map(input => fixedCount(input, options)).filter(n => n !== undefined)
  const ranges = partitionRanges(shuffled, others.length === 0 ? options : { sizes: options.sizes })
  const counts = new Set([...others, ...(ranges === undefined ? [] : [ranges.length])])
  assert(counts.size <= 1, `inputs of stage ${spec.id} "${spec.name}" fragment ${index} disagree on the number of tasks: ${[...counts].join(', ')}`)
  const [count = 1] = counts
  return Array.from({ length: count }, (_, task) => ({
    fragment: index,
    inputs: fragment.inputs.map(input => taskInput(input, task, ranges, options)),
    preferred: preferredHosts(fragment.inputs, task, ranges, options),
  }))
}

type ShuffleInput = Extract<StageInput, { kind: 'shuffle' }>

/** Tasks that an input alone asks for; undefined when it fits any number, or when it is read by ranges of partitions. */
function fixedCount(input: StageInput, options: LayoutOptions): number | undefined {
  switch (input.kind) {
    case 'scan':
      return input.tasks.length
    case 'rows':
      return input.partitions.length
    case 'range':
      return input.partitions
    case 'broadcast':
      return undefined
    case 'shuffle':
      if (input.read === 'all') return 1
      return input.read === 'forward' ? options.sizes(input.stage).maps.length : undefined
    default:
      return unreachable(input)
  }
}

function partitionRanges(inputs: readonly ShuffleInput[], options: LayoutOptions): PartitionRange[] | undefined {
  const all = inputs.map(input => options.sizes(input.stage))
  const [first] = all
  if (first === undefined) return undefined
  assert(
    all.every(sizes => sizes.partitions === first.partitions),
    `shuffle inputs ${inputs.map(i => i.name).join(', ')} have different numbers of partitions`,
  )
  if (options.coalesce === undefined) return onePerPartition(first.partitions)
  return coalesce(
    first.bytes.map((_, p) => all.reduce((sum, sizes) => sum + (sizes.bytes[p] ?? 0), 0)),
    options.coalesce,
  )
}

function taskInput(input: StageInput, task: number, ranges: readonly PartitionRange[] | undefined, options: LayoutOptions): TaskInput {
  switch (input.kind) {
    case 'scan':
      return { kind: 'scan', splits: must(input.tasks[task], 'scan task').map(split => ({ ...split })) }
    case 'rows':
      return { kind: 'rows', partition: task }
    case 'range':
      return { kind: 'range', ...cutRange(input, task) }
    case 'broadcast':
      return { kind: 'broadcast' }
    case 'shuffle':
      if (input.read === 'forward') return { kind: 'forward', map: task }
      if (input.read === 'all') return { kind: 'shuffle', from: 0, to: options.sizes(input.stage).partitions }
      return { kind: 'shuffle', ...must(ranges?.[task], 'partition range') }
    default:
      return unreachable(input)
  }
}

/** Part `task` of `partitions` even parts: sizes differ by at most one element. */
function cutRange(input: Extract<StageInput, { kind: 'range' }>, task: number): { start: string; end: string; step: string } {
  const [start, end, step] = [BigInt(input.start), BigInt(input.end), BigInt(input.step)]
  if (step === 0n) throw new SpkError('SPK_BAD_RANGE', 'The step of a range is 0. Give a step above or below 0.')
  const span = end - start
  const count = span === 0n || span > 0n !== step > 0n ? 0n : (span + step - (step > 0n ? 1n : -1n)) / step
  const cut = (part: number): bigint => start + ((BigInt(part) * count) / BigInt(input.partitions)) * step
  return { start: String(cut(task)), end: task === input.partitions - 1 ? input.end : String(cut(task + 1)), step: input.step }
}

/** Hosts that hold a good part of what the task reads. None when all of it lies on one and the same host anyway, or is little. */
function preferredHosts(inputs: readonly StageInput[], task: number, ranges: readonly PartitionRange[] | undefined, options: LayoutOptions): Place[] {
  const bytes = new Map<string, number>()
  const add = (host: string, n: number): void => void bytes.set(host, (bytes.get(host) ?? 0) + n)
  for (const input of inputs) {
    if (input.kind !== 'shuffle') continue
    const sizes = options.sizes(input.stage)
    if (input.read === 'forward') {
      const map = sizes.maps[task]
      if (map !== undefined) add(map.hostId, map.bytes)
      continue
    }
    const range = input.read === 'all' ? { from: 0, to: sizes.partitions } : ranges?.[task]
    for (const [host, perPartition] of sizes.hosts) {
      for (let p = range?.from ?? 0; p < (range?.to ?? 0); p++) add(host, perPartition[p] ?? 0)
    }
  }
  const total = [...bytes.values()].reduce((a, b) => a + b, 0)
  return [...bytes].filter(([, n]) => n >= total * PREFERRED_SHARE && n >= PREFERRED_BYTES).map(([host]) => hostPlace(host))
}
