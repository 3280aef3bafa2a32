/** What physical planning knows beside the plan. */
import type { Conf } from '../../core/config.js'
import { conf } from '../../core/config-table.js'
import type { Estimate, Physical } from '../physical-plan.js'
import type { Plan } from '../plan.js'

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

/** Partitions of a hash exchange: as set, else what the size asks for, between the parallelism and the option's default. */
export function hashPartitions(context: PhysicalContext, estimate: Estimate): number {
  const text = context.conf.text(conf.shufflePartitions)
  const most = Math.max(1, context.conf.get(conf.shufflePartitions))
  if (text !== undefined || !context.conf.get(conf.adaptiveEnabled)) return most
  const wanted = Math.ceil(estimate.bytes / partitionBytes)
  const rounded = Math.ceil(wanted / context.parallelism) * context.parallelism
  return Math.max(1, context.parallelism, Math.min(most, rounded))
}
