/** A filter that is always true goes; one that is never true leaves no rows. */
import { outputOf } from '../plan.js'
import type { Rule } from './rule.js'

export const pruneFilters: Rule = {
  name: 'PruneFilters',
  order: 'up',
  rewrite(plan) {
    if (plan.kind !== 'Filter' || plan.condition.kind !== 'Literal') return plan
    if (plan.condition.value === true) return plan.input
    return { kind: 'Values', rows: [], output: outputOf(plan) }
  },
}
