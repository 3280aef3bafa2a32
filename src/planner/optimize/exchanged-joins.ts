/** Which joins are likely to move both their sides. Called by the rules that make those sides smaller. */
import { conf } from '../../core/config-table.js'
import type { Attribute } from '../bound.js'
import { cardinality } from '../cardinality.js'
import type { JoinPlan, Plan } from '../plan.js'
import { estimate, isLikelyUnder } from '../size-bounds.js'
import type { RuleContext } from './rule.js'
import { keyPairs } from './runtime-filters/key-sources.js'

/** Whether both sides are large, and do not lie in order of a key. */
export function isExchanged(plan: Plan, context: RuleContext): boolean {
  return plan.kind === 'Join' && lieApart(plan) && isLarge(plan.left, context) && isLarge(plan.right, context)
}

/** The same, but for a small side that must not be sent everywhere: each of its rows stays in the result. */
export function mustMove(plan: JoinPlan, context: RuleContext): boolean {
  const stays = {
    left: plan.type === 'left' || plan.type === 'semi' || plan.type === 'anti' || plan.type === 'full',
    right: plan.type === 'right' || plan.type === 'full',
  }
  return lieApart(plan) && (['left', 'right'] as const).every(side => stays[side] || isLarge(plan[side], context))
}

function lieApart(plan: JoinPlan): boolean {
  const clustered = (side: Plan, key: Attribute) => cardinality(side)?.columns.get(key.id)?.clustered === true
  const pairs = keyPairs(plan)
  return pairs.length > 0 && !pairs.some(({ a, b }) => clustered(plan.left, a) && clustered(plan.right, b))
}

function isLarge(side: Plan, { conf: settings }: RuleContext): boolean {
  const threshold = settings.get(conf.autoBroadcastJoinThreshold)
  return estimate(side).bytes > threshold && !isLikelyUnder(side, threshold)
}
