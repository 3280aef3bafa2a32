/** GROUP BY: ordinals, aliases and ALL, the rule that every output is grouped or aggregated, HAVING. */
import { SpkError } from '../../core/errors.js'
import { type Attribute, type BoundExpr, type NamedExpr, toAttribute, unaliased } from '../bound.js'
import type { Expr } from '../expr.js'
import { exprKey } from '../expr-key.js'
import { isGroupingCall } from '../functions/grouping.js'
import { hasAggregate } from '../functions/table.js'
import type { Aggregate, Project } from '../logical.js'
import { type AggregatePlan, outputOf, type Plan } from '../plan.js'
import { exprText } from '../print.js'
import { exprChildren, mapExprChildren, mapNamed, visitExpr } from '../tree.js'
import { type AnalyzerContext, fail, type Names } from './context.js'
import { bindCondition, bindExpr, namesOf } from './expressions.js'
import { extractWindows, hasWindow } from './extract-windows.js'
import { withGenerated } from './generators.js'
import { type ExpandedGroups, expandGroups, groupingSetsOf } from './grouping-sets.js'
import { above, type Scoped, unresolvedColumn } from './scope.js'
import { bindSelectList, named } from './select-list.js'
import { windowNotAllowed } from './window.js'

/** An Aggregate relation, with its HAVING. */
export function bindAggregate(relation: Aggregate, context: AnalyzerContext): Scoped {
  const input = context.resolve(relation.input, context)
  const names = namesOf(input.visible, input.hidden)
  const { list, generators } = bindSelectList(relation.aggregates, names, context)
  const analytics = relation.groupAll ? undefined : groupingSetsOf(relation.grouping)
  const result =
    analytics === undefined
      ? aggregateOver(
          input,
          relation.groupAll ? groupAll(list, input, relation, context) : relation.grouping.map(g => bindGrouping(g, list, names, context)),
          list,
          relation,
          context,
        )
      : overGroups(
          input,
          expandGroups(
            input.plan,
            analytics.sets.map(set => set.map(g => bindSetKey(g, list, names, context))),
            analytics.keys.map(g => bindSetKey(g, list, names, context)),
            relation,
            context,
          ),
          list,
          relation,
          context,
        )
  const filtered = relation.having === undefined ? result : filterAbove(result, relation.having, context, true)
  return generators.reduce((scope, generator) => withGenerated(scope, generator, context), filtered)
}

/** A select list with aggregate functions and no GROUP BY: one row. */
export function globalAggregate(input: Scoped, list: readonly NamedExpr[], relation: Project, context: AnalyzerContext): Scoped {
  return aggregateOver(input, [], list, relation, context)
}

/** What has no aggregate function is grouped by; columns beside one must be among that. */
function groupAll(list: readonly NamedExpr[], input: Scoped, relation: Aggregate, context: AnalyzerContext): BoundExpr[] {
  const grouping = list.map(unaliased).filter(e => !hasAggregate(e) && e.kind !== 'Literal')
  const keys = new Set(grouping.map(exprKey))
  const own = new Set(outputOf(input.plan).map(a => a.id))
  const isLoose = (e: BoundExpr): boolean =>
    e.kind !== 'AggregateCall' && !keys.has(exprKey(e)) && ((e.kind === 'Attribute' && own.has(e.id)) || exprChildren(e).some(isLoose))
  if (list.some(item => isLoose(unaliased(item)))) {
    throw fail(
      context,
      relation,
      'UNRESOLVED_ALL_IN_GROUP_BY',
      '42803',
      'Cannot infer grouping columns for GROUP BY ALL based on the select clause. Please explicitly specify the grouping columns.',
    )
  }
  return grouping
}

function bindGrouping(expr: Expr, list: readonly NamedExpr[], names: Names, context: AnalyzerContext): BoundExpr {
  if (expr.kind === 'Literal' && expr.type.kind === 'int' && typeof expr.value === 'number') {
    const item = list[expr.value - 1]
    if (item === undefined) {
      throw fail(
        context,
        expr,
        'GROUP_BY_POS_OUT_OF_RANGE',
        '42805',
        `GROUP BY position ${expr.value} is not in select list (valid range is [1, ${list.length}]).`,
      )
    }
    const child = unaliased(item)
    if (hasAggregate(child)) {
      throw fail(
        context,
        expr,
        'GROUP_BY_POS_AGGREGATE',
        '42903',
        `GROUP BY ${expr.value} refers to an expression ${exprText(child)} that contains an aggregate function. Aggregate functions are not allowed in GROUP BY.`,
      )
    }
    return child
  }
  const aliases = new Map(list.filter(i => i.kind === 'Alias').map(i => [i.name.toLowerCase(), unaliased(i)]))
  const bound = bindExpr(expr.kind === 'Alias' ? expr.child : expr, { ...names, aliases }, context)
  if (hasAggregate(bound)) {
    throw fail(context, expr, 'GROUP_BY_AGGREGATE', '42903', `Aggregate functions are not allowed in GROUP BY, but found ${exprText(bound)}.`)
  }
  return bound
}

/** A key of grouping sets, each of which is a column of the input repeated per set. */
function bindSetKey(expr: Expr, list: readonly NamedExpr[], names: Names, context: AnalyzerContext): BoundExpr {
  const bound = bindGrouping(expr, list, names, context)
  if (hasWindow(bound)) throw windowNotAllowed('GROUP BY', expr, context)
  return bound
}

export function aggregateOver(
  input: Scoped,
  grouping: readonly BoundExpr[],
  list: readonly NamedExpr[],
  relation: Aggregate | Project,
  context: AnalyzerContext,
): Scoped {
  // A window function looks at the groups: what it reads must be grouped even where it is named as a key itself.
  const keys = new Set(grouping.filter(g => !hasWindow(g)).map(exprKey))
  const groups = { plan: input.plan, grouping, keys, rewrite: (item: NamedExpr) => item }
  const result = overGroups(input, groups, list, relation, context)
  const windowed = grouping.find(hasWindow)
  if (windowed !== undefined) {
    throw fail(
      context,
      relation,
      'UNSUPPORTED_EXPR_FOR_OPERATOR',
      '42K0E',
      `A query operator contains one or more unsupported expressions: GROUP BY has the window function ${exprText(windowed)}. Compute it in a subquery of the FROM clause, and group by its column.`,
    )
  }
  return result
}

/** A select list over the groups of an input. */
function overGroups(
  input: Scoped,
  groups: ExpandedGroups,
  list: readonly NamedExpr[],
  relation: Aggregate | Project,
  context: AnalyzerContext,
): Scoped {
  const { grouping, keys, rewrite } = groups
  const own = new Set(outputOf(input.plan).map(a => a.id))
  for (const item of list) checkGrouped(unaliased(item), keys, own, grouping.length > 0, relation, context)
  const newKeys = new Set(grouping.map(exprKey))
  const build = (all: readonly NamedExpr[], having?: Having): Scoped => {
    const plan = withWindows({ kind: 'Aggregate', input: groups.plan, grouping, aggregates: all.map(rewrite) }, newKeys, having, context)
    return {
      plan,
      visible: outputOf(plan).slice(0, list.length),
      hidden: [],
      below: {
        kind: 'aggregate',
        input,
        list: all,
        grouping: keys,
        extend: more => build([...all, ...more], having),
        having: (condition, node) => build(all, { condition, node }),
      },
    }
  }
  return build(list)
}

interface Having {
  /** Over the output of the aggregation. */
  readonly condition: BoundExpr
  readonly node: Expr
}

/**
 * Window functions look at the groups that HAVING leaves: what they are made of becomes columns of the aggregation, and they are computed above it and
 * above HAVING.
 */
function withWindows(plan: AggregatePlan, keys: ReadonlySet<string>, having: Having | undefined, context: AnalyzerContext): Plan {
  if (!plan.aggregates.some(e => hasWindow(unaliased(e))))
    return having === undefined ? plan : { kind: 'Filter', input: plan, condition: having.condition }
  const columns: NamedExpr[] = []
  const asColumn = (e: BoundExpr): BoundExpr => {
    if (e.kind === 'Literal' || (e.kind !== 'AggregateCall' && !keys.has(exprKey(e)))) return mapExprChildren(e, asColumn)
    const there = columns.find(c => exprKey(unaliased(c)) === exprKey(e))
    if (there !== undefined) return toAttribute(there)
    const item = e.kind === 'Attribute' ? e : named(e, exprText(e), context)
    columns.push(item)
    return toAttribute(item)
  }
  const list = plan.aggregates.map(e => mapNamed(e, asColumn))
  const overColumns = (e: BoundExpr): BoundExpr => {
    const item = e.kind === 'Attribute' ? list.find(i => i.id === e.id) : undefined
    if (item === undefined) return mapExprChildren(e, overColumns)
    if (having !== undefined && hasWindow(unaliased(item))) throw windowNotAllowed('HAVING', having.node, context)
    return unaliased(item)
  }
  const condition = having && overColumns(having.condition)
  const groups: AggregatePlan = { ...plan, aggregates: columns }
  const input: Plan = condition === undefined ? groups : { kind: 'Filter', input: groups, condition }
  const windows = extractWindows(input, list.map(unaliased), () => context.nextId())
  return { kind: 'Project', input: windows.plan, expressions: list.map(e => mapNamed(e, windows.replace)) }
}

/** `own`: the input's columns; what else there is are values of a query around this one, the same for all rows. */
function checkGrouped(
  expr: BoundExpr,
  keys: ReadonlySet<string>,
  own: ReadonlySet<number>,
  grouped: boolean,
  relation: Aggregate | Project,
  context: AnalyzerContext,
): void {
  if (expr.kind === 'AggregateCall' || isGroupingCall(expr) || keys.has(exprKey(expr))) return
  if (expr.kind === 'Attribute' && own.has(expr.id)) throw notGrouped(expr, grouped, relation, context)
  for (const child of exprChildren(expr)) checkGrouped(child, keys, own, grouped, relation, context)
}

function notGrouped(expr: Attribute, grouped: boolean, relation: Aggregate | Project, context: AnalyzerContext) {
  if (!grouped) {
    return fail(
      context,
      relation,
      'MISSING_GROUP_BY',
      '42803',
      `The query does not include a GROUP BY clause, but selects the column "${expr.name}" beside aggregate functions. Add GROUP BY or turn it into the window functions using OVER clauses.`,
    )
  }
  return fail(
    context,
    relation,
    'MISSING_AGGREGATION',
    '42803',
    `The non-aggregating expression "${expr.name}" is based on columns which are not participating in the GROUP BY clause. Add the columns or the expression to the GROUP BY, ` +
      `aggregate the expression, or use "any_value(${expr.name})" if you do not care which of the values within a group is returned.`,
  )
}

/**
 * A condition above a relation, looked up in its output first and then below its Project or Aggregate. `having`: it is about the groups, and what is
 * grouped by comes first.
 */
export function filterAbove(input: Scoped, condition: Expr, context: AnalyzerContext, having = false): Scoped {
  const bind = (grouped: boolean) => bindAbove(input, names => bindCondition(condition, names, context, 'FILTER'), condition, context, grouped)
  const [bound, extended] = having
    ? orElse(
        () => bind(true),
        () => bind(false),
      )
    : bind(false)
  if (hasAggregate(bound)) throw aggregateInWhere(bound, condition, context)
  if (hasWindow(bound)) throw windowNotAllowed(input.below?.kind === 'aggregate' ? 'HAVING' : 'WHERE', condition, context)
  const groups = having ? extended.below?.having?.(bound, condition) : undefined
  return groups ?? above(extended, plan => ({ kind: 'Filter', input: plan, condition: bound }))
}

/** A name that has no such field among what is grouped by may be an output that has it. */
function orElse<T>(first: () => T, second: () => T): T {
  try {
    return first()
  } catch (error) {
    if (error instanceof SpkError && (error.code === 'FIELD_NOT_FOUND' || error.code === 'INVALID_EXTRACT_BASE_FIELD_TYPE')) return second()
    throw error
  }
}

function aggregateInWhere(bound: BoundExpr, node: Expr, context: AnalyzerContext) {
  const calls: string[] = []
  visitExpr(bound, e => {
    if (e.kind === 'AggregateCall') calls.push(exprText(e))
  })
  return fail(
    context,
    node,
    'INVALID_WHERE_CONDITION',
    '42903',
    `The WHERE condition "${exprText(bound)}" contains invalid expressions: ${calls.join(', ')}. Rewrite the query to avoid window functions, aggregate functions, and generator functions in the WHERE clause.`,
  )
}

/**
 * Binds something above a relation (HAVING, ORDER BY, a filter): names mean output columns first, then columns of the input below the Project or
 * Aggregate. With `groupedFirst` the columns that are grouped by win over outputs of the same name. What the output lacks is added to it as hidden
 * columns; gives the expression over the output, and the relation with them.
 */
export function bindAbove(
  input: Scoped,
  bind: (names: Names) => BoundExpr,
  node: Expr,
  context: AnalyzerContext,
  groupedFirst = false,
): readonly [BoundExpr, Scoped] {
  const below = input.below
  if (below === undefined) return [bind(namesOf(input.visible, input.hidden)), input]
  const grouped = groupedFirst && below.kind === 'aggregate' ? below.input.visible.filter(a => below.grouping.has(exprKey(a))) : []
  const output = [grouped, input.visible, input.hidden]
  const inputNames = [below.input.visible, below.input.hidden]
  const bound = bind({
    lists: [...output, ...inputNames],
    insideAggregates: [...inputNames, ...output],
    star: input.visible,
    groups: below.kind === 'aggregate',
  })
  const have = outputOf(input.plan)
  const fromInput = new Set(outputOf(below.input.plan).map(a => a.id))
  const more: NamedExpr[] = []
  const asOutput = (expr: BoundExpr): Attribute | undefined => {
    const key = exprKey(expr)
    const at = below.list.findIndex(item => exprKey(unaliased(item)) === key)
    return have[at] ?? more.map(toAttribute)[more.findIndex(item => exprKey(unaliased(item)) === key)]
  }
  // Under a new id: over grouping sets a key's column is not the input's.
  const add = (expr: BoundExpr): Attribute => {
    const item =
      expr.kind === 'Attribute' && below.kind === 'project' ? expr : named(expr, expr.kind === 'Attribute' ? expr.name : exprText(expr), context)
    more.push(item)
    return toAttribute(item)
  }
  const rewrite = (expr: BoundExpr): BoundExpr => {
    if (expr.kind === 'Attribute') {
      if (have.some(a => a.id === expr.id) || !fromInput.has(expr.id)) return expr
      // The input's columns are in sight only inside aggregate functions and as what is grouped by.
      if (below.kind === 'aggregate' && !below.grouping.has(exprKey(expr))) throw unresolvedColumn(context, [expr.name], input.visible, node)
      return asOutput(expr) ?? add(expr)
    }
    const ofGroups = expr.kind === 'AggregateCall' || isGroupingCall(expr) || below.grouping.has(exprKey(expr))
    if (below.kind === 'aggregate' && ofGroups && expr.kind !== 'Literal') {
      return asOutput(expr) ?? add(expr)
    }
    return mapExprChildren(expr, rewrite)
  }
  const result = rewrite(bound)
  return [result, more.length === 0 ? input : below.extend(more)]
}
