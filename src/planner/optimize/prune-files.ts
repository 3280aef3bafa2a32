/** Files none of whose row groups can meet the filter above are not read: what is left counts for sizes, tasks and the order of files. */
import { filesThatMayMatch } from '../row-group-filter.js'
import type { Rule } from './rule.js'

export const pruneFiles: Rule = {
  name: 'PruneFiles',
  order: 'up',
  rewrite(plan) {
    if (plan.kind !== 'Filter' || plan.input.kind !== 'Scan') return plan
    const files = filesThatMayMatch(plan.input.files, plan.condition, plan.input.output)
    return files === plan.input.files ? plan : { ...plan, input: { ...plan.input, files } }
  },
}
