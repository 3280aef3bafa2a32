/** WHERE a above WHERE b → WHERE b AND a. Not of chance: what else moves below it would change which rows it takes. */
import { conjunction } from '../conjuncts.js'
import { isDeterministic } from '../functions/table.js'
import type { Rule } from './rule.js'

export const combineFilters: Rule = {
  name: 'CombineFilters',
  order: 'up',
  rewrite(plan) {
    if (plan.kind !== 'Filter' || plan.input.kind !== 'Filter' || !isDeterministic(plan.condition) || !isDeterministic(plan.input.condition))
      return plan
    const condition = conjunction([plan.input.condition, plan.condition])
    return condition === undefined ? plan : { ...plan.input, condition }
  },
}
