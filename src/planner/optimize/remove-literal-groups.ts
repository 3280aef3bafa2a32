/** Grouping by a constant groups by nothing; one key stays, so that no rows still give no groups. */
import type { Rule } from './rule.js'

export const removeLiteralGroups: Rule = {
  name: 'RemoveLiteralFromGroupExpressions',
  order: 'up',
  rewrite(plan) {
    if (plan.kind !== 'Aggregate' || !plan.grouping.some(g => g.kind === 'Literal')) return plan
    const kept = plan.grouping.filter(g => g.kind !== 'Literal')
    if (kept.length === 0) return plan.grouping.length === 1 ? plan : { ...plan, grouping: plan.grouping.slice(0, 1) }
    return { ...plan, grouping: kept }
  },
}
