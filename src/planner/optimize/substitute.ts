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

/** Conjunction of conditions; undefined of none. */
export function conjunction(conditions: readonly BoundExpr[]): BoundExpr | undefined {
  const [first, ...rest] = conditions
  if (first === undefined) return undefined
  return rest.reduce<BoundExpr>(
    (a, b) => ({ kind: 'Call', fn: 'and', args: [a, b], type: { kind: 'boolean' }, nullable: nullable(a) || nullable(b) }),
    first,
  )
}

function nullable(e: BoundExpr): boolean {
  return e.kind === 'Literal' ? e.value === null : e.nullable
}

export function conjunctsOf(condition: BoundExpr): readonly BoundExpr[] {
  return condition.kind === 'Call' && condition.fn === 'and' ? condition.args.flatMap(conjunctsOf) : [condition]
}
