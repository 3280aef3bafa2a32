/**
 * Equality keys of a join that are expressions (a cast, mostly) become columns of their side: they can be hashed and sent, and the column they were made
 * of need not be, unless something above reads it.
 */

import { type BoundExpr, type NamedExpr, toAttribute } from '../bound.js'
import { conjunction, conjunctsOf } from '../conjuncts.js'
import { isDeterministic } from '../functions/table.js'
import { outputOf, type Plan } from '../plan.js'
import { references } from '../tree.js'
import type { Rule, RuleContext } from './rule.js'

export const pullOutJoinKeys: Rule = {
  name: 'PullOutJoinKeys',
  order: 'up',
  rewrite(plan, context) {
    if (plan.kind !== 'Join' || plan.condition === undefined) return plan
    const left = new Side(plan.left, context)
    const right = new Side(plan.right, context)
    const conditions = conjunctsOf(plan.condition).map(c => {
      const [a, b] = c.kind === 'Call' && (c.fn === '=' || c.fn === '<=>') ? c.args : []
      if (c.kind !== 'Call' || a === undefined || b === undefined) return c
      if (left.owns(a) && right.owns(b)) return withArgs(c, left.asColumn(a), right.asColumn(b))
      if (right.owns(a) && left.owns(b)) return withArgs(c, right.asColumn(a), left.asColumn(b))
      return c
    })
    if (left.added.length === 0 && right.added.length === 0) return plan
    const condition = conjunction(conditions)
    // The new columns must not be seen above.
    const join: Plan = { ...plan, left: left.plan, right: right.plan, ...(condition === undefined ? {} : { condition }) }
    return { kind: 'Project', input: join, expressions: outputOf(plan) }
  },
}

function withArgs(call: Extract<BoundExpr, { kind: 'Call' }>, a: BoundExpr, b: BoundExpr): BoundExpr {
  return a === call.args[0] && b === call.args[1] ? call : { ...call, args: [a, b] }
}

/** One side of the join, collecting the columns it needs in addition. */
class Side {
  readonly added: NamedExpr[] = []
  readonly #input: Plan
  readonly #ids: ReadonlySet<number>
  readonly #context: RuleContext
  constructor(input: Plan, context: RuleContext) {
    this.#input = input
    this.#ids = new Set(outputOf(input).map(a => a.id))
    this.#context = context
  }

  owns(expr: BoundExpr): boolean {
    const read = references(expr)
    return read.size > 0 && [...read].every(id => this.#ids.has(id)) && isDeterministic(expr)
  }

  asColumn(expr: BoundExpr): BoundExpr {
    if (expr.kind === 'Attribute') return expr
    const column: NamedExpr = { kind: 'Alias', id: this.#context.nextId(), name: nameOf(expr), child: expr, qualifier: [] }
    this.added.push(column)
    return toAttribute(column)
  }

  get plan(): Plan {
    return this.added.length === 0 ? this.#input : { kind: 'Project', input: this.#input, expressions: [...outputOf(this.#input), ...this.added] }
  }
}

/** The name of the column it is made of, when it is one. */
function nameOf(expr: BoundExpr): string {
  return expr.kind === 'Cast' && expr.child.kind === 'Attribute' ? expr.child.name : 'key'
}
