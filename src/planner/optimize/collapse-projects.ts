/** Two projections are one, unless that would compute an expression more than once. A projection that changes nothing goes. */
import { type BoundExpr, type NamedExpr, unaliased } from '../bound.js'
import { isDeterministic } from '../functions/table.js'
import { outputOf } from '../plan.js'
import { mapNamed, visitExpr } from '../tree.js'
import type { Rule } from './rule.js'
import { definitions, substitute } from './substitute.js'

export const collapseProjects: Rule = {
  name: 'CollapseProject',
  order: 'up',
  rewrite(plan) {
    if (plan.kind !== 'Project') return plan
    const below = outputOf(plan.input)
    if (
      plan.expressions.length === below.length &&
      plan.expressions.every((e, i) => e.kind === 'Attribute' && e.id === below[i]?.id && e.name === below[i].name)
    ) {
      return plan.input
    }
    if (plan.input.kind !== 'Project' || !collapsible(plan.expressions, plan.input.expressions)) return plan
    const by = definitions(plan.input.expressions)
    // Below may know the column under another spelling: the outer one counts.
    const expressions = plan.expressions.map(e => mapNamed(e, x => substitute(x, by)))
    return { ...plan, input: plan.input.input, expressions }
  },
}

function collapsible(outer: readonly NamedExpr[], inner: readonly NamedExpr[]): boolean {
  const uses = new Map<number, number>()
  for (const e of outer) {
    visitExpr(unaliased(e), x => {
      if (x.kind === 'Attribute') uses.set(x.id, (uses.get(x.id) ?? 0) + 1)
    })
  }
  return inner.every(e => {
    if (e.kind === 'Attribute') return true
    if (!isDeterministic(e.child)) return false
    return isCheap(e.child) || (uses.get(e.id) ?? 0) <= 1
  })
}

function isCheap(expr: BoundExpr): boolean {
  if (expr.kind === 'Attribute' || expr.kind === 'Literal') return true
  return expr.kind === 'Call' && expr.fn === 'getfield' && expr.args.every(isCheap)
}
