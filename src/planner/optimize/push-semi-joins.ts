/**
 * A semi or anti join above an inner join that looks at one side alone drops that side's rows before they are joined, when the estimates say that it
 * drops many: what is left may be small enough to be sent everywhere. One that keeps most rows stays above, where other joins have left it less to look at.
 */
import { cardinality } from '../cardinality.js'
import { conjunctsOf } from '../conjuncts.js'
import { isDeterministic } from '../functions/table.js'
import { type JoinPlan, outputOf, type Plan } from '../plan.js'
import { references } from '../tree.js'
import type { Rule } from './rule.js'
import { definitions, substitute } from './substitute.js'

/** The part of a side's rows that may be left. */
const mostKept = 0.5

export const pushSemiJoins: Rule = {
  name: 'PushLeftSemiLeftAntiThroughJoin',
  order: 'down',
  rewrite(plan) {
    if (plan.kind !== 'Join' || (plan.type !== 'semi' && plan.type !== 'anti')) return plan
    return pushed(plan, plan.left) ?? plan
  },
}

/** `below`, with the join somewhere inside it. */
function pushed(join: JoinPlan, below: Plan): Plan | undefined {
  if (join.condition === undefined || !conjunctsOf(join.condition).every(isDeterministic)) return undefined
  if (below.kind === 'Project') {
    const by = definitions(below.expressions)
    if (![...by.values()].every(isDeterministic)) return undefined
    const input = pushed({ ...join, left: below.input, condition: substitute(join.condition, by) }, below.input)
    return input && { ...below, input }
  }
  if (below.kind !== 'Join') return undefined
  const sides = below.type === 'inner' || below.type === 'cross' ? (['left', 'right'] as const) : below.type === 'left' ? (['left'] as const) : []
  const rightIds = new Set(outputOf(join.right).map(a => a.id))
  const read = [...references(join.condition)].filter(id => !rightIds.has(id))
  for (const side of sides) {
    const ids = new Set(outputOf(below[side]).map(a => a.id))
    if (read.length === 0 || !read.every(id => ids.has(id))) continue
    const inside: JoinPlan = { ...join, left: below[side] }
    const [before, after] = [cardinality(below[side])?.rows, cardinality(inside)?.rows]
    if (before === undefined || after === undefined || after > before * mostKept) return undefined
    return side === 'left' ? { ...below, left: inside } : { ...below, right: inside }
  }
  return undefined
}
