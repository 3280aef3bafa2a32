/** LIMIT goes below a projection, into the inputs of a union, and two limits are the smaller one. */
import type { Plan } from '../plan.js'
import { mostRows } from './most-rows.js'
import type { Rule } from './rule.js'

export const pushLimitDown: Rule = {
  name: 'LimitPushDown',
  order: 'down',
  rewrite(plan) {
    if (plan.kind !== 'Limit') return plan
    const input = plan.input
    switch (input.kind) {
      case 'Limit':
        return { ...input, limit: Math.min(plan.limit, input.limit) }
      case 'Project':
        return { ...input, input: { ...plan, input: input.input } }
      case 'Union': {
        if (input.inputs.every(i => isLimited(i, plan.limit))) return plan
        return {
          ...plan,
          input: { ...input, inputs: input.inputs.map(i => (isLimited(i, plan.limit) ? i : { kind: 'Limit', input: i, limit: plan.limit })) },
        }
      }
      default:
        return plan
    }
  },
}

/** Whether a limit would be taken away again (`EliminateLimits`). */
function isLimited(plan: Plan, limit: number): boolean {
  const most = mostRows(plan)
  return most !== undefined && most <= limit
}
