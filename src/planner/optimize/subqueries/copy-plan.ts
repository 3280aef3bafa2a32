/** A plan once more, with ids of its own, so that both may stand in one query. */
import type { Attribute, BoundExpr, NamedExpr } from '../../bound.js'
import type { Plan } from '../../plan.js'
import { mapExprChildren, mapPlanChildren, mapPlanExpressions } from '../../tree.js'

export interface PlanCopy {
  readonly plan: Plan
  /** The copy's attribute for one of the original's. */
  of(attribute: Attribute): Attribute
}

export function copyPlan(plan: Plan, nextId: () => number): PlanCopy {
  const ids = new Map<number, number>()
  const fresh = <T extends { readonly id: number }>(item: T): T => {
    const id = nextId()
    ids.set(item.id, id)
    return { ...item, id }
  }
  const loops = new Map<number, number>()
  const loop = (ref: number): number => {
    const id = loops.get(ref) ?? nextId()
    loops.set(ref, id)
    return id
  }
  const named = (e: NamedExpr): NamedExpr => (e.kind === 'Alias' ? fresh(e) : e)
  const replaced = (e: BoundExpr): BoundExpr => {
    if (e.kind !== 'Attribute') return mapExprChildren(e, replaced)
    const id = ids.get(e.id)
    return id === undefined ? e : { ...e, id }
  }
  const copy = (p: Plan): Plan => {
    const below = mapPlanExpressions(mapPlanChildren(p, copy), replaced)
    switch (below.kind) {
      case 'Scan':
      case 'LocalRows':
      case 'Values':
      case 'Union':
      case 'Expand':
        return { ...below, output: below.output.map(fresh) }
      case 'RecursiveCte':
        return { ...below, ref: loop(below.ref), output: below.output.map(fresh) }
      case 'RecursiveRef':
        return { ...below, ref: loop(below.ref), output: below.output.map(fresh) }
      case 'Range':
        return { ...below, output: [fresh(below.output[0])] }
      case 'Project':
        return { ...below, expressions: columns(below.expressions) }
      case 'Aggregate':
        return { ...below, aggregates: columns(below.aggregates) }
      case 'Window':
        return { ...below, windows: below.windows.map(fresh) }
      case 'Generate':
        return { ...below, generated: below.generated.map(fresh) }
      default:
        return below
    }
  }
  // `mapNamed` has made aliases of attributes whose id changed: they are plain columns again.
  const columns = (list: readonly NamedExpr[]): NamedExpr[] =>
    list.map(e =>
      e.kind === 'Alias' && e.child.kind === 'Attribute' && e.child.id === ids.get(e.id)
        ? { ...e.child, name: e.name, qualifier: e.qualifier }
        : named(e),
    )
  const result = copy(plan)
  return { plan: result, of: a => ({ ...a, id: ids.get(a.id) ?? a.id }) }
}
