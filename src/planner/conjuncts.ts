/** Conditions as lists of what must all hold. */
import { type BoundExpr, isNullable } from './bound.js'
import { references } from './tree.js'

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

/** Whether a condition asks that two columns are equal and not NULL. */
export function equatesColumns(condition: BoundExpr | undefined, a: number, b: number): boolean {
  const isPair = (args: readonly BoundExpr[]) => [a, b].every(id => args.some(e => e.kind === 'Attribute' && e.id === id))
  return a !== b && conjunctsOf(condition).some(c => c.kind === 'Call' && c.fn === '=' && isPair(c.args))
}

/** Whether a condition is that something of the one side's columns alone equals something of the other's. */
export function equatesSides(condition: BoundExpr, left: ReadonlySet<number>, right: ReadonlySet<number>): boolean {
  if (condition.kind !== 'Call' || (condition.fn !== '=' && condition.fn !== '<=>')) return false
  const [a, b] = condition.args.map(argument => references(argument))
  const only = (read: ReadonlySet<number> | undefined, ids: ReadonlySet<number>) =>
    read !== undefined && read.size > 0 && [...read].every(id => ids.has(id))
  return (only(a, left) && only(b, right)) || (only(a, right) && only(b, left))
}
