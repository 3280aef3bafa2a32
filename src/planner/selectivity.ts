/**
 * Which part of the rows a condition keeps, by the statistics of the columns it reads: ranges from the smallest and largest value, equality from the
 * number of distinct values, rules of thumb for the rest. Comparisons of one column with literals are taken together, as one interval. An estimate, for
 * choosing between plans that are all right. Called by `cardinality.ts`.
 */
import type { BoundExpr, Call } from './bound.js'
import { type ColumnStatistics, ordinal } from './column-statistics.js'
import { conjunctsOf } from './conjuncts.js'
import { histogramEquals, histogramShare } from './histogram.js'

export type StatisticsOf = (id: number) => ColumnStatistics | undefined

/** Where nothing is known: of a range, of LIKE and its kin, of equality, of anything else. */
const unknownRange = 1 / 3
const unknownMatch = 0.1
const unknownEquality = 0.1
const unknownOther = 0.5
/** Columns of a table often depend on one another: each further condition counts for less, as square roots do. */
const backOff = [1, 1, 1 / 2, 1 / 4]

const mirrored: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' }

interface Comparison {
  readonly id: number
  readonly op: string
  readonly value: number | undefined
}

/** Between 0 and 1; 1 without a condition. */
export function selectivity(condition: BoundExpr | undefined, statistics: StatisticsOf): number {
  const intervals = new Map<number, Comparison[]>()
  const parts: number[] = []
  for (const c of conjunctsOf(condition)) {
    const range = rangeComparison(c)
    if (range === undefined) parts.push(ofPredicate(c, statistics))
    else intervals.set(range.id, [...(intervals.get(range.id) ?? []), range])
  }
  for (const [id, comparisons] of intervals) parts.push(ofInterval(comparisons, statistics(id)))
  return parts.sort((a, b) => a - b).reduce((product, s, i) => product * s ** (backOff[Math.min(i, backOff.length - 1)] ?? 1), 1)
}

/** The column that an expression is, seen through casts, which keep the order of numbers and dates. */
export function columnOf(expr: BoundExpr): number | undefined {
  if (expr.kind === 'Attribute') return expr.id
  return expr.kind === 'Cast' ? columnOf(expr.child) : undefined
}

function rangeComparison(c: BoundExpr): Comparison | undefined {
  if (c.kind !== 'Call' || mirrored[c.fn] === undefined) return undefined
  const [a, b] = c.args
  if (a === undefined || b === undefined) return undefined
  const [left, right] = [columnOf(a), columnOf(b)]
  if (left !== undefined && b.kind === 'Literal') return { id: left, op: c.fn, value: ordinal(b.value, b.type) }
  if (right !== undefined && a.kind === 'Literal') return { id: right, op: mirrored[c.fn] ?? c.fn, value: ordinal(a.value, a.type) }
  return undefined
}

function ofInterval(comparisons: readonly Comparison[], known: ColumnStatistics | undefined): number {
  const present = 1 - (known?.nullFraction ?? 0)
  if (known?.min === undefined || known.max === undefined || comparisons.some(c => c.value === undefined)) {
    return present * unknownRange ** Math.min(2, comparisons.length)
  }
  let [low, high] = [known.min, known.max]
  for (const { op, value = 0 } of comparisons) {
    if (op === '<' || op === '<=') high = Math.min(high, value)
    else low = Math.max(low, value)
  }
  const span = known.max - known.min
  if (high < low) return 0
  if (known.histogram !== undefined) return present * histogramShare(known.histogram, low, high)
  return present * (span === 0 ? 1 : Math.max(1 / known.distinct, (high - low) / span))
}

function ofPredicate(e: BoundExpr, statistics: StatisticsOf): number {
  if (e.kind === 'Literal') return e.value === true ? 1 : 0
  if (e.kind !== 'Call') return unknownOther
  switch (e.fn) {
    case 'and':
      return selectivity(e, statistics)
    case 'or':
      return e.args.map(a => selectivity(a, statistics)).reduce((a, b) => a + b - a * b, 0)
    case 'not': {
      const [inner] = e.args
      return inner === undefined ? unknownOther : 1 - selectivity(inner, statistics)
    }
    case '=':
    case '<=>':
      return ofEquality(e, statistics)
    case 'in': {
      const [value, ...list] = e.args
      const known = statisticsOf(value, statistics)
      return Math.min(1, list.length * (known === undefined ? unknownEquality : 1 / known.distinct))
    }
    case 'isnull':
      return statisticsOf(e.args[0], statistics)?.nullFraction ?? unknownMatch
    case 'isnotnull':
      return 1 - (statisticsOf(e.args[0], statistics)?.nullFraction ?? 0)
    case 'like':
    case 'ilike':
    case 'rlike':
    case 'startswith':
    case 'endswith':
    case 'contains':
      return unknownMatch
    case '<':
    case '<=':
    case '>':
    case '>=':
      return unknownRange
    default:
      return unknownOther
  }
}

function statisticsOf(expr: BoundExpr | undefined, statistics: StatisticsOf): ColumnStatistics | undefined {
  const id = expr === undefined ? undefined : columnOf(expr)
  return id === undefined ? undefined : statistics(id)
}

/** With a literal: one of the distinct values, none outside the ends. Of two columns: the one with more values decides. */
function ofEquality({ args }: Call, statistics: StatisticsOf): number {
  const [a, b] = args
  if (a === undefined || b === undefined) return unknownEquality
  const [left, right] = [statisticsOf(a, statistics), statisticsOf(b, statistics)]
  const literal = a.kind === 'Literal' ? a : b.kind === 'Literal' ? b : undefined
  const known = a.kind === 'Literal' ? right : left
  if (literal !== undefined) {
    const value = ordinal(literal.value, literal.type)
    if (value !== undefined && known?.min !== undefined && known.max !== undefined && (value < known.min || value > known.max)) return 0
    if (known === undefined) return unknownEquality
    const share = value === undefined || known.histogram === undefined ? 1 / known.distinct : histogramEquals(known.histogram, value)
    return (1 - known.nullFraction) * share
  }
  const most = Math.max(left?.distinct ?? 0, right?.distinct ?? 0)
  return most === 0 ? unknownEquality : 1 / most
}
