/** Columns of which it has become known that they are never NULL (the join that padded them is an inner one now) are known as such above, too. */
import { outputOf } from '../plan.js'
import { mapPlanExpressions, planChildren, transformExprUp } from '../tree.js'
import type { Rule } from './rule.js'

export const updateNullability: Rule = {
  name: 'UpdateAttributeNullability',
  order: 'up',
  rewrite(plan) {
    const never = new Set(planChildren(plan).flatMap(child => outputOf(child).flatMap(a => (a.nullable ? [] : [a.id]))))
    if (never.size === 0) return plan
    return mapPlanExpressions(plan, e =>
      transformExprUp(e, x => (x.kind === 'Attribute' && x.nullable && never.has(x.id) ? { ...x, nullable: false } : x)),
    )
  },
}
