/** Conditions on grouping columns alone hold before the grouping as well as after it. */

import { type BoundExpr, unaliased } from '../bound.js'
import { conjunction, conjunctsOf } from '../conjuncts.js'
import { exprKey } from '../expr-key.js'
import { isDeterministic } from '../functions/table.js'
import { references } from '../tree.js'
import type { Rule } from './rule.js'
import { substitute } from './substitute.js'

export const pushFilterThroughAggregate: Rule = {
  name: 'PushPredicateThroughAggregate',
  order: 'down',
  rewrite(plan) {
    if (plan.kind !== 'Filter' || plan.input.kind !== 'Aggregate' || plan.input.grouping.length === 0) return plan
    const aggregate = plan.input
    const keys = new Set(aggregate.grouping.filter(isDeterministic).map(exprKey))
    const grouped = new Map<number, BoundExpr>(aggregate.aggregates.filter(e => keys.has(exprKey(unaliased(e)))).map(e => [e.id, unaliased(e)]))
    const movable = (c: BoundExpr) => {
      const read = references(c)
      return read.size > 0 && isDeterministic(c) && [...read].every(id => grouped.has(id))
    }
    const all = conjunctsOf(plan.condition)
    const below = conjunction(all.filter(movable))
    if (below === undefined) return plan
    const above = conjunction(all.filter(c => !movable(c)))
    const pushed = { ...aggregate, input: { kind: 'Filter', input: aggregate.input, condition: substitute(below, grouped) } as const }
    return above === undefined ? pushed : { kind: 'Filter', input: pushed, condition: above }
  },
}
