/** What has no rows below has none above, except where an operator makes rows of nothing (an aggregate without keys, the other side of an outer join). */
import type { Attribute, NamedExpr } from '../bound.js'
import { nullOf } from '../bound.js'
import { outputOf, type Plan } from '../plan.js'
import type { Rule } from './rule.js'

export const propagateEmptyRelations: Rule = {
  name: 'PropagateEmptyRelation',
  order: 'up',
  rewrite(plan) {
    switch (plan.kind) {
      case 'Scan':
        return plan.files.length === 0 ? empty(plan) : plan
      case 'LocalRows':
        return plan.rows === 0 ? empty(plan) : plan
      case 'Project':
      case 'Filter':
      case 'Sort':
      case 'Offset':
      case 'Distinct':
      case 'Repartition':
        return isEmpty(plan.input) ? empty(plan) : plan
      case 'Limit':
        return isEmpty(plan.input) || plan.limit === 0 ? empty(plan) : plan
      case 'Aggregate':
        return isEmpty(plan.input) && plan.grouping.length > 0 ? empty(plan) : plan
      case 'Union':
        return withoutEmptyInputs(plan)
      case 'Join':
        return joinOfEmpty(plan)
      default:
        return plan
    }
  },
}

function isEmpty(plan: Plan): boolean {
  return plan.kind === 'Values' && plan.rows.length === 0
}

function empty(plan: Plan): Plan {
  return { kind: 'Values', rows: [], output: outputOf(plan) }
}

function withoutEmptyInputs(plan: Extract<Plan, { kind: 'Union' }>): Plan {
  const inputs = plan.inputs.filter(i => !isEmpty(i))
  if (inputs.length === plan.inputs.length) return plan
  const [only, ...rest] = inputs
  if (only === undefined) return empty(plan)
  if (rest.length > 0) return { ...plan, inputs }
  const columns = outputOf(only)
  const expressions = plan.output.map(
    (a, i): NamedExpr => ({ kind: 'Alias', id: a.id, name: a.name, child: columns[i] as Attribute, qualifier: a.qualifier }),
  )
  return { kind: 'Project', input: only, expressions }
}

function joinOfEmpty(plan: Extract<Plan, { kind: 'Join' }>): Plan {
  const [left, right] = [isEmpty(plan.left), isEmpty(plan.right)]
  if (!left && !right) return plan
  switch (plan.type) {
    case 'inner':
    case 'cross':
    case 'semi':
      return empty(plan)
    case 'anti':
      return left ? empty(plan) : plan.left
    case 'left':
      return left ? empty(plan) : padded(plan, plan.left)
    case 'right':
      return right ? empty(plan) : padded(plan, plan.right)
    case 'full':
      return left && right ? empty(plan) : padded(plan, left ? plan.right : plan.left)
  }
}

/** The side that has rows, with NULLs for the other's columns. */
function padded(plan: Plan, side: Plan): Plan {
  const have = new Set(outputOf(side).map(a => a.id))
  const expressions = outputOf(plan).map((a): NamedExpr => {
    if (have.has(a.id)) return a
    return { kind: 'Alias', id: a.id, name: a.name, child: nullOf(a.type), qualifier: a.qualifier }
  })
  return { kind: 'Project', input: side, expressions }
}
