/** Conditions that do not look at what a generator makes hold before it as well. */
import type { BoundExpr } from '../bound.js'
import { conjunction, conjunctsOf } from '../conjuncts.js'
import { isDeterministic } from '../functions/table.js'
import { references } from '../tree.js'
import type { Rule } from './rule.js'

export const pushFilterThroughGenerate: Rule = {
  name: 'PushPredicateThroughGenerate',
  order: 'down',
  rewrite(plan) {
    if (plan.kind !== 'Filter' || plan.input.kind !== 'Generate') return plan
    const generate = plan.input
    const made = new Set(generate.generated.map(a => a.id))
    const movable = (c: BoundExpr) => {
      const read = [...references(c)]
      return read.length > 0 && isDeterministic(c) && !read.some(id => made.has(id))
    }
    const all = conjunctsOf(plan.condition)
    const below = conjunction(all.filter(movable))
    if (below === undefined) return plan
    const above = conjunction(all.filter(c => !movable(c)))
    const pushed = { ...generate, input: { kind: 'Filter', input: generate.input, condition: below } } as const
    return above === undefined ? pushed : { kind: 'Filter', input: pushed, condition: above }
  },
}
