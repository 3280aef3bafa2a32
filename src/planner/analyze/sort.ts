/** ORDER BY: ordinals, ALL, output columns, and what the select list does not have. */
import type { Attribute, BoundSortOrder } from '../bound.js'
import type { Expr } from '../expr.js'
import { hasAggregate } from '../functions/table.js'
import type { Qualify, Sort } from '../logical.js'
import { exprText } from '../print.js'
import { bindAbove } from './aggregate.js'
import { type AnalyzerContext, fail } from './context.js'
import { bindCondition, bindExpr, sortOrder } from './expressions.js'
import { extractWindows, hasWindow } from './extract-windows.js'
import { above, type Scoped } from './scope.js'

export function bindSort(relation: Sort, context: AnalyzerContext): Scoped {
  let input = context.resolve(relation.input, context)
  const order: BoundSortOrder[] = []
  for (const item of relation.order) {
    const key = item.kind === 'SortOrder' ? item.child : item
    const columns = everyColumn(key, input) ?? ordinal(key, input, context)
    if (columns !== undefined) {
      order.push(...columns.map(column => sortOrder(item, column, context)))
      continue
    }
    const [bound, extended] = bindAbove(input, names => bindExpr(key, names, context), key, context)
    if (hasAggregate(bound)) {
      throw fail(
        context,
        key,
        'UNSUPPORTED_EXPR_FOR_OPERATOR',
        '42K0E',
        `A query operator contains one or more unsupported expressions: Sort by ${exprText(bound)}, which is no aggregation here.`,
      )
    }
    input = extended
    const sorted = sortOrder(item, bound, context)
    // A constant orders nothing.
    if (bound.kind !== 'Literal') order.push(sorted)
  }
  if (order.length === 0) return input
  if (!order.some(o => hasWindow(o.child))) return above(input, plan => ({ kind: 'Sort', input: plan, order, global: relation.global }))
  return above(input, plan => {
    const windows = extractWindows(
      plan,
      order.map(o => o.child),
      () => context.nextId(),
    )
    return { kind: 'Sort', input: windows.plan, order: order.map(o => ({ ...o, child: windows.replace(o.child) })), global: relation.global }
  })
}

/** A filter that sees window functions, of the select list or its own. */
export function bindQualify(relation: Qualify, context: AnalyzerContext): Scoped {
  const input = context.resolve(relation.input, context)
  const [bound, extended] = bindAbove(input, names => bindCondition(relation.condition, names, context, 'FILTER'), relation.condition, context)
  return above(extended, plan => {
    const windows = extractWindows(plan, [bound], () => context.nextId())
    return { kind: 'Filter', input: windows.plan, condition: windows.replace(bound) }
  })
}

/** `ORDER BY ALL`, unless a column has that name. */
function everyColumn(key: Expr, input: Scoped): readonly Attribute[] | undefined {
  if (key.kind !== 'UnresolvedAttribute' || key.nameParts.length !== 1 || key.nameParts[0]?.toLowerCase() !== 'all') return undefined
  return input.visible.some(a => a.name.toLowerCase() === 'all') ? undefined : input.visible
}

function ordinal(key: Expr, input: Scoped, context: AnalyzerContext): readonly Attribute[] | undefined {
  if (key.kind !== 'Literal' || key.type.kind !== 'int' || typeof key.value !== 'number') return undefined
  const column = input.visible[key.value - 1]
  if (column !== undefined) return [column]
  throw fail(
    context,
    key,
    'ORDER_BY_POS_OUT_OF_RANGE',
    '42805',
    `ORDER BY position ${key.value} is not in select list (valid range is [1, ${input.visible.length}]).`,
  )
}
