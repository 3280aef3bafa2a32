/**
 * Walking and rewriting trees. Every function gives back the same reference when nothing changed, which is how rules and the runner know that they are
 * done. One place knows the children of each node kind; rules never spell them out.
 */
import { unreachable } from '../core/errors.js'
import { type Attribute, type BoundExpr, type BoundSortOrder, isNullable, type NamedExpr } from './bound.js'
import { exprKey } from './expr-key.js'
import type { Plan } from './plan.js'

/** Maps a list; the same list when every element stayed the same. */
export function mapSame<T>(list: readonly T[], f: (item: T) => T): readonly T[] {
  let changed = false
  const next = list.map(item => {
    const mapped = f(item)
    if (mapped !== item) changed = true
    return mapped
  })
  return changed ? next : list
}

export function exprChildren(expr: BoundExpr): readonly BoundExpr[] {
  switch (expr.kind) {
    case 'Attribute':
    case 'Literal':
    case 'LambdaVariable':
      return []
    case 'Lambda':
      return [expr.body]
    case 'Call':
      return expr.args
    case 'Cast':
      return [expr.child]
    case 'AggregateCall':
      return expr.filter === undefined ? expr.args : [...expr.args, expr.filter]
    case 'Subquery':
      return [...expr.values, ...expr.outer.map(o => o.value)]
    case 'WindowCall':
      return expr.args
    case 'Window':
      // The function itself is no value of its own: only what it is made of.
      return [...exprChildren(expr.function), ...expr.partitionBy, ...expr.orderBy.map(o => o.child)]
    default:
      return unreachable(expr)
  }
}

export function mapExprChildren(expr: BoundExpr, f: (child: BoundExpr) => BoundExpr): BoundExpr {
  switch (expr.kind) {
    case 'Attribute':
    case 'Literal':
    case 'LambdaVariable':
      return expr
    case 'Lambda': {
      const body = f(expr.body)
      return body === expr.body ? expr : { ...expr, body }
    }
    case 'Call': {
      const args = mapSame(expr.args, f)
      return args === expr.args ? expr : { ...expr, args }
    }
    case 'Cast': {
      const child = f(expr.child)
      return child === expr.child ? expr : { ...expr, child }
    }
    case 'AggregateCall': {
      const args = mapSame(expr.args, f)
      const filter = expr.filter === undefined ? undefined : f(expr.filter)
      if (args === expr.args && filter === expr.filter) return expr
      return { ...expr, args, ...(filter === undefined ? {} : { filter }) }
    }
    case 'Subquery': {
      const values = mapSame(expr.values, f)
      const outer = mapSame(expr.outer, o => {
        const value = f(o.value)
        return value === o.value ? o : { ...o, value }
      })
      return values === expr.values && outer === expr.outer ? expr : { ...expr, values, outer }
    }
    case 'WindowCall': {
      const args = mapSame(expr.args, f)
      return args === expr.args ? expr : { ...expr, args }
    }
    case 'Window': {
      const fn = mapExprChildren(expr.function, f)
      const partitionBy = mapSame(expr.partitionBy, f)
      const orderBy = mapOrder(expr.orderBy, f)
      if (fn === expr.function && partitionBy === expr.partitionBy && orderBy === expr.orderBy) return expr
      return { ...expr, function: fn as typeof expr.function, partitionBy, orderBy }
    }
    default:
      return unreachable(expr)
  }
}

/** Children first. */
export function transformExprUp(expr: BoundExpr, f: (expr: BoundExpr) => BoundExpr): BoundExpr {
  return f(mapExprChildren(expr, child => transformExprUp(child, f)))
}

/** Calls `visit` on every node, parent first. Returning false skips the children. */
export function visitExpr(expr: BoundExpr, visit: (expr: BoundExpr) => unknown): void {
  if (visit(expr) === false) return
  for (const child of exprChildren(expr)) visitExpr(child, visit)
}

export function someExpr(expr: BoundExpr, test: (expr: BoundExpr) => boolean): boolean {
  return test(expr) || exprChildren(expr).some(child => someExpr(child, test))
}

/** Keeps id and name: what is seen from above stays the same column. */
export function mapNamed(named: NamedExpr, f: (expr: BoundExpr) => BoundExpr): NamedExpr {
  if (named.kind === 'Alias') {
    const child = f(named.child)
    return child === named.child ? named : { ...named, child }
  }
  const mapped = f(named)
  if (mapped.kind === 'Attribute' && mapped.id === named.id) return mapped
  return { kind: 'Alias', id: named.id, name: named.name, child: mapped, qualifier: named.qualifier }
}

export function mapOrder(order: readonly BoundSortOrder[], f: (expr: BoundExpr) => BoundExpr): readonly BoundSortOrder[] {
  return mapSame(order, o => {
    const child = f(o.child)
    return child === o.child ? o : { ...o, child }
  })
}

/** The ids an expression reads. */
export function references(expr: BoundExpr, into: Set<number> = new Set()): Set<number> {
  visitExpr(expr, e => {
    if (e.kind === 'Attribute') into.add(e.id)
  })
  return into
}

export function planChildren(plan: Plan): readonly Plan[] {
  switch (plan.kind) {
    case 'Scan':
    case 'LocalRows':
    case 'Values':
    case 'Range':
    case 'RecursiveRef':
      return []
    case 'Join':
    case 'LateralJoin':
    case 'SetOperation':
    case 'RecursiveCte':
      return [plan.left, plan.right]
    case 'Union':
      return plan.inputs
    case 'Project':
    case 'Filter':
    case 'Aggregate':
    case 'Sort':
    case 'Limit':
    case 'Offset':
    case 'Distinct':
    case 'SubqueryAlias':
    case 'Hint':
    case 'Repartition':
    case 'Window':
    case 'WindowGroupLimit':
    case 'Expand':
    case 'Generate':
      return [plan.input]
    default:
      return unreachable(plan)
  }
}

export function mapPlanChildren(plan: Plan, f: (child: Plan) => Plan): Plan {
  switch (plan.kind) {
    case 'Scan':
    case 'LocalRows':
    case 'Values':
    case 'Range':
    case 'RecursiveRef':
      return plan
    case 'Join':
    case 'LateralJoin':
    case 'SetOperation':
    case 'RecursiveCte': {
      const left = f(plan.left)
      const right = f(plan.right)
      return left === plan.left && right === plan.right ? plan : { ...plan, left, right }
    }
    case 'Union': {
      const inputs = mapSame(plan.inputs, f)
      return inputs === plan.inputs ? plan : { ...plan, inputs }
    }
    case 'Project':
    case 'Filter':
    case 'Aggregate':
    case 'Sort':
    case 'Limit':
    case 'Offset':
    case 'Distinct':
    case 'SubqueryAlias':
    case 'Hint':
    case 'Repartition':
    case 'Window':
    case 'WindowGroupLimit':
    case 'Expand':
    case 'Generate': {
      const input = f(plan.input)
      return input === plan.input ? plan : { ...plan, input }
    }
    default:
      return unreachable(plan)
  }
}

/** The expressions of one node, not of its children. */
export function planExpressions(plan: Plan): readonly BoundExpr[] {
  switch (plan.kind) {
    case 'Project':
      return plan.expressions.map(e => (e.kind === 'Alias' ? e.child : e))
    case 'Filter':
      return [plan.condition]
    case 'Join':
    case 'LateralJoin':
      return plan.condition === undefined ? [] : [plan.condition]
    case 'Window':
      return plan.windows.map(w => w.child)
    case 'WindowGroupLimit':
      return [...plan.partitionBy, ...plan.orderBy.map(o => o.child)]
    case 'Expand':
      return plan.projections.flat()
    case 'Generate':
      return [plan.array]
    case 'Aggregate':
      return [...plan.grouping, ...plan.aggregates.map(e => (e.kind === 'Alias' ? e.child : e))]
    case 'Sort':
      return plan.order.map(o => o.child)
    case 'Repartition':
      return plan.keys
    case 'Values':
      return plan.rows.flat()
    default:
      return []
  }
}

/** Maps the expressions of one node (each whole, not its parts). */
export function mapPlanExpressions(plan: Plan, f: (expr: BoundExpr) => BoundExpr): Plan {
  switch (plan.kind) {
    case 'Project': {
      const expressions = mapSame(plan.expressions, e => mapNamed(e, f))
      return expressions === plan.expressions ? plan : { ...plan, expressions }
    }
    case 'Filter': {
      const condition = f(plan.condition)
      return condition === plan.condition ? plan : { ...plan, condition }
    }
    case 'Join':
    case 'LateralJoin': {
      if (plan.condition === undefined) return plan
      const condition = f(plan.condition)
      return condition === plan.condition ? plan : { ...plan, condition }
    }
    case 'Aggregate': {
      const grouping = mapSame(plan.grouping, f)
      const aggregates = mapAggregates(plan, grouping, f)
      return grouping === plan.grouping && aggregates === plan.aggregates ? plan : { ...plan, grouping, aggregates }
    }
    case 'Sort': {
      const order = mapOrder(plan.order, f)
      return order === plan.order ? plan : { ...plan, order }
    }
    case 'Repartition': {
      const keys = mapSame(plan.keys, f)
      return keys === plan.keys ? plan : { ...plan, keys }
    }
    case 'Values': {
      const rows = mapSame(plan.rows, row => mapSame(row, f))
      return rows === plan.rows ? plan : { ...plan, rows }
    }
    case 'Window': {
      const windows = mapSame(plan.windows, w => {
        const child = f(w.child)
        return child === w.child ? w : { ...w, child }
      })
      return windows === plan.windows ? plan : { ...plan, windows }
    }
    case 'WindowGroupLimit': {
      const partitionBy = mapSame(plan.partitionBy, f)
      const orderBy = mapOrder(plan.orderBy, f)
      return partitionBy === plan.partitionBy && orderBy === plan.orderBy ? plan : { ...plan, partitionBy, orderBy }
    }
    case 'Expand': {
      const projections = mapSame(plan.projections, p => mapSame(p, f))
      return projections === plan.projections ? plan : { ...plan, projections }
    }
    case 'Generate': {
      const array = f(plan.array)
      return array === plan.array ? plan : { ...plan, array }
    }
    default:
      return plan
  }
}

/** A grouping expression inside an output expression is taken as a whole, so that it stays the one that is grouped by. */
function mapAggregates(
  plan: Extract<Plan, { kind: 'Aggregate' }>,
  grouping: readonly BoundExpr[],
  f: (expr: BoundExpr) => BoundExpr,
): readonly NamedExpr[] {
  const whole = plan.grouping.map((g, i) => ({ g, i })).filter(({ g }) => g.kind !== 'Attribute' && g.kind !== 'Literal')
  if (whole.length === 0) return mapSame(plan.aggregates, e => mapNamed(e, f))
  const stands = new Map<string, Attribute>(
    whole.map(({ g, i }) => [exprKey(g), { kind: 'Attribute', id: -1 - i, name: 'group', type: g.type, nullable: isNullable(g), qualifier: [] }]),
  )
  const hide = (e: BoundExpr): BoundExpr => stands.get(exprKey(e)) ?? (e.kind === 'AggregateCall' ? e : mapExprChildren(e, hide))
  const show = (e: BoundExpr): BoundExpr => {
    if (e.kind !== 'Attribute' || e.id >= 0) return mapExprChildren(e, show)
    return grouping[-1 - e.id] ?? e
  }
  return mapSame(plan.aggregates, e =>
    mapNamed(e, whole => {
      const hidden = hide(whole)
      if (hidden === whole) return f(whole)
      const mapped = f(hidden)
      return mapped === hidden && grouping === plan.grouping ? whole : show(mapped)
    }),
  )
}

export function transformPlanUp(plan: Plan, f: (plan: Plan) => Plan): Plan {
  return f(mapPlanChildren(plan, child => transformPlanUp(child, f)))
}

export function transformPlanDown(plan: Plan, f: (plan: Plan) => Plan): Plan {
  return mapPlanChildren(f(plan), child => transformPlanDown(child, f))
}
