/**
 * Takes out the exchanges that are there for skewed joins alone (`physical/skew-exchanges.ts`) when the sizes of what such a join reads show no skew: its
 * stage becomes part of the one that reads it. Used by `replan.ts`.
 */
import { type SkewLimit, skewedAbove } from '../../core/skew.js'
import type { StageSize } from '../../core/stage.js'
import { partitioningOf } from '../partitioning.js'
import { type Exchange, exchangesBelow, mapPhysicalChildren, type Physical } from '../physical-plan.js'
import { splittable } from '../splittable.js'

export interface SkewOptions {
  readonly limit: SkewLimit
  readonly sizeOf: (exchange: Exchange) => StageSize | undefined
  /** The plan of the stage that writes an exchange; undefined once that has started. */
  readonly waiting: (exchange: Exchange) => Physical | undefined
}

/** A stage's plan without those of these exchanges that are known to be of no use. */
export function withoutSkewExchanges(plan: Physical, options: SkewOptions): Physical {
  if (plan.kind !== 'Exchange') return mapPhysicalChildren(plan, child => withoutSkewExchanges(child, options))
  const below = plan.forSkew === true ? options.waiting(plan) : undefined
  if (below === undefined) return plan
  // A join that was made another one meanwhile may have left its rows elsewhere.
  if (!liesAlike(below, plan)) return plan
  const read = exchangesBelow(below)
  if (!read.every(e => options.sizeOf(e) !== undefined)) return plan
  const { joined } = splittable(below)
  return read.some(e => joined.has(e) && isSkewed(options.sizeOf(e), options.limit)) ? plan : below
}

function liesAlike(below: Physical, { target }: Exchange): boolean {
  const lies = partitioningOf(below)
  if (target.kind !== 'hash' || lies.kind !== 'hash' || lies.partitions !== target.partitions) return false
  return lies.keys.length === target.keys.length && target.keys.every((key, i) => lies.keys[i]?.has(key.id))
}

function isSkewed(size: StageSize | undefined, limit: SkewLimit): boolean {
  const partitions = size?.partitions ?? []
  const above = skewedAbove(partitions, limit)
  return partitions.some(bytes => bytes > above)
}
