/** SELECT DISTINCT a, b → GROUP BY a, b. */
import { outputOf } from '../plan.js'
import type { Rule } from './rule.js'

export const replaceDistinctWithAggregate: Rule = {
  name: 'ReplaceDistinctWithAggregate',
  order: 'up',
  rewrite(plan) {
    if (plan.kind !== 'Distinct' || outputOf(plan).length === 0) return plan
    const columns = outputOf(plan.input)
    return { kind: 'Aggregate', input: plan.input, grouping: columns, aggregates: columns }
  },
}
