/** Moves a hint from a join's input to the join; a hint that reaches no join is dropped. */
import type { JoinStrategyHint, Plan } from '../plan.js'
import type { Rule } from './rule.js'

export const attachJoinHints: Rule = {
  name: 'EliminateResolvedHint',
  // Parents first: a join takes the hints of its inputs before they are dropped.
  order: 'down',
  rewrite(plan) {
    if (plan.kind === 'Hint') return plan.input
    if (plan.kind !== 'Join') return plan
    const left = takeHint(plan.left)
    const right = takeHint(plan.right)
    if (left.hint === undefined && right.hint === undefined) return plan
    return {
      ...plan,
      left: left.plan,
      right: right.plan,
      ...(left.hint === undefined ? {} : { leftHint: left.hint }),
      ...(right.hint === undefined ? {} : { rightHint: right.hint }),
    }
  },
}

/** A hint lies on the input itself, or below operators that keep its rows. */
function takeHint(plan: Plan): { readonly plan: Plan; readonly hint?: JoinStrategyHint } {
  switch (plan.kind) {
    case 'Hint':
      return { plan: plan.input, hint: plan.hint }
    case 'Project':
    case 'Filter':
    case 'SubqueryAlias': {
      const below = takeHint(plan.input)
      return below.hint === undefined ? { plan } : { plan: { ...plan, input: below.plan }, hint: below.hint }
    }
    default:
      return { plan }
  }
}
