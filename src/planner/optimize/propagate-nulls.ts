/** A strict function of a NULL is NULL, whatever its other arguments are. */
import { type BoundExpr, nullOf } from '../bound.js'
import { mapPlanExpressions, transformExprUp } from '../tree.js'
import type { Rule } from './rule.js'

export const propagateNulls: Rule = {
  name: 'NullPropagation',
  order: 'up',
  rewrite: plan => mapPlanExpressions(plan, e => transformExprUp(e, propagate)),
}

/** NULL in, NULL out, for every argument. */
export const strictFunctions: ReadonlySet<string> = new Set(
  (
    '+ - * / % div try_/ try_% try_div pmod negative = < <= > >= & | ^ ~ concat upper lower length octet_length trim ltrim rtrim btrim substring left right ' +
    'replace instr lpad rpad startswith endswith contains reverse repeat initcap like ilike rlike abs floor ceil sqrt exp pow round bround ' +
    'year quarter month day dayofweek dayofyear weekofyear hour minute second date_add date_sub datediff add_months date_trunc trunc'
  ).split(' '),
)

function propagate(expr: BoundExpr): BoundExpr {
  if (expr.kind !== 'Call' || !strictFunctions.has(expr.fn)) return expr
  return expr.args.some(a => a.kind === 'Literal' && a.value === null) ? nullOf(expr.type) : expr
}
