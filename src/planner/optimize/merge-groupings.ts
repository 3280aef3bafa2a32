/**
 * Aggregations of the same rows by the same keys, but for a condition on those keys, are one aggregation of the rows that any of them wants, and each
 * takes its own groups from it: a common table expression that is read once per year reads its tables once. Each place gets a copy of the same plan; that
 * it runs once is the doing of exchange reuse.
 */
import { type Attribute, type BoundAlias, type BoundExpr, type NamedExpr, toAttribute, unaliased } from '../bound.js'
import { cardinality } from '../cardinality.js'
import { exprKey } from '../expr-key.js'
import { isDeterministic } from '../functions/table.js'
import { type AggregatePlan, outputOf, type Plan } from '../plan.js'
import { mapExprChildren, mapPlanChildren, planChildren, planExpressions, references, visitExpr } from '../tree.js'
import { mergePlans } from './merge-plans.js'
import type { Rule } from './rule.js'
import { copyPlan } from './subqueries/copy-plan.js'
import { substitute } from './substitute.js'

/** Each place computes the results of all groups, so more than so many different conditions are not merged. */
const mostConditions = 4
const mostPlaces = 8

export const mergeGroupings: Rule = {
  name: 'MergeGroupings',
  order: 'whole',
  rewrite(plan, context) {
    const places = candidates(plan)
    if (places.size === 0) return plan
    const replaced = new Map<Plan, Plan>()
    const inside = new Set<Plan>()
    for (const group of places.values()) {
      const free = group.filter(a => !inside.has(a))
      const merged = free.length < 2 || free.length > mostPlaces ? undefined : merge(free, () => context.nextId())
      if (merged === undefined) continue
      for (const [i, a] of free.entries()) {
        replaced.set(a, merged[i] as Plan)
        for (const below of groupingsIn(a.input)) inside.add(below)
      }
    }
    const rewrite = (p: Plan): Plan => replaced.get(p) ?? mapPlanChildren(p, rewrite)
    return replaced.size === 0 ? plan : rewrite(plan)
  },
}

/** Aggregations that read the same files through the same operators, the outer ones first. */
function candidates(plan: Plan): Map<string, AggregatePlan[]> {
  const groups = new Map<string, AggregatePlan[]>()
  for (const a of groupingsIn(plan)) {
    if (a.grouping.length === 0 || !a.grouping.every(g => g.kind === 'Attribute') || liesInOrder(a)) continue
    const key = `${a.grouping.length} ${sketch(a.input)}`
    groups.set(key, [...(groups.get(key) ?? []), a])
  }
  for (const [key, list] of groups) if (list.length < 2) groups.delete(key)
  return groups
}

function groupingsIn(plan: Plan): AggregatePlan[] {
  return [...(plan.kind === 'Aggregate' ? [plan] : []), ...planChildren(plan).flatMap(groupingsIn)]
}

/** With more different keys than this part of the rows. */
const manyKeys = 0.05

/** Many groups that lie together in the files may need no exchange, and what is not exchanged is not shared. */
function liesInOrder({ grouping, input }: AggregatePlan): boolean {
  const known = cardinality(input)
  return grouping.some(g => {
    const column = g.kind === 'Attribute' ? known?.columns.get(g.id) : undefined
    return column?.clustered === true && column.distinct > (known?.rows ?? 0) * manyKeys
  })
}

function sketch(plan: Plan): string {
  const below = planChildren(plan).map(sketch).join()
  if (plan.kind === 'Project' || plan.kind === 'Filter') return below
  return `${plan.kind} ${plan.kind === 'Scan' ? plan.paths.join() : ''}(${below})`
}

/** What stands for each; undefined when they differ in more than a condition on their keys. */
function merge(places: readonly AggregatePlan[], nextId: () => number): Plan[] | undefined {
  if (!places.every(repeatable)) return undefined
  const input = mergePlans(
    places.map(a => a.input),
    nextId,
  )
  if (input === undefined) return undefined
  const keys = places.map((a, i) => a.grouping.map(g => substitute(g, input.columns[i] ?? new Map())))
  const [grouping = []] = keys
  const same = keys.every(list => list.map(exprKey).join() === grouping.map(exprKey).join())
  const columns = grouping.filter(g => g.kind === 'Attribute')
  const ids = new Set(columns.map(g => g.id))
  const conditions = new Set(input.own.map(c => (c === undefined ? '' : exprKey(c))))
  if (!same || conditions.size < 2 || conditions.size > mostConditions) return undefined
  if (!input.own.every(c => c === undefined || [...references(c)].every(id => ids.has(id)))) return undefined
  const lists = places.map((a, i) => a.aggregates.map(e => substituteNamed(e, input.columns[i] ?? new Map())))
  const [calls = new Map<string, BoundAlias>(), ...others] = lists.map(list => callsOf(list, nextId))
  // What one place computes of its own rows might fail on another's.
  if (!others.every(o => o.size === calls.size && [...o.keys()].every(key => calls.has(key)))) return undefined
  const whole: AggregatePlan = {
    kind: 'Aggregate',
    input: input.plan,
    grouping,
    aggregates: [...new Map(columns.map(c => [c.id, c])).values(), ...calls.values()],
  }
  return places.map((a, i) => {
    const copy = copyPlan(whole, nextId)
    // In order: the copy has the columns of the original, place by place.
    const now = new Map(outputOf(whole).map((o, n) => [o.id, outputOf(copy.plan)[n] as Attribute]))
    const overGroups = (e: BoundExpr): BoundExpr => {
      if (e.kind === 'AggregateCall') return now.get(toAttribute(calls.get(exprKey(e)) as BoundAlias).id) as Attribute
      return e.kind === 'Attribute' ? (now.get(e.id) ?? e) : mapExprChildren(e, overGroups)
    }
    const own = input.own[i]
    const groups: Plan = own === undefined ? copy.plan : { kind: 'Filter', input: copy.plan, condition: overGroups(own) }
    const expressions = (lists[i] ?? []).map((item, n): NamedExpr => {
      const { id, name, qualifier } = a.aggregates[n] as NamedExpr
      return { kind: 'Alias', id, name, child: overGroups(unaliased(item)), qualifier }
    })
    return { kind: 'Project', input: groups, expressions }
  })
}

/** The different aggregate calls of a list, under names. */
function callsOf(list: readonly NamedExpr[], nextId: () => number): Map<string, BoundAlias> {
  const calls = new Map<string, BoundAlias>()
  for (const item of list) {
    visitExpr(unaliased(item), e => {
      if (e.kind !== 'AggregateCall') return true
      if (!calls.has(exprKey(e))) calls.set(exprKey(e), { kind: 'Alias', id: nextId(), name: e.fn, child: e, qualifier: [] })
      return false
    })
  }
  return calls
}

function substituteNamed(e: NamedExpr, by: ReadonlyMap<number, BoundExpr>): NamedExpr {
  return { kind: 'Alias', id: e.id, name: e.name, child: substitute(unaliased(e), by), qualifier: e.qualifier }
}

/** Whether running it again gives the same groups. */
function repeatable(plan: Plan): boolean {
  return plan.kind !== 'Limit' && planExpressions(plan).every(isDeterministic) && planChildren(plan).every(repeatable)
}
