/** An expression of literals is replaced by its value, where that is exactly known; what would fail at run time stays and fails there. */
import type { BoundExpr } from '../bound.js'
import { evaluate } from '../evaluate.js'
import { mapPlanExpressions, transformExprUp } from '../tree.js'
import type { Rule } from './rule.js'

export const foldConstants: Rule = {
  name: 'ConstantFolding',
  order: 'up',
  rewrite: plan => mapPlanExpressions(plan, e => transformExprUp(e, fold)),
}

function fold(expr: BoundExpr): BoundExpr {
  if (expr.kind !== 'Call' && expr.kind !== 'Cast') return expr
  const children = expr.kind === 'Call' ? expr.args : [expr.child]
  if (children.length === 0 || !children.every(c => c.kind === 'Literal')) return expr
  return evaluate(expr) ?? expr
}
