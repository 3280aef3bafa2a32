/**
 * Correlated predicates move up to the top of a subquery, where they become the condition of a join. Grouping and distinct rows on the way are extended
 * by the subquery's side of each equality. Gives undefined where that would change the meaning: then the dependent join is the way.
 */
import { type Attribute, type BoundExpr, type NamedExpr, toAttribute, unaliased } from '../../bound.js'
import { conjunction, conjunctsOf } from '../../conjuncts.js'
import { evaluate } from '../../evaluate.js'
import { exprKey } from '../../expr-key.js'
import { reads } from '../../free-attributes.js'
import { isDeterministic } from '../../functions/table.js'
import type { AggregatePlan, JoinPlan, Plan, ProjectPlan } from '../../plan.js'
import { outputOf } from '../../plan.js'
import { mapNamed, references, someExpr, transformExprUp } from '../../tree.js'
import type { RuleContext } from '../rule.js'
import { substitute } from '../substitute.js'
import { overNoRows } from './empty-values.js'
import { compare, equalities, equality } from './equality.js'
import { firstRows } from './ranked.js'

export interface Pulled {
  /** Gives at least the subquery's own columns and those that the conditions read. */
  readonly plan: Plan
  /** The subquery's rows for a row of the query around it are those for which all of them hold. */
  readonly conditions: readonly BoundExpr[]
  /** At most one row for each row of the query around it. */
  readonly single: boolean
  /** Without a match there still is a row, with these values by column id. */
  readonly onEmpty?: ReadonlyMap<number, BoundExpr>
}

/** `exists`: only whether there are rows counts. `any`: what rows there are counts, not how often. */
export type Use = 'rows' | 'any' | 'exists'

export function pullUp(plan: Plan, outer: ReadonlySet<number>, use: Use, context: RuleContext): Pulled | undefined {
  if (!reads(plan, outer)) return { plan, conditions: [], single: false }
  switch (plan.kind) {
    case 'SubqueryAlias':
    case 'Hint':
    case 'Sort':
      return pullUp(plan.input, outer, use, context)
    case 'Filter':
      return pullFilter(plan.condition, plan.input, outer, use, context)
    case 'Project':
      return pullProject(plan, outer, use, context)
    case 'Aggregate':
      return pullAggregate(plan, outer, context)
    case 'Distinct': {
      const below = pullUp(plan.input, outer, use, context)
      if (below === undefined || use !== 'rows') return below
      const fixed = equalities(below.conditions, outer)
      if (fixed === undefined || !fixed.every(e => e.inner.kind === 'Attribute')) return undefined
      return { ...below, plan: { kind: 'Distinct', input: below.plan } }
    }
    case 'Limit': {
      if (plan.limit < 1) return undefined
      if (use === 'exists') return pullUp(plan.input, outer, use, context)
      const sort = plan.input.kind === 'Sort' ? plan.input : undefined
      const below = pullUp(sort?.input ?? plan.input, outer, 'rows', context)
      if (below === undefined || below.onEmpty !== undefined) return below
      const keys = equalities(below.conditions, outer)
      if (keys === undefined || (sort?.order ?? []).some(o => readsOuter(o.child, outer))) return undefined
      const ranked = firstRows(
        below.plan,
        keys.map(k => k.inner),
        sort?.order ?? [],
        0,
        plan.limit,
        context,
      )
      return { ...below, plan: ranked, single: plan.limit === 1 }
    }
    case 'Join':
      return pullJoin(plan, outer, use, context)
    case 'Window': {
      const below = pullUp(plan.input, outer, 'rows', context)
      if (below === undefined || below.onEmpty !== undefined) return undefined
      const keys = equalities(below.conditions, outer)
      if (keys === undefined || plan.windows.some(w => readsOuter(w.child, outer))) return undefined
      const windows = plan.windows.map(w =>
        w.child.kind === 'Window' ? { ...w, child: { ...w.child, partitionBy: [...w.child.partitionBy, ...keys.map(k => k.inner)] } } : w,
      )
      return { ...below, plan: { ...plan, input: below.plan, windows } }
    }
    case 'Generate': {
      const below = pullUp(plan.input, outer, readRows(use), context)
      if (below === undefined || below.onEmpty !== undefined || readsOuter(plan.array, outer)) return undefined
      return { ...below, plan: { ...plan, input: below.plan } }
    }
    default:
      return undefined
  }
}

/** For the input of what reads its columns. */
function readRows(use: Use): Use {
  return use === 'rows' ? 'rows' : 'any'
}

function readsOuter(expr: BoundExpr, outer: ReadonlySet<number>): boolean {
  return someExpr(expr, e => e.kind === 'Attribute' && outer.has(e.id))
}

function pullFilter(condition: BoundExpr, input: Plan, outer: ReadonlySet<number>, use: Use, context: RuleContext): Pulled | undefined {
  const list = input.kind === 'SubqueryAlias' ? input.input : input
  // A column that is an outer value is that value in the condition; above it nothing but the list reads it.
  if (
    use === 'exists' &&
    list.kind === 'Project' &&
    list.expressions.map(unaliased).some(e => readsOuter(e, outer)) &&
    list.expressions.every(e => isDeterministic(unaliased(e)))
  ) {
    const values = new Map(list.expressions.map(e => [e.id, unaliased(e)]))
    return pullFilter(substitute(condition, values), list.input, outer, use, context)
  }
  const below = pullUp(input, outer, readRows(use), context)
  if (below === undefined) return undefined
  const all = conjunctsOf(condition)
  const pulled = all.filter(c => readsOuter(c, outer))
  const own = conjunction(all.filter(c => !readsOuter(c, outer)))
  const plan: Plan = own === undefined ? below.plan : { kind: 'Filter', input: below.plan, condition: own }
  const { onEmpty, ...rest } = below
  const next = { ...rest, plan, conditions: [...below.conditions, ...pulled] }
  if (onEmpty === undefined) return next
  if (own === undefined && pulled.length === 0) return { ...next, onEmpty }
  // A group that the filter drops must not look like no group: only where the row for no group is dropped too.
  if (pulled.length > 0 || own === undefined) return undefined
  const passes = folded(substitute(own, onEmpty))
  return passes === undefined || passes.value === true ? undefined : next
}

/** The value of a condition over literals, with NULL for calls of a NULL. */
function folded(expr: BoundExpr) {
  return evaluate(
    transformExprUp(expr, e => {
      if (e.kind !== 'Call' && e.kind !== 'Cast') return e
      const value = evaluate(e)
      return value ?? e
    }),
  )
}

/** Outer values inside an expression, replaced by the subquery's columns that are equal to them. */
function withEqualColumns(expr: BoundExpr, conditions: readonly BoundExpr[], outer: ReadonlySet<number>): BoundExpr {
  const by = new Map<number, BoundExpr>()
  for (const c of conditions) {
    const e = equality(c, outer)
    if (e?.fn === '=' && e.outer.kind === 'Attribute') by.set(e.outer.id, e.inner)
  }
  return substitute(expr, by)
}

function pullProject(plan: ProjectPlan, outer: ReadonlySet<number>, use: Use, context: RuleContext): Pulled | undefined {
  const below = pullUp(plan.input, outer, readRows(use), context)
  const list = plan.expressions.map(e => mapNamed(e, x => withEqualColumns(x, below?.conditions ?? [], outer)))
  if (below === undefined || list.some(e => readsOuter(unaliased(e), outer))) {
    // What is tested for rows alone needs no values.
    return use === 'exists' ? pullUp(plan.input, outer, use, context) : undefined
  }
  const have = new Set(list.map(e => e.id))
  const read = new Set(below.conditions.flatMap(c => [...references(c)]))
  const more = outputOf(below.plan).filter(a => read.has(a.id) && !have.has(a.id))
  const next: Pulled = { ...below, plan: { kind: 'Project', input: below.plan, expressions: [...list, ...more] } }
  if (below.onEmpty === undefined) return next
  const onEmpty = below.onEmpty
  return { ...next, onEmpty: new Map(list.map(e => [e.id, substitute(unaliased(e), onEmpty)])) }
}

function pullAggregate(plan: AggregatePlan, outer: ReadonlySet<number>, context: RuleContext): Pulled | undefined {
  const below = pullUp(plan.input, outer, 'rows', context)
  if (below === undefined || below.onEmpty !== undefined) return undefined
  const keys = equalities(below.conditions, outer)
  if (keys === undefined) return undefined
  const own = (e: BoundExpr) => withEqualColumns(e, below.conditions, outer)
  const grouping = plan.grouping.map(own)
  const list = plan.aggregates.map(e => mapNamed(e, own))
  if (list.some(e => readsOuter(unaliased(e), outer)) || grouping.some(g => readsOuter(g, outer))) return undefined
  const added: NamedExpr[] = []
  const columns = keys.map(({ inner }): Attribute => {
    const there = [...list, ...added].find(e => exprKey(unaliased(e)) === exprKey(inner))
    if (there !== undefined) return toAttribute(there)
    const item: NamedExpr = inner.kind === 'Attribute' ? inner : { kind: 'Alias', id: context.nextId(), name: 'key', child: inner, qualifier: [] }
    added.push(item)
    return toAttribute(item)
  })
  const groups = new Map([...grouping, ...keys.map(k => k.inner)].map(g => [exprKey(g), g]))
  const next: Plan = { kind: 'Aggregate', input: below.plan, grouping: [...groups.values()], aggregates: [...list, ...added] }
  const conditions = keys.map((k, i) => compare(k.fn, columns[i] as Attribute, k.outer))
  if (plan.grouping.length > 0) return { plan: next, conditions, single: false }
  const onEmpty = new Map<number, BoundExpr>()
  // As written: where no row matches, no column has the outer value.
  for (const e of plan.aggregates) {
    const value = overNoRows(unaliased(e))
    if (value === undefined) return undefined
    onEmpty.set(e.id, value)
  }
  return { plan: next, conditions, single: true, onEmpty }
}

function pullJoin(plan: JoinPlan, outer: ReadonlySet<number>, use: Use, context: RuleContext): Pulled | undefined {
  const conjuncts = conjunctsOf(plan.condition)
  const correlated = conjuncts.filter(c => readsOuter(c, outer))
  const own = conjunction(conjuncts.filter(c => !readsOuter(c, outer)))
  const inner = plan.type === 'inner' || plan.type === 'cross'
  if (!inner && correlated.length > 0) return undefined
  if (!inner && reads(plan.type === 'right' ? plan.left : plan.right, outer)) return undefined
  if (plan.type === 'full') return undefined
  const left = pullUp(plan.left, outer, readRows(use), context)
  const right = pullUp(plan.right, outer, readRows(use), context)
  if (left === undefined || right === undefined || left.onEmpty !== undefined || right.onEmpty !== undefined) return undefined
  const { condition: _, ...rest } = plan
  const type = inner ? (own === undefined ? 'cross' : 'inner') : plan.type
  const join: Plan = { ...rest, type, left: left.plan, right: right.plan, ...(own === undefined ? {} : { condition: own }) }
  return { plan: join, conditions: [...left.conditions, ...right.conditions, ...correlated], single: false }
}
