/** GROUP BY a, b, a → GROUP BY a, b. */
import { exprKey } from '../expr-key.js'
import type { Rule } from './rule.js'

export const removeRepeatedGroups: Rule = {
  name: 'RemoveRepetitionFromGroupExpressions',
  order: 'up',
  rewrite(plan) {
    if (plan.kind !== 'Aggregate') return plan
    const different = new Map(plan.grouping.map(g => [exprKey(g), g]))
    return different.size === plan.grouping.length ? plan : { ...plan, grouping: [...different.values()] }
  },
}
