/**
 * An aggregation above joins and unions groups rows below them first, when that leaves few of many: states of partial groups, not rows, are joined and
 * moved (Yan and Larson, "Eager Aggregation", 1995; in Trino `push-partial-aggregation-through-join`). A partial group is made of all columns that anything
 * above reads, so its rows find the same partners, and a state that finds several counts as often as its rows would have. Which side has to be unique does
 * not matter, as the aggregation above stays, over states. Only functions that combine states; only what cannot fail for rows that find no partner; of a
 * side that an outer join pads only what is NULL where that is. Only where the estimates say that it pays (`partial-aggregation/gain.ts`).
 */
import { conf } from '../../core/config-table.js'
import { types } from '../../core/types.js'
import { type AggregateCall, type Attribute, type BoundAlias, type BoundExpr, type NamedExpr, toAttribute, unaliased } from '../bound.js'
import { cardinality } from '../cardinality.js'
import { exprKey } from '../expr-key.js'
import { call } from '../functions/define.js'
import { aggregateFunction, isDeterministic, splitOf } from '../functions/table.js'
import { type AggregatePlan, type JoinPlan, outputOf, type Plan, type UnionPlan } from '../plan.js'
import { mapExprChildren, mapNamed, references, visitExpr } from '../tree.js'
import { mustMove } from './exchanged-joins.js'
import { gainOf, groupingCost, joinedRow, movedRow } from './partial-aggregation/gain.js'
import { neverFails } from './partial-aggregation/total.js'
import { rejectsNulls } from './possible-values.js'
import type { Rule, RuleContext } from './rule.js'
import { definitions, substitute } from './substitute.js'

export const pushPartialAggregation: Rule = {
  name: 'PushPartialAggregation',
  order: 'up',
  rewrite(plan, context) {
    if (plan.kind !== 'Aggregate' || plan.partial === true || context.conf.get(conf.partialAggregationRows) < 0) return plan
    return split(plan, context) ?? plan
  },
}

/** The columns that are read above, and the states to be made below. */
interface Wanted {
  readonly columns: ReadonlySet<number>
  readonly states: readonly BoundAlias[]
  /** What the rows cost above, in all. */
  readonly above: number
}

/** Columns that are wanted, in the order of the plan, then the states; perhaps others between. */
interface Pushed {
  readonly plan: Plan
  readonly gain: number
}

function split(plan: AggregatePlan, context: RuleContext): Plan | undefined {
  if (!plan.grouping.every(isDeterministic)) return undefined
  const rows = cardinality(plan.input)?.rows ?? 0
  const made = new Map<string, { readonly result: BoundExpr; readonly states: readonly BoundAlias[] }>()
  for (const found of plan.aggregates.flatMap(item => callsIn(unaliased(item)))) {
    if (made.has(exprKey(found))) continue
    const parts = isPlain(found) ? splitOf(found) : undefined
    if (parts === undefined) return undefined
    const states = parts.buffers.map(
      (b): BoundAlias => ({ kind: 'Alias', id: context.nextId(), name: `partial_${b.name}`, child: b.partial, qualifier: [] }),
    )
    const columns = states.map(s => ({ ...toAttribute(s), nullable: true }))
    made.set(exprKey(found), { states, result: parts.finish(parts.buffers.map((b, i) => b.combine(columns[i] as Attribute, columns))) })
  }
  const columns = new Set(plan.grouping.flatMap(g => [...references(g)]))
  const above = rows * groupingCost(plan.grouping, cardinality(plan)?.rows ?? 0)
  const below = push(plan.input, { columns, states: [...made.values()].flatMap(m => m.states), above }, context)
  if (below === undefined) return undefined
  const whole = new Set(plan.grouping.map(exprKey))
  const overStates = (e: BoundExpr): BoundExpr => {
    if (whole.has(exprKey(e))) return e
    return made.get(exprKey(e))?.result ?? mapExprChildren(e, overStates)
  }
  return { ...plan, input: below.plan, aggregates: plan.aggregates.map(item => mapNamed(item, overStates)) }
}

function callsIn(e: BoundExpr): AggregateCall[] {
  const calls: AggregateCall[] = []
  visitExpr(e, x => {
    if (x.kind !== 'AggregateCall') return true
    calls.push(x)
    return false
  })
  return calls
}

/** Whether a function's states may be made of more rows than those of its groups. A sum of bigint may overflow for rows that no group has. */
function isPlain({ fn, args, filter, distinct }: AggregateCall): boolean {
  if (distinct || !combining.has(fn) || !aggregateFunction(fn).deterministic) return false
  if (fn === 'sum' && args.some(a => a.type.kind === 'long' || (a.type.kind === 'decimal' && a.type.precision > sureDigits))) return false
  if (fn === 'avg' && args.some(a => a.type.kind === 'decimal' && a.type.precision > sureDigits)) return false
  return [...args, ...(filter === undefined ? [] : [filter])].every(e => neverFails(e) && isDeterministic(e))
}

const combining: ReadonlySet<string> = new Set(['count', 'sum', 'avg', 'min', 'max', 'bool_and', 'bool_or', 'bit_and', 'bit_or'])
/** Decimals of so many digits have sums that fit. */
const sureDigits = 28

/** With states made somewhere below the top of the plan; undefined where that gains nothing. */
function push(plan: Plan, wanted: Wanted, context: RuleContext): Pushed | undefined {
  switch (plan.kind) {
    case 'Project': {
      const by = definitions(plan.expressions)
      const kept = plan.expressions.filter(e => wanted.columns.has(e.id))
      if (![...by.values()].every(isDeterministic)) return undefined
      const states = wanted.states.map(s => ({ ...s, child: substitute(s.child, by) }))
      if (!states.every(s => s.child.kind === 'AggregateCall' && isSure(s.child))) return undefined
      const columns = new Set(kept.flatMap(e => [...references(unaliased(e))]))
      const below = push(plan.input, { ...wanted, columns, states }, context)
      return below && { ...below, plan: { ...plan, input: below.plan, expressions: [...kept, ...statesOf(below.plan, states)] } }
    }
    case 'Filter': {
      // Drawn for each row, not for each group.
      if (!isDeterministic(plan.condition)) return undefined
      const below = push(plan.input, { ...wanted, columns: references(plan.condition, new Set(wanted.columns)) }, context)
      return below && { ...below, plan: { ...plan, input: below.plan } }
    }
    case 'Join':
      return throughJoin(plan, wanted, context)
    case 'Union':
      return throughUnion(plan, wanted, context)
    default:
      return undefined
  }
}

function isSure({ args, filter }: AggregateCall): boolean {
  return [...args, ...(filter === undefined ? [] : [filter])].every(neverFails)
}

function statesOf(plan: Plan, states: readonly BoundAlias[]): Attribute[] {
  const ids = new Set(states.map(s => s.id))
  return outputOf(plan).filter(a => ids.has(a.id))
}

/** States made by the plan itself or below. */
function best(plan: Plan, wanted: Wanted, context: RuleContext): Pushed | undefined {
  const below = push(plan, wanted, context)
  const here = placed(plan, wanted)
  const least = context.conf.get(conf.partialAggregationRows)
  const rows = cardinality(plan)?.rows ?? 0
  // Without keys there would be a group where there are no rows.
  if (here.keys.length === 0) return below
  const gain = least === 0 ? 1 : rows < least ? undefined : gainOf(plan, here.keys, wanted.above, context.parallelism)
  return gain === undefined || (below !== undefined && below.gain >= gain) ? below : { plan: here.plan, gain }
}

function placed(plan: Plan, { columns, states }: Wanted): { readonly plan: Plan; readonly keys: readonly Attribute[] } {
  const keys = outputOf(plan).filter(a => columns.has(a.id))
  return { keys, plan: { kind: 'Aggregate', partial: true, input: plan, grouping: keys, aggregates: [...keys, ...states] } }
}

/** The sides whose rows a join pads with NULLs. */
const padded: Readonly<Record<JoinPlan['type'], string>> = {
  inner: '',
  cross: '',
  left: 'right',
  right: 'left',
  full: 'left right',
  semi: '',
  anti: '',
}

function throughJoin(plan: JoinPlan, wanted: Wanted, context: RuleContext): Pushed | undefined {
  if (plan.condition !== undefined && !isDeterministic(plan.condition)) return undefined
  const sides = plan.type === 'semi' || plan.type === 'anti' ? (['left'] as const) : (['left', 'right'] as const)
  let found: Pushed | undefined
  for (const side of sides) {
    const ids = new Set(outputOf(plan[side]).map(a => a.id))
    const of = wanted.states.map(s => s.child)
    if (!of.every(c => [...references(c)].every(id => ids.has(id)))) continue
    if (padded[plan.type].includes(side) && !of.every(c => isNullWithout(c, ids))) continue
    const rows = cardinality(plan[side])?.rows ?? 0
    const columns = plan.condition === undefined ? wanted.columns : references(plan.condition, new Set(wanted.columns))
    const above = wanted.above + rows * (joinedRow + (mustMove(plan, context) ? movedRow : 0))
    const below = best(plan[side], { ...wanted, columns, above }, context)
    if (below !== undefined && below.gain > (found?.gain ?? 0)) found = { ...below, plan: { ...plan, [side]: below.plan } }
  }
  if (found === undefined) return undefined
  const output = outputOf(found.plan)
  const expressions = [...output.filter(a => wanted.columns.has(a.id)), ...statesOf(found.plan, wanted.states)]
  return expressions.length === output.length ? found : { ...found, plan: { kind: 'Project', input: found.plan, expressions } }
}

/** Whether rows in which all these columns are NULL do not count. */
function isNullWithout(e: BoundExpr, ids: ReadonlySet<number>): boolean {
  return e.kind === 'AggregateCall' && e.args.some(a => rejectsNulls(call('isnotnull', [a], types.boolean, false), ids))
}

/** Each input makes states of its own; one of them at least below a join. */
function throughUnion(plan: UnionPlan, wanted: Wanted, context: RuleContext): Pushed | undefined {
  const total = cardinality(plan)?.rows ?? 0
  const output = plan.output.filter(a => wanted.columns.has(a.id))
  let gain = 0
  let deeper = false
  let keyless = false
  const inputs = plan.inputs.map((input): Plan => {
    const columns = outputOf(input)
    const by = new Map(plan.output.map((a, i) => [a.id, columns[i] as Attribute]))
    const read = output.map(a => by.get(a.id) as Attribute)
    const own: Wanted = {
      columns: new Set(read.map(a => a.id)),
      states: wanted.states.map(s => ({ ...s, id: context.nextId(), child: substitute(s.child, by) })),
      above: (wanted.above * (cardinality(input)?.rows ?? 0)) / Math.max(1, total),
    }
    const below = push(input, own, context)
    deeper ||= below !== undefined
    keyless ||= below === undefined && read.length === 0
    gain += below?.gain ?? 0
    const made = below?.plan ?? placed(input, own).plan
    const now = new Map(outputOf(made).map(a => [a.id, a]))
    const list: NamedExpr[] = read.map((a, i) => ({ ...(now.get(a.id) ?? a), name: output[i]?.name ?? a.name }))
    return { kind: 'Project', input: made, expressions: [...list, ...own.states.map(s => now.get(s.id) as Attribute)] }
  })
  if (!deeper || keyless) return undefined
  const states = wanted.states.map(s => ({ ...toAttribute(s), nullable: true }))
  return { gain, plan: { kind: 'Union', inputs, output: [...output, ...states] } }
}
