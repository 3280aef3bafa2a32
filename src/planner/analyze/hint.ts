/** Hints: join strategies for a relation or for the tables they name, and partitioning. An unknown hint or name changes nothing, as in Spark. */
import { types } from '../../core/types.js'
import { castTo } from '../coercion.js'
import { evaluate } from '../evaluate.js'
import type { Expr } from '../expr.js'
import type { Hint } from '../logical.js'
import type { JoinStrategyHint, Plan } from '../plan.js'
import { mapPlanChildren } from '../tree.js'
import { type AnalyzerContext, sameName } from './context.js'
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
  if (name === 'repartition' || name === 'coalesce' || name === 'rebalance') return repartition(relation, name, input, context)
  return input
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

function repartition(relation: Hint, name: string, input: Scoped, context: AnalyzerContext): Scoped {
  const names = namesOf(input.visible, input.hidden)
  const first = relation.parameters[0]
  const number = first?.kind === 'Literal' ? evaluate(castTo(bindExpr(first, names, context), types.long))?.value : undefined
  const rest = number === undefined ? relation.parameters : relation.parameters.slice(1)
  const keys = name === 'coalesce' ? [] : rest.map(e => bindExpr(e, names, context))
  const partitions = typeof number === 'bigint' && number > 0n ? Number(number) : undefined
  return above(input, plan => ({ kind: 'Repartition', input: plan, keys, ...(partitions === undefined ? {} : { partitions }) }))
}
