/** Conditions as lists of what must all hold. */
import { type BoundExpr, isNullable } from './bound.js'

/** The conjuncts of a condition; none of no condition. */
export function conjunctsOf(condition: BoundExpr | undefined): readonly BoundExpr[] {
  if (condition === undefined) return []
  return condition.kind === 'Call' && condition.fn === 'and' ? condition.args.flatMap(conjunctsOf) : [condition]
}

/** Conjunction of conditions; undefined of none. */
export function conjunction(conditions: readonly BoundExpr[]): BoundExpr | undefined {
  const [first, ...rest] = conditions
  if (first === undefined) return undefined
  return rest.reduce<BoundExpr>(
    (a, b) => ({ kind: 'Call', fn: 'and', args: [a, b], type: { kind: 'boolean' }, nullable: isNullable(a) || isNullable(b) }),
    first,
  )
}
