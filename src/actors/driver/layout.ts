/**
 * Cuts a stage into tasks once its parents are complete: how many, what each reads, and where it would rather run. Tasks are numbered fragment after
 * fragment. Pure. The layout holds for all attempts of the stage, so a task that runs again reads the same partitions.
 */
import { assert, must, SpkError, unreachable } from '../../core/errors.js'
import type { Fragment, ShuffleReading, StageInput, StageSpec } from '../../core/stage.js'
import type { TaskInput } from '../../protocol/tasks.js'
import type { ShuffleSizes } from './map-outputs.js'
import { hostPlace, type Place } from './pending.js'
import { type CutOptions, cutPartitions, cutProduct, type ShuffleRead } from './shuffle-cut.js'

export interface TaskLayout {
  readonly fragment: number
  readonly inputs: readonly TaskInput[]
  readonly preferred: readonly Place[]
}

export interface LayoutOptions extends CutOptions {
  /** Sizes of a parent's output, by its number in the graph. */
  readonly sizes: (stage: number) => ShuffleSizes
}

/** A host is preferred when it holds this part of what a task reads, as in Spark … */
const PREFERRED_SHARE = 0.2
/** … and at least this much: less is fetched faster than any wait is worth. */
const PREFERRED_BYTES = 2 ** 20

export function layoutTasks(spec: StageSpec, options: LayoutOptions): TaskLayout[] {
  return spec.fragments.flatMap((fragment, index) => layoutFragment(spec, fragment, index, options))
}

/** How the tasks of a layout read each shuffle of which some read more or less than a partition. */
export function readingsOf(spec: StageSpec, layout: readonly TaskLayout[]): ShuffleReading[] {
  const readings = new Map<number, ShuffleReading>()
  for (const { fragment, inputs } of layout) {
    spec.fragments[fragment]?.inputs.forEach((input, i) => {
      const task = inputs[i]
      if (input.kind !== 'shuffle' || input.read !== 'partition' || task?.kind !== 'shuffle') return
      const known = readings.get(input.stage)
      const coalesced = known?.coalesced || task.to - task.from > 1
      const skewed = known?.skewed || task.maps !== undefined
      if (coalesced || skewed) readings.set(input.stage, { stage: input.stage, coalesced, skewed })
    })
  }
  return [...readings.values()]
}

function layoutFragment(spec: StageSpec, fragment: Fragment, index: number, options: LayoutOptions): TaskLayout[] {
  const shuffled = fragment.inputs.filter(input => input.kind === 'shuffle' && input.read === 'partition') as ShuffleInput[]
  const others = fragment.inputs.map(input => fixedCount(input, options)).filter(n => n !== undefined)
  const reads = partitionReads(shuffled, others.length === 0 ? options : { sizes: options.sizes })
  const counts = new Set([...others, ...(reads === undefined ? [] : [reads.length])])
  assert(counts.size <= 1, `inputs of stage ${spec.id} "${spec.name}" fragment ${index} disagree on the number of tasks: ${[...counts].join(', ')}`)
  const [count = 1] = counts
  return Array.from({ length: count }, (_, task) => {
    const own = new Map(shuffled.map((input, i) => [input as StageInput, reads?.[task]?.[i]]))
    return {
      fragment: index,
      inputs: fragment.inputs.map(input => taskInput(input, task, own.get(input), options)),
      preferred: preferredHosts(fragment.inputs, task, own, options),
    }
  })
}

type ShuffleInput = Extract<StageInput, { kind: 'shuffle' }>

/** Tasks that an input alone asks for; undefined when it fits any number, or when it is read by ranges of partitions. */
function fixedCount(input: StageInput, options: LayoutOptions): number | undefined {
  switch (input.kind) {
    case 'scan':
      return input.everyTask ? undefined : input.tasks.length
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

/** Per task, what it reads of each input. */
function partitionReads(inputs: readonly ShuffleInput[], options: LayoutOptions): readonly (readonly ShuffleRead[])[] | undefined {
  const all = inputs.map(input => ({ ...options.sizes(input.stage), cut: input.cut }))
  const [first] = all
  if (first === undefined) return undefined
  if (first.cut === 'product') return cutProduct(all, options)
  assert(
    all.every(sizes => sizes.partitions === first.partitions),
    `shuffle inputs ${inputs.map(i => i.name).join(', ')} have different numbers of partitions`,
  )
  return cutPartitions(all, first.partitions, options)
}

function taskInput(input: StageInput, task: number, read: ShuffleRead | undefined, options: LayoutOptions): TaskInput {
  switch (input.kind) {
    case 'scan':
      return { kind: 'scan', splits: must(input.tasks[input.everyTask ? 0 : task], 'scan task').map(split => ({ ...split })) }
    case 'rows':
      return { kind: 'rows', partition: task }
    case 'range':
      return { kind: 'range', ...cutRange(input, task) }
    case 'broadcast':
      return { kind: 'broadcast' }
    case 'shuffle':
      if (input.read === 'forward') return { kind: 'forward', map: task }
      if (input.read === 'all') return { kind: 'shuffle', from: 0, to: options.sizes(input.stage).partitions }
      return { kind: 'shuffle', ...must(read, 'what a task reads of a shuffle') }
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
function preferredHosts(
  inputs: readonly StageInput[],
  task: number,
  reads: ReadonlyMap<StageInput, ShuffleRead | undefined>,
  options: LayoutOptions,
): Place[] {
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
    const read: ShuffleRead | undefined = input.read === 'all' ? { from: 0, to: sizes.partitions } : reads.get(input)
    if (read === undefined) continue
    const { from, to, maps } = read
    if (maps === undefined) {
      for (const [host, perPartition] of sizes.hosts) {
        for (let p = from; p < to; p++) add(host, perPartition[p] ?? 0)
      }
    } else {
      const own = sizes.mapBytes(from)
      for (let map = maps.from; map < maps.to; map++) add(sizes.maps[map]?.hostId ?? '', own[map] ?? 0)
    }
  }
  const total = [...bytes.values()].reduce((a, b) => a + b, 0)
  return [...bytes].filter(([, n]) => n >= total * PREFERRED_SHARE && n >= PREFERRED_BYTES).map(([host]) => hostPlace(host))
}
