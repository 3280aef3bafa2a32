/** Global order: by one task when little is sorted, else by ranges of sampled bounds, one sorted partition after the other. */
import type { BoundSortOrder } from '../bound.js'
import { type Physical, partitioningOf } from '../physical-plan.js'
import { outputOf, type Plan, type SortPlan } from '../plan.js'
import { hashPartitions, type PhysicalContext } from './context.js'
import { asColumns, ensureSingle, exchange } from './distribution.js'

/** What one task sorts without help. */
const singleSortBytes = 64 * 2 ** 20
const singleSortRows = 2_000_000

export function planSort(plan: SortPlan, context: PhysicalContext): Physical {
  const input = context.plan(plan.input)
  if (!plan.global) return { kind: 'Sort', input, order: plan.order, global: false }
  if (partitioningOf(input).partitions === 1) return { kind: 'Sort', input, order: plan.order, global: true }
  const size = context.estimate(plan.input)
  const little = isAggregated(plan.input) ? size.bytes <= singleSortBytes * 4 : size.bytes <= singleSortBytes && (size.rows ?? 0) <= singleSortRows
  if (little || plan.order.length === 0) return { kind: 'Sort', input: ensureSingle(input), order: plan.order, global: true }
  const ready = asColumns(
    input,
    plan.order.map(o => o.child),
    () => context.nextId(),
  )
  const order = plan.order.map((o, i): BoundSortOrder => ({ ...o, child: ready.columns[i] ?? o.child }))
  const moved = exchange(ready.plan, { kind: 'range', order, partitions: Math.max(2, hashPartitions(context, size)) })
  const sorted: Physical = { kind: 'Sort', input: moved, order, global: true }
  return ready.plan === input ? sorted : { kind: 'Project', input: sorted, expressions: outputOf(plan) }
}

/** Groups are few as a rule, whatever the bound says. */
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

/** Rows kept by a top-N in one task; above it everything is sorted. */
const topNRows = 100_000

/** LIMIT (and OFFSET) over a global order: the first rows of each task, then the first of those. */
export function planTopN(sort: SortPlan, limit: number, offset: number, context: PhysicalContext): Physical | undefined {
  if (!sort.global || limit + offset > topNRows) return undefined
  const input = context.plan(sort.input)
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
