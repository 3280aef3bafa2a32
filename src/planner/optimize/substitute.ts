/** Replacing attributes by what they stand for. */
import type { BoundExpr, NamedExpr } from '../bound.js'
import { mapExprChildren } from '../tree.js'

/** What each alias of a list stands for. */
export function definitions(list: readonly NamedExpr[]): ReadonlyMap<number, BoundExpr> {
  return new Map(list.flatMap(e => (e.kind === 'Alias' ? [[e.id, e.child] as const] : [])))
}

/** The replacements themselves are not searched again. */
export function substitute(expr: BoundExpr, by: ReadonlyMap<number, BoundExpr>): BoundExpr {
  if (by.size === 0) return expr
  return expr.kind === 'Attribute' ? (by.get(expr.id) ?? expr) : mapExprChildren(expr, child => substitute(child, by))
}
