/**
 * How a fragment's tasks share the partitions it reads (adaptive execution): small neighbours are read by one task; a partition that is much larger than
 * the others of its input (Spark's `OptimizeSkewedJoin`), or larger than wished where the rows only ask to be spread evenly
 * (`OptimizeSkewInRebalancePartitions`), by several, each of which reads what some of the map tasks wrote. Of the inputs beside it each of them then reads
 * the whole partition, so joined rows still meet, each pair once. Pure; used by `layout.ts`.
 */
import { skewedAbove } from '../../core/skew.js'
import type { ShuffleCut } from '../../core/stage.js'
import { type CoalesceOptions, coalesce } from './coalesce.js'
import { sum } from './map-outputs.js'

export interface SkewOptions {
  /** Bytes that a task should read. */
  readonly advisory: number
  /** Undefined: joined partitions are never split. */
  readonly join?: { readonly factor: number; readonly threshold: number }
  /** Whether partitions that are spread evenly are split. */
  readonly rebalance: boolean
  /** A piece smaller than this share of what is wished goes with its neighbour. */
  readonly smallShare: number
}

export interface CutOptions {
  /** Undefined: every partition has a task of its own. */
  readonly coalesce?: CoalesceOptions
  /** Undefined: no partition is split. */
  readonly skew?: SkewOptions
}

/** An input that is read by partitions. */
export interface CutInput {
  readonly cut: ShuffleCut | undefined
  /** Bytes per partition. */
  readonly bytes: readonly number[]
  /** Bytes of one partition per map task. */
  mapBytes(partition: number): readonly number[]
}

/** [from, to) of positions. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** What one task reads of one input: partitions [from, to), and of those what the map tasks `maps` wrote. */
export interface ShuffleRead extends Span {
  readonly maps?: Span
}

/** A task for each pair of partitions of two inputs; neighbours of each that are small are read together. */
export function cutProduct(inputs: readonly CutInput[], options: CutOptions): readonly (readonly ShuffleRead[])[] {
  const reads = inputs.map(input => runs([input], { from: 0, to: input.bytes.length }, options.coalesce && { ...options.coalesce, parallelism: 1 }))
  return reads.reduce<Span[][]>((tasks, of) => tasks.flatMap(task => of.map(run => [...task, run])), [[]])
}

/** One entry per task, with one read per input. Every row of an input that is not repeated is read once; there is at least one task. */
export function cutPartitions(inputs: readonly CutInput[], partitions: number, options: CutOptions): readonly (readonly ShuffleRead[])[] {
  const pieces = splitter(inputs, partitions, options.skew)
  const tasks: (readonly ShuffleRead[])[] = []
  let from = 0
  const together = (to: number): void => {
    if (to > from) tasks.push(...runs(inputs, { from, to }, options.coalesce).map(run => inputs.map(() => run)))
  }
  for (let p = 0; p < partitions; p++) {
    const split = pieces(p)
    if (split === undefined) continue
    together(p)
    tasks.push(...split)
    from = p + 1
  }
  together(partitions)
  return tasks
}

/** Neighbours that are read together, of a run of partitions. */
function runs(inputs: readonly CutInput[], { from, to }: Span, options: CoalesceOptions | undefined): Span[] {
  const all = Array.from({ length: to - from }, (_, i) => from + i)
  if (options === undefined || inputs.some(input => input.cut === 'each')) return all.map(p => ({ from: p, to: p + 1 }))
  // Rows that are to lie evenly are brought to the size wished; else as many tasks as the cluster can run are worth more.
  const parallelism = inputs.every(input => input.cut === 'rebalance') ? 1 : options.parallelism
  const bytes = all.map(p => inputs.reduce((total, input) => total + (input.bytes[p] ?? 0), 0))
  return coalesce(bytes, { ...options, parallelism }).map(run => ({ from: from + run.from, to: from + run.to }))
}

/** The tasks of a partition that is split; undefined for one that is not. */
function splitter(
  inputs: readonly CutInput[],
  partitions: number,
  skew: SkewOptions | undefined,
): (partition: number) => ShuffleRead[][] | undefined {
  if (skew === undefined || inputs.some(input => input.cut === 'each')) return () => undefined
  const limits = inputs.map(input => splitLimit(input, skew))
  if (limits.every(limit => limit === undefined)) return () => undefined
  return partition => {
    const spans = inputs.map((input, i): readonly (Span | undefined)[] => {
      const limit = limits[i]
      if (limit === undefined || (input.bytes[partition] ?? 0) <= limit.above || partition >= partitions) return [undefined]
      const maps = mapSpans(input.mapBytes(partition), limit.target, skew.smallShare)
      return maps.length > 1 ? maps : [undefined]
    })
    if (spans.every(of => of.length === 1)) return undefined
    const whole = { from: partition, to: partition + 1 }
    // Every piece of one input meets every piece of the others.
    return spans.reduce<ShuffleRead[][]>(
      (tasks, of) => tasks.flatMap(task => of.map(maps => [...task, maps === undefined ? whole : { ...whole, maps }])),
      [[]],
    )
  }
}

/** Bytes above which an input's partition is split, and bytes that a piece aims at. */
function splitLimit(input: CutInput, skew: SkewOptions): { readonly above: number; readonly target: number } | undefined {
  if (input.cut === 'rebalance') return skew.rebalance ? { above: skew.advisory, target: skew.advisory } : undefined
  if (input.cut !== 'split' || skew.join === undefined) return undefined
  const above = skewedAbove(input.bytes, skew.join)
  const others = input.bytes.filter(bytes => bytes <= above)
  return { above, target: Math.max(skew.advisory, others.length === 0 ? 0 : sum(others) / others.length) }
}

/** Pieces may be this much larger than wished, when that saves one. */
const largerAllowed = 1.2

/** Map tasks as neighbours of about `target` bytes each; all of them, each once, in order. */
export function mapSpans(bytes: readonly number[], target: number, smallShare: number): Span[] {
  const spans: (Span & { readonly bytes: number })[] = []
  let from = 0
  let held = 0
  const close = (to: number): void => {
    const last = spans.at(-1)
    const small = target * smallShare
    if (last !== undefined && (last.bytes + held < target * largerAllowed || held < small || last.bytes < small)) {
      spans[spans.length - 1] = { from: last.from, to, bytes: last.bytes + held }
    } else {
      spans.push({ from, to, bytes: held })
    }
    from = to
    held = 0
  }
  bytes.forEach((size, map) => {
    if (map > from && held + size > target) close(map)
    held += size
  })
  if (bytes.length > from) close(bytes.length)
  return spans.map(span => ({ from: span.from, to: span.to }))
}
