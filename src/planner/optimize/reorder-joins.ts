/**
 * A chain of inner joins is joined in the order written, except that an input that shares a condition with those before it comes before one that does
 * not: no product where a condition avoids it. Each condition is applied as soon as its columns are there.
 */

import type { BoundExpr } from '../bound.js'
import { conjunction, conjunctsOf } from '../conjuncts.js'
import { isDeterministic } from '../functions/table.js'
import { outputOf, type Plan } from '../plan.js'
import { references } from '../tree.js'
import type { Rule } from './rule.js'

export const reorderJoins: Rule = {
  name: 'ReorderJoin',
  order: 'down',
  rewrite(plan) {
    const inputs: Plan[] = []
    const conditions: BoundExpr[] = []
    flatten(plan, inputs, conditions)
    if (inputs.length < 3 || !conditions.every(isDeterministic)) return plan
    const order = connectedOrder(inputs, conditions)
    if (order.every((input, i) => input === inputs[i]) && isLeftDeep(plan)) return plan
    const joined = leftDeep(order, conditions)
    // The columns keep their places.
    return { kind: 'Project', input: joined, expressions: outputOf(plan) }
  },
}

function isInner(plan: Plan): plan is Extract<Plan, { kind: 'Join' }> {
  return plan.kind === 'Join' && (plan.type === 'inner' || plan.type === 'cross') && plan.leftHint === undefined && plan.rightHint === undefined
}

function flatten(plan: Plan, inputs: Plan[], conditions: BoundExpr[]): void {
  if (!isInner(plan)) {
    inputs.push(plan)
    return
  }
  flatten(plan.left, inputs, conditions)
  flatten(plan.right, inputs, conditions)
  if (plan.condition !== undefined) conditions.push(...conjunctsOf(plan.condition))
}

function isLeftDeep(plan: Plan): boolean {
  return !isInner(plan) || (!isInner(plan.right) && isLeftDeep(plan.left))
}

/** The first input first; then always the first one that a condition connects with those already there, or just the next. */
function connectedOrder(inputs: readonly Plan[], conditions: readonly BoundExpr[]): Plan[] {
  const ids = new Map(inputs.map(input => [input, new Set(outputOf(input).map(a => a.id))]))
  const reads = conditions.map(c => references(c))
  const order: Plan[] = []
  const there = new Set<number>()
  const left = [...inputs]
  const connects = (input: Plan) => {
    const own = ids.get(input) ?? new Set()
    return reads.some(
      read => [...read].some(id => own.has(id)) && [...read].some(id => there.has(id)) && [...read].every(id => own.has(id) || there.has(id)),
    )
  }
  while (left.length > 0) {
    const at = order.length === 0 ? 0 : Math.max(0, left.findIndex(connects))
    const [next] = left.splice(at, 1)
    if (next === undefined) break
    order.push(next)
    for (const id of ids.get(next) ?? []) there.add(id)
  }
  return order
}

function leftDeep(order: readonly Plan[], conditions: readonly BoundExpr[]): Plan {
  const [first, ...rest] = order
  if (first === undefined) throw new Error('bug in spk: a join of nothing')
  let pending = conditions
  let plan = first
  const there = new Set(outputOf(first).map(a => a.id))
  for (const right of rest) {
    for (const a of outputOf(right)) there.add(a.id)
    const ready = pending.filter(c => [...references(c)].every(id => there.has(id)))
    pending = pending.filter(c => !ready.includes(c))
    const condition = conjunction(ready)
    plan = { kind: 'Join', left: plan, right, type: condition === undefined ? 'cross' : 'inner', ...(condition === undefined ? {} : { condition }) }
  }
  return plan
}
