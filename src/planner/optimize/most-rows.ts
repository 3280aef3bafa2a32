/** How many rows a plan can have, for the rules about LIMIT: what one of them takes for limited, another must not limit again. */
import type { Plan } from '../plan.js'

/** The number of rows that a plan has at most, when that is certain. */
export function mostRows(plan: Plan): number | undefined {
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
