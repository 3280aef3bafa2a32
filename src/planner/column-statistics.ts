/**
 * What the footers of a table say of one column, summed over all row groups: smallest and largest value, NULLs, and how many distinct values there can
 * be. Everything is a number (days for dates, microseconds for timestamps), good for estimates and for nothing else. Called by `cardinality.ts`.
 */
import type { DataType } from '../core/types.js'
import type { LiteralValue } from './expr.js'
import type { ColumnFooter, FileInfo, RowGroupInfo } from './ports.js'

export interface ColumnStatistics {
  readonly min?: number
  readonly max?: number
  /** Between 0 and 1. */
  readonly nullFraction: number
  /** At least 1. An upper bound, or the best guess where only a dictionary's size is known. */
  readonly distinct: number
  /** Row groups lie side by side: rows with equal values are near each other in the files. */
  readonly clustered: boolean
  /** From ANALYZE TABLE; of all values but NULLs. */
  readonly histogram?: Histogram
}

/** One part of an equi-height histogram: values above `low` (from `low`, in the first one) up to `high`. */
export interface HistogramBin {
  readonly low: number
  readonly high: number
  readonly distinct: number
}

export interface Histogram {
  /** Rows in each bin. */
  readonly height: number
  readonly bins: readonly HistogramBin[]
}

/** A value as a number that keeps the order of its type; undefined for types without one. */
export function ordinal(value: LiteralValue, type: DataType): number | undefined {
  switch (type.kind) {
    case 'boolean':
      return value === null ? undefined : Number(value)
    case 'byte':
    case 'short':
    case 'int':
    case 'long':
    case 'float':
    case 'double':
    case 'decimal':
    case 'date':
    case 'timestamp':
    case 'timestamp_ntz': {
      const number = typeof value === 'object' ? Number.NaN : Number(value)
      return Number.isFinite(number) ? number : undefined
    }
    default:
      return undefined
  }
}

/** The same for a footer's text. */
export function footerOrdinal(text: string, type: DataType): number | undefined {
  switch (type.kind) {
    case 'boolean':
      return text === 'true' ? 1 : text === 'false' ? 0 : undefined
    case 'date':
      return finite(Date.parse(`${text}T00:00:00Z`) / 86_400_000)
    case 'timestamp':
    case 'timestamp_ntz':
      return finite(Date.parse(`${text.replace(' ', 'T').replace(/ ?\+00(00)?$/, '')}Z`) * 1000)
    default:
      return text === '' ? undefined : ordinal(text, type)
  }
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined
}

/** Types of which two neighbouring values differ by exactly one. */
function isDiscrete(type: DataType): boolean {
  return ['boolean', 'byte', 'short', 'int', 'long', 'date'].includes(type.kind) || (type.kind === 'decimal' && type.scale === 0)
}

/** One row group's column, its ends as numbers. */
interface Group {
  readonly rows: number
  readonly nulls: number
  readonly low: number | undefined
  readonly high: number | undefined
  /** Distinct values, counted or guessed; undefined when a larger group would have had more of them. */
  readonly distinct: number | undefined
}

/** A group with more distinct values than this part of its rows has not seen all values of the column. */
const saturatedPart = 0.1

/** Compressed bytes that one value takes in a dictionary, by rule of thumb. */
const dictionaryEntryBytes = 8

function groupOf(rows: number, footer: ColumnFooter, type: DataType): Group {
  const end = (text: string | undefined) => (text === undefined ? undefined : footerOrdinal(text, type))
  const nulls = footer.nulls ?? 0
  const distinct = footer.distinct ?? (footer.dictionaryBytes === undefined ? undefined : Math.ceil(footer.dictionaryBytes / dictionaryEntryBytes))
  const saturated = distinct !== undefined && distinct <= (rows - nulls) * saturatedPart
  return { rows, nulls, low: end(footer.min), high: end(footer.max), distinct: saturated ? Math.max(1, distinct) : undefined }
}

/** By a file's row groups, which are the same object for as long as the file is the same: text is read once. */
const read = new WeakMap<readonly RowGroupInfo[], Map<string, readonly Group[] | undefined>>()

function groupsOf(rowGroups: readonly RowGroupInfo[], name: string, type: DataType): readonly Group[] | undefined {
  const columns = read.get(rowGroups) ?? new Map<string, readonly Group[] | undefined>()
  read.set(rowGroups, columns)
  const key = `${type.kind} ${name}`
  if (!columns.has(key)) columns.set(key, readGroups(rowGroups, name, type))
  return columns.get(key)
}

function readGroups(rowGroups: readonly RowGroupInfo[], name: string, type: DataType): readonly Group[] | undefined {
  const groups: Group[] = []
  for (const { rows, columns } of rowGroups) {
    const footer = columns?.get(name)
    if (footer === undefined) return undefined
    groups.push(groupOf(rows, footer, type))
  }
  return groups
}

/** Undefined when the files have no footers, or one of them does not know the column. */
export function columnStatistics(files: readonly FileInfo[], name: string, type: DataType): ColumnStatistics | undefined {
  const groups: Group[] = []
  for (const { rowGroups = [] } of files) {
    const own = groupsOf(rowGroups, name, type)
    if (own === undefined) return undefined
    groups.push(...own)
  }
  if (groups.length === 0) return undefined
  const rows = groups.reduce((sum, g) => sum + g.rows, 0)
  const nulls = groups.reduce((sum, g) => sum + g.nulls, 0)
  // A group of NULLs alone has no ends and hides nobody else's.
  const valued = groups.filter(g => g.nulls < g.rows)
  const range = rangeOf(valued)
  const distinct = distinctValues(valued, type, rows - nulls, range)
  return { nullFraction: rows === 0 ? 0 : nulls / rows, ...range, distinct, clustered: range !== undefined && overlap(valued, range) <= mostOverlap }
}

interface Range {
  readonly min: number
  readonly max: number
}

function rangeOf(groups: readonly Group[]): Range | undefined {
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (const { low, high } of groups) {
    if (low === undefined || high === undefined) return undefined
    min = Math.min(min, low)
    max = Math.max(max, high)
  }
  return min <= max ? { min, max } : undefined
}

/** The least of what is known: the rows, whole numbers between the ends, and what the groups hold. A column without dictionaries is taken for a key. */
function distinctValues(groups: readonly Group[], type: DataType, rows: number, range: Range | undefined): number {
  const bounds: number[] = []
  if (range !== undefined && isDiscrete(type)) bounds.push(range.max - range.min + 1)
  let most = 0
  let sum = 0
  for (const g of groups) {
    most = Math.max(most, g.distinct ?? Number.POSITIVE_INFINITY)
    sum += g.distinct ?? 0
  }
  if (Number.isFinite(most)) bounds.push(Math.max(most, sum / overlap(groups, range)))
  return Math.max(1, Math.min(rows, ...bounds))
}

/** Of groups that count as side by side. */
const mostOverlap = 1.25

/** How many groups hold an average value: 1 when they lie side by side, their number when each spans all (which is assumed where ends are unknown). */
function overlap(groups: readonly Group[], range: Range | undefined): number {
  if (range === undefined || range.max === range.min) return Math.max(1, groups.length)
  const spans = groups.reduce((sum, g) => sum + ((g.high ?? 0) - (g.low ?? 0)), 0)
  return Math.max(1, spans / (range.max - range.min))
}
