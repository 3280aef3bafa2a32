/** Expressions: names to attributes, calls to entries of the table of functions, types checked and casts made explicit. */
import { unreachable } from '../../core/errors.js'
import { field, sameType, struct, types } from '../../core/types.js'
import { type Attribute, type BoundExpr, type BoundSortOrder, literal, type WindowCall, type WindowExpr } from '../bound.js'
import { castAdvice, castPossible } from '../cast-rules.js'
import { castTo, isIntegral, isOrderable, sqlTypeName } from '../coercion.js'
import type { Expr, UnresolvedFunction, Window } from '../expr.js'
import { exprKey } from '../expr-key.js'
import { call } from '../functions/define.js'
import { findFunction, hasAggregate, splitOf } from '../functions/table.js'
import { findWindowFunction } from '../functions/window.js'
import { prettyText } from '../print.js'
import { mapExprChildren, references, someExpr } from '../tree.js'
import { bindAttribute } from './attributes.js'
import { bindCall, bindingOf, text, unresolvedRoutine, wrongNumber } from './calls.js'
import { type AnalyzerContext, fail, type Names, unsupported } from './context.js'
import { hasWindow } from './extract-windows.js'
import { bindHigherOrder, isHigherOrder } from './higher-order.js'
import { inPlaces } from './named-arguments.js'
import { expandStar } from './star.js'
import { bindSubquery } from './subquery.js'
import { bindSpec } from './window.js'

export function namesOf(visible: readonly Attribute[], hidden: readonly Attribute[] = []): Names {
  return hidden.length === 0 ? { lists: [visible], star: visible } : { lists: [visible, hidden], star: visible, hidden }
}

/** Resolves an expression. Aggregate functions are allowed; who does not want them checks with `hasAggregate`. */
export function bindExpr(expr: Expr, names: Names, context: AnalyzerContext): BoundExpr {
  switch (expr.kind) {
    case 'Literal':
      return expr
    case 'UnresolvedAttribute':
      return bindAttribute(expr, names, context)
    case 'UnresolvedFunction':
      return bindFunction(expr, names, context)
    case 'Cast': {
      const child = bindExpr(expr.child, names, context)
      const mode = expr.mode ?? context.castMode
      if (!castPossible(child.type, expr.to, mode)) {
        throw fail(
          context,
          expr,
          `DATATYPE_MISMATCH.${castAdvice(child.type, expr.to, mode)}`,
          '42K09',
          `Cannot resolve "${text(expr, names, context)}" due to data type mismatch: cannot cast "${sqlTypeName(child.type)}" to "${sqlTypeName(expr.to)}".`,
        )
      }
      // A number that is written with its own type is no literal any more: decimal arithmetic takes the type's digits and not the number's.
      if (child.kind === 'Literal' && isIntegral(child.type) && sameType(child.type, expr.to) && child.value !== null)
        return { kind: 'Cast', child, type: expr.to, mode, nullable: false }
      return castTo(child, expr.to, mode)
    }
    case 'Alias':
      return bindExpr(expr.child, names, context)
    case 'UnresolvedExtractValue': {
      const child = bindExpr(expr.child, names, context)
      const extraction = bindExpr(expr.extraction, names, context)
      const field =
        extraction.kind === 'Literal' && extraction.type.kind === 'string' && child.type.kind === 'array' && child.type.element.kind === 'struct'
      return bindCall(field ? 'getfield' : 'getitem', [child, extraction], expr, [expr.child, expr.extraction], names, context)
    }
    case 'ExpressionString':
      return bindExpr(context.parseExpression(expr.text), names, { ...context, text: expr.text })
    case 'UnresolvedStar':
      throw fail(context, expr, 'INVALID_USAGE_OF_STAR_OR_REGEX', '42000', 'Invalid usage of "*" in expression.')
    case 'SortOrder':
      throw fail(context, expr, 'INVALID_SQL_SYNTAX', '42000', `A sort order is not a value: "${text(expr, names, context)}".`)
    case 'SubqueryExpression':
      return bindSubquery(
        expr,
        (expr.values ?? []).map(v => bindExpr(v, names, context)),
        names,
        context,
        () => text(expr, names, context),
      )
    case 'NamedArgument':
      throw unsupported(context, expr, 'NAMED_ARGUMENT', 'named arguments')
    case 'MultiAlias':
      throw unsupported(context, expr, 'GENERATOR', 'generators in a select list')
    case 'LambdaFunction':
      throw fail(
        context,
        expr,
        'INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION',
        '42K0D',
        'Invalid lambda function call. A lambda function should only be used in a higher order function.',
      )
    case 'Window':
      return bindWindow(expr, names, context)
    default:
      return unreachable(expr)
  }
}

/** A condition, which must be boolean. */
export function bindCondition(expr: Expr, names: Names, context: AnalyzerContext, place: 'FILTER' | 'JOIN' | 'AGGREGATE'): BoundExpr {
  const bound = bindExpr(expr, names, context)
  if (bound.type.kind === 'boolean') return bound
  if (bound.type.kind === 'null' && place !== 'AGGREGATE') return literal(null, types.boolean)
  const shown = text(expr, names, context)
  if (place === 'AGGREGATE') {
    throw fail(
      context,
      expr,
      'INVALID_AGGREGATE_FILTER.NOT_BOOLEAN',
      '42903',
      `The FILTER expression "${shown}" in an aggregate function is invalid. Expected a FILTER expression of the BOOLEAN type.`,
    )
  }
  if (place === 'JOIN') {
    throw fail(
      context,
      expr,
      'JOIN_CONDITION_IS_NOT_BOOLEAN_TYPE',
      '42K0E',
      `The join condition "${shown}" has the invalid type "${sqlTypeName(bound.type)}", expected "BOOLEAN".`,
    )
  }
  throw fail(
    context,
    expr,
    'DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN',
    '42K09',
    `Cannot resolve "${shown}" due to data type mismatch: Filter expression "${shown}" of type "${sqlTypeName(bound.type)}" is not a boolean.`,
  )
}

/** The direction of a sort key, with Spark's default place of NULLs. */
export function sortOrder(expr: Expr, child: BoundExpr, context: AnalyzerContext): BoundSortOrder {
  if (!isOrderable(child.type)) {
    const shown = prettyText(expr.kind === 'SortOrder' ? expr.child : expr)
    throw fail(
      context,
      expr,
      'DATATYPE_MISMATCH.INVALID_ORDERING_TYPE',
      '42K09',
      `Cannot resolve "${shown}" due to data type mismatch: The \`sortorder\` does not support ordering on type "${sqlTypeName(child.type)}".`,
    )
  }
  const ascending = expr.kind === 'SortOrder' ? expr.ascending : true
  return { child, ascending, nullsFirst: expr.kind === 'SortOrder' ? (expr.nullsFirst ?? ascending) : true }
}

/** A function over a window. Of an aggregate that is made of several, each is computed over the window. */
function bindWindow(expr: Window, names: Names, context: AnalyzerContext): BoundExpr {
  const spec = bindSpec(expr, { bind: e => bindExpr(e, names, context), order: e => orderBy(e, names, context) }, context)
  const over = (fn: WindowExpr['function']): WindowExpr => ({ kind: 'Window', function: fn, ...spec, type: fn.type, nullable: fn.nullable })
  const called = expr.function
  if (called.kind !== 'UnresolvedFunction') throw unsupported(context, expr, 'WINDOW_FUNCTION', `"${text(called, names, context)}" over a window`)
  if (called.distinct) {
    throw fail(
      context,
      expr,
      'DISTINCT_WINDOW_FUNCTION_UNSUPPORTED',
      '0A000',
      `Distinct window functions are not supported: "${text(expr, names, context)}".`,
    )
  }
  const windowFunction = findWindowFunction(called.name)
  if (windowFunction !== undefined && called.filter !== undefined && findFunction(called.name)?.kind !== 'aggregate') {
    throw fail(
      context,
      expr,
      'INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX',
      '42000',
      `The function \`${called.name.toLowerCase()}\` does not support FILTER.`,
    )
  }
  if (windowFunction !== undefined) {
    const args = called.args.map(a => bindExpr(a, names, context))
    const [fewest, most] = [windowFunction.minArgs, windowFunction.maxArgs]
    if (args.length < fewest || args.length > most) throw wrongNumber(called.name, fewest, most, args.length, called, context)
    const binding = bindingOf(called.name, called, called.args, names, context)
    if (called.filter === undefined) return over(windowFunction.bind(args, binding, called.ignoreNulls ?? false))
    const plain = windowFunction.bind(args, binding, called.ignoreNulls ?? false)
    return amongPassing(plain, bindCondition(called.filter, names, context, 'AGGREGATE'), over)
  }
  const bound = bindFunction(called, names, context, true)
  const name = called.name.toLowerCase()
  const ordered = (name === 'listagg' || name === 'string_agg') && called.withinGroup !== undefined
  if ((ordered || wholePartition.has(name)) && (spec.orderBy.length > 0 || spec.frame !== undefined)) {
    const message = `Cannot specify ORDER BY or a window frame for ${name}: it is computed over whole partitions.`
    throw fail(context, expr, 'INVALID_WINDOW_SPEC_FOR_AGGREGATION_FUNC', '42601', message)
  }
  const replace = (e: BoundExpr): BoundExpr => {
    if (e.kind !== 'AggregateCall') return mapExprChildren(e, replace)
    // An average is a quotient of two functions: each is computed once, and divided above.
    const parts = e.fn === 'avg' ? splitOf(e) : undefined
    return parts === undefined ? over(e) : parts.finish(parts.buffers.map(b => over(b.partial)))
  }
  if (!someExpr(bound, e => e.kind === 'AggregateCall')) {
    throw fail(
      context,
      expr,
      'UNSUPPORTED_EXPR_FOR_WINDOW',
      '42P20',
      `Expression "${text(called, names, context)}" not supported within a window function.`,
    )
  }
  return replace(bound)
}

/** The edge of a frame with FILTER, which DuckDB's has not: rows that pass are structs, which are never NULL, and the others are skipped. */
function amongPassing(edge: WindowCall, condition: BoundExpr, over: (fn: WindowCall) => BoundExpr): BoundExpr {
  const [value] = edge.args as readonly [BoundExpr]
  const type = struct([field('v', value.type)])
  const passes = edge.ignoreNulls ? call('and', [condition, call('isnotnull', [value], types.boolean, false)], types.boolean) : condition
  const kept = call('when', [passes, call('struct', [value], type, false)], type, true)
  return call('getfield', [over({ ...edge, args: [kept], type, ignoreNulls: true }), literal('v', types.string)], value.type, true)
}

function orderBy(expr: Expr, names: Names, context: AnalyzerContext): BoundSortOrder {
  return sortOrder(expr, bindExpr(expr.kind === 'SortOrder' ? expr.child : expr, names, context), context)
}

/** An aggregate function inside a subquery that reads the grouped query around it alone is computed there: its value comes in as a parameter. */
function ofGroupsAround(bound: BoundExpr, expr: UnresolvedFunction, context: AnalyzerContext): BoundExpr {
  const [around] = context.outer
  if (!around?.groups || !someExpr(bound, e => e.kind === 'AggregateCall')) return bound
  const given = new Set(around.lists.flat().map(a => a.id))
  const read = [...references(bound)]
  if (!read.some(id => given.has(id))) return bound
  if (!read.every(id => given.has(id))) {
    throw fail(
      context,
      expr,
      'UNSUPPORTED_SUBQUERY_EXPRESSION_CATEGORY.AGGREGATE_FUNCTION_MIXED_OUTER_LOCAL_REFERENCES',
      '0A000',
      'Unsupported subquery expression: Found an aggregate function in a correlated predicate that has both outer and local references, which is not supported.',
    )
  }
  const known = around.aggregates.get(exprKey(bound))
  if (known !== undefined) return known.parameter
  const parameter: Attribute = { kind: 'Attribute', id: context.nextId(), name: 'aggregate', type: bound.type, nullable: true, qualifier: [] }
  around.aggregates.set(exprKey(bound), { parameter, value: bound })
  return parameter
}

/** Aggregates that a window may give no order or frame. */
const wholePartition = new Set(['percentile_cont', 'percentile_disc', 'median'])

/** Aggregates that WITHIN GROUP may order. */
const orderedAggregates = new Set(['listagg', 'percentile_cont', 'percentile_disc', 'mode'])

/** `overWindow`: aggregates inside its arguments are those of the groups below the window. */
function bindFunction(called: UnresolvedFunction, names: Names, context: AnalyzerContext, overWindow = false): BoundExpr {
  const expr = inPlaces(called, context)
  if (isHigherOrder(expr)) return bindHigherOrder(expr, names, context, bindExpr)
  const entry = findFunction(expr.name, expr.internal)
  if (entry === undefined) throw unresolvedRoutine(expr, context)
  const withinGroup = expr.withinGroup
  if (withinGroup !== undefined && !orderedAggregates.has(entry.name))
    throw fail(
      context,
      expr,
      'INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX',
      '42000',
      `Invalid SQL syntax: The function \`${expr.name.toLowerCase()}\` does not support WITHIN GROUP (ORDER BY ...).`,
    )
  if (entry.kind === 'scalar' && (expr.distinct || expr.filter !== undefined)) {
    throw fail(
      context,
      expr,
      'INVALID_SQL_SYNTAX.FUNCTION_WITH_UNSUPPORTED_SYNTAX',
      '42000',
      `The function \`${expr.name}\` does not support ${expr.distinct ? 'DISTINCT' : 'FILTER'}.`,
    )
  }
  const ofInput = (entry.kind === 'aggregate' && !overWindow) || entry.name === 'grouping' || entry.name === 'grouping_id'
  const inner: Names = ofInput && names.insideAggregates !== undefined ? { ...names, lists: names.insideAggregates } : names
  const written: Expr[] = []
  const args: BoundExpr[] = []
  for (const arg of expr.args) {
    if (arg.kind !== 'UnresolvedStar') {
      written.push(arg)
      args.push(bindExpr(arg, inner, context))
    } else if (!(entry.name === 'count' && arg.target === undefined && arg.except === undefined && !expr.distinct)) {
      for (const attribute of expandStar(arg, inner.star, context)) {
        written.push({ kind: 'UnresolvedAttribute', nameParts: [attribute.name] })
        args.push(attribute)
      }
    }
  }
  if (expr.ignoreNulls) {
    const yes = literal(true, types.boolean)
    written.push(yes)
    args.push(yes)
  }
  if (entry.kind === 'aggregate' && !overWindow) {
    if (args.some(hasWindow)) {
      throw fail(
        context,
        expr,
        '_LEGACY_ERROR_TEMP_1031',
        '42903',
        'It is not allowed to use a window function inside an aggregate function. Please use the inner window function in a sub-query.',
      )
    }
    const nested = args.find(hasAggregate)
    if (nested !== undefined) {
      throw fail(
        context,
        expr,
        'NESTED_AGGREGATE_FUNCTION',
        '42607',
        'It is not allowed to use an aggregate function in the argument of another aggregate function. Please use the inner aggregate function in a sub-query.',
      )
    }
  }
  const filter = expr.filter === undefined ? undefined : bindCondition(expr.filter, inner, context, 'AGGREGATE')
  if (filter !== undefined && hasAggregate(filter)) {
    throw fail(
      context,
      expr.filter,
      'INVALID_AGGREGATE_FILTER.CONTAINS_AGGREGATE',
      '42903',
      `The FILTER expression "${text(expr.filter as Expr, inner, context)}" in an aggregate function is invalid. Expected a FILTER expression without an aggregation.`,
    )
  }
  if (filter !== undefined && hasWindow(filter)) {
    throw fail(
      context,
      expr.filter,
      'INVALID_AGGREGATE_FILTER.CONTAINS_WINDOW_FUNCTION',
      '42903',
      `The FILTER expression "${text(expr.filter as Expr, inner, context)}" in an aggregate function is invalid. Expected a FILTER expression without a window function.`,
    )
  }
  const order = withinGroup?.map(e => orderBy(e, inner, context))
  const modifiers = { distinct: expr.distinct ?? false, ...(filter === undefined ? {} : { filter }) }
  const bound = bindCall(expr.name, args, expr, written, names, context, modifiers, order)
  return entry.kind === 'aggregate' && !overWindow ? ofGroupsAround(bound, expr, context) : bound
}
