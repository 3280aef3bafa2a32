/** LIMIT above no more rows than it allows goes; LIMIT and OFFSET of constant rows are done here. An aggregation without keys is one row. */
import type { Plan } from '../plan.js'
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

/** The number of rows that a plan has at most, when that is certain. */
function mostRows(plan: Plan): number | undefined {
  switch (plan.kind) {
    case 'Values':
      return plan.rows.length
    case 'LocalRows':
      return plan.rows
    case 'Limit':
      return plan.limit
    case 'Aggregate':
      return plan.grouping.length === 0 ? 1 : mostRows(plan.input)
    case 'Project':
    case 'Filter':
    case 'Sort':
    case 'Offset':
    case 'Distinct':
      return mostRows(plan.input)
    default:
      return undefined
  }
}
