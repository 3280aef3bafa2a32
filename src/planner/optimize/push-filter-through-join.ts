/**
 * Conditions above a join move to the side they read, when that side's rows are not padded with NULLs; of an inner join the others become its condition.
 * Conditions in ON move to a side by the rules of the join's type.
 */

import type { BoundExpr } from '../bound.js'
import { conjunction, conjunctsOf } from '../conjuncts.js'
import { isDeterministic } from '../functions/table.js'
import type { JoinType } from '../logical.js'
import { type JoinPlan, outputOf, type Plan } from '../plan.js'
import { references } from '../tree.js'
import type { Rule } from './rule.js'

/** Sides to which a condition above the join may move, and to which one of its ON may. */
const above: Readonly<Record<JoinType, string>> = { inner: 'lr', cross: 'lr', left: 'l', right: 'r', full: '', semi: 'l', anti: 'l' }
const inOn: Readonly<Record<JoinType, string>> = { inner: 'lr', cross: 'lr', left: 'r', right: 'l', full: '', semi: 'lr', anti: 'r' }

export const pushFilterThroughJoin: Rule = {
  name: 'PushPredicateThroughJoin',
  order: 'down',
  rewrite(plan) {
    if (plan.kind === 'Filter' && plan.input.kind === 'Join') return pushFromAbove(plan.condition, plan.input, plan)
    if (plan.kind === 'Join' && plan.condition !== undefined) return pushFromCondition(plan, plan.condition)
    return plan
  },
}

interface Sorted {
  readonly left: readonly BoundExpr[]
  readonly right: readonly BoundExpr[]
  readonly rest: readonly BoundExpr[]
}

function sortOut(condition: BoundExpr, join: JoinPlan, allowed: string): Sorted {
  const leftIds = new Set(outputOf(join.left).map(a => a.id))
  const rightIds = new Set(outputOf(join.right).map(a => a.id))
  const left: BoundExpr[] = []
  const right: BoundExpr[] = []
  const rest: BoundExpr[] = []
  for (const c of conjunctsOf(condition)) {
    const read = [...references(c)]
    const pure = isDeterministic(c) && read.length > 0
    if (pure && allowed.includes('l') && read.every(id => leftIds.has(id))) left.push(c)
    else if (pure && allowed.includes('r') && read.every(id => rightIds.has(id))) right.push(c)
    else rest.push(c)
  }
  return { left, right, rest }
}

function filtered(plan: Plan, conditions: readonly BoundExpr[]): Plan {
  const condition = conjunction(conditions)
  return condition === undefined ? plan : { kind: 'Filter', input: plan, condition }
}

function pushFromAbove(condition: BoundExpr, join: JoinPlan, original: Plan): Plan {
  const { left, right, rest } = sortOut(condition, join, above[join.type])
  const inner = join.type === 'inner' || join.type === 'cross'
  const joins = inner ? rest.filter(isDeterministic) : []
  if (left.length === 0 && right.length === 0 && joins.length === 0) return original
  const on = conjunction([...(join.condition === undefined ? [] : [join.condition]), ...joins])
  const pushed: JoinPlan = {
    ...join,
    left: filtered(join.left, left),
    right: filtered(join.right, right),
    type: inner && on !== undefined ? 'inner' : join.type,
    ...(on === undefined ? {} : { condition: on }),
  }
  return filtered(
    pushed,
    rest.filter(c => !joins.includes(c)),
  )
}

function pushFromCondition(join: JoinPlan, condition: BoundExpr): Plan {
  const { left, right, rest } = sortOut(condition, join, inOn[join.type])
  if (left.length === 0 && right.length === 0) return join
  const { condition: _, ...without } = join
  const on = conjunction(rest)
  const type = join.type === 'inner' && on === undefined ? 'cross' : join.type
  return { ...without, type, left: filtered(join.left, left), right: filtered(join.right, right), ...(on === undefined ? {} : { condition: on }) }
}
