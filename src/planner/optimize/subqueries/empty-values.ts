/** What aggregates give over no rows: the value that a subquery has for a row that nothing matches. */
import { type BoundExpr, literal, nullOf } from '../../bound.js'
import { call } from '../../functions/define.js'
import { mapExprChildren } from '../../tree.js'

/** The expression with every aggregate call over no rows; undefined when one is not known. */
export function overNoRows(expr: BoundExpr): BoundExpr | undefined {
  let unknown = false
  const replace = (e: BoundExpr): BoundExpr => {
    if (e.kind !== 'AggregateCall') return mapExprChildren(e, replace)
    if (e.nullable) return nullOf(e.type)
    if (e.type.kind === 'long') return literal(0n, e.type)
    if (e.type.kind === 'array') return call('array', [], e.type, false)
    unknown = true
    return e
  }
  const result = replace(expr)
  return unknown ? undefined : result
}
