/** Filtering first leaves less to sort, to repartition and to make distinct. */
import { isDeterministic } from '../functions/table.js'
import type { Rule } from './rule.js'

export const pushFilterThroughSort: Rule = {
  name: 'PushPredicateThroughSort',
  order: 'down',
  rewrite(plan) {
    if (plan.kind !== 'Filter' || !isDeterministic(plan.condition)) return plan
    const input = plan.input
    if (input.kind !== 'Sort' && input.kind !== 'Repartition' && input.kind !== 'Distinct') return plan
    return { ...input, input: { kind: 'Filter', input: input.input, condition: plan.condition } }
  },
}
