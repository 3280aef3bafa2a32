/**
 * Where the values of a column come from: plans below that give all of them (or more), down to the files. A join with the whole can be helped by a filter
 * made of any of these, and the smallest one that restricts the values is usually a dimension with a condition on it.
 */
import type { Attribute, BoundExpr } from '../../bound.js'
import { unaliased } from '../../bound.js'
import { cardinality } from '../../cardinality.js'
import { conjunctsOf } from '../../conjuncts.js'
import { aggregateFunction, isDeterministic } from '../../functions/table.js'
import { type JoinPlan, outputOf, type Plan } from '../../plan.js'
import { planChildren, planExpressions, someExpr } from '../../tree.js'

/** Every value of the column in question that is not NULL is one of `key` in `plan`. */
export interface KeySource {
  readonly plan: Plan
  readonly key: Attribute
}

/** The plan itself first, then what is below. */
export function keySources(plan: Plan, id: number): KeySource[] {
  const key = outputOf(plan).find(a => a.id === id)
  if (key === undefined) return []
  return [{ plan, key }, ...below(plan, id)]
}

function below(plan: Plan, id: number): KeySource[] {
  switch (plan.kind) {
    case 'Project': {
      const from = columnBelow(plan.expressions, id)
      return from === undefined ? [] : keySources(plan.input, from)
    }
    case 'Aggregate': {
      const from = columnBelow(plan.aggregates, id)
      return from === undefined ? [] : keySources(plan.input, from)
    }
    case 'Filter':
    case 'Sort':
    case 'Distinct':
    case 'SubqueryAlias':
    case 'Hint':
    case 'Repartition':
    case 'Window':
    case 'Generate':
    case 'Limit':
    case 'Offset':
      return keySources(plan.input, id)
    case 'Join':
      return ofJoin(plan, id)
    default:
      return []
  }
}

/** The column of the input that a list gives under another name. */
export function columnBelow(list: Extract<Plan, { kind: 'Project' }>['expressions'], id: number): number | undefined {
  const item = list.find(e => e.id === id)
  const from = item === undefined ? undefined : unaliased(item)
  return from?.kind === 'Attribute' ? from.id : undefined
}

/** The side that gives the column, and the other one where rows without an equal value there are dropped, or have NULL. */
function ofJoin(plan: JoinPlan, id: number): KeySource[] {
  const isLeft = outputOf(plan.left).some(a => a.id === id)
  const [own, other] = isLeft ? [plan.left, plan.right] : [plan.right, plan.left]
  const found = keySources(own, id)
  const matched = plan.type === 'inner' || (isLeft ? plan.type === 'semi' || plan.type === 'right' : plan.type === 'left')
  if (!matched) return found
  for (const { a, b } of keyPairs(plan)) {
    const [mine, theirs] = isLeft ? [a, b] : [b, a]
    if (mine.id === id) found.push(...keySources(other, theirs.id))
  }
  return found
}

/** The pairs of columns that a join compares for equality: of the left side and of the right side. */
export function keyPairs(plan: JoinPlan): readonly { readonly a: Attribute; readonly b: Attribute }[] {
  const leftIds = new Set(outputOf(plan.left).map(a => a.id))
  const rightIds = new Set(outputOf(plan.right).map(a => a.id))
  return conjunctsOf(plan.condition).flatMap(c => {
    const [x, y] = c.kind === 'Call' && c.fn === '=' ? c.args : []
    if (x?.kind !== 'Attribute' || y?.kind !== 'Attribute') return []
    if (leftIds.has(x.id) && rightIds.has(y.id)) return [{ a: x, b: y }]
    return leftIds.has(y.id) && rightIds.has(x.id) ? [{ a: y, b: x }] : []
  })
}

/** How many different values a source is likely to give, where statistics of the column are known: so many draws of so many values. */
export function likelyKeys({ plan, key }: KeySource): number | undefined {
  const known = cardinality(plan)
  const distinct = known?.columns.get(key.id)?.distinct
  if (known === undefined || distinct === undefined) return undefined
  return Math.min(known.rows, distinct * -Math.expm1(-known.rows / distinct))
}

/** Whether a condition anywhere below leaves rows out: that a table has few keys altogether is no reason. */
export function restricts(plan: Plan): boolean {
  return plan.kind === 'Filter' || (plan.kind === 'Join' && plan.type === 'semi') || planChildren(plan).some(restricts)
}

/** Rows that must be read to compute a plan. */
export function rowsRead(plan: Plan): number {
  const children = planChildren(plan)
  return children.length === 0 ? (cardinality(plan)?.rows ?? 0) : children.reduce((sum, child) => sum + rowsRead(child), 0)
}

/** Whether a plan gives the same rows each time it runs, so that it may run twice. */
export function isRepeatable(plan: Plan): boolean {
  switch (plan.kind) {
    case 'Scan':
    case 'LocalRows':
    case 'Values':
    case 'Range':
    case 'Project':
    case 'Filter':
    case 'Join':
    case 'Aggregate':
    case 'Distinct':
    case 'Union':
    case 'SubqueryAlias':
      return planExpressions(plan).every(e => isDeterministic(e) && !someExpr(e, dependsOnOrder)) && planChildren(plan).every(isRepeatable)
    default:
      return false
  }
}

/** Sums of floating point differ in their last digits when rows come in another order. */
function dependsOnOrder(e: BoundExpr): boolean {
  if (e.kind !== 'AggregateCall') return false
  const floating = e.args.some(a => a.type.kind === 'double' || a.type.kind === 'float')
  return !aggregateFunction(e.fn).deterministic || (floating && !['min', 'max', 'count'].includes(e.fn))
}
