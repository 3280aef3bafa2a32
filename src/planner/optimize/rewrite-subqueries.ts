/**
 * Subqueries become joins, the innermost first: EXISTS and IN semi and anti joins, values left or cross joins with one row for each row around, lateral
 * joins plain ones. First of all rules: no other knows what a plan inside an expression is.
 */

import { SpkError } from '../../core/errors.js'
import { type BoundExpr, type NamedExpr, type Subquery, toAttribute, unaliased } from '../bound.js'
import { conjunction, conjunctsOf } from '../conjuncts.js'
import { exprKey } from '../expr-key.js'
import { type AggregatePlan, type JoinPlan, type LateralJoinPlan, outputOf, type Plan } from '../plan.js'
import { mapExprChildren, mapNamed, mapPlanChildren, mapPlanExpressions, planExpressions, references, someExpr } from '../tree.js'
import type { Rule, RuleContext } from './rule.js'
import { decorrelate, perCombination } from './subqueries/decorrelate.js'
import { substituteFree } from './subqueries/free.js'
import { filterBy, joinPredicate } from './subqueries/predicates.js'
import { joinScalar } from './subqueries/scalar.js'

export const rewriteSubqueries: Rule = {
  name: 'RewriteSubqueries',
  order: 'whole',
  rewrite: (plan, context) => rewrite(plan, context),
}

function hasSubquery(expr: BoundExpr): boolean {
  return someExpr(expr, e => e.kind === 'Subquery')
}

function rewrite(plan: Plan, context: RuleContext): Plan {
  const below = mapPlanChildren(plan, child => rewrite(child, context))
  if (below.kind === 'LateralJoin') return lateral(below, context)
  if (!planExpressions(below).some(hasSubquery)) return below
  switch (below.kind) {
    case 'Filter':
      return restored(filter(below.condition, below.input, context), below)
    case 'Project':
    case 'Sort':
    case 'Window':
    case 'Generate':
    case 'Expand':
    case 'Repartition': {
      const values = new Values(below.input, context)
      const next = mapPlanExpressions(below, e => values.replace(e, false))
      return restored({ ...next, input: values.plan } as Plan, below)
    }
    case 'Aggregate':
      return aggregate(below, context)
    case 'Join':
      return join(below, context)
    default:
      throw refused('here')
  }
}

function refused(where: string): SpkError {
  return new SpkError(
    'UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.UNSUPPORTED_CORRELATED_SUBQUERY_IN_JOIN_CONDITION',
    `Unsupported subquery expression: a subquery ${where} cannot be planned. Compute it in a subquery of the FROM clause first.`,
    { sqlState: '0A000' },
  )
}

/** The columns that were there before. */
function restored(plan: Plan, before: Plan): Plan {
  const wanted = outputOf(before)
  const have = outputOf(plan)
  return have.length === wanted.length && have.every((a, i) => a.id === wanted[i]?.id) ? plan : { kind: 'Project', input: plan, expressions: wanted }
}

/** The subquery's plan, its own subqueries rewritten, reading what is around it by the ids that are there. */
function planOf(subquery: Subquery, context: RuleContext): Plan {
  const by = new Map(subquery.outer.filter(o => !(o.value.kind === 'Attribute' && o.value.id === o.parameter.id)).map(o => [o.parameter.id, o.value]))
  return substituteFree(rewrite(subquery.plan, context), by)
}

/** Replaces subqueries inside expressions by columns, joining them to a plan on the way. */
class Values {
  plan: Plan
  readonly #context: RuleContext
  readonly #done = new Map<string, BoundExpr>()
  constructor(plan: Plan, context: RuleContext) {
    this.plan = plan
    this.#context = context
  }

  /** `positive`: the whole is a condition, in which NULL may stand for false. */
  replace(expr: BoundExpr, positive: boolean): BoundExpr {
    if (!hasSubquery(expr)) return expr
    if (expr.kind !== 'Subquery') {
      const still = positive && expr.kind === 'Call' && (expr.fn === 'and' || expr.fn === 'or')
      return mapExprChildren(expr, e => this.replace(e, still))
    }
    const inside = mapExprChildren(expr, e => this.replace(e, false)) as Subquery
    const key = `${exprKey(inside)} ${positive}`
    const known = this.#done.get(key)
    if (known !== undefined) return known
    const plan = planOf(inside, this.#context)
    const { plan: next, value } =
      inside.subquery === 'scalar'
        ? joinScalar(inside, plan, this.plan, this.#context)
        : joinPredicate(inside, plan, positive, this.plan, this.#context)
    this.plan = next
    this.#done.set(key, value)
    return value
  }
}

/** Plain conditions first, then semi and anti joins, then what is left. */
function filter(condition: BoundExpr, input: Plan, context: RuleContext): Plan {
  const all = conjunctsOf(condition)
  const plain = conjunction(all.filter(c => !hasSubquery(c)))
  let plan: Plan = plain === undefined ? input : { kind: 'Filter', input, condition: plain }
  const rest: BoundExpr[] = []
  for (const c of all.filter(hasSubquery)) {
    const negated = c.kind === 'Call' && c.fn === 'not'
    const test = negated ? c.args[0] : c
    if (test?.kind === 'Subquery' && test.subquery !== 'scalar' && !test.values.some(hasSubquery))
      plan = filterBy(test, planOf(test, context), negated, plan, context)
    else rest.push(c)
  }
  if (rest.length === 0) return plan
  const values = new Values(plan, context)
  const last = conjunction(rest.map(c => values.replace(c, true)))
  return last === undefined ? values.plan : { kind: 'Filter', input: values.plan, condition: last }
}

/** Inside arguments and keys subqueries are computed before, in the output list after the aggregation. */
function aggregate(plan: AggregatePlan, context: RuleContext): Plan {
  const before = new Values(plan.input, context)
  const keys = new Map(plan.grouping.map(g => [exprKey(g), before.replace(g, false)]))
  const inside = (e: BoundExpr): BoundExpr =>
    keys.get(exprKey(e)) ?? (e.kind === 'AggregateCall' ? mapExprChildren(e, x => before.replace(x, false)) : mapExprChildren(e, inside))
  const list = plan.aggregates.map(e => mapNamed(e, inside))
  const grouping = [...keys.values()]
  const below: Plan = { ...plan, input: before.plan, grouping, aggregates: list }
  if (!list.some(e => hasSubquery(unaliased(e)))) return below
  // What the subqueries read of the groups, and what stands beside them, becomes columns of the aggregation.
  const columns: NamedExpr[] = []
  const groups = new Set(grouping.map(exprKey))
  const asColumn = (e: BoundExpr): BoundExpr => {
    if (e.kind !== 'AggregateCall' && !groups.has(exprKey(e))) return mapExprChildren(e, asColumn)
    const there = columns.find(c => exprKey(unaliased(c)) === exprKey(e))
    if (there !== undefined) return toAttribute(there)
    const item: NamedExpr = e.kind === 'Attribute' ? e : { kind: 'Alias', id: context.nextId(), name: 'value', child: e, qualifier: [] }
    columns.push(item)
    return toAttribute(item)
  }
  const above = list.map(e => mapNamed(e, asColumn))
  const values = new Values({ kind: 'Aggregate', input: before.plan, grouping, aggregates: columns }, context)
  const expressions = above.map(e => mapNamed(e, x => values.replace(x, false)))
  return { kind: 'Project', input: values.plan, expressions }
}

/** Conditions with subqueries: above an inner join; of an outer one on the side that they read, when they read one alone. */
function join(plan: JoinPlan, context: RuleContext): Plan {
  const all = conjunctsOf(plan.condition)
  const own = conjunction(all.filter(c => !hasSubquery(c)))
  const { condition: _, ...rest } = plan
  if (plan.type === 'inner' || plan.type === 'cross') {
    const inner: Plan = { ...rest, type: own === undefined ? 'cross' : 'inner', ...(own === undefined ? {} : { condition: own }) }
    return restored(filter(conjunction(all.filter(hasSubquery)) as BoundExpr, inner, context), plan)
  }
  const left = new Values(plan.left, context)
  const right = new Values(plan.right, context)
  const [leftIds, rightIds] = [new Set(outputOf(plan.left).map(a => a.id)), new Set(outputOf(plan.right).map(a => a.id))]
  const replace = (e: BoundExpr): BoundExpr => {
    if (!hasSubquery(e)) return e
    if (e.kind !== 'Subquery') return mapExprChildren(e, replace)
    const read = [...references(e)]
    if (!read.some(id => rightIds.has(id)) && (plan.type !== 'right' || read.some(id => leftIds.has(id)))) return left.replace(e, false)
    if (!read.some(id => leftIds.has(id))) return right.replace(e, false)
    throw refused('in the condition of an outer join that reads both sides')
  }
  const condition = conjunction(all.map(replace))
  const next: Plan = { ...rest, left: left.plan, right: right.plan, ...(condition === undefined ? {} : { condition }) }
  return restored(next, plan)
}

/** A generator over the left side's columns needs no join: it makes its rows there. */
function lateralGenerator(plan: LateralJoinPlan): Plan | undefined {
  const lists: NamedExpr[][] = []
  let at: Plan = plan.right
  while (at.kind === 'SubqueryAlias' || at.kind === 'Project') {
    if (at.kind === 'Project') lists.push([...at.expressions])
    at = at.input
  }
  if (at.kind !== 'Generate' || at.input.kind !== 'Values' || at.input.output.length > 0 || at.input.rows.length !== 1) return undefined
  if (plan.type === 'left' && plan.condition !== undefined) return undefined
  const made: Plan = { ...at, input: plan.left, outer: at.outer || plan.type === 'left' }
  const kept = outputOf(plan.left)
  const listed = lists.reduceRight<Plan>((input, list) => ({ kind: 'Project', input, expressions: [...kept, ...list] }), made)
  return plan.condition === undefined ? listed : { kind: 'Filter', input: listed, condition: plan.condition }
}

function lateral(plan: LateralJoinPlan, context: RuleContext): Plan {
  const generator = lateralGenerator(plan)
  if (generator !== undefined) return restored(generator, plan)
  const first = decorrelate(plan.right, plan.left, 'rows', context)
  const d = first.onEmpty === undefined ? first : perCombination(plan.right, plan.left, context)
  const condition = conjunction([...d.conditions, ...conjunctsOf(plan.condition)])
  const type = plan.type === 'left' ? 'left' : condition === undefined ? 'cross' : 'inner'
  const join: Plan = { kind: 'Join', left: plan.left, right: d.plan, type, ...(condition === undefined ? {} : { condition }) }
  return restored(planExpressions(join).some(hasSubquery) ? rewrite(join, context) : join, plan)
}
