/** A filter above a union is a filter in each of its inputs. */
import { isDeterministic } from '../functions/table.js'
import { outputOf } from '../plan.js'
import type { Rule } from './rule.js'
import { substitute } from './substitute.js'

export const pushFilterThroughUnion: Rule = {
  name: 'PushPredicateThroughUnion',
  order: 'down',
  rewrite(plan) {
    if (plan.kind !== 'Filter' || plan.input.kind !== 'Union' || !isDeterministic(plan.condition)) return plan
    const union = plan.input
    const inputs = union.inputs.map(input => {
      const columns = outputOf(input)
      const by = new Map(union.output.flatMap((a, i) => (columns[i] === undefined ? [] : [[a.id, columns[i]] as const])))
      return { kind: 'Filter', input, condition: substitute(plan.condition, by) } as const
    })
    return { ...union, inputs }
  },
}
