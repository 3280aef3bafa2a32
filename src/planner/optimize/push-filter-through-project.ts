/** A filter above a projection is the same filter below it, over what the columns stand for. */
import { unaliased } from '../bound.js'
import { isDeterministic } from '../functions/table.js'
import type { Rule } from './rule.js'
import { definitions, substitute } from './substitute.js'

export const pushFilterThroughProject: Rule = {
  name: 'PushPredicateThroughProject',
  order: 'down',
  rewrite(plan) {
    if (plan.kind !== 'Filter' || plan.input.kind !== 'Project') return plan
    const project = plan.input
    if (!project.expressions.every(e => isDeterministic(unaliased(e)))) return plan
    const condition = substitute(plan.condition, definitions(project.expressions))
    return { ...project, input: { kind: 'Filter', input: project.input, condition } }
  },
}
