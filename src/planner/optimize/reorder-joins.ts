/**
 * A chain of inner joins is joined in the cheapest order that statistics tell, when that is clearly cheaper than the order written. Without statistics it
 * stays as written, except that an input that shares a condition with those before it comes before one that does not: no product where a condition
 * avoids it. Each condition is applied as soon as its columns are there.
 */

import type { BoundExpr } from '../bound.js'
import { cardinality } from '../cardinality.js'
import { conjunction, conjunctsOf } from '../conjuncts.js'
import { isDeterministic } from '../functions/table.js'
import { outputOf, type Plan } from '../plan.js'
import { mapPlanChildren, mapSame, references } from '../tree.js'
import { rowWidth } from '../type-width.js'
import { costOf, type JoinCondition, type JoinInput, type JoinTree, productsOf, searchJoinOrder } from './join-search.js'
import type { Rule } from './rule.js'

/** Estimates are rough: another order must promise at least this part less. */
const worthChanging = 0.8
/** Sets of inputs are bits of a number. */
const mostInputs = 30

export const reorderJoins: Rule = {
  name: 'ReorderJoin',
  order: 'whole',
  rewrite: plan => reorder(plan),
}

/** Chains from the top, and then what lies below their inputs: a part of a chain is not searched again. */
function reorder(plan: Plan): Plan {
  const chain: { readonly inputs: Plan[]; readonly conditions: BoundExpr[] } = { inputs: [], conditions: [] }
  const written = flatten(plan, chain)
  if (chain.inputs.length < 2) return mapPlanChildren(plan, reorder)
  const inputs = mapSame(chain.inputs, reorder)
  const small = chain.inputs.length < 3 || chain.inputs.length > mostInputs || !chain.conditions.every(isDeterministic)
  const tree = small ? undefined : (cheaper(written, chain) ?? withoutProducts(written, chain))
  // The columns keep their places.
  if (tree !== undefined) return { kind: 'Project', input: build(tree, { ...chain, inputs }), expressions: outputOf(plan) }
  return inputs === chain.inputs ? plan : withInputs(plan, [...inputs])
}

/** The chain as written over other inputs, which are taken from the front of the list. */
function withInputs(plan: Plan, inputs: Plan[]): Plan {
  if (plan.kind === 'Project' && plan.expressions.every(e => e.kind === 'Attribute') && isInner(plan.input)) {
    return { ...plan, input: withInputs(plan.input, inputs) }
  }
  if (!isInner(plan)) return inputs.shift() ?? plan
  const left = withInputs(plan.left, inputs)
  return { ...plan, left, right: withInputs(plan.right, inputs) }
}

interface Chain {
  readonly inputs: readonly Plan[]
  readonly conditions: BoundExpr[]
}

function isInner(plan: Plan): plan is Extract<Plan, { kind: 'Join' }> {
  return plan.kind === 'Join' && (plan.type === 'inner' || plan.type === 'cross') && plan.leftHint === undefined && plan.rightHint === undefined
}

/** Collects the chain and gives its shape. Columns may have been put in order by this very rule, further down: a choice of columns does not end a chain. */
function flatten(plan: Plan, chain: { readonly inputs: Plan[]; readonly conditions: BoundExpr[] }): JoinTree {
  if (plan.kind === 'Project' && plan.expressions.every(e => e.kind === 'Attribute') && isInner(plan.input)) return flatten(plan.input, chain)
  if (!isInner(plan)) {
    chain.inputs.push(plan)
    return { input: chain.inputs.length - 1 }
  }
  const left = flatten(plan.left, chain)
  const right = flatten(plan.right, chain)
  if (plan.condition !== undefined) chain.conditions.push(...conjunctsOf(plan.condition))
  return { left, right }
}

/** The conditions between inputs, with the bits of those whose columns they read. */
function connections({ inputs, conditions }: Chain): JoinCondition[] {
  const owner = new Map(inputs.flatMap((input, i) => outputOf(input).map(a => [a.id, 1 << i] as const)))
  const reads = (expr: BoundExpr) => [...references(expr)].reduce((set, id) => set | (owner.get(id) ?? 0), 0)
  return conditions.map(expr => ({ expr, reads: reads(expr) })).filter(c => (c.reads & (c.reads - 1)) !== 0)
}

/** Undefined when an input has no statistics, or the order written is about as good. */
function cheaper(written: JoinTree, chain: Chain): JoinTree | undefined {
  const inputs: JoinInput[] = []
  for (const input of chain.inputs) {
    const known = cardinality(input)
    if (known === undefined) return undefined
    inputs.push({ cardinality: known, width: rowWidth(outputOf(input)) })
  }
  const conditions = connections(chain)
  const found = searchJoinOrder(inputs, conditions)
  return found.cost < worthChanging * costOf(written, inputs, conditions) ? found.tree : undefined
}

/** The order written with connected inputs first; undefined when that avoids no product. */
function withoutProducts(written: JoinTree, chain: Chain): JoinTree | undefined {
  const conditions = connections(chain)
  const tree = leftDeep(connectedOrder(chain.inputs.length, conditions))
  return productsOf(tree, conditions) < productsOf(written, conditions) ? tree : undefined
}

/** The first input first; then always the first one that a condition connects with those already there, or just the next. */
function connectedOrder(count: number, conditions: readonly JoinCondition[]): number[] {
  const left = Array.from({ length: count }, (_, i) => i)
  const order: number[] = []
  let there = 0
  while (left.length > 0) {
    const connects = (i: number) => conditions.some(({ reads: r }) => (r & (1 << i)) !== 0 && (r & there) !== 0 && (r & ~(there | (1 << i))) === 0)
    const [next] = left.splice(order.length === 0 ? 0 : Math.max(0, left.findIndex(connects)), 1)
    if (next === undefined) break
    order.push(next)
    there |= 1 << next
  }
  return order
}

function leftDeep(order: readonly number[]): JoinTree {
  const [first = 0, ...rest] = order
  return rest.reduce<JoinTree>((left, input) => ({ left, right: { input } }), { input: first })
}

/** The joins of a tree, each with the conditions that none below it could hold. */
function build(tree: JoinTree, chain: Chain): Plan {
  let pending: readonly BoundExpr[] = chain.conditions
  const make = (node: JoinTree): Plan => {
    if ('input' in node) return chain.inputs[node.input] as Plan
    const left = make(node.left)
    const right = make(node.right)
    const there = new Set([...outputOf(left), ...outputOf(right)].map(a => a.id))
    const ready = pending.filter(c => [...references(c)].every(id => there.has(id)))
    pending = pending.filter(c => !ready.includes(c))
    const condition = conjunction(ready)
    return { kind: 'Join', left, right, type: condition === undefined ? 'cross' : 'inner', ...(condition === undefined ? {} : { condition }) }
  }
  return make(tree)
}
