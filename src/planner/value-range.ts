/**
 * Between which numbers the values of an expression lie, from the ends that footers give for columns (interval arithmetic). The ends are those of the
 * files that the query was planned for, which tasks check; NULLs are not values. Called by rules that need a proof that something fits.
 */
import type { DataType } from '../core/types.js'
import type { BoundExpr, Call } from './bound.js'
import { ordinal } from './column-statistics.js'
import { isHeldBy } from './decimal-rules.js'
import type { StatisticsOf } from './selectivity.js'

/** Both ends included. */
export interface ValueRange {
  readonly low: number
  readonly high: number
}

/** Undefined when nothing is known; numbers only. `low > high` when there is no value but NULL. */
export function valueRange(expr: BoundExpr, statistics: StatisticsOf): ValueRange | undefined {
  switch (expr.kind) {
    case 'Attribute': {
      if (!isExact(expr.type)) return undefined
      const { min, max, likelyEnds } = statistics(expr.id) ?? {}
      return min === undefined || max === undefined || likelyEnds ? undefined : { low: min, high: max }
    }
    case 'Literal': {
      if (expr.value === null) return nothing
      const value = isExact(expr.type) ? ordinal(expr.value, expr.type) : undefined
      return value === undefined ? undefined : { low: value, high: value }
    }
    case 'Cast': {
      // A whole number that does not fit starts again at the other end, with ANSI off.
      const mayWrap = expr.type.kind !== 'decimal' && !isHeldBy(expr.child.type, expr.type)
      const from = isExact(expr.type) && isExact(expr.child.type) && !mayWrap ? valueRange(expr.child, statistics) : undefined
      return from === undefined || fractionOf(expr.child.type) <= fractionOf(expr.type) ? from : { low: from.low - 1, high: from.high + 1 }
    }
    case 'Call':
      return isExact(expr.type) ? ofCall(expr, statistics) : undefined
    default:
      return undefined
  }
}

const nothing: ValueRange = { low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY }

function isExact(type: DataType): boolean {
  return ['byte', 'short', 'int', 'long', 'decimal'].includes(type.kind)
}

function fractionOf(type: DataType): number {
  return type.kind === 'decimal' ? type.scale : 0
}

/** The arguments of a conditional whose value may be its own. */
export function branchesOf(call: Call): readonly BoundExpr[] | undefined {
  if (call.fn === 'coalesce') return call.args
  return call.fn === 'when' ? call.args.filter((_, i) => i % 2 === 1 || i === call.args.length - 1) : undefined
}

function ofCall(call: Call, statistics: StatisticsOf): ValueRange | undefined {
  const ranges = (branchesOf(call) ?? call.args).map(a => valueRange(a, statistics))
  if (ranges.includes(undefined)) return undefined
  const [a, b] = ranges as unknown as readonly [ValueRange, ValueRange?]
  switch (call.fn) {
    case 'coalesce':
    case 'when':
      return (ranges as readonly ValueRange[]).reduce((x, y) => ({ low: Math.min(x.low, y.low), high: Math.max(x.high, y.high) }))
    case 'negative':
      return { low: -a.high, high: -a.low }
    case '+':
      return b && (isEmpty(a) || isEmpty(b) ? nothing : { low: a.low + b.low, high: a.high + b.high })
    case '-':
      return b && (isEmpty(a) || isEmpty(b) ? nothing : { low: a.low - b.high, high: a.high - b.low })
    case '*': {
      if (b === undefined) return undefined
      if (isEmpty(a) || isEmpty(b)) return nothing
      const corners = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high]
      return { low: Math.min(...corners), high: Math.max(...corners) }
    }
    default:
      return undefined
  }
}

function isEmpty(range: ValueRange): boolean {
  return range.low > range.high
}
