/**
 * A column that holds one literal in all rows is that literal wherever it is read above (Spark's `FoldablePropagation`): `'s' AS sale_type` of one branch
 * of a union makes the filter `sale_type = 'w'` false, and the branch is gone. Not in grouping keys, which only say which rows belong together.
 */
import { type BoundExpr, type NamedExpr, unaliased } from '../bound.js'
import type { Literal } from '../expr.js'
import type { Plan } from '../plan.js'
import { mapExprChildren, mapNamed, references } from '../tree.js'
import type { Rule } from './rule.js'

type Constants = ReadonlyMap<number, Literal>

export const propagateFoldables: Rule = {
  name: 'FoldablePropagation',
  order: 'up',
  rewrite(plan) {
    switch (plan.kind) {
      case 'Filter': {
        const condition = folded(plan.condition, constantsOf(plan.input))
        return condition === plan.condition ? plan : { ...plan, condition }
      }
      case 'Join': {
        if (plan.condition === undefined) return plan
        const condition = folded(plan.condition, new Map([...constantsOf(plan.left), ...constantsOf(plan.right)]))
        return condition === plan.condition ? plan : { ...plan, condition }
      }
      case 'Project': {
        const constants = constantsOf(plan.input)
        if (!plan.expressions.some(e => readsOne(unaliased(e), constants))) return plan
        return { ...plan, expressions: plan.expressions.map(e => mapNamed(e, x => folded(x, constants))) }
      }
      default:
        return plan
    }
  },
}

function readsOne(e: BoundExpr, constants: Constants): boolean {
  return constants.size > 0 && [...references(e)].some(id => constants.has(id))
}

function folded(e: BoundExpr, constants: Constants): BoundExpr {
  if (!readsOne(e, constants)) return e
  const replace = (x: BoundExpr): BoundExpr => (x.kind === 'Attribute' ? (constants.get(x.id) ?? x) : mapExprChildren(x, replace))
  return replace(e)
}

const none: Constants = new Map()
const known = new WeakMap<Plan, Constants>()

/** The columns of a plan that are a literal. */
function constantsOf(plan: Plan): Constants {
  let found = known.get(plan)
  if (found === undefined) {
    found = compute(plan)
    known.set(plan, found)
  }
  return found
}

function compute(plan: Plan): Constants {
  switch (plan.kind) {
    case 'Project':
      return ofList(plan.expressions, constantsOf(plan.input))
    case 'Aggregate':
      return ofList(plan.aggregates, none)
    case 'Filter':
    case 'Sort':
    case 'Limit':
    case 'Offset':
    case 'Distinct':
    case 'Window':
    case 'Repartition':
    case 'SubqueryAlias':
      return constantsOf(plan.input)
    case 'Join':
      return ofJoin(plan)
    default:
      return none
  }
}

function ofList(list: readonly NamedExpr[], below: Constants): Constants {
  const constants = new Map<number, Literal>()
  for (const e of list) {
    const value = unaliased(e)
    const literal = value.kind === 'Literal' ? value : value.kind === 'Attribute' ? below.get(value.id) : undefined
    if (literal !== undefined) constants.set(e.id, literal)
  }
  return constants.size === 0 ? none : constants
}

/** A side that an outer join fills with NULLs has no constants. */
function ofJoin(plan: Extract<Plan, { kind: 'Join' }>): Constants {
  const [left, right] = [constantsOf(plan.left), constantsOf(plan.right)]
  switch (plan.type) {
    case 'inner':
    case 'cross':
      return right.size === 0 ? left : left.size === 0 ? right : new Map([...left, ...right])
    case 'left':
    case 'semi':
    case 'anti':
      return left
    case 'right':
      return right
    case 'full':
      return none
  }
}
