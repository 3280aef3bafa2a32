/** Partitions that the query asks for: REPARTITION, REPARTITION_BY_RANGE, REBALANCE and COALESCE, as hints or as `DataFrame.repartition`. */
import type { BoundSortOrder } from '../bound.js'
import { partitioningOf } from '../partitioning.js'
import { type ExchangeOrigin, isPlaced, type Physical } from '../physical-plan.js'
import { outputOf, type RepartitionPlan } from '../plan.js'
import { hashPartitions, type PhysicalContext } from './context.js'
import { asColumns, ensureSingle, exchange, isClustered } from './distribution.js'

export function planRepartition(plan: RepartitionPlan, context: PhysicalContext): Physical {
  const input = context.plan(plan.input)
  if (plan.by === 'coalesce') return coalesced(input, plan.partitions ?? 1)
  const partitions = plan.partitions ?? hashPartitions(context, plan.input)
  if (partitions === 1) return ensureSingle(input)
  const origin = originOf(plan)
  if (plan.keys.length === 0) return exchange(input, { kind: 'roundRobin', partitions, origin })
  const ready = asColumns(input, plan.keys, () => context.nextId())
  const without = (moved: Physical): Physical => (ready.plan === input ? moved : { kind: 'Project', input: moved, expressions: outputOf(plan) })
  if (plan.by === 'range') {
    const order = ready.columns.map((child): BoundSortOrder => ({ child, ascending: true, nullsFirst: true }))
    return without(exchange(ready.plan, { kind: 'range', order, partitions, origin }))
  }
  const there = partitioningOf(ready.plan)
  // An exchange made for another reason may be read by fewer tasks than were asked for.
  if (origin === 'REPARTITION_BY_COL' && there.partitions === partitions && there.kind === 'hash' && isClustered(there, ready.columns)) return input
  return without(exchange(ready.plan, { kind: 'hash', keys: ready.columns, partitions, origin }))
}

function originOf({ by, keys, partitions }: RepartitionPlan): ExchangeOrigin {
  if (by === 'rebalance') return keys.length === 0 ? 'REBALANCE_PARTITIONS_BY_NONE' : 'REBALANCE_PARTITIONS_BY_COL'
  if (partitions !== undefined) return 'REPARTITION_BY_NUM'
  // As in Spark: without a number, evenly spread rows need only be spread evenly.
  return keys.length === 0 ? 'REBALANCE_PARTITIONS_BY_NONE' : 'REPARTITION_BY_COL'
}

/** No more than so many tasks: those of a scan take over each other's files, other rows move. */
function coalesced(input: Physical, most: number): Physical {
  if (partitioningOf(input).partitions <= most) return input
  if (most === 1) return ensureSingle(input)
  return fewerTasks(input, most) ?? exchange(input, { kind: 'roundRobin', partitions: most, origin: 'REPARTITION_BY_NUM' })
}

function fewerTasks(plan: Physical, most: number): Physical | undefined {
  switch (plan.kind) {
    case 'Project':
    case 'Filter': {
      const input = fewerTasks(plan.input, most)
      return input && { ...plan, input }
    }
    case 'FileScan': {
      if (isPlaced(plan)) return undefined
      const n = plan.tasks.length
      const start = (task: number) => Math.floor((task * n) / most)
      return { ...plan, tasks: Array.from({ length: most }, (_, task) => plan.tasks.slice(start(task), start(task + 1)).flat()) }
    }
    default:
      return undefined
  }
}
