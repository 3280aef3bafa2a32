/**
 * Aggregates without keys over the same relations are computed in one pass: `(SELECT count(*) FROM t WHERE a < 5)` and `(SELECT max(b) FROM t WHERE a > 9)`
 * are one row of `SELECT count(*) FILTER (WHERE a < 5), max(b) FILTER (WHERE a > 9) FROM t WHERE a < 5 OR a > 9` (Spark's `MergeScalarSubqueries`; here
 * they are inputs of one chain of joins already, also as subqueries of FROM). Arguments are columns, which cannot fail on another's rows.
 */
import type { AggregateCall, BoundExpr, NamedExpr } from '../bound.js'
import { conjunction, conjunctsOf } from '../conjuncts.js'
import { isDeterministic } from '../functions/table.js'
import { type AggregatePlan, outputOf, type Plan } from '../plan.js'
import { mapExprChildren, mapNamed, mapPlanChildren } from '../tree.js'
import { mergePlans } from './merge-plans.js'
import type { Rule, RuleContext } from './rule.js'
import { isRepeatable } from './runtime-filters/key-sources.js'
import { substitute } from './substitute.js'

export const mergeScalarSubqueries: Rule = {
  name: 'MergeScalarSubqueries',
  order: 'whole',
  rewrite: (plan, context) => merge(plan, context),
}

interface Chain {
  readonly inputs: Plan[]
  readonly conditions: BoundExpr[]
}

/** Chains of inner joins from the top, then what lies below their inputs. */
function merge(plan: Plan, context: RuleContext): Plan {
  const chain: Chain = { inputs: [], conditions: [] }
  flatten(plan, chain)
  if (chain.inputs.length < 2) return mapPlanChildren(plan, child => merge(child, context))
  const inputs = mergedInputs(chain.inputs, context)
  if (inputs === chain.inputs) return mapPlanChildren(plan, child => merge(child, context))
  const joined = inputs.map(input => merge(input, context)).reduce((left, right) => ({ kind: 'Join', left, right, type: 'cross' }))
  const condition = conjunction(chain.conditions)
  return {
    kind: 'Project',
    input: condition === undefined ? joined : { kind: 'Filter', input: joined, condition },
    expressions: outputOf(plan),
  }
}

function flatten(plan: Plan, chain: Chain): void {
  if (plan.kind === 'Project' && plan.expressions.every(e => e.kind === 'Attribute') && isInner(plan.input)) flatten(plan.input, chain)
  else if (isInner(plan)) {
    flatten(plan.left, chain)
    flatten(plan.right, chain)
    chain.conditions.push(...conjunctsOf(plan.condition))
  } else chain.inputs.push(plan)
}

function isInner(plan: Plan): plan is Extract<Plan, { kind: 'Join' }> {
  return plan.kind === 'Join' && (plan.type === 'inner' || plan.type === 'cross') && plan.leftHint === undefined && plan.rightHint === undefined
}

/** The inputs with those that go together in one, at the place of the first; the same list when none do. */
function mergedInputs(inputs: Plan[], context: RuleContext): readonly Plan[] {
  const groups: AggregatePlan[][] = []
  for (const input of inputs) {
    if (!isScalar(input)) continue
    const group = groups.find(
      g =>
        mergePlans(
          [...g, input].map(p => p.input),
          context.nextId,
        ) !== undefined,
    )
    if (group === undefined) groups.push([input])
    else group.push(input)
  }
  const several = groups.filter(g => g.length > 1)
  if (several.length === 0) return inputs
  const dropped = new Set<Plan>(several.flatMap(g => g.slice(1)))
  const replaced = new Map<Plan, Plan>(several.map(g => [g[0] as Plan, aggregateOf(g, context)]))
  return inputs.filter(input => !dropped.has(input)).map(input => replaced.get(input) ?? input)
}

function isScalar(plan: Plan): plan is AggregatePlan {
  if (plan.kind !== 'Aggregate' || plan.grouping.length > 0 || !isRepeatable(plan.input)) return false
  return plan.aggregates.every(e => e.kind === 'Alias' && isDeterministic(e.child) && hasPlainArguments(e.child))
}

function hasPlainArguments(e: BoundExpr): boolean {
  if (e.kind !== 'AggregateCall')
    return e.kind === 'Literal' || (e.kind === 'Call' ? e.args.every(hasPlainArguments) : e.kind === 'Cast' && hasPlainArguments(e.child))
  return e.filter === undefined && e.args.every(a => a.kind === 'Attribute' || a.kind === 'Literal')
}

function aggregateOf(group: readonly AggregatePlan[], context: RuleContext): Plan {
  const merged = mergePlans(
    group.map(g => g.input),
    context.nextId,
  )
  if (merged === undefined) throw new Error('bug in spk: plans that could be merged cannot')
  const aggregates = group.flatMap((g, i) => {
    const own = merged.own[i]
    const rewrite = (e: BoundExpr): BoundExpr => {
      if (e.kind !== 'AggregateCall') return mapExprChildren(e, rewrite)
      const call = substitute(e, merged.columns[i] ?? new Map()) as AggregateCall
      return own === undefined ? call : { ...call, filter: own }
    }
    return g.aggregates.map((e): NamedExpr => mapNamed(e, rewrite))
  })
  return { kind: 'Aggregate', input: merged.plan, grouping: [], aggregates }
}
