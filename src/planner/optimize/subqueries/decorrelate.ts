/** A subquery as a plan without parameters and the conditions that tie its rows to those of the query around it. */
import type { Attribute } from '../../bound.js'
import { conjunctsOf } from '../../conjuncts.js'
import { freeAttributes, reads } from '../../free-attributes.js'
import { outputOf, type Plan } from '../../plan.js'
import type { RuleContext } from '../rule.js'
import { copyPlan } from './copy-plan.js'
import { type Dependent, type Domain, dependentJoin, sameDomain } from './dependent-join.js'
import { type Pulled, pullUp, type Use } from './pull-up.js'

export interface Decorrelated extends Pulled {
  /** The subquery's own columns, as the plan gives them. */
  readonly columns: readonly Attribute[]
}

/** `around`: the plan whose rows the subquery is computed for. */
export function decorrelate(plan: Plan, around: Plan, use: Use, context: RuleContext): Decorrelated {
  const ids = new Set(outputOf(around).map(a => a.id))
  const columns = outputOf(plan)
  if (!reads(plan, ids)) return { plan, conditions: [], single: isOneRow(plan), columns }
  const pulled = pullUp(plan, ids, use, context)
  if (pulled !== undefined) return { ...pulled, columns }
  return perCombination(plan, around, context)
}

/** By the dependent join: right for every subquery, at the price of computing the combinations of parameters. */
export function perCombination(plan: Plan, around: Plan, context: RuleContext): Decorrelated {
  const domain = domainOf(parametersOf(plan, around), around, context)
  const d = dependentJoin(plan, domain, context)
  return { plan: d.plan, conditions: conjunctsOf(sameDomain(domain.parameters, d.domain)), single: isOneRow(plan), columns: outputOf(plan) }
}

/** What a plan reads of the plan around it. */
function parametersOf(plan: Plan, around: Plan): Attribute[] {
  const given = new Map(outputOf(around).map(a => [a.id, a]))
  return [...freeAttributes(plan).keys()].flatMap(id => given.get(id) ?? [])
}

/** The different combinations of some columns of a plan. */
export function domainOf(parameters: readonly Attribute[], around: Plan, context: RuleContext): Domain {
  return {
    parameters,
    make(): Dependent {
      const copy = copyPlan(around, () => context.nextId())
      const columns = parameters.map(p => copy.of(p))
      return { plan: { kind: 'Aggregate', input: copy.plan, grouping: columns, aggregates: columns }, domain: columns }
    },
  }
}

/** Exactly one row, whatever there is below. */
export function isOneRow(plan: Plan): boolean {
  switch (plan.kind) {
    case 'Aggregate':
      return plan.grouping.length === 0
    case 'Values':
      return plan.rows.length === 1
    case 'Project':
    case 'SubqueryAlias':
    case 'Hint':
    case 'Sort':
      return isOneRow(plan.input)
    case 'Limit':
      return plan.limit >= 1 && isOneRow(plan.input)
    default:
      return false
  }
}
