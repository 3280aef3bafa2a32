/** An order that nothing above can see costs a sort for nothing: below another sort, and below an aggregation that does not depend on the order of rows. */
import { unaliased } from '../bound.js'
import { aggregateFunction, isDeterministic } from '../functions/table.js'
import type { AggregatePlan, Plan } from '../plan.js'
import { someExpr } from '../tree.js'
import type { Rule } from './rule.js'

export const eliminateSorts: Rule = {
  name: 'EliminateSorts',
  order: 'down',
  rewrite(plan) {
    if (!(plan.kind === 'Sort' && plan.global) && !(plan.kind === 'Aggregate' && !dependsOnOrder(plan))) return plan
    const input = withoutSort(plan.input)
    return input === plan.input ? plan : { ...plan, input }
  },
}

function dependsOnOrder(plan: AggregatePlan): boolean {
  return plan.aggregates.some(e => someExpr(unaliased(e), x => x.kind === 'AggregateCall' && !aggregateFunction(x.fn).deterministic))
}

/** Looks below operators that pass an order on. */
function withoutSort(plan: Plan): Plan {
  switch (plan.kind) {
    case 'Sort':
      return withoutSort(plan.input)
    case 'Project':
    case 'Filter': {
      const pure = plan.kind === 'Filter' ? isDeterministic(plan.condition) : plan.expressions.every(e => isDeterministic(unaliased(e)))
      const input = pure ? withoutSort(plan.input) : plan.input
      return input === plan.input ? plan : { ...plan, input }
    }
    default:
      return plan
  }
}
