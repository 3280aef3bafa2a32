/** (a AND b) OR (a AND c) → a AND (b OR c), true AND a → a, false OR a → a, NOT (a < b) → a >= b, a AND a → a, IS NULL of what is never NULL → false; branches of CASE that are decided. */

import { type BoundExpr, type Call, falseLiteral, isNullable, trueLiteral } from '../bound.js'
import { conjunction, conjunctsOf } from '../conjuncts.js'
import { sameExpr } from '../expr-key.js'
import { isDeterministic } from '../functions/table.js'
import { mapPlanExpressions, transformExprUp } from '../tree.js'
import type { Rule } from './rule.js'

export const simplifyBooleans: Rule = {
  name: 'BooleanSimplification',
  order: 'up',
  rewrite: plan => mapPlanExpressions(plan, e => transformExprUp(e, simplify)),
}

const opposite: Readonly<Record<string, string>> = { '<': '>=', '<=': '>', '>': '<=', '>=': '<' }

function isLiteral(e: BoundExpr | undefined, value: boolean | null): boolean {
  return e?.kind === 'Literal' && e.value === value
}

function simplify(expr: BoundExpr): BoundExpr {
  if (expr.kind !== 'Call') return expr
  const [a, b] = expr.args
  switch (expr.fn) {
    case 'and':
    case 'or':
      return a === undefined || b === undefined ? expr : simplifyLogic(expr, a, b)
    case 'not':
      return a === undefined ? expr : simplifyNot(expr, a)
    case 'isnull':
      return a !== undefined && !isNullable(a) ? falseLiteral : expr
    case 'isnotnull':
      return a !== undefined && !isNullable(a) ? trueLiteral : expr
    case 'when':
      return simplifyCase(expr)
    default:
      return expr
  }
}

function simplifyLogic(expr: Call, a: BoundExpr, b: BoundExpr): BoundExpr {
  const decisive = expr.fn === 'or'
  const decided = decisive ? trueLiteral : falseLiteral
  if (isLiteral(a, decisive) || isLiteral(b, decisive)) return decided
  if (isLiteral(a, !decisive)) return b
  if (isLiteral(b, !decisive)) return a
  if (sameExpr(a, b) && isDeterministic(a)) return a
  return expr.fn === 'or' ? (withCommonFactors(a, b) ?? expr) : expr
}

/** (a AND b) OR (a AND c) → a AND (b OR c): what both sides demand can find its place on its own. */
function withCommonFactors(a: BoundExpr, b: BoundExpr): BoundExpr | undefined {
  const left = conjunctsOf(a)
  const right = conjunctsOf(b)
  const common = left.filter(l => isDeterministic(l) && right.some(r => sameExpr(l, r)))
  if (common.length === 0) return undefined
  const rest = (side: readonly BoundExpr[]) => conjunction(side.filter(e => !common.some(c => sameExpr(c, e))))
  const [l, r] = [rest(left), rest(right)]
  // One side demands nothing more: the other's further demands do not matter.
  if (l === undefined || r === undefined) return conjunction(common)
  const either: BoundExpr = { kind: 'Call', fn: 'or', args: [l, r], type: l.type, nullable: isNullable(l) || isNullable(r) }
  return conjunction([...common, either])
}

function simplifyNot(expr: Call, a: BoundExpr): BoundExpr {
  if (isLiteral(a, true)) return falseLiteral
  if (isLiteral(a, false)) return trueLiteral
  if (a.kind !== 'Call') return expr
  const [inner] = a.args
  if (a.fn === 'not' && inner !== undefined) return inner
  const other = opposite[a.fn]
  if (other !== undefined) return { ...a, fn: other }
  if (a.fn === 'isnull') return { ...a, fn: 'isnotnull' }
  if (a.fn === 'isnotnull') return { ...a, fn: 'isnull' }
  return expr
}

/** Drops branches that are never taken; a branch always taken ends the list. The type stays, since all values have it already. */
function simplifyCase(expr: Call): BoundExpr {
  const args = expr.args
  const kept: BoundExpr[] = []
  let otherwise = args.length % 2 === 1 ? args[args.length - 1] : undefined
  let changed = false
  for (let i = 0; i + 1 < args.length; i += 2) {
    const [test, value] = [args[i] as BoundExpr, args[i + 1] as BoundExpr]
    if (isLiteral(test, false) || isLiteral(test, null)) {
      changed = true
      continue
    }
    if (isLiteral(test, true)) {
      otherwise = value
      changed = true
      break
    }
    kept.push(test, value)
  }
  if (!changed) return expr
  if (kept.length === 0) return otherwise ?? { kind: 'Literal', value: null, type: expr.type }
  return { ...expr, args: otherwise === undefined ? kept : [...kept, otherwise] }
}
