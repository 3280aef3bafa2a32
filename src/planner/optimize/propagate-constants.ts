/**
 * `a = 5 AND b > a` → `a = 5 AND b > 5`: a condition on two columns becomes one on one column, which can move. An equality of two columns stays, since
 * joins go by it; floating-point columns stay, since 0 equals -0;
 * and what may fail stays: of a constant it would fail for rows that other conditions leave out.
 */
import type { Attribute, BoundExpr } from '../bound.js'
import { conjunction, conjunctsOf } from '../conjuncts.js'
import type { Literal } from '../expr.js'
import { isTest } from './constraints.js'
import type { Rule } from './rule.js'
import { substitute } from './substitute.js'

export const propagateConstants: Rule = {
  name: 'ConstantPropagation',
  order: 'up',
  rewrite(plan) {
    if (plan.kind !== 'Filter') return plan
    const conjuncts = conjunctsOf(plan.condition)
    const values = new Map<number, Literal>()
    for (const c of conjuncts) {
      const found = equalToLiteral(c)
      if (found !== undefined && !values.has(found.column.id)) values.set(found.column.id, found.value)
    }
    if (values.size === 0) return plan
    let changed = false
    const next = conjuncts.map(c => {
      if (equalToLiteral(c) !== undefined || isEqualityOfColumns(c) || !isTest(c)) return c
      const written = substitute(c, values)
      changed ||= written !== c
      return written
    })
    const condition = changed ? conjunction(next) : undefined
    return condition === undefined ? plan : { ...plan, condition }
  },
}

function equalToLiteral(e: BoundExpr): { readonly column: Attribute; readonly value: Literal } | undefined {
  if (e.kind !== 'Call' || e.fn !== '=') return undefined
  const [a, b] = e.args
  const [column, value] = a?.kind === 'Attribute' ? [a, b] : [b, a]
  if (column?.kind !== 'Attribute' || value?.kind !== 'Literal' || value.value === null) return undefined
  return column.type.kind === 'double' || column.type.kind === 'float' ? undefined : { column, value }
}

function isEqualityOfColumns(e: BoundExpr): boolean {
  return e.kind === 'Call' && e.fn === '=' && e.args.every(a => a.kind === 'Attribute')
}
