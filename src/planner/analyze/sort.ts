/** ORDER BY: ordinals, ALL, output columns, and what the select list does not have. */
import { type Attribute, type BoundExpr, type BoundSortOrder, unaliased } from '../bound.js'
import type { Expr } from '../expr.js'
import { hasAggregate } from '../functions/table.js'
import type { Qualify, Sort } from '../logical.js'
import { exprText } from '../print.js'
import { exprChildren } from '../tree.js'
import { bindAbove } from './aggregate.js'
import { type AnalyzerContext, fail, type Names } from './context.js'
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
  const checked = (names: Names): BoundExpr => {
    const condition = bindCondition(relation.condition, names, context, 'FILTER')
    checkQualify(condition, input, relation, context)
    return condition
  }
  const [bound, extended] = bindAbove(input, checked, relation.condition, context)
  return above(extended, plan => {
    const windows = extractWindows(plan, [bound], () => context.nextId())
    return { kind: 'Filter', input: windows.plan, condition: windows.replace(bound) }
  })
}

/** QUALIFY is about the rows of a SELECT that has window functions; aggregates over those rows are none of it. */
function checkQualify(condition: BoundExpr, input: Scoped, relation: Qualify, context: AnalyzerContext): void {
  const aggregate = outsideWindows(condition)
  if (aggregate !== undefined) {
    throw fail(
      context,
      relation.condition,
      'QUALIFY_AGGREGATE_NOT_ALLOWED',
      '42903',
      `Aggregate functions are not supported in QUALIFY: "${exprText(aggregate).replace(/#\d+/g, '')}". Name it in the SELECT list, use HAVING, or give it an OVER clause.`,
    )
  }
  if (!hasWindow(condition) && !(input.below?.list ?? []).some(item => hasWindow(unaliased(item)))) {
    throw fail(
      context,
      relation.condition,
      'QUALIFY_REQUIRES_WINDOW_FUNCTION',
      '42903',
      'The QUALIFY clause requires at least one window function in the current SELECT list or the QUALIFY condition. Use WHERE or HAVING for conditions without one.',
    )
  }
  // Of a query without groups the rows are there already when windows look at them.
  if (input.below?.kind !== 'aggregate' && hasAggregate(condition)) {
    throw fail(
      context,
      relation,
      'MISSING_GROUP_BY',
      '42803',
      'The query does not include a GROUP BY clause. Add GROUP BY or turn it into the window functions using OVER clauses.',
    )
  }
}

/** An aggregate call that no window function is around. */
function outsideWindows(expr: BoundExpr): BoundExpr | undefined {
  if (expr.kind === 'AggregateCall') return expr
  if (expr.kind === 'Window') return undefined
  for (const child of exprChildren(expr)) {
    const found = outsideWindows(child)
    if (found !== undefined) return found
  }
  return undefined
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
