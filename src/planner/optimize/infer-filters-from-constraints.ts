/**
 * What is known of one side of an equi-join holds for the keys of the other side, too, as far as rows without a partner are not kept: `t.a = u.a AND
 * t.a > 5` reads of `u` only rows with `a > 5`. And a key of which statistics say that many are NULL is never one: those rows are not moved. Runs once, before
 * filters go down again: it knows what was inferred above a join and below.
 */
import { type BoundExpr, isNullable } from '../bound.js'
import { cardinality } from '../cardinality.js'
import { conjunction, conjunctsOf } from '../conjuncts.js'
import { exprKey } from '../expr-key.js'
import { call } from '../functions/define.js'
import { type JoinPlan, outputOf, type Plan } from '../plan.js'
import { mapPlanChildren, references } from '../tree.js'
import { carriedOver, constraintsOf, isPortable } from './constraints.js'
import type { Rule } from './rule.js'
import { keyPairs } from './runtime-filters/key-sources.js'

/** From this part of NULL keys on. */
const manyNulls = 0.05

export const inferFiltersFromConstraints: Rule = {
  name: 'InferFiltersFromConstraints',
  order: 'whole',
  rewrite: plan => infer(plan, []),
}

/** Sides of which a row without a partner is not in the result: they may be filtered by what is known of the other one. */
const matched: Readonly<Record<JoinPlan['type'], string>> = { inner: 'lr', cross: '', left: 'r', right: 'l', full: '', semi: 'lr', anti: 'r' }
/** Sides to which what is known above the join applies. */
const kept: Readonly<Record<JoinPlan['type'], string>> = { inner: 'lr', cross: 'lr', left: 'l', right: 'r', full: '', semi: 'l', anti: 'l' }

/** `above`: what only rows that matter meet. */
function infer(plan: Plan, above: readonly BoundExpr[]): Plan {
  if (plan.kind === 'Filter') {
    const input = infer(plan.input, [...above, ...conjunctsOf(plan.condition).filter(isPortable)])
    return input === plan.input ? plan : { ...plan, input }
  }
  if (plan.kind === 'Project' || plan.kind === 'Sort' || plan.kind === 'SubqueryAlias') {
    const ids = new Set(outputOf(plan.input).map(a => a.id))
    const input = infer(
      plan.input,
      above.filter(c => [...references(c)].every(id => ids.has(id))),
    )
    return input === plan.input ? plan : { ...plan, input }
  }
  return plan.kind === 'Join' ? inferJoin(plan, above) : mapPlanChildren(plan, child => infer(child, []))
}

function inferJoin(plan: JoinPlan, above: readonly BoundExpr[]): Plan {
  const pairs = keyPairs(plan)
  const sides = (['left', 'right'] as const).map(side => {
    const ids = new Set(outputOf(plan[side]).map(a => a.id))
    const own = (c: BoundExpr) => [...references(c)].every(id => ids.has(id))
    const from = side === 'left' ? 'l' : 'r'
    return { side, own, known: [...constraintsOf(plan[side]), ...(kept[plan.type].includes(from) ? above.filter(own) : [])] }
  })
  const all = sides.flatMap(s => s.known)
  const next = { ...plan }
  let changed = false
  for (const { side, own, known } of sides) {
    let wanted = known
    if (matched[plan.type].includes(side === 'left' ? 'l' : 'r')) {
      // Of a side that is kept whole nothing is learnt from the other one; the other way round all that is known of it counts.
      wanted = carriedOver(all, pairs).filter(own)
      const there = new Set(constraintsOf(plan[side]).map(exprKey))
      const inferred = [...wanted.filter(c => !there.has(exprKey(c)) && !above.some(a => exprKey(a) === exprKey(c))), ...notNull(plan, side)]
      const condition = conjunction(inferred)
      if (condition !== undefined) {
        next[side] = { kind: 'Filter', input: plan[side], condition }
        changed = true
      }
    }
    const below = infer(next[side], wanted)
    changed ||= below !== next[side]
    next[side] = below
  }
  return changed ? next : plan
}

/** The keys of a side of which many are NULL. */
function notNull(plan: JoinPlan, side: 'left' | 'right'): BoundExpr[] {
  const columns = cardinality(plan[side])?.columns
  const tested = new Set(plan[side].kind === 'Filter' ? conjunctsOf(plan[side].condition).map(exprKey) : [])
  return keyPairs(plan)
    .map(({ a, b }) => (side === 'left' ? a : b))
    .filter(key => isNullable(key) && (columns?.get(key.id)?.nullFraction ?? 0) >= manyNulls)
    .map(key => call('isnotnull', [key], { kind: 'boolean' }, false))
    .filter(test => !tested.has(exprKey(test)))
}
