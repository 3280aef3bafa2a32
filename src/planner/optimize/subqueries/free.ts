/** Replacing the parameters of a subquery. */
import type { BoundExpr } from '../../bound.js'
import { reads } from '../../free-attributes.js'
import type { Plan } from '../../plan.js'
import { mapPlanChildren, mapPlanExpressions } from '../../tree.js'
import { substitute } from '../substitute.js'

/** Puts expressions in the place of free attributes. */
export function substituteFree(plan: Plan, by: ReadonlyMap<number, BoundExpr>): Plan {
  if (by.size === 0 || !reads(plan, new Set(by.keys()))) return plan
  const below = mapPlanChildren(plan, child => substituteFree(child, by))
  return mapPlanExpressions(below, e => substitute(e, by))
}
