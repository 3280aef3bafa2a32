/**
 * What is known of every row that a plan gives: its filters, seen through joins, groupings and projections, and what equalities carry over to other
 * columns. Only conditions that compare one column with literals, and that cannot fail: such a condition may be tested of any column of equal values.
 */
import type { Attribute, BoundExpr, NamedExpr } from '../bound.js'
import { conjunctsOf } from '../conjuncts.js'
import { exprKey } from '../expr-key.js'
import { sameValue } from '../partitioning.js'
import { type JoinPlan, outputOf, type Plan } from '../plan.js'
import { references } from '../tree.js'
import { keyPairs } from './runtime-filters/key-sources.js'
import { substitute } from './substitute.js'

export interface KeyPair {
  readonly a: Attribute
  readonly b: Attribute
}

const tests = new Set(['=', '<', '<=', '>', '>=', 'in', 'like', 'startswith', 'endswith', 'contains'])

/** Whether a condition is about one column and literals alone. */
export function isPortable(e: BoundExpr): boolean {
  return references(e).size === 1 && isTest(e)
}

/** Whether a condition is made of tests of columns and literals, none of which can fail. */
export function isTest(e: BoundExpr): boolean {
  if (e.kind !== 'Call') return false
  if (e.fn === 'and' || e.fn === 'or' || e.fn === 'not') return e.args.every(isTest)
  return tests.has(e.fn) && e.args.every(a => a.kind === 'Literal' || sameValue(a) !== undefined)
}

/** The columns that a condition compares for equality, of one plan. */
function equalColumns(condition: BoundExpr | undefined): readonly KeyPair[] {
  return conjunctsOf(condition).flatMap(c => {
    const [a, b] = c.kind === 'Call' && c.fn === '=' ? c.args : []
    return a?.kind === 'Attribute' && b?.kind === 'Attribute' ? [{ a, b }] : []
  })
}

/** The conditions and what they say of equal columns. */
export function carriedOver(conditions: readonly BoundExpr[], pairs: readonly KeyPair[]): readonly BoundExpr[] {
  const all = new Map(conditions.map(c => [exprKey(c), c]))
  const pending = [...all.values()]
  for (let c = pending.pop(); c !== undefined; c = pending.pop()) {
    const [id] = references(c)
    for (const { a, b } of pairs) {
      if (id !== a.id && id !== b.id) continue
      const [from, to] = id === a.id ? [a, b] : [b, a]
      const other = substitute(c, new Map([[from.id, to]]))
      if (all.has(exprKey(other))) continue
      all.set(exprKey(other), other)
      pending.push(other)
    }
  }
  return [...all.values()]
}

const known = new WeakMap<Plan, readonly BoundExpr[]>()

export function constraintsOf(plan: Plan): readonly BoundExpr[] {
  let found = known.get(plan)
  if (found === undefined) {
    found = compute(plan)
    known.set(plan, found)
  }
  return found
}

function compute(plan: Plan): readonly BoundExpr[] {
  switch (plan.kind) {
    case 'Filter':
      return carriedOver([...constraintsOf(plan.input), ...conjunctsOf(plan.condition).filter(isPortable)], equalColumns(plan.condition))
    case 'Project':
      return renamed(constraintsOf(plan.input), plan.expressions)
    case 'Aggregate': {
      const keys = new Set(plan.grouping.flatMap(g => (g.kind === 'Attribute' ? [g.id] : [])))
      return renamed(
        constraintsOf(plan.input).filter(c => [...references(c)].every(id => keys.has(id))),
        plan.aggregates,
      )
    }
    case 'Join':
      return ofJoin(plan)
    case 'Window':
    case 'Generate':
    case 'Sort':
    case 'Limit':
    case 'Offset':
    case 'Distinct':
    case 'SubqueryAlias':
    case 'Hint':
    case 'Repartition':
      return constraintsOf(plan.input)
    default:
      return []
  }
}

function ofJoin(plan: JoinPlan): readonly BoundExpr[] {
  switch (plan.type) {
    case 'inner':
      return carriedOver([...constraintsOf(plan.left), ...constraintsOf(plan.right)], keyPairs(plan))
    case 'semi': {
      const ids = new Set(outputOf(plan.left).map(a => a.id))
      const all = carriedOver([...constraintsOf(plan.left), ...constraintsOf(plan.right)], keyPairs(plan))
      return all.filter(c => [...references(c)].every(id => ids.has(id)))
    }
    case 'cross':
      return [...constraintsOf(plan.left), ...constraintsOf(plan.right)]
    case 'left':
    case 'anti':
      return constraintsOf(plan.left)
    case 'right':
      return constraintsOf(plan.right)
    default:
      return []
  }
}

/** Under the names that a list gives to columns. */
function renamed(conditions: readonly BoundExpr[], list: readonly NamedExpr[]): readonly BoundExpr[] {
  return conditions.flatMap(c => {
    const [id] = references(c)
    return list.flatMap(e => {
      if (e.kind === 'Attribute') return e.id === id ? [c] : []
      if (e.child.kind !== 'Attribute' || e.child.id !== id) return []
      return [substitute(c, new Map([[id, { ...e.child, id: e.id, name: e.name, qualifier: e.qualifier }]]))]
    })
  })
}
