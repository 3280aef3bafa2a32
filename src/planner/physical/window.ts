/**
 * Windows: the rows of a partition must be in one task. Buckets or the order of files may give that, or an exchange that an aggregation or a join made on (some of) the same keys does;
 * one that an aggregation below needs on more keys is made on the window's. Where a filter above keeps the first rows of each partition, only those are moved.
 */
import { types } from '../../core/types.js'
import type { Attribute, BoundExpr } from '../bound.js'
import { cardinality } from '../cardinality.js'
import { partitioningOf } from '../partitioning.js'
import type { Physical } from '../physical-plan.js'
import { outputOf, type Plan, type WindowGroupLimitPlan, type WindowPlan } from '../plan.js'
import { clusteredByBuckets } from './bucketed-scan.js'
import { hashPartitions, type PhysicalContext } from './context.js'
import { asColumns, ensureSingle, exchange, isClustered } from './distribution.js'
import { cutByFileOrder } from './file-order.js'
import { sharedExchange } from './recluster.js'

export function planWindow(plan: WindowPlan, context: PhysicalContext): Physical {
  const limit = plan.input.kind === 'WindowGroupLimit' ? plan.input : undefined
  const below = limit?.input ?? plan.input
  const input = context.plan(below)
  const keys = partitionKeys(plan)
  // A limit on the rows of each group serves the exchange alone: without one the filter above does as much.
  if (isClustered(partitioningOf(input), keys)) return { kind: 'Window', input, windows: plan.windows }
  const placed = clusteredByBuckets(input, keys, context) ?? cutByFileOrder(input, keys, context)
  if (placed !== undefined) return { kind: 'Window', input: placed, windows: plan.windows }
  const shared = sharedExchange(below, input, keys, context)
  if (shared !== undefined) return { kind: 'Window', input: shared, windows: plan.windows }
  const first = limit !== undefined && isWorthwhile(limit, partitioningOf(input).partitions) ? groupLimit(limit, input, context) : input
  if (keys.length === 0) return { kind: 'Window', input: ensureSingle(first), windows: plan.windows }
  const ready = asColumns(first, keys, () => context.nextId())
  const partitions = hashPartitions(context, below)
  const moved = exchange(ready.plan, { kind: 'hash', keys: ready.columns, partitions })
  const windows: Physical = { kind: 'Window', input: moved, windows: plan.windows }
  return ready.plan === first ? windows : { kind: 'Project', input: windows, expressions: outputOf(plan) }
}

/** More than this share of the rows left: they are ranked twice for little. */
const mostLeft = 0.5

/** Whether tasks that each keep the first rows of every group keep few, as far as statistics tell. */
function isWorthwhile({ input, partitionBy, limit }: WindowGroupLimitPlan, tasks: number): boolean {
  const rows = cardinality(input)?.rows
  const groups = partitionBy.length === 0 ? 1 : distinctOf(input, partitionBy)
  return rows === undefined || groups === undefined || groups * tasks * limit <= rows * mostLeft
}

function distinctOf(input: Plan, keys: readonly BoundExpr[]): number | undefined {
  const columns = keys.filter(k => k.kind === 'Attribute')
  return columns.length < keys.length ? undefined : cardinality({ kind: 'Aggregate', input, grouping: columns, aggregates: columns })?.rows
}

export function groupLimit({ partitionBy, orderBy, fn, limit }: WindowGroupLimitPlan, input: Physical, context: PhysicalContext): Physical {
  const rank: Attribute = { kind: 'Attribute', id: context.nextId(), name: fn, type: types.int, nullable: false, qualifier: [] }
  return { kind: 'WindowGroupLimit', input, partitionBy, orderBy, fn, limit, rank }
}

function partitionKeys(plan: WindowPlan): readonly BoundExpr[] {
  const first = plan.windows[0]?.child
  return first?.kind === 'Window' ? first.partitionBy : []
}
