/** What physical planning knows beside the plan. */
import type { Conf } from '../../core/config.js'
import { conf } from '../../core/config-table.js'
import { cardinality } from '../cardinality.js'
import type { Estimate, Physical } from '../physical-plan.js'
import type { Plan, RangePlan } from '../plan.js'

export interface PhysicalContext {
  readonly conf: Conf
  /** Slots that the query can count on, at least 1. */
  readonly parallelism: number
  nextId(): number
  estimate(plan: Plan): Estimate
  plan(plan: Plan): Physical
}

/** Bytes that one partition of a hash exchange aims at. */
const partitionBytes = 32 * 2 ** 20

/** Whether the number of partitions is the planner's choice: nobody has set it. */
export function choosesPartitions({ conf: settings }: PhysicalContext): boolean {
  return settings.text(conf.shufflePartitions) === undefined && settings.get(conf.adaptiveEnabled) && initialPartitions(settings) === undefined
}

/** Adaptive execution reads small partitions together: there may be more of them at first. */
function initialPartitions(settings: Conf): number | undefined {
  return settings.get(conf.adaptiveEnabled) ? settings.optional(conf.adaptiveInitialPartitions) : undefined
}

/** Estimates of rows are rough: so many times the likely size is taken for the size, where that is below the bound. */
const likelyFactor = 4

/**
 * Partitions of a hash exchange of a plan's rows, or of a part of them: as set, else what the size asks for, between the parallelism and the option's
 * default.
 */
export function hashPartitions(context: PhysicalContext, plan: Plan, part = 1): number {
  const most = Math.max(1, initialPartitions(context.conf) ?? context.conf.get(conf.shufflePartitions))
  if (!choosesPartitions(context)) return most
  const wanted = Math.ceil(likelyBytes(context, plan, part) / partitionBytes)
  const rounded = Math.ceil(wanted / context.parallelism) * context.parallelism
  return Math.max(1, context.parallelism, Math.min(most, rounded))
}

function likelyBytes(context: PhysicalContext, plan: Plan, part: number): number {
  const bound = context.estimate(plan)
  const rows = cardinality(plan)?.rows
  return rows === undefined || !bound.rows ? bound.bytes * part : bound.bytes * Math.min(part, (likelyFactor * rows) / bound.rows)
}

/** Partitions of a range for which none are asked: one per slot, but none without a row, which would cost a task, and an exchange where one needs none. */
export function rangePartitions({ start, end, step }: Pick<RangePlan, 'start' | 'end' | 'step'>, { parallelism }: PhysicalContext): number {
  const rows = step === 0n ? 0n : (end - start) / step + ((end - start) % step === 0n ? 0n : 1n)
  return rows < BigInt(parallelism) ? Math.max(1, Number(rows)) : parallelism
}
