/** Conditions that tie a value of the subquery to one of the query around it. */
import { types } from '../../../core/types.js'
import { type BoundExpr, isNullable } from '../../bound.js'
import { call } from '../../functions/define.js'
import { references } from '../../tree.js'

export interface Equality {
  /** `=` or `<=>`. */
  readonly fn: string
  readonly inner: BoundExpr
  readonly outer: BoundExpr
}

/** `inner = outer`, where one side reads the subquery alone and the other nothing of it. */
export function equality(condition: BoundExpr, outer: ReadonlySet<number>): Equality | undefined {
  if (condition.kind !== 'Call' || (condition.fn !== '=' && condition.fn !== '<=>')) return undefined
  const [a, b] = condition.args
  if (a === undefined || b === undefined) return undefined
  const sideOf = (e: BoundExpr) => {
    const read = [...references(e)]
    if (read.every(id => outer.has(id))) return 'outer'
    return read.some(id => outer.has(id)) ? 'both' : 'inner'
  }
  const [left, right] = [sideOf(a), sideOf(b)]
  if (left === 'inner' && right === 'outer') return { fn: condition.fn, inner: a, outer: b }
  return left === 'outer' && right === 'inner' ? { fn: condition.fn, inner: b, outer: a } : undefined
}

/** All of them, or undefined when one is something else. */
export function equalities(conditions: readonly BoundExpr[], outer: ReadonlySet<number>): readonly Equality[] | undefined {
  const found: Equality[] = []
  for (const c of conditions) {
    const e = equality(c, outer)
    if (e === undefined) return undefined
    found.push(e)
  }
  return found
}

export function compare(fn: string, a: BoundExpr, b: BoundExpr): BoundExpr {
  return call(fn, [a, b], types.boolean, fn === '=' && (isNullable(a) || isNullable(b)))
}
