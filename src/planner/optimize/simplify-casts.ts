/** A cast to the type that is there already goes; a widening cast below another cast goes too. */
import { type DataType, sameType } from '../../core/types.js'
import type { BoundExpr } from '../bound.js'
import { mapPlanExpressions, transformExprUp } from '../tree.js'
import type { Rule } from './rule.js'

export const simplifyCasts: Rule = {
  name: 'SimplifyCasts',
  order: 'up',
  rewrite: plan => mapPlanExpressions(plan, e => transformExprUp(e, simplify)),
}

const integerOrder = ['byte', 'short', 'int', 'long']

/** Every value of `from` is a value of `to`, written the same. */
function widens(from: DataType, to: DataType): boolean {
  const [a, b] = [integerOrder.indexOf(from.kind), integerOrder.indexOf(to.kind)]
  if (a >= 0 && b >= 0) return a <= b
  return from.kind === 'decimal' && to.kind === 'decimal' && from.scale <= to.scale && from.precision - from.scale <= to.precision - to.scale
}

function simplify(expr: BoundExpr): BoundExpr {
  if (expr.kind !== 'Cast') return expr
  if (sameType(expr.child.type, expr.type)) return expr.child
  const inner = expr.child
  if (inner.kind !== 'Cast' || !widens(inner.child.type, inner.type)) return expr
  // Only casts between whole numbers or between decimals: a text shows the scale of its decimal.
  if (integerOrder.includes(inner.type.kind) ? integerOrder.includes(expr.type.kind) : expr.type.kind === 'decimal') {
    return sameType(inner.child.type, expr.type) ? inner.child : { ...expr, child: inner.child }
  }
  return expr
}
