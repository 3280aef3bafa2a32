/**
 * Aggregation. In order of preference: one step where the rows of each group are in one task already; partial states, an exchange, final results; whole
 * rows exchanged, when an aggregate cannot be split. DISTINCT aggregates first remove duplicates per group, which is itself a grouping.
 */
import { type AggregateCall, type Attribute, type BoundAlias, type BoundExpr, type NamedExpr, toAttribute, unaliased } from '../bound.js'
import { cardinality } from '../cardinality.js'
import { exprKey } from '../expr-key.js'
import type { AggregateSplit } from '../functions/define.js'
import { aggregateFunction, splitOf } from '../functions/table.js'
import { partitioningOf } from '../partitioning.js'
import type { Physical } from '../physical-plan.js'
import type { AggregatePlan, ExpandPlan } from '../plan.js'
import { mapExprChildren, mapNamed, references, transformExprUp, visitExpr } from '../tree.js'
import { clusteredByBuckets } from './bucketed-scan.js'
import { choosesPartitions, hashPartitions, type PhysicalContext } from './context.js'
import { ensureSingle, exchange, isClustered } from './distribution.js'
import { cutByFileOrder } from './file-order.js'
import { groupingSteps } from './grouping-sets.js'

export function planAggregate(plan: AggregatePlan, context: PhysicalContext): Physical {
  const input = context.plan(plan.input)
  if (plan.partial) return { kind: 'HashAggregate', mode: 'partial', input, grouping: plan.grouping, results: plan.aggregates }
  const calls = aggregateCalls(plan.aggregates)
  if (isClustered(partitioningOf(input), plan.grouping) && (plan.grouping.length > 0 || partitioningOf(input).partitions === 1)) {
    return complete(plan, input)
  }
  const placed = plan.grouping.length > 0 ? clusteredByBuckets(input, plan.grouping, context) : undefined
  if (placed !== undefined) return complete(plan, placed)
  const cut = manyGroups(plan, calls) ? cutByFileOrder(input, plan.grouping, context) : undefined
  if (cut !== undefined) return complete(plan, cut)
  const plain = calls.filter(c => !c.distinct)
  if (plain.some(c => splitOf(c) === undefined)) return wholeRows(plan, input, context)
  if (calls.some(c => c.distinct)) return twoLevels(plan, input, calls, context)
  return (plan.input.kind === 'Expand' ? beforeExpand(plan, plan.input, calls, context) : undefined) ?? twoPhases(plan, input, calls, context)
}

/** From this part of the rows on, partial states are about as many as the rows. */
const manyGroupsPart = 0.05

/** Whether partial aggregation before an exchange would not help much. */
function manyGroups(plan: AggregatePlan, calls: readonly AggregateCall[]): boolean {
  if (calls.some(c => c.distinct || splitOf(c) === undefined)) return true
  const [groups, rows] = [cardinality(plan)?.rows, cardinality(plan.input)?.rows]
  return groups !== undefined && rows !== undefined && groups > rows * manyGroupsPart
}

/** The different aggregate calls in a list. */
function aggregateCalls(list: readonly NamedExpr[]): AggregateCall[] {
  const calls = new Map<string, AggregateCall>()
  for (const item of list) {
    visitExpr(unaliased(item), e => {
      if (e.kind !== 'AggregateCall') return true
      calls.set(exprKey(e), e)
      return false
    })
  }
  return [...calls.values()]
}

function complete(plan: AggregatePlan, input: Physical): Physical {
  return { kind: 'HashAggregate', mode: 'complete', input, grouping: plan.grouping, results: plan.aggregates }
}

/** Rows to the task of their group, then one step. */
function wholeRows(plan: AggregatePlan, input: Physical, context: PhysicalContext): Physical {
  if (plan.grouping.length === 0) return complete(plan, ensureSingle(input))
  const keys = named(plan.grouping, context)
  const columns = keys.map(toAttribute)
  const added = keys.filter((k): k is BoundAlias => k.kind === 'Alias')
  const prepared: Physical = added.length === 0 ? input : { kind: 'Project', input, expressions: [...outputNeeded(plan), ...added] }
  const partitions = hashPartitions(context, plan.input)
  const moved = exchange(prepared, { kind: 'hash', keys: columns, partitions })
  return { kind: 'HashAggregate', mode: 'complete', input: moved, grouping: columns, results: overKeys(plan.aggregates, plan.grouping, columns) }
}

/** The attributes that an aggregate reads, computed keys aside. */
function outputNeeded(plan: AggregatePlan): Attribute[] {
  const found = new Map<number, Attribute>()
  for (const e of [...plan.aggregates.map(unaliased), ...plan.grouping.filter(g => g.kind === 'Attribute')]) {
    visitExpr(e, x => {
      if (x.kind === 'Attribute') found.set(x.id, x)
    })
  }
  return [...found.values()]
}

/** Grouping expressions under names of their own. */
function named(exprs: readonly BoundExpr[], context: PhysicalContext): NamedExpr[] {
  return exprs.map((e, i) => (e.kind === 'Attribute' ? e : { kind: 'Alias', id: context.nextId(), name: `key${i + 1}`, child: e, qualifier: [] }))
}

/** Writes grouping expressions as the columns that hold them; aggregate calls are left alone. */
function overKeys(list: readonly NamedExpr[], grouping: readonly BoundExpr[], columns: readonly Attribute[]): NamedExpr[] {
  const byKey = new Map(grouping.map((g, i) => [exprKey(g), columns[i] as Attribute]))
  const rewrite = (e: BoundExpr): BoundExpr => byKey.get(exprKey(e)) ?? (e.kind === 'AggregateCall' ? e : mapExprChildren(e, rewrite))
  return list.map(item => mapNamed(item, rewrite))
}

/** Replaces aggregate calls by what `replace` gives for them, and grouping expressions by their columns. */
function finished(
  list: readonly NamedExpr[],
  grouping: readonly BoundExpr[],
  columns: readonly Attribute[],
  replace: (call: AggregateCall) => BoundExpr,
): NamedExpr[] {
  const rewrite = (e: BoundExpr): BoundExpr => (e.kind === 'AggregateCall' ? replace(e) : mapExprChildren(e, rewrite))
  return overKeys(list, grouping, columns).map(item => mapNamed(item, rewrite))
}

interface SplitCall {
  readonly call: AggregateCall
  readonly split: AggregateSplit
  /** The partial states under their names. */
  readonly partial: readonly BoundAlias[]
  readonly states: readonly Attribute[]
}

function splitCall(call: AggregateCall, context: PhysicalContext): SplitCall {
  const split = splitOf(call)
  if (split === undefined) throw new Error(`bug in spk: ${call.fn} cannot be split`)
  const partial = split.buffers.map(
    (b): BoundAlias => ({ kind: 'Alias', id: context.nextId(), name: `partial_${b.name}`, child: b.partial, qualifier: [] }),
  )
  return { call, split, partial, states: partial.map(toAttribute) }
}

/** The result from combined states. */
function finish(call: SplitCall): BoundExpr {
  return call.split.finish(call.split.buffers.map((b, i) => b.combine(call.states[i] as Attribute, call.states)))
}

/** States combined into states, under the same names. */
function combined(call: SplitCall, context: PhysicalContext): SplitCall {
  const partial = call.partial.map((p, i): BoundAlias => {
    const b = call.split.buffers[i]
    return { ...p, id: context.nextId(), child: b === undefined ? p.child : b.combine(call.states[i] as Attribute, call.states) }
  })
  return { ...call, partial, states: partial.map(toAttribute) }
}

function twoPhases(plan: AggregatePlan, input: Physical, calls: readonly AggregateCall[], context: PhysicalContext): Physical {
  const keys = named(plan.grouping, context)
  const columns = keys.map(toAttribute)
  const split = calls.map(c => splitCall(c, context))
  const partial: Physical = {
    kind: 'HashAggregate',
    mode: 'partial',
    input,
    grouping: plan.grouping,
    results: [...keys, ...split.flatMap(s => s.partial)],
  }
  const moved = byKeys(partial, columns, plan, context)
  return {
    kind: 'HashAggregate',
    mode: 'final',
    input: moved,
    grouping: columns,
    results: finished(plan.aggregates, plan.grouping, columns, finisher(split)),
  }
}

/**
 * Grouping sets: partial states of the finest groups first, of which those of the sets are then made instead of the rows. Undefined when a key is not the same
 * expression in all the sets that have it, or an aggregate reads what is not the same in all sets.
 */
function beforeExpand(plan: AggregatePlan, expand: ExpandPlan, calls: readonly AggregateCall[], context: PhysicalContext): Physical | undefined {
  const columns = plan.grouping.filter(g => g.kind === 'Attribute')
  const sources = columns.map(c => {
    const all = expand.projections.map(p => p[expand.output.findIndex(a => a.id === c.id)])
    const different = new Map(all.filter(e => e !== undefined && e.kind !== 'Literal').map(e => [exprKey(e as BoundExpr), e as BoundExpr]))
    return different.size <= 1 && !all.includes(undefined) ? { all, source: [...different.values()][0] } : undefined
  })
  if (columns.length < plan.grouping.length || sources.includes(undefined)) return undefined
  const finest = [...new Map(sources.flatMap(s => (s?.source === undefined ? [] : [[exprKey(s.source), s.source] as const]))).values()]
  // Without keys there would be a group over no rows too.
  if (finest.length === 0) return undefined
  const own = overInput(calls, expand)
  if (own === undefined) return undefined
  const keys = named(finest, context)
  const split = calls.map((call, i) => ({ ...splitCall(own[i] as AggregateCall, context), call }))
  const fine: Physical = {
    kind: 'HashAggregate',
    mode: 'partial',
    input: context.plan(expand.input),
    grouping: finest,
    results: [...keys, ...split.flatMap(s => s.partial)],
  }
  const byKey = new Map(finest.map((e, i) => [exprKey(e), toAttribute(keys[i] as NamedExpr)]))
  const again = split.map(s => combined(s, context))
  const values = expand.projections.map((_, n) =>
    sources.map(s => {
      const e = s?.all[n] as BoundExpr
      return e.kind === 'Literal' ? e : (byKey.get(exprKey(e)) as Attribute)
    }),
  )
  const keysOf = values.map(list => [...new Map(list.flatMap(e => (e.kind === 'Attribute' ? [[e.id, e] as const] : []))).values()])
  const sets = groupingSteps(keysOf.map(list => new Set(list.map(k => k.id)))).map(({ set, from }) => ({
    ...(from === undefined ? {} : { from }),
    keys: keysOf[set] ?? [],
    values: values[set] ?? [],
  }))
  const merged: Physical = {
    kind: 'GroupingSets',
    input: fine,
    sets,
    // Of each state the combination, in its place.
    states: split.flatMap((s, n) => s.partial.map((p, i): BoundAlias => ({ ...p, child: again[n]?.partial[i]?.child ?? p.child }))),
    output: [...columns, ...again.flatMap(s => s.states)],
  }
  return {
    kind: 'HashAggregate',
    mode: 'final',
    input: byKeys(merged, columns, plan, context),
    grouping: columns,
    results: finished(plan.aggregates, plan.grouping, columns, finisher(again)),
  }
}

/** The calls as they are written over the rows that are expanded. */
function overInput(calls: readonly AggregateCall[], { projections, output }: ExpandPlan): AggregateCall[] | undefined {
  const read = new Set<number>()
  for (const c of calls) references(c, read)
  const by = new Map<number, BoundExpr>()
  for (const [i, { id }] of output.entries()) {
    if (!read.has(id)) continue
    const [source, ...others] = projections.map(p => p[i] as BoundExpr)
    if (source === undefined || others.some(e => exprKey(e) !== exprKey(source))) return undefined
    by.set(id, source)
  }
  return calls.map(c => transformExprUp(c, e => (e.kind === 'Attribute' ? (by.get(e.id) ?? e) : e)) as AggregateCall)
}

/** By how much partial aggregation is taken to shrink its input, where nothing is known of the number of groups. */
const partialReduction = 4

function byKeys(input: Physical, keys: readonly Attribute[], plan: AggregatePlan, context: PhysicalContext): Physical {
  if (keys.length === 0 || fewStates(input, plan, context)) return ensureSingle(input)
  return exchange(input, { kind: 'hash', keys, partitions: hashPartitions(context, plan, 1 / partialReduction) })
}

/** Partial states that one task combines in a few milliseconds: less than another task costs, and than a sort or limit above needs to gather its input. */
const fewStatesAtMost = 20_000

function fewStates(input: Physical, plan: AggregatePlan, context: PhysicalContext): boolean {
  if (!choosesPartitions(context)) return false
  const groups = cardinality(plan)?.rows
  return groups !== undefined && groups * partitioningOf(input).partitions <= fewStatesAtMost
}

function finisher(split: readonly SplitCall[]): (call: AggregateCall) => BoundExpr {
  const byKey = new Map(split.map(s => [exprKey(s.call), s]))
  return call => {
    const found = byKey.get(exprKey(call))
    if (found === undefined) throw new Error(`bug in spk: ${call.fn} was not split`)
    return finish(found)
  }
}

/**
 * DISTINCT aggregates: the arguments (and filters) of all of them join the grouping of the partial step, so that each task sends every combination once;
 * the final step aggregates them with DISTINCT. Without keys and with one set of arguments the exchange goes by the arguments, so that all tasks count,
 * and a second one adds up.
 */
function twoLevels(plan: AggregatePlan, input: Physical, calls: readonly AggregateCall[], context: PhysicalContext): Physical {
  const keys = named(plan.grouping, context)
  const columns = keys.map(toAttribute)
  const distinct = calls.filter(c => c.distinct)
  const inputs = new Map<string, BoundExpr>()
  for (const e of distinct.flatMap(c => [...c.args, ...(c.filter === undefined ? [] : [c.filter])]))
    if (e.kind !== 'Literal') inputs.set(exprKey(e), e)
  const values = named([...inputs.values()], context).map((v, i) => (v.kind === 'Alias' ? { ...v, name: `distinct${i + 1}` } : v))
  const valueColumns = values.map(toAttribute)
  const split = calls.filter(c => !c.distinct).map(c => splitCall(c, context))
  const partial: Physical = {
    kind: 'HashAggregate',
    mode: 'partial',
    input,
    grouping: [...plan.grouping, ...inputs.values()],
    results: [...uniqueById([...keys, ...values]), ...split.flatMap(s => s.partial)],
  }
  const byValue = new Map([...inputs.keys()].map((key, i) => [key, valueColumns[i] as Attribute]))
  const overValues = (call: AggregateCall): AggregateCall => {
    const filter = call.filter === undefined ? undefined : (byValue.get(exprKey(call.filter)) ?? call.filter)
    return { ...call, args: call.args.map(a => byValue.get(exprKey(a)) ?? a), ...(filter === undefined ? {} : { filter }) }
  }
  const finishSplit = finisher(split)
  if (columns.length > 0 || valueColumns.length === 0 || !onceMore(distinct)) {
    const moved = columns.length === 0 ? ensureSingle(partial) : byKeys(partial, columns, plan, context)
    const results = finished(plan.aggregates, plan.grouping, columns, c => (c.distinct ? overValues(c) : finishSplit(c)))
    return { kind: 'HashAggregate', mode: 'final', input: moved, grouping: columns, results }
  }
  const moved = exchange(partial, { kind: 'hash', keys: valueColumns, partitions: hashPartitions(context, plan.input) })
  const again = [...split.map(s => combined(s, context)), ...distinct.map(c => distinctStates(c, overValues(c), context))]
  const middle: Physical = { kind: 'HashAggregate', mode: 'merge', input: moved, grouping: [], results: again.flatMap(s => s.partial) }
  return {
    kind: 'HashAggregate',
    mode: 'final',
    input: ensureSingle(middle),
    grouping: [],
    results: finished(plan.aggregates, [], [], finisher(again)),
  }
}

/** All distinct calls have the same arguments, and can be split once their duplicates are in one task. */
function onceMore(distinct: readonly AggregateCall[]): boolean {
  const sets = new Set(distinct.map(c => [...c.args, ...(c.filter === undefined ? [] : [c.filter])].map(exprKey).sort().join()))
  return sets.size === 1 && distinct.every(c => aggregateFunction(c.fn).split?.({ ...c, distinct: false }) !== undefined)
}

/** The states of a distinct call over one task's values; equal values are all in that task. */
function distinctStates(call: AggregateCall, over: AggregateCall, context: PhysicalContext): SplitCall {
  const states = splitCall({ ...over, distinct: false }, context)
  return { ...states, call, partial: states.partial.map(p => ({ ...p, child: { ...(p.child as AggregateCall), distinct: true } })) }
}

function uniqueById(list: readonly NamedExpr[]): NamedExpr[] {
  return [...new Map(list.map(e => [e.id, e])).values()]
}
