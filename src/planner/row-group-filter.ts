/**
 * Whether rows of a row group can meet a condition, by the ends and NULLs that its footer tells: what cannot is not read at all. Floating-point numbers
 * have ends, but NaN is larger than any; DuckDB prunes by them when it reads. Never says no where a row might match.
 */

import type { DataType } from '../core/types.js'
import type { Attribute, BoundExpr, Call } from './bound.js'
import { footerOrdinal, ordinal } from './column-statistics.js'
import type { ColumnFooter, FileInfo, RowGroupInfo } from './ports.js'
import { textMayHold } from './text-ends.js'
import { references } from './tree.js'

export function mayMatch(condition: BoundExpr, group: RowGroupInfo, columns: ReadonlyMap<number, Attribute>): boolean {
  if (condition.kind === 'Literal') return condition.value === true
  if (condition.kind !== 'Call') return true
  if (condition.fn === 'and') return condition.args.every(c => mayMatch(c, group, columns))
  if (condition.fn === 'or') return condition.args.some(c => mayMatch(c, group, columns))
  return testMayHold(condition, group, columns)
}

/** Files of which every row group is out. A file whose footer is not known is in. */
export function filesThatMayMatch(files: readonly FileInfo[], condition: BoundExpr, output: readonly Attribute[]): readonly FileInfo[] {
  const read = references(condition)
  const columns = new Map(output.filter(a => read.has(a.id)).map(a => [a.id, a]))
  const kept = files.filter(f => f.rowGroups === undefined || f.rowGroups.length === 0 || f.rowGroups.some(g => mayMatch(condition, g, columns)))
  return kept.length === files.length ? files : kept
}

/** Beside comparisons. None of these is true of NULL. */
const tests = new Set(['isnotnull', 'in', 'startswith', 'like'])

const mirrored: Readonly<Record<string, string>> = { '=': '=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' }

/** The column whose value an expression is, seen through casts of numbers that keep every value of its type, or round it as the ends are rounded. */
function columnOf(e: BoundExpr | undefined): BoundExpr | undefined {
  return e?.kind === 'Cast' && e.child.kind === 'Attribute' && keepsValues(e.child.type, e.type) ? e.child : e
}

/** A narrower type makes NULL, or another number, of what it does not hold. */
function keepsValues(from: DataType, to: DataType): boolean {
  const [own, scale] = [wholeDigits(from), scaleOf(from)]
  const [target, targetScale] = [wholeDigits(to), scaleOf(to)]
  if (own === undefined || scale === undefined) return false
  if (to.kind === 'double') return true
  if (target === undefined || targetScale === undefined || targetScale < scale) return false
  // Of the most digits that a whole number has, not all numbers fit.
  return from.kind === 'decimal' && to.kind !== 'decimal' ? target > own : target >= own
}

const mostDigits: Readonly<Record<string, number>> = { byte: 3, short: 5, int: 10, long: 19 }

/** Before the point, at most. */
function wholeDigits(type: DataType): number | undefined {
  return type.kind === 'decimal' ? type.precision - type.scale : mostDigits[type.kind]
}

function scaleOf(type: DataType): number | undefined {
  return type.kind === 'decimal' ? type.scale : type.kind in mostDigits ? 0 : undefined
}

function testMayHold({ fn, args }: Call, group: RowGroupInfo, columns: ReadonlyMap<number, Attribute>): boolean {
  const [a, b] = args.slice(0, 2).map(columnOf)
  if (a?.kind === 'Literal' && b?.kind === 'Attribute' && mirrored[fn] !== undefined) return columnMayHold(mirrored[fn] ?? fn, b, [a], group, columns)
  return a?.kind === 'Attribute' ? columnMayHold(fn, a, args.slice(1), group, columns) : true
}

function columnMayHold(
  fn: string,
  column: Attribute,
  others: readonly BoundExpr[],
  group: RowGroupInfo,
  columns: ReadonlyMap<number, Attribute>,
): boolean {
  const known = columns.get(column.id)
  const footer = known === undefined ? undefined : group.columns?.get(known.name)
  if (footer === undefined) return true
  if (fn === 'isnull') return footer.nulls !== 0
  if (mirrored[fn] === undefined && !tests.has(fn)) return true
  // Neither they nor comparisons are true of NULL.
  if (footer.nulls === group.rows) return false
  if (column.type.kind === 'string') return footer.texts === undefined || textMayHold(fn, footer.texts, others)
  const ends = endsOf(footer, column)
  if (fn === 'isnotnull' || ends === undefined) return true
  const values = others.map(o => (o.kind === 'Literal' ? (o.value === null ? null : ordinal(o.value, o.type)) : undefined))
  if (fn === 'in') return values.some(v => v === undefined || (v !== null && v >= ends.low && v <= ends.high))
  const [value] = values
  if (value === undefined) return true
  if (value === null) return false
  // Numbers that may have been rounded differ when they look alike.
  const exact = (column.type.kind === 'date' || scaleOf(column.type) === 0) && [ends.low, ends.high, value].every(Number.isSafeInteger)
  switch (fn) {
    case '<':
      return exact ? ends.low < value : ends.low <= value
    case '>':
      return exact ? ends.high > value : ends.high >= value
    case '<=':
      return ends.low <= value
    case '>=':
      return ends.high >= value
    default:
      return value >= ends.low && value <= ends.high
  }
}

/** Both ends as numbers that keep the order of the type, too wide rather than too narrow. */
function endsOf({ min, max }: ColumnFooter, { type }: Attribute): { readonly low: number; readonly high: number } | undefined {
  if (min === undefined || max === undefined || type.kind === 'float' || type.kind === 'double') return undefined
  const instant = type.kind === 'timestamp' || type.kind === 'timestamp_ntz'
  // Text of an instant says so; without that it is local time, which a column that holds instants would read in the session's zone.
  if (instant && [min, max].some(text => /[+-]\d\d(:?\d\d)?$/.test(text.slice(10)) !== (type.kind === 'timestamp'))) return undefined
  const [low, high] = [footerOrdinal(min, type), footerOrdinal(max, type)]
  if (low === undefined || high === undefined) return undefined
  // Texts of instants are read to the millisecond.
  return instant ? { low: low - 1000, high: high + 1000 } : { low, high }
}
