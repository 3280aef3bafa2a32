/**
 * Decimal arithmetic in 64 bits where the values fit, whatever the operands' declared types would need: the footers say between which values a column
 * lies. 128-bit products take three times as long, and need a way out for those of more than 38 digits. As Spark's DecimalAggregates, but by values
 * instead of declared precisions. Were a footer wrong, the task would fail on overflow; it would not give other rows.
 */
import { type DecimalType, decimal, sameType } from '../../core/types.js'
import { type AggregateCall, type Attribute, type BoundAlias, type BoundExpr, type Call, toAttribute } from '../bound.js'
import { cardinality } from '../cardinality.js'
import type { AggregatePlan, Plan, ProjectPlan } from '../plan.js'
import type { StatisticsOf } from '../selectivity.js'
import { mapExprChildren, mapPlanExpressions, planChildren, planExpressions, references } from '../tree.js'
import { branchesOf, valueRange } from '../value-range.js'
import type { Rule, RuleContext } from './rule.js'

/** Digits that 64 bits hold. */
const digits = 18
/** Ends are read as doubles: what comes closer than this to the limit counts as beyond it. */
const margin = 0.99

/** What is known of the columns that a node reads. */
interface Known {
  readonly statistics: StatisticsOf
  /** By the id of a wide column: a narrow one with the same values. */
  readonly narrow: ReadonlyMap<number, Attribute>
}

export const narrowDecimals: Rule = {
  name: 'NarrowDecimals',
  order: 'up',
  rewrite: (plan, context) => {
    const statistics = statisticsBelow(plan)
    if (statistics === undefined) return plan
    if (plan.kind === 'Aggregate' && plan.input.kind === 'Project') return overProject(plan, plan.input, statistics, context)
    return mapPlanExpressions(plan, e => narrowed(e, { statistics, narrow: new Map() }))
  },
}

function statisticsBelow(plan: Plan): StatisticsOf | undefined {
  const inputs = planChildren(plan).map(cardinality)
  if (inputs.every(i => i === undefined || i.columns.size === 0)) return undefined
  return id => {
    for (const input of inputs) {
      const found = input?.columns.get(id)
      if (found !== undefined) return found
    }
    return undefined
  }
}

/** What a projection computes for the functions of an aggregation alone stays narrow on the way to them. The rule has been to the projection already. */
function overProject(plan: AggregatePlan, input: ProjectPlan, statistics: StatisticsOf, context: RuleContext): Plan {
  const aliases = new Map<number, BoundAlias>()
  for (const e of input.expressions) {
    const inner = e.kind === 'Alias' && e.child.kind === 'Cast' && isWide(e.child) ? e.child.child : undefined
    if (e.kind === 'Alias' && inner?.type.kind === 'decimal' && !isWide(inner) && inner.type.scale === scaleOf(e.child)) {
      aliases.set(e.id, { ...e, id: context.nextId(), child: inner })
    }
  }
  const ranges = new Map([...aliases].map(([id, { child }]) => [id, valueRange(child, statisticsBelow(input) ?? (() => undefined))]))
  const known: Known = {
    statistics: id => {
      const range = ranges.get(id)
      return range === undefined
        ? statistics(id)
        : { min: range.low, max: range.high, nullFraction: 0, distinct: 1, unique: false, run: 1, clustered: false }
    },
    narrow: new Map([...aliases].map(([id, alias]) => [id, toAttribute(alias)])),
  }
  const next = mapPlanExpressions(plan, e => narrowed(e, known))
  const read = new Set(planExpressions(next).flatMap(e => [...references(e)]))
  const added = [...aliases.values()].filter(a => read.has(a.id))
  if (next.kind !== 'Aggregate' || added.length === 0) return next
  return { ...next, input: { ...input, expressions: [...input.expressions.filter(e => read.has(e.id)), ...added] } }
}

function scaleOf({ type }: BoundExpr): number {
  return type.kind === 'decimal' ? type.scale : 0
}

/** The largest parts that can be narrow. An aggregate takes its argument as it is: its own type stays. */
function narrowed(expr: BoundExpr, known: Known): BoundExpr {
  if (expr.kind === 'AggregateCall' && takesAny.has(expr.fn)) return narrowedArguments(expr, known)
  if (isArithmetic(expr)) {
    const narrow = narrowForm(expr, known)
    if (narrow !== undefined) return { kind: 'Cast', child: narrow, type: expr.type, mode: 'ansi', nullable: expr.nullable }
  }
  return mapExprChildren(expr, e => narrowed(e, known))
}

const takesAny: ReadonlySet<string> = new Set(['sum', 'avg'])

function narrowedArguments(call: AggregateCall, known: Known): BoundExpr {
  return mapExprChildren(call, e => (isWide(e) ? narrowForm(e, known) : undefined) ?? narrowed(e, known))
}

function isArithmetic(expr: BoundExpr): expr is Call {
  return isWide(expr) && expr.kind === 'Call' && (expr.fn === '+' || expr.fn === '-' || expr.fn === '*')
}

function isWide(expr: BoundExpr): expr is BoundExpr & { readonly type: DecimalType } {
  return expr.type.kind === 'decimal' && expr.type.precision > digits
}

/** An expression with the same values and scale, of at most 18 digits, in all its steps; undefined when that is not known. */
function narrowForm(expr: BoundExpr, known: Known): BoundExpr | undefined {
  if (expr.type.kind !== 'decimal') return undefined
  if (expr.type.precision <= digits) return expr
  if (expr.kind === 'Attribute') return known.narrow.get(expr.id)
  const { scale } = expr.type
  if (scale >= digits || !fits(expr, scale, known)) return undefined
  const type = decimal(digits, scale)
  switch (expr.kind) {
    case 'Literal':
      return { ...expr, type }
    case 'Cast': {
      const child = expr.child.type.kind === 'decimal' ? narrowForm(expr.child, known) : expr.child
      return child && { ...expr, child, type }
    }
    case 'Call':
      return narrowCall(expr, type, known)
    default:
      return undefined
  }
}

function narrowCall(expr: Call, type: DecimalType, known: Known): BoundExpr | undefined {
  const branches = branchesOf(expr)
  if (branches !== undefined) {
    const values = branches.map(b => narrowForm(b, known))
    if (values.includes(undefined)) return undefined
    const to = new Map(branches.map((b, i) => [b, widened(values[i] as BoundExpr, type)]))
    return { ...expr, type, args: expr.args.map(a => to.get(a) ?? narrowed(a, known)) }
  }
  if (expr.fn !== '+' && expr.fn !== '-' && expr.fn !== '*') return undefined
  const args = expr.args.map(a => narrowForm(a, known))
  const [a, b] = args
  if (a?.type.kind !== 'decimal' || b?.type.kind !== 'decimal') return undefined
  const exact = expr.fn === '*' ? a.type.scale + b.type.scale : Math.max(a.type.scale, b.type.scale)
  if (exact !== type.scale) return undefined
  // Sums are made at the scale of the result.
  if (expr.fn !== '*' && !expr.args.every(x => fits(x, type.scale, known))) return undefined
  return { ...expr, type, args: [a, b] }
}

function widened(expr: BoundExpr, type: DecimalType): BoundExpr {
  if (sameType(expr.type, type)) return expr
  if (expr.kind === 'Literal') return { ...expr, type }
  return { kind: 'Cast', child: expr, type, mode: 'ansi', nullable: expr.nullable }
}

/** Whether all values have at most 18 digits at a scale. */
function fits(expr: BoundExpr, scale: number, known: Known): boolean {
  const range = valueRange(expr, known.statistics)
  return range !== undefined && Math.max(range.high, -range.low) * 10 ** scale < 10 ** digits * margin
}
