/** INTERSECT → distinct of a semi join, EXCEPT → distinct of an anti join, on null-safe equality of all columns. The ALL forms stay as they are. */

import type { BoundExpr } from '../bound.js'
import { conjunction } from '../conjuncts.js'
import { outputOf } from '../plan.js'
import type { Rule } from './rule.js'

export const replaceSetOperations: Rule = {
  name: 'ReplaceSetOperationsWithJoins',
  order: 'up',
  rewrite(plan) {
    if (plan.kind !== 'SetOperation' || plan.all) return plan
    const right = outputOf(plan.right)
    const equal = outputOf(plan.left).map(
      (a, i): BoundExpr => ({ kind: 'Call', fn: '<=>', args: [a, right[i] ?? a], type: { kind: 'boolean' }, nullable: false }),
    )
    const condition = conjunction(equal)
    return {
      kind: 'Distinct',
      input: {
        kind: 'Join',
        left: plan.left,
        right: plan.right,
        type: plan.operation === 'intersect' ? 'semi' : 'anti',
        ...(condition === undefined ? {} : { condition }),
      },
    }
  },
}
