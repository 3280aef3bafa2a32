/** An aggregation without keys whose output needs no aggregate function is one row of constants, whatever lies below it. */
import { unaliased } from '../bound.js'
import { hasAggregate } from '../functions/table.js'
import type { Rule } from './rule.js'

export const replaceConstantAggregates: Rule = {
  name: 'ReplaceConstantAggregates',
  order: 'up',
  rewrite(plan) {
    if (plan.kind !== 'Aggregate' || plan.grouping.length > 0 || plan.aggregates.some(e => hasAggregate(unaliased(e)))) return plan
    return { kind: 'Project', input: { kind: 'Values', rows: [[]], output: [] }, expressions: plan.aggregates }
  },
}
