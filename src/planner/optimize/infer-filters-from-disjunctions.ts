/**
 * What a disjunction over a join says of one side alone: `(a = 1 AND b = 2) OR (a = 3 AND b = 4)` keeps only rows with `a = 1 OR a = 3` of the side that
 * has `a`. The new filters go down like any other; the disjunction stays (Spark's `PushExtraPredicateThroughJoin`). Runs once: when they have gone down it would
 * find them again.
 */
import type { BoundExpr } from '../bound.js'
import { conjunction, conjunctsOf } from '../conjuncts.js'
import { exprKey } from '../expr-key.js'
import { isDeterministic } from '../functions/table.js'
import { outputOf, type Plan } from '../plan.js'
import { references } from '../tree.js'
import type { Rule } from './rule.js'

export const inferFiltersFromDisjunctions: Rule = {
  name: 'InferFiltersFromDisjunctions',
  order: 'down',
  rewrite(plan) {
    if (plan.kind !== 'Join' || (plan.type !== 'inner' && plan.type !== 'semi')) return plan
    const disjunctions = conjunctsOf(plan.condition).filter(c => c.kind === 'Call' && c.fn === 'or' && isDeterministic(c))
    if (disjunctions.length === 0) return plan
    const left = filtered(plan.left, disjunctions)
    const right = filtered(plan.right, disjunctions)
    return left === plan.left && right === plan.right ? plan : { ...plan, left, right }
  },
}

function filtered(side: Plan, disjunctions: readonly BoundExpr[]): Plan {
  const ids = new Set(outputOf(side).map(a => a.id))
  const own = (e: BoundExpr) => {
    const read = references(e)
    return read.size > 0 && [...read].every(id => ids.has(id))
  }
  const known = new Set(side.kind === 'Filter' ? conjunctsOf(side.condition).map(exprKey) : [])
  const inferred = disjunctions.map(d => weakened(d, own)).filter(e => e !== undefined && !known.has(exprKey(e)))
  const condition = conjunction(inferred.filter(e => e !== undefined))
  return condition === undefined ? side : { kind: 'Filter', input: side, condition }
}

/** Of each branch the conjuncts that are wanted; undefined when a branch has none, which lets every row pass. */
function weakened(disjunction: BoundExpr, wanted: (e: BoundExpr) => boolean): BoundExpr | undefined {
  const branches: BoundExpr[] = []
  for (const branch of branchesOf(disjunction)) {
    const kept = conjunction(conjunctsOf(branch).filter(wanted))
    if (kept === undefined) return undefined
    branches.push(kept)
  }
  return branches.reduce((a, b) => ({ kind: 'Call', fn: 'or', args: [a, b], type: { kind: 'boolean' }, nullable: true }))
}

function branchesOf(e: BoundExpr): readonly BoundExpr[] {
  return e.kind === 'Call' && e.fn === 'or' ? e.args.flatMap(branchesOf) : [e]
}
