/** Which attributes a plan reads and none of its relations gives: its parameters, when it is a subquery. */
import type { Attribute } from './bound.js'
import { outputOf, type Plan } from './plan.js'
import { planChildren, planExpressions, visitExpr } from './tree.js'

const known = new WeakMap<Plan, ReadonlyMap<number, Attribute>>()

/** The free attributes by id. Remembered per node. */
export function freeAttributes(plan: Plan): ReadonlyMap<number, Attribute> {
  let free = known.get(plan)
  if (free === undefined) {
    free = compute(plan)
    known.set(plan, free)
  }
  return free
}

function compute(plan: Plan): ReadonlyMap<number, Attribute> {
  const children = planChildren(plan)
  const given = new Set(children.flatMap(child => outputOf(child).map(a => a.id)))
  const free = new Map<number, Attribute>()
  for (const child of children) for (const [id, a] of freeAttributes(child)) if (plan.kind !== 'LateralJoin' || !given.has(id)) free.set(id, a)
  for (const e of planExpressions(plan)) {
    visitExpr(e, x => {
      if (x.kind === 'Attribute' && !given.has(x.id)) free.set(x.id, x)
    })
  }
  return free
}

/** Whether anything in the plan reads one of these. */
export function reads(plan: Plan, ids: ReadonlySet<number>): boolean {
  for (const id of freeAttributes(plan).keys()) if (ids.has(id)) return true
  return false
}
