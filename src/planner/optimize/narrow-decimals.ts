/**
 * Decimal arithmetic in 64 bits where the values fit, whatever the operands' declared types would need: the footers say between which values a column
 * lies. 128-bit products take three times as long, and need a way out for those of more than 38 digits. As Spark's DecimalAggregates, but by values
 * instead of declared precisions. Were a footer wrong, the task would fail on overflow; it would not give other rows.
 */
import { type DecimalType, decimal, sameType } from '../../core/types.js'
import type { AggregateCall, BoundExpr, Call } from '../bound.js'
import { cardinality } from '../cardinality.js'
import type { Plan } from '../plan.js'
import type { StatisticsOf } from '../selectivity.js'
import { mapExprChildren, mapPlanExpressions, planChildren } from '../tree.js'
import { branchesOf, valueRange } from '../value-range.js'
import type { Rule } from './rule.js'

/** Digits that 64 bits hold. */
const digits = 18
/** Ends are read as doubles: what comes closer than this to the limit counts as beyond it. */
const margin = 0.99

export const narrowDecimals: Rule = {
  name: 'NarrowDecimals',
  order: 'up',
  rewrite: plan => {
    const statistics = statisticsBelow(plan)
    return statistics === undefined ? plan : mapPlanExpressions(plan, e => narrowed(e, statistics))
  },
}

function statisticsBelow(plan: Plan): StatisticsOf | undefined {
  const inputs = planChildren(plan).map(cardinality)
  if (inputs.length === 0 || inputs.every(i => i === undefined || i.columns.size === 0)) return undefined
  return id => {
    for (const input of inputs) {
      const found = input?.columns.get(id)
      if (found !== undefined) return found
    }
    return undefined
  }
}

/** The largest parts that can be narrow. An aggregate takes its argument as it is: its own type stays. */
function narrowed(expr: BoundExpr, statistics: StatisticsOf): BoundExpr {
  if (expr.kind === 'AggregateCall' && takesAny.has(expr.fn)) return narrowedArguments(expr, statistics)
  if (isArithmetic(expr)) {
    const narrow = narrowForm(expr, statistics)
    if (narrow !== undefined) return { kind: 'Cast', child: narrow, type: expr.type, mode: 'ansi', nullable: expr.nullable }
  }
  return mapExprChildren(expr, e => narrowed(e, statistics))
}

const takesAny: ReadonlySet<string> = new Set(['sum', 'avg'])

function narrowedArguments(call: AggregateCall, statistics: StatisticsOf): BoundExpr {
  return mapExprChildren(call, e => (isWide(e) ? narrowForm(e, statistics) : undefined) ?? narrowed(e, statistics))
}

function isArithmetic(expr: BoundExpr): expr is Call {
  return isWide(expr) && expr.kind === 'Call' && (expr.fn === '+' || expr.fn === '-' || expr.fn === '*')
}

function isWide(expr: BoundExpr): expr is BoundExpr & { readonly type: DecimalType } {
  return expr.type.kind === 'decimal' && expr.type.precision > digits
}

/** An expression with the same values and scale, of at most 18 digits, in all its steps; undefined when that is not known. */
function narrowForm(expr: BoundExpr, statistics: StatisticsOf): BoundExpr | undefined {
  if (expr.type.kind !== 'decimal') return undefined
  if (expr.type.precision <= digits) return expr
  const { scale } = expr.type
  if (scale >= digits || !fits(expr, scale, statistics)) return undefined
  const type = decimal(digits, scale)
  switch (expr.kind) {
    case 'Literal':
      return { ...expr, type }
    case 'Cast': {
      const child = expr.child.type.kind === 'decimal' ? narrowForm(expr.child, statistics) : expr.child
      return child && { ...expr, child, type }
    }
    case 'Call':
      return narrowCall(expr, type, statistics)
    default:
      return undefined
  }
}

function narrowCall(expr: Call, type: DecimalType, statistics: StatisticsOf): BoundExpr | undefined {
  const branches = branchesOf(expr)
  if (branches !== undefined) {
    const values = branches.map(b => narrowForm(b, statistics))
    if (values.includes(undefined)) return undefined
    const to = new Map(branches.map((b, i) => [b, widened(values[i] as BoundExpr, type)]))
    return { ...expr, type, args: expr.args.map(a => to.get(a) ?? narrowed(a, statistics)) }
  }
  if (expr.fn !== '+' && expr.fn !== '-' && expr.fn !== '*') return undefined
  const args = expr.args.map(a => narrowForm(a, statistics))
  const [a, b] = args
  if (a?.type.kind !== 'decimal' || b?.type.kind !== 'decimal') return undefined
  const exact = expr.fn === '*' ? a.type.scale + b.type.scale : Math.max(a.type.scale, b.type.scale)
  if (exact !== type.scale) return undefined
  // Sums are made at the scale of the result.
  if (expr.fn !== '*' && !expr.args.every(x => fits(x, type.scale, statistics))) return undefined
  return { ...expr, type, args: [a, b] }
}

function widened(expr: BoundExpr, type: DecimalType): BoundExpr {
  if (sameType(expr.type, type)) return expr
  if (expr.kind === 'Literal') return { ...expr, type }
  return { kind: 'Cast', child: expr, type, mode: 'ansi', nullable: expr.nullable }
}

/** Whether all values have at most 18 digits at a scale. */
function fits(expr: BoundExpr, scale: number, statistics: StatisticsOf): boolean {
  const range = valueRange(expr, statistics)
  return range !== undefined && Math.max(range.high, -range.low) * 10 ** scale < 10 ** digits * margin
}
