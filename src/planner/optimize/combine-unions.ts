/** A union of unions is one union; the inner one's columns are positions only. */
import type { Plan } from '../plan.js'
import type { Rule } from './rule.js'

export const combineUnions: Rule = {
  name: 'CombineUnions',
  order: 'up',
  rewrite(plan) {
    if (plan.kind !== 'Union' || !plan.inputs.some(i => i.kind === 'Union')) return plan
    const inputs: readonly Plan[] = plan.inputs.flatMap(i => (i.kind === 'Union' ? i.inputs : [i]))
    return { ...plan, inputs }
  },
}
