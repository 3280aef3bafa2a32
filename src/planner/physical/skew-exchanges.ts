/**
 * Exchanges that let a skewed join be split (`spark.sql.adaptive.forceOptimizeSkewedJoin`). An aggregate or window that needs no exchange, as the join
 * below has brought its rows together, keeps the join's partitions whole. With an exchange between the two, which lays the rows as they lie already, they
 * may be split. Adaptive execution takes it out again unless it finds skew (`adaptive/skew-exchanges.ts`). Called by `planner.ts`.
 */
import type { Attribute } from '../bound.js'
import { partitioningOf } from '../partitioning.js'
import { isShuffled, mapPhysicalChildren, type Physical, physicalChildren, physicalOutput } from '../physical-plan.js'
import { passesRows } from '../splittable.js'

export function exchangesForSkew(plan: Physical): Physical {
  const next = mapPhysicalChildren(plan, exchangesForSkew)
  const relies = (next.kind === 'HashAggregate' && next.mode === 'complete') || next.kind === 'Window'
  return relies && readsJoin(next.input) ? { ...next, input: laidAgain(next.input) } : next
}

/** Whether the rows come from a join of exchanges, passed on one by one. */
function readsJoin(plan: Physical): boolean {
  if (plan.kind === 'Join') return isShuffled(plan) && [plan.probe, plan.build].some(reachesExchange)
  return passesRows(plan) && physicalChildren(plan).some(readsJoin)
}

function reachesExchange(plan: Physical): boolean {
  return plan.kind === 'Exchange'
    ? plan.target.kind === 'hash'
    : (passesRows(plan) || plan.kind === 'Join') && physicalChildren(plan).some(reachesExchange)
}

/** The same rows in the same partitions, by way of an exchange; the plan itself where a key is no column of it any more. */
function laidAgain(plan: Physical): Physical {
  const lies = partitioningOf(plan)
  if (lies.kind !== 'hash' || lies.partitions < 2) return plan
  const output = physicalOutput(plan)
  const keys = lies.keys.map(key => output.find(a => key.has(a.id)))
  if (!keys.every((k): k is Attribute => k !== undefined)) return plan
  return { kind: 'Exchange', input: plan, target: { kind: 'hash', keys, partitions: lies.partitions }, forSkew: true }
}
