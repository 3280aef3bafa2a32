/**
 * EXISTS and IN. As conditions of a filter they are semi and anti joins; inside an expression a value from a join with what is true, and, where IN may
 * be unknown, with what is unknown.
 */
import { types } from '../../../core/types.js'
import {
  type Attribute,
  type BoundAlias,
  type BoundExpr,
  isNullable,
  literal,
  type NamedExpr,
  nullOf,
  type Subquery,
  toAttribute,
} from '../../bound.js'
import { conjunction } from '../../conjuncts.js'
import { aggregateCall, call } from '../../functions/define.js'
import { outputOf, type Plan } from '../../plan.js'
import type { RuleContext } from '../rule.js'
import { substitute } from '../substitute.js'
import { copyPlan } from './copy-plan.js'
import { type Decorrelated, decorrelate, domainOf, perCombination } from './decorrelate.js'
import { sameDomain } from './dependent-join.js'
import { compare, equalities } from './equality.js'
import { type Joined, readBy } from './scalar.js'

/** Only the rows of `around` for which the predicate is true (or, `negated`, for which its negation is). */
export function filterBy(subquery: Subquery, plan: Plan, negated: boolean, around: Plan, context: RuleContext): Plan {
  const d = decorrelated(subquery, plan, around, context)
  if (subquery.subquery === 'exists') {
    if (d.onEmpty !== undefined || (d.single && d.conditions.length === 0))
      return negated ? { kind: 'Values', rows: [], output: outputOf(around) } : around
    const right: Plan = d.conditions.length === 0 ? { kind: 'Limit', input: d.plan, limit: 1 } : d.plan
    return joined(around, right, negated ? 'anti' : 'semi', d.conditions)
  }
  const pairs = pairsOf(subquery, d)
  const equal = pairs.map(p => compare('=', p.value, p.column))
  if (!negated) return joined(around, d.plan, 'semi', [...d.conditions, ...equal])
  if (!pairs.some(p => p.nullable)) return joined(around, d.plan, 'anti', [...d.conditions, ...equal])
  if (d.conditions.length > 0 || pairs.length > 1) return joined(around, d.plan, 'anti', [...d.conditions, ...pairs.map(notUnequal)])
  const [pair] = pairs as readonly [Pair]
  const rest = joined(around, d.plan, 'anti', equal)
  const { plan: withCounts, all, present } = counted(rest, plan, context)
  // No rows at all, or nothing unknown on either side.
  const none = compare('=', all, literal(0n, types.long))
  const known = and(call('isnotnull', [pair.value], types.boolean, false), compare('=', all, present))
  const kept: Plan = { kind: 'Filter', input: withCounts, condition: call('or', [none, known], types.boolean, false) }
  return { kind: 'Project', input: kept, expressions: outputOf(around) }
}

/** The predicate as a column of true, false or NULL. `positive`: NULL may be false. */
export function joinPredicate(subquery: Subquery, plan: Plan, positive: boolean, around: Plan, context: RuleContext): Joined {
  const d = decorrelated(subquery, plan, around, context)
  if (subquery.subquery === 'exists') {
    if (d.onEmpty !== undefined || (d.single && d.conditions.length === 0)) return { plan: around, value: literal(true, types.boolean) }
    return marked(around, d.plan, d.conditions, context)
  }
  const pairs = pairsOf(subquery, d)
  const equal = pairs.map(p => compare('=', p.value, p.column))
  const isTrue = marked(around, d.plan, [...d.conditions, ...equal], context)
  if (positive || !pairs.some(p => p.nullable)) return isTrue
  const unknown = nullOf(types.boolean)
  if (d.conditions.length === 0 && pairs.length === 1) {
    const [pair] = pairs as readonly [Pair]
    const { plan: both, all, present } = counted(isTrue.plan, plan, context)
    const none = compare('=', all, literal(0n, types.long))
    const open = call(
      'or',
      [call('isnull', [pair.value], types.boolean, false), call('<', [present, all], types.boolean, false)],
      types.boolean,
      false,
    )
    return { plan: both, value: decided([isTrue.value, literal(true, types.boolean), none, literal(false, types.boolean), open, unknown]) }
  }
  const again = decorrelated(subquery, copyPlan(plan, () => context.nextId()).plan, isTrue.plan, context)
  const open = marked(isTrue.plan, again.plan, [...again.conditions, ...pairsOf(subquery, again).map(notUnequal)], context)
  return { plan: open.plan, value: decided([isTrue.value, literal(true, types.boolean), open.value, unknown]) }
}

function decided(branches: readonly BoundExpr[]): BoundExpr {
  return call('when', [...branches, literal(false, types.boolean)], types.boolean, true)
}

const and = (a: BoundExpr, b: BoundExpr) => call('and', [a, b], types.boolean)

function joined(left: Plan, right: Plan, type: 'semi' | 'anti' | 'left' | 'cross', conditions: readonly BoundExpr[]): Plan {
  const condition = conjunction(conditions)
  return { kind: 'Join', left, right, type, ...(condition === undefined ? {} : { condition }) }
}

/** IN over a subquery that gives a row where nothing matches needs that row. */
function decorrelated(subquery: Subquery, plan: Plan, around: Plan, context: RuleContext): Decorrelated {
  const d = decorrelate(plan, around, subquery.subquery === 'exists' ? 'exists' : 'rows', context)
  return subquery.subquery === 'in' && d.onEmpty !== undefined ? perCombination(plan, around, context) : d
}

interface Pair {
  readonly value: BoundExpr
  readonly column: Attribute
  readonly nullable: boolean
}

function pairsOf(subquery: Subquery, d: Decorrelated): readonly Pair[] {
  const have = new Map(outputOf(d.plan).map(a => [a.id, a]))
  return subquery.values.map((value, i) => {
    const column = have.get(d.columns[i]?.id ?? -1) ?? (d.columns[i] as Attribute)
    return { value, column, nullable: isNullable(value) || column.nullable }
  })
}

/** True or unknown. */
function notUnequal({ value, column }: Pair): BoundExpr {
  const tests = [
    ...(isNullable(value) ? [call('isnull', [value], types.boolean, false)] : []),
    ...(column.nullable ? [call('isnull', [column], types.boolean, false)] : []),
  ]
  return tests.reduce((a, b) => call('or', [a, b], types.boolean), compare('=', value, column))
}

/** How many rows the subquery has, and in how many its value is there. */
function counted(around: Plan, plan: Plan, context: RuleContext) {
  const copy = copyPlan(plan, () => context.nextId()).plan
  const [value] = outputOf(copy)
  const count = (name: string, args: readonly BoundExpr[]): BoundAlias => ({
    kind: 'Alias',
    id: context.nextId(),
    name,
    child: aggregateCall('count', args, types.long, false),
    qualifier: [],
  })
  const all = count('all', [])
  const present = count('present', value === undefined ? [] : [value])
  const counts: Plan = { kind: 'Aggregate', input: copy, grouping: [], aggregates: [all, present] }
  return { plan: joined(around, counts, 'cross', []), all: toAttribute(all), present: toAttribute(present) }
}

/** `plan` matched with `around`: a column that is there for rows with a match, each row of `around` once. */
function marked(around: Plan, plan: Plan, conditions: readonly BoundExpr[], context: RuleContext): Joined {
  const ids = new Set(outputOf(around).map(a => a.id))
  const marker: BoundAlias = { kind: 'Alias', id: context.nextId(), name: 'exists', child: literal(true, types.boolean), qualifier: [] }
  const keys = equalities(conditions, ids)
  const { right, on } = keys === undefined ? byDomain() : byKeys(keys)
  const join = joined(around, right, 'left', on)
  const seen = outputOf(join).find(a => a.id === marker.id)
  return { plan: join, value: call('isnotnull', [seen ?? toAttribute(marker)], types.boolean, false) }

  function byKeys(all: NonNullable<typeof keys>) {
    if (all.length === 0) {
      const one: Plan = { kind: 'Limit', input: { kind: 'Project', input: plan, expressions: [marker] }, limit: 1 }
      return { right: one, on: [] as readonly BoundExpr[] }
    }
    const items = all.map((k): NamedExpr => ({ kind: 'Alias', id: context.nextId(), name: 'key', child: k.inner, qualifier: [] }))
    const grouped: Plan = { kind: 'Aggregate', input: plan, grouping: all.map(k => k.inner), aggregates: items }
    const side: Plan = { kind: 'Project', input: grouped, expressions: [...outputOf(grouped), marker] }
    return { right: side, on: all.map((k, i) => compare(k.fn, toAttribute(items[i] as NamedExpr), k.outer)) }
  }

  function byDomain() {
    const read = readBy(conditions)
    const domain = domainOf(
      outputOf(around).filter(a => read.has(a.id)),
      around,
      context,
    )
    const made = domain.make()
    const by = new Map(domain.parameters.map((p, i) => [p.id, made.domain[i] as BoundExpr]))
    const matching = joined(
      made.plan,
      plan,
      'semi',
      conditions.map(c => substitute(c, by)),
    )
    const side: Plan = { kind: 'Project', input: matching, expressions: [...made.domain, marker] }
    const on = sameDomain(domain.parameters, made.domain)
    return { right: side, on: on === undefined ? [] : [on] }
  }
}
