/**
 * Takes window functions out of expressions: they become columns of Window nodes below, one node for all functions of the same partitions and order.
 * Fewer partition keys come first, so that their exchange serves windows with more; windows over everything come last, since there one task has all rows.
 */
import { type BoundAlias, type BoundExpr, type BoundSortOrder, toAttribute, type WindowExpr } from '../bound.js'
import { exprKey } from '../expr-key.js'
import type { Plan } from '../plan.js'
import { exprText } from '../print.js'
import { exprChildren, mapExprChildren, someExpr, visitExpr } from '../tree.js'

export function hasWindow(expr: BoundExpr): boolean {
  return someExpr(expr, e => e.kind === 'Window')
}

/** Window functions that a window function reads, its own ones excepted. */
function windowsInWindows(expr: BoundExpr): BoundExpr[] {
  const children = exprChildren(expr)
  return expr.kind === 'Window' ? children.filter(hasWindow).flatMap(outermost) : children.flatMap(windowsInWindows)
}

function outermost(expr: BoundExpr): BoundExpr[] {
  return expr.kind === 'Window' ? [expr] : exprChildren(expr).flatMap(outermost)
}

export interface Extracted {
  readonly plan: Plan
  /** The same expression over the columns of `plan`. */
  replace(expr: BoundExpr): BoundExpr
}

/** Computes the window functions of `exprs` over `plan`. */
export function extractWindows(plan: Plan, exprs: readonly BoundExpr[], nextId: () => number): Extracted {
  const inner = exprs.flatMap(windowsInWindows)
  if (inner.length > 0) {
    const below = extractWindows(plan, inner, nextId)
    const outer = extractWindows(
      below.plan,
      exprs.map(e => below.replace(e)),
      nextId,
    )
    return { plan: outer.plan, replace: e => outer.replace(below.replace(e)) }
  }
  const found = new Map<string, BoundAlias & { readonly child: WindowExpr }>()
  const collect = (expr: BoundExpr): void => {
    visitExpr(expr, e => {
      if (e.kind !== 'Window') return true
      const key = exprKey(e)
      if (!found.has(key)) found.set(key, { kind: 'Alias', id: nextId(), name: exprText(e.function).replace(/#\d+/g, ''), child: e, qualifier: [] })
      return false
    })
  }
  for (const e of exprs) collect(e)
  const nodes = new Map<string, (BoundAlias & { readonly child: WindowExpr })[]>()
  for (const window of found.values()) {
    const key = `${window.child.partitionBy.map(exprKey).join()}|${window.child.orderBy.map(orderKey).join()}`
    nodes.set(key, [...(nodes.get(key) ?? []), window])
  }
  const keys = (list: readonly (BoundAlias & { readonly child: WindowExpr })[]) => list[0]?.child.partitionBy.length ?? 0
  const ordered = [...nodes.values()].sort((a, b) => (keys(a) || Number.POSITIVE_INFINITY) - (keys(b) || Number.POSITIVE_INFINITY) || 0)
  const result = ordered.reduce<Plan>((input, windows) => ({ kind: 'Window', input, windows }), plan)
  const replace = (e: BoundExpr): BoundExpr => {
    const window = e.kind === 'Window' ? found.get(exprKey(e)) : undefined
    return window === undefined ? mapExprChildren(e, replace) : toAttribute(window)
  }
  return { plan: result, replace }
}

function orderKey(o: BoundSortOrder): string {
  return `${exprKey(o.child)} ${o.ascending} ${o.nullsFirst}`
}
