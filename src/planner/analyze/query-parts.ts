/** LIMIT, OFFSET, repartitioning and WITH. */
import { types } from '../../core/types.js'
import { castTo, isIntegral, sqlTypeName } from '../coercion.js'
import { evaluate } from '../evaluate.js'
import type { Expr } from '../expr.js'
import type { Limit, Offset, Repartition, WithCTE } from '../logical.js'
import { prettyText } from '../print.js'
import { aliased } from './columns.js'
import { type AnalyzerContext, fail, quoted } from './context.js'
import { bindExpr, namesOf } from './expressions.js'
import { bindRecursive } from './recursive-cte.js'
import { above, type Scoped } from './scope.js'

export function bindLimit(relation: Limit, context: AnalyzerContext): Scoped {
  const scope = context.resolve(relation.input, context)
  const limit = count(relation.limit, 'limit', scope, context)
  return above(scope, input => ({ kind: 'Limit', input, limit }))
}

export function bindOffset(relation: Offset, context: AnalyzerContext): Scoped {
  const scope = context.resolve(relation.input, context)
  const offset = count(relation.offset, 'offset', scope, context)
  return above(scope, input => ({ kind: 'Offset', input, offset }))
}

/** A constant whole number of at least 0. */
function count(expr: Expr, name: 'limit' | 'offset', scope: Scoped, context: AnalyzerContext): number {
  const bound = bindExpr(expr, namesOf(scope.visible), context)
  const problem = (code: string, message: string) =>
    fail(context, expr, `INVALID_LIMIT_LIKE_EXPRESSION.${code}`, '42K0E', `The limit like expression "${prettyText(expr)}" is invalid. ${message}`)
  if (!isIntegral(bound.type)) throw problem('DATA_TYPE', `The ${name} expression must be integer type, but got "${sqlTypeName(bound.type)}".`)
  const value = evaluate(castTo(bound, types.long))
  if (value === undefined) throw problem('IS_UNFOLDABLE', `The ${name} expression must evaluate to a constant value.`)
  if (typeof value.value !== 'bigint') throw problem('IS_NULL', `The evaluated ${name} expression must not be null.`)
  if (value.value < 0n) throw problem('IS_NEGATIVE', `The ${name} expression must be equal to or greater than 0, but got ${value.value}.`)
  return Number(value.value)
}

export function bindRepartition(relation: Repartition, context: AnalyzerContext): Scoped {
  const input = context.resolve(relation.input, context)
  const keys = relation.columns.map(c => bindExpr(c, namesOf(input.visible, input.hidden), context))
  const partitions = relation.numPartitions
  if (partitions !== undefined && partitions < 1) {
    throw fail(context, relation, 'INVALID_PARTITION_NUMBER', '22003', `Number of partitions (${partitions}) must be positive.`)
  }
  return above(input, plan => ({ kind: 'Repartition', input: plan, keys, ...(partitions === undefined ? {} : { partitions }) }))
}

/** Each use of a CTE resolves its definition anew, so that its columns have ids of their own every time. */
export function bindWithCte(relation: WithCTE, context: AnalyzerContext): Scoped {
  const ctes = new Map(context.ctes)
  const names = relation.ctes.map(cte => cte.name.toLowerCase())
  const again = relation.ctes.filter((cte, i) => names.indexOf(cte.name.toLowerCase()) < i)
  if (again.length > 0) {
    const message = `CTE definition can't have duplicate names: ${quoted(again.map(cte => cte.name))}.`
    throw fail(context, relation, 'DUPLICATED_CTE_NAMES', '42602', message)
  }
  for (const cte of relation.ctes) {
    const scope: AnalyzerContext = { ...context, ctes: new Map(ctes) }
    const definition =
      cte.columns === undefined ? cte.plan : ({ kind: 'SubqueryAlias', input: cte.plan, alias: cte.name, columns: cte.columns } as const)
    ctes.set(cte.name.toLowerCase(), () => {
      const recursive = relation.recursive ? bindRecursive(cte, scope) : undefined
      return aliased(recursive ?? scope.resolve(definition, scope), cte.name)
    })
  }
  const inner: AnalyzerContext = { ...context, ctes }
  return inner.resolve(relation.input, inner)
}
