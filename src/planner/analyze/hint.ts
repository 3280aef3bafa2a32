/** Hints: join strategies for a relation or for the tables they name, and partitioning. An unknown hint or name changes nothing, as in Spark. */
import { types } from '../../core/types.js'
import { castTo } from '../coercion.js'
import { evaluate } from '../evaluate.js'
import type { Expr } from '../expr.js'
import type { Hint } from '../logical.js'
import type { JoinStrategyHint, Plan, RepartitionPlan } from '../plan.js'
import { prettyText } from '../print.js'
import { mapPlanChildren } from '../tree.js'
import { type AnalyzerContext, fail, sameName } from './context.js'
import { bindExpr, namesOf } from './expressions.js'
import { above, type Scoped } from './scope.js'

const strategies: Readonly<Record<string, JoinStrategyHint>> = {
  broadcast: 'broadcast',
  broadcastjoin: 'broadcast',
  mapjoin: 'broadcast',
  merge: 'merge',
  shuffle_merge: 'merge',
  mergejoin: 'merge',
  shuffle_hash: 'shuffle_hash',
  shuffle_replicate_nl: 'shuffle_replicate_nl',
}

export function bindHint(relation: Hint, context: AnalyzerContext): Scoped {
  const input = context.resolve(relation.input, context)
  const name = relation.name.toLowerCase()
  const hint = strategies[name]
  if (hint !== undefined) {
    const tables = relation.parameters.map(parameterName).filter(n => n !== undefined)
    if (tables.length === 0) return above(input, plan => ({ kind: 'Hint', input: plan, hint }))
    return above(input, plan => hintTables(plan, tables, hint, context))
  }
  const by = Object.hasOwn(partitionings, name) ? partitionings[name] : undefined
  return by === undefined ? input : repartition(relation, by, input, context)
}

function parameterName(expr: Expr): string | undefined {
  if (expr.kind === 'UnresolvedAttribute') return expr.nameParts[expr.nameParts.length - 1]
  return expr.kind === 'Literal' && typeof expr.value === 'string' ? expr.value : undefined
}

/** Puts the hint on the outermost relations of these names; a subquery's own tables are out of reach. */
function hintTables(plan: Plan, tables: readonly string[], hint: JoinStrategyHint, context: AnalyzerContext): Plan {
  if (plan.kind === 'SubqueryAlias') return tables.some(t => sameName(context, t, plan.alias)) ? { kind: 'Hint', input: plan, hint } : plan
  return mapPlanChildren(plan, child => hintTables(child, tables, hint, context))
}

const partitionings: Readonly<Record<string, RepartitionPlan['by'] | 'hash'>> = {
  repartition: 'hash',
  repartition_by_range: 'range',
  rebalance: 'rebalance',
  coalesce: 'coalesce',
}

function repartition(relation: Hint, by: RepartitionPlan['by'] | 'hash', input: Scoped, context: AnalyzerContext): Scoped {
  const [first, ...others] = relation.parameters
  const number =
    first?.kind === 'Literal' ? evaluate(castTo(bindExpr(first, namesOf(input.visible, input.hidden), context), types.long))?.value : undefined
  const partitions = typeof number === 'bigint' ? Number(number) : undefined
  const columns = partitions === undefined ? relation.parameters : others
  if (by === 'coalesce' && (partitions === undefined || columns.length > 0)) {
    throw fail(context, relation, 'INVALID_HINT_PARAMETER', '42K0E', 'COALESCE Hint expects a partition number as a parameter.')
  }
  if (partitions !== undefined && partitions < 1) {
    throw fail(context, relation, 'INVALID_PARTITION_NUMBER', '22003', `Number of partitions (${partitions}) must be positive.`)
  }
  const keys = columns.map(parameter => bindExpr(columnOf(parameter, relation, context), namesOf(input.visible, input.hidden), context))
  return above(input, plan => ({
    kind: 'Repartition',
    input: plan,
    keys,
    ...(partitions === undefined ? {} : { partitions }),
    ...(by === 'hash' || by === undefined ? {} : { by }),
  }))
}

/** A column, or its name as a string. */
function columnOf(parameter: Expr, relation: Hint, context: AnalyzerContext): Expr {
  if (parameter.kind === 'UnresolvedAttribute') return parameter
  if (parameter.kind === 'Literal' && typeof parameter.value === 'string') {
    return { kind: 'UnresolvedAttribute', nameParts: [parameter.value], ...(parameter.span === undefined ? {} : { span: parameter.span }) }
  }
  const name = relation.name.toUpperCase()
  throw fail(
    context,
    parameter,
    'INVALID_HINT_PARAMETER',
    '42K0E',
    `${name} Hint parameter should include columns, but ${prettyText(parameter)} found. Give names of columns, after the number of partitions if there is one.`,
  )
}
