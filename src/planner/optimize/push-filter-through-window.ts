/** Conditions on the keys by which all windows of a node are partitioned drop whole partitions: before as well as after. */
import type { BoundExpr, WindowExpr } from '../bound.js'
import { conjunction, conjunctsOf } from '../conjuncts.js'
import { isDeterministic } from '../functions/table.js'
import { references } from '../tree.js'
import type { Rule } from './rule.js'

export const pushFilterThroughWindow: Rule = {
  name: 'PushPredicateThroughWindow',
  order: 'down',
  rewrite(plan) {
    if (plan.kind !== 'Filter' || plan.input.kind !== 'Window') return plan
    const window = plan.input
    const specs = window.windows.map(w => w.child).filter((w): w is WindowExpr => w.kind === 'Window')
    const keys = new Set((specs[0]?.partitionBy ?? []).flatMap(k => (k.kind === 'Attribute' ? [k.id] : [])))
    const movable = (c: BoundExpr) => {
      const read = references(c)
      return read.size > 0 && isDeterministic(c) && [...read].every(id => keys.has(id))
    }
    const all = conjunctsOf(plan.condition)
    const below = conjunction(all.filter(movable))
    if (below === undefined) return plan
    const above = conjunction(all.filter(c => !movable(c)))
    const pushed = { ...window, input: { kind: 'Filter', input: window.input, condition: below } } as const
    return above === undefined ? pushed : { kind: 'Filter', input: pushed, condition: above }
  },
}
