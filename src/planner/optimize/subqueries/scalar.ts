/** A subquery as a value: a join that gives at most one row for each row around it, and the expression that stands for the value. */
import { types } from '../../../core/types.js'
import { type Attribute, type BoundAlias, type BoundExpr, literal, type NamedExpr, type Subquery, toAttribute } from '../../bound.js'
import { conjunction } from '../../conjuncts.js'
import { aggregateCall, call } from '../../functions/define.js'
import { outputOf, type Plan } from '../../plan.js'
import { references } from '../../tree.js'
import type { RuleContext } from '../rule.js'
import { decorrelate, isOneRow, perCombination } from './decorrelate.js'
import { compare, equalities } from './equality.js'

/** The plan around with more columns, and the value made of them. */
export interface Joined {
  readonly plan: Plan
  readonly value: BoundExpr
}

export function joinScalar(subquery: Subquery, plan: Plan, around: Plan, context: RuleContext): Joined {
  let d = decorrelate(plan, around, 'rows', context)
  const value = d.columns[0] as Attribute
  if (d.conditions.length === 0) {
    const one: Plan = isOneRow(d.plan) ? d.plan : oneRow(d.plan, value, context)
    const column = isOneRow(d.plan) ? value : (outputOf(one)[0] as Attribute)
    return { plan: { kind: 'Join', left: around, right: one, type: 'cross' }, value: column }
  }
  const ids = new Set(outputOf(around).map(a => a.id))
  if (!d.single && equalities(d.conditions, ids) === undefined) d = perCombination(plan, around, context)
  const { right, column, conditions } = d.single
    ? { right: d.plan, column: value, conditions: d.conditions }
    : grouped(d.plan, value, d.conditions, ids, context)
  const marker: BoundAlias = { kind: 'Alias', id: context.nextId(), name: 'matched', child: literal(true, types.boolean), qualifier: [] }
  const empty = d.onEmpty?.get(value.id)
  const marked = empty !== undefined && !(empty.kind === 'Literal' && empty.value === null)
  const side: Plan = marked ? { kind: 'Project', input: right, expressions: [...outputOf(right), marker] } : right
  const condition = conjunction(conditions)
  const join: Plan = { kind: 'Join', left: around, right: side, type: 'left', ...(condition === undefined ? {} : { condition }) }
  const after = new Map(outputOf(join).map(a => [a.id, a]))
  const found = after.get(column.id) ?? column
  if (!marked) return { plan: join, value: found }
  const absent = call('isnull', [after.get(marker.id) as Attribute], types.boolean, false)
  return { plan: join, value: call('when', [absent, empty, found], subquery.type, true) }
}

/** The only value of the column, NULL of none; more rows are an error. */
function single(value: Attribute, context: RuleContext): BoundAlias {
  return { kind: 'Alias', id: context.nextId(), name: value.name, child: aggregateCall('single_value', [value], value.type, true), qualifier: [] }
}

function oneRow(plan: Plan, value: Attribute, context: RuleContext): Plan {
  // Two rows are enough to know that there are too many.
  return { kind: 'Aggregate', input: { kind: 'Limit', input: plan, limit: 2 }, grouping: [], aggregates: [single(value, context)] }
}

/** One row per combination of the columns that the conditions compare. */
function grouped(plan: Plan, value: Attribute, conditions: readonly BoundExpr[], ids: ReadonlySet<number>, context: RuleContext) {
  const keys = equalities(conditions, ids) ?? []
  const items = keys.map(
    ({ inner }): NamedExpr =>
      inner.kind === 'Attribute' ? inner : { kind: 'Alias', id: context.nextId(), name: 'key', child: inner, qualifier: [] },
  )
  const unique = [...new Map(items.map(i => [i.id, i])).values()]
  const only = single(value, context)
  const right: Plan = { kind: 'Aggregate', input: plan, grouping: unique.map(i => (i.kind === 'Alias' ? i.child : i)), aggregates: [only, ...unique] }
  return { right, column: toAttribute(only), conditions: keys.map((k, i) => compare(k.fn, toAttribute(items[i] as NamedExpr), k.outer)) }
}

/** Ids that some expressions read. */
export function readBy(exprs: readonly BoundExpr[]): Set<number> {
  const ids = new Set<number>()
  for (const e of exprs) references(e, ids)
  return ids
}
