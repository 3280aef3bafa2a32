/**
 * Windows: the rows of a partition must be in one task. An exchange that an aggregation or a join made on (some of) the same keys serves;
 * one that an aggregation below needs on more keys is made on the window's.
 */
import type { BoundExpr } from '../bound.js'
import { partitioningOf } from '../partitioning.js'
import type { Physical } from '../physical-plan.js'
import { outputOf, type WindowPlan } from '../plan.js'
import { hashPartitions, type PhysicalContext } from './context.js'
import { asColumns, ensureSingle, exchange, isClustered } from './distribution.js'
import { sharedExchange } from './recluster.js'

export function planWindow(plan: WindowPlan, context: PhysicalContext): Physical {
  const input = context.plan(plan.input)
  const keys = partitionKeys(plan)
  if (keys.length === 0) return { kind: 'Window', input: ensureSingle(input), windows: plan.windows }
  if (isClustered(partitioningOf(input), keys)) return { kind: 'Window', input, windows: plan.windows }
  const shared = sharedExchange(plan.input, input, keys, context)
  if (shared !== undefined) return { kind: 'Window', input: shared, windows: plan.windows }
  const ready = asColumns(input, keys, () => context.nextId())
  const partitions = hashPartitions(context, plan.input)
  const moved = exchange(ready.plan, { kind: 'hash', keys: ready.columns, partitions })
  const windows: Physical = { kind: 'Window', input: moved, windows: plan.windows }
  return ready.plan === input ? windows : { kind: 'Project', input: windows, expressions: outputOf(plan) }
}

function partitionKeys(plan: WindowPlan): readonly BoundExpr[] {
  const first = plan.windows[0]?.child
  return first?.kind === 'Window' ? first.partitionBy : []
}
