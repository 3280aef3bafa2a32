/** LIMIT above no more rows than it allows goes; LIMIT and OFFSET of constant rows are done here. An aggregation without keys is one row. */
import { mostRows } from './most-rows.js'
import type { Rule } from './rule.js'

export const eliminateLimits: Rule = {
  name: 'EliminateLimits',
  order: 'up',
  rewrite(plan) {
    if (plan.kind === 'Offset') {
      if (plan.offset === 0) return plan.input
      return plan.input.kind === 'Values' ? { ...plan.input, rows: plan.input.rows.slice(plan.offset) } : plan
    }
    if (plan.kind !== 'Limit') return plan
    const most = mostRows(plan.input)
    if (most !== undefined && most <= plan.limit) return plan.input
    return plan.input.kind === 'Values' ? { ...plan.input, rows: plan.input.rows.slice(0, plan.limit) } : plan
  },
}
