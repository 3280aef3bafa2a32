/**
 * An outer join whose padded rows are all dropped above (by a filter, or by the condition of a join, that NULLs never meet) need not pad: full becomes left
 * or right, left and right become inner. Inner joins can be put in another order, and conditions move through them.
 */
import type { BoundExpr } from '../bound.js'
import { isDeterministic } from '../functions/table.js'
import { type JoinPlan, outputOf, type Plan } from '../plan.js'
import { rejectsNulls } from './possible-values.js'
import type { Rule } from './rule.js'
import { definitions, substitute } from './substitute.js'

export const eliminateOuterJoins: Rule = {
  name: 'EliminateOuterJoin',
  order: 'down',
  rewrite(plan) {
    if (plan.kind === 'Filter') {
      const input = under(plan.input, plan.condition)
      return input === plan.input ? plan : { ...plan, input }
    }
    if (plan.kind !== 'Join' || plan.condition === undefined) return plan
    // The sides of which only rows that meet the condition count.
    const left = matching.left.has(plan.type) ? under(plan.left, plan.condition) : plan.left
    const right = matching.right.has(plan.type) ? under(plan.right, plan.condition) : plan.right
    return left === plan.left && right === plan.right ? plan : { ...plan, left, right }
  },
}

const matching: Readonly<Record<'left' | 'right', ReadonlySet<JoinPlan['type']>>> = {
  left: new Set(['inner', 'semi', 'right']),
  right: new Set(['inner', 'semi', 'left', 'anti']),
}

/** A plan of which only rows matter that meet a condition. */
function under(plan: Plan, condition: BoundExpr): Plan {
  if (plan.kind === 'Project') {
    const by = definitions(plan.expressions)
    if (![...by.values()].every(isDeterministic)) return plan
    const input = under(plan.input, substitute(condition, by))
    return input === plan.input ? plan : { ...plan, input }
  }
  if (plan.kind !== 'Join') return plan
  const rejects = (side: Plan) => rejectsNulls(condition, new Set(outputOf(side).map(a => a.id)))
  switch (plan.type) {
    case 'left':
      return rejects(plan.right) ? inner(plan) : plan
    case 'right':
      return rejects(plan.left) ? inner(plan) : plan
    case 'full': {
      const [left, right] = [rejects(plan.left), rejects(plan.right)]
      if (left && right) return inner(plan)
      return left || right ? { ...plan, type: left ? 'left' : 'right' } : plan
    }
    default:
      return plan
  }
}

function inner(join: JoinPlan): JoinPlan {
  return { ...join, type: join.condition === undefined ? 'cross' : 'inner' }
}
