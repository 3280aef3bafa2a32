/** What a stage's plan says about the stage: a name for people, and whether running a task again gives the same rows. */
import type { BoundExpr } from '../bound.js'
import { countsRows, isDeterministic } from '../functions/table.js'
import { type Physical, physicalChildren } from '../physical-plan.js'

/** `Scan parquet customers → Filter → HashAggregate(partial)`: along the probe side, from the rows' origin. */
export function stageName(plan: Physical): string {
  const parts: string[] = []
  for (let at: Physical | undefined = plan; at !== undefined; at = at.kind === 'Exchange' ? undefined : physicalChildren(at)[0]) {
    const part = nodeName(at)
    if (part !== undefined && part !== parts[0]) parts.unshift(part)
  }
  return parts.join(' → ') || 'Rows'
}

function nodeName(plan: Physical): string | undefined {
  switch (plan.kind) {
    case 'FileScan':
      return `Scan ${plan.format} ${(plan.paths[0] ?? '').split('/').filter(Boolean).pop() ?? ''}`.trim()
    case 'RowsScan':
    case 'ValuesScan':
      return 'Rows'
    case 'RangeScan':
      return 'Range'
    case 'Project':
      return undefined
    case 'Filter':
      return 'Filter'
    case 'HashAggregate':
      return plan.mode === 'complete' ? 'HashAggregate' : `HashAggregate(${plan.mode})`
    case 'Join':
      return plan.strategy
    case 'Sort':
      return 'Sort'
    case 'TopN':
      return 'TakeOrdered'
    case 'Limit':
      return 'Limit'
    case 'CollectLimit':
      return undefined
    case 'Union':
      return 'Union'
    case 'SetOperation':
      return plan.operation === 'intersect' ? 'IntersectAll' : 'ExceptAll'
    case 'Window':
      return 'Window'
    case 'WindowGroupLimit':
      return 'WindowGroupLimit'
    case 'RecursiveCte':
      return 'Recursion'
    case 'RecursiveRef':
      return undefined
    case 'Expand':
      return 'Expand'
    case 'GroupingSets':
      return 'GroupingSets'
    case 'Generate':
      return 'Generate'
    case 'Exchange':
      return undefined
  }
}

/** Whether a stage's part gives no more rows than its scans and exchanges have. */
export function isBounded(plan: Physical): boolean {
  switch (plan.kind) {
    case 'Join':
      return (plan.type === 'semi' || plan.type === 'anti') && isBounded(plan.probe)
    case 'Expand':
    case 'GroupingSets':
    case 'Generate':
    case 'RecursiveCte':
    case 'RecursiveRef':
      return false
    case 'ValuesScan':
    case 'Exchange':
      return true
    default:
      return physicalChildren(plan).every(isBounded)
  }
}

/** False when a second run may give other rows: random values, or a LIMIT that takes whatever comes first. */
export function isDeterministicStage(plan: Physical): boolean {
  if (plan.kind === 'Exchange') return true
  if (plan.kind === 'Limit') return false
  return expressionsOf(plan).every(isDeterministic) && physicalChildren(plan).every(isDeterministicStage)
}

/** Whether a stage's part has expressions that count rows. */
export function hasCounts(plan: Physical): boolean {
  return plan.kind !== 'Exchange' && (expressionsOf(plan).some(countsRows) || physicalChildren(plan).some(hasCounts))
}

function expressionsOf(plan: Physical): readonly BoundExpr[] {
  switch (plan.kind) {
    case 'Project':
      return plan.expressions.map(e => (e.kind === 'Alias' ? e.child : e))
    case 'Filter':
      return [plan.condition]
    case 'HashAggregate':
      return [...plan.grouping, ...plan.results.map(e => (e.kind === 'Alias' ? e.child : e))]
    case 'Join':
      return plan.condition === undefined ? [] : [plan.condition]
    case 'Sort':
    case 'TopN':
      return plan.order.map(o => o.child)
    case 'Window':
      return plan.windows.map(w => w.child)
    case 'WindowGroupLimit':
      return [...plan.partitionBy, ...plan.orderBy.map(o => o.child)]
    case 'Expand':
      return plan.projections.flat()
    case 'GroupingSets':
      return plan.states.map(s => s.child)
    case 'Generate':
      return [plan.array]
    case 'ValuesScan':
      return plan.rows.flat()
    default:
      return []
  }
}
