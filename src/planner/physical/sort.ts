/** Global order: by one task when little is sorted, else by ranges of sampled bounds, one sorted partition after the other. */
import type { BoundSortOrder } from '../bound.js'
import { cardinality } from '../cardinality.js'
import { partitioningOf } from '../partitioning.js'
import type { Physical } from '../physical-plan.js'
import { outputOf, type Plan, type SortPlan } from '../plan.js'
import { rowWidth } from '../type-width.js'
import { hashPartitions, type PhysicalContext } from './context.js'
import { asColumns, ensureSingle, exchange } from './distribution.js'

/** What one task sorts without help. */
const singleSortBytes = 64 * 2 ** 20
const singleSortRows = 2_000_000
/** Groups are far fewer than the upper bound says, as a rule. */
const groupedReduction = 16

export function planSort(plan: SortPlan, context: PhysicalContext): Physical {
  const input = context.plan(plan.input)
  if (!plan.global) return { kind: 'Sort', input, order: plan.order, global: false }
  if (partitioningOf(input).partitions === 1) return { kind: 'Sort', input, order: plan.order, global: true }
  const size = context.estimate(plan.input)
  const little = isAggregated(plan.input)
    ? size.bytes <= singleSortBytes * groupedReduction || isLikelyLittle(plan.input)
    : size.bytes <= singleSortBytes && (size.rows ?? 0) <= singleSortRows
  if (little || plan.order.length === 0) return { kind: 'Sort', input: ensureSingle(input), order: plan.order, global: true }
  const ready = asColumns(
    input,
    plan.order.map(o => o.child),
    () => context.nextId(),
  )
  const order = plan.order.map((o, i): BoundSortOrder => ({ ...o, child: ready.columns[i] ?? o.child }))
  const moved = exchange(ready.plan, { kind: 'range', order, partitions: Math.max(2, hashPartitions(context, plan.input)) })
  const sorted: Physical = { kind: 'Sort', input: moved, order, global: true }
  return ready.plan === input ? sorted : { kind: 'Project', input: sorted, expressions: outputOf(plan) }
}

/** By an estimate that may be wrong by much. */
function isLikelyLittle(plan: Plan): boolean {
  const rows = cardinality(plan)?.rows
  return rows !== undefined && rows * groupedReduction <= singleSortRows && rows * rowWidth(outputOf(plan)) * groupedReduction <= singleSortBytes
}

/** Whether the rows are groups. */
function isAggregated(plan: Plan): boolean {
  switch (plan.kind) {
    case 'Aggregate':
    case 'Distinct':
      return true
    case 'Project':
    case 'Filter':
    case 'SubqueryAlias':
    case 'Hint':
      return isAggregated(plan.input)
    default:
      return false
  }
}

/** LIMIT and OFFSET over a global order: the first rows of each task, then the first of those. Without a limit one task sorts all. */
export function planOrderedLimit(sort: SortPlan, limit: number | undefined, offset: number, context: PhysicalContext): Physical {
  const input = context.plan(sort.input)
  if (limit === undefined) {
    const sorted: Physical = { kind: 'Sort', input: ensureSingle(input), order: sort.order, global: true }
    return { kind: 'Limit', input: sorted, offset }
  }
  const first = (below: Physical, n: number, skip: number): Physical => ({ kind: 'TopN', input: below, order: sort.order, limit: n, offset: skip })
  if (partitioningOf(input).partitions === 1) return first(input, limit, offset)
  return first(ensureSingle(first(input, limit + offset, 0)), limit, offset)
}

/** LIMIT and OFFSET without an order: as many rows per task as could be needed, then the wanted ones of those. */
export function planLimit(input: Physical, limit: number | undefined, offset: number): Physical {
  const whole: Physical = { kind: 'Limit', input, offset, ...(limit === undefined ? {} : { limit }) }
  if (partitioningOf(input).partitions === 1) return whole
  const perTask: Physical = limit === undefined ? input : { kind: 'Limit', input, limit: limit + offset, offset: 0 }
  return { ...whole, input: ensureSingle(perTask) }
}
