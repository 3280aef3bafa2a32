/** OFFSET goes below a projection, so that it stays beside the sort it skips rows of. */
import type { Rule } from './rule.js'

export const pushOffsetBelowProject: Rule = {
  name: 'PushOffsetThroughProject',
  order: 'down',
  rewrite(plan) {
    if (plan.kind !== 'Offset' || plan.input.kind !== 'Project') return plan
    return { ...plan.input, input: { ...plan, input: plan.input.input } }
  },
}
