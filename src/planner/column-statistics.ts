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
  /** The ends prove nothing: of rows that may have changed since, or of other values that these were made of. */
  readonly likelyEnds?: true
  /** Between 0 and 1. */
  readonly nullFraction: number
  /** At least 1. An upper bound, or the best guess where only a dictionary's size is known. */
  readonly distinct: number
  /** About as many distinct values as rows: no value (or hardly one) is there twice. */
  readonly unique: boolean
  /** Rows in which an average value comes together, as the lines of an order have its customer; 1 where nothing tells. */
  readonly run: number
  /** Row groups lie side by side: rows with equal values are near each other in the files. */
  readonly clustered: boolean
  /** From ANALYZE TABLE; of all values but NULLs. */
  readonly histogram?: Histogram
  /** The part of the rows that conditions on this column alone have left; undefined: all. */
  readonly kept?: number
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
      return text === '' || isRounded(text, type) ? undefined : ordinal(text, type)
  }
}

/** Whether a type that was declared for the files has fewer digits after the point than this value of theirs: reading it rounds. */
function isRounded(text: string, type: DataType): boolean {
  if (type.kind === 'float' || type.kind === 'double') return false
  const scale = type.kind === 'decimal' ? type.scale : 0
  const [, fraction = ''] = /[.](\d*?)0*$/.exec(text) ?? []
  return fraction.length > scale || text.includes('e-')
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined
}

/** How many values a type has from one to another; undefined for types without a smallest step. */
function wholeValues(low: number, high: number, type: DataType): number | undefined {
  switch (type.kind) {
    case 'boolean':
    case 'byte':
    case 'short':
    case 'int':
    case 'long':
    case 'date':
      return high - low + 1
    case 'decimal':
      return Math.round((high - low) * 10 ** type.scale) + 1
    default:
      return undefined
  }
}

/** One row group's column, its ends as numbers. */
interface Group {
  readonly rows: number
  readonly nulls: number
  readonly low: number | undefined
  readonly high: number | undefined
  /** Distinct values, counted or guessed; undefined when nothing tells, or about all rows differ. */
  readonly distinct: number | undefined
}

/** A group of which more than this part of the rows seem to differ is taken to hold no value twice. */
const differentPart = 0.5
/** Whole numbers of which a group seems to hold this part between its ends are taken to be all there. */
const densePart = 0.3
/** Where ends are unknown: a group with more distinct values than this part of its rows has not seen all values of the column. */
const saturatedPart = 0.1

/** Writers give a dictionary up when it reaches 1 MiB; compressed it may be half of that. It tells nothing then. */
const fullDictionaryBytes = 2 ** 19
/** Bytes of a dictionary page before its values. */
const pageHeaderBytes = 12

/** Compressed bytes that one value takes in a dictionary: numbers of 32 bits hardly get smaller, of the others it is a rule of thumb. */
function dictionaryEntryBytes(type: DataType): number {
  switch (type.kind) {
    case 'byte':
    case 'short':
    case 'int':
    case 'date':
    case 'float':
      return 4
    case 'decimal':
      return type.precision <= 9 ? 4 : 8
    default:
      return 8
  }
}

function groupOf(rows: number, footer: ColumnFooter, type: DataType): Group {
  const end = (text: string | undefined) => (text === undefined ? undefined : footerOrdinal(text, type))
  const [nulls, low, high] = [footer.nulls ?? 0, end(footer.min), end(footer.max)]
  return { rows, nulls, low, high, distinct: distinctOfGroup(rows - nulls, low, high, footer, type) }
}

function distinctOfGroup(
  values: number,
  low: number | undefined,
  high: number | undefined,
  footer: ColumnFooter,
  type: DataType,
): number | undefined {
  if (footer.distinct !== undefined) return Math.max(1, footer.distinct)
  if (footer.dictionaryBytes === undefined || footer.dictionaryBytes >= fullDictionaryBytes) return undefined
  const guess = Math.ceil((footer.dictionaryBytes - pageHeaderBytes) / dictionaryEntryBytes(type))
  const between = low === undefined || high === undefined ? undefined : wholeValues(low, high, type)
  const likely = between !== undefined && guess >= between * densePart ? between : guess
  return likely > values * differentPart && values > 1 ? undefined : Math.max(1, likely)
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

/** Of a column that counts as unique this part of the values differ, at least. */
const uniquePart = 0.98

/** Whether a column with so many distinct values in so many rows counts as unique. */
export function isUnique(distinct: number, rows: number): boolean {
  return distinct >= rows * uniquePart
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
  const draws = valued.reduce((sum, g) => sum + (g.distinct ?? g.rows), 0)
  const run = sawAll(valued, range) ? 1 : Math.max(1, (rows - nulls) / draws)
  const unique = isUnique(distinct, rows - nulls)
  const clustered = range !== undefined && overlap(valued, range) <= mostOverlap
  return { nullFraction: rows === 0 ? 0 : nulls / rows, ...range, distinct, unique, run, clustered }
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
  const whole = range && wholeValues(range.min, range.max, type)
  const held = heldByGroups(groups, range, whole)
  return Math.max(1, Math.min(rows, whole ?? rows, held ?? rows))
}

/**
 * Distinct values of all groups together. Groups that reach from end to end have seen all values, and hold the same ones. Others have drawn theirs from a larger pool, and hold some in common by chance.
 */
function heldByGroups(groups: readonly Group[], range: Range | undefined, whole: number | undefined): number | undefined {
  let most = 0
  let sum = 0
  for (const { distinct } of groups) {
    if (distinct === undefined) return undefined
    most = Math.max(most, distinct)
    sum += distinct
  }
  if (groups.length < 2) return most
  const shared = Math.max(most, sum / overlap(groups, range))
  if (range === undefined) return groups.every(g => (g.distinct ?? 0) <= (g.rows - g.nulls) * saturatedPart) ? shared : undefined
  if (sawAll(groups, range) || overlap(groups, range) <= mostOverlap) return shared
  return whole === undefined ? sum : Math.max(most, whole * (1 - Math.exp(-sum / whole)))
}

/** Whether most groups reach from end to end. A single one has seen all there is. */
function sawAll(groups: readonly Group[], range: Range | undefined): boolean {
  if (range === undefined || groups.length < 2) return true
  return groups.filter(g => g.low === range.min && g.high === range.max).length * 2 >= groups.length
}

/** Of groups that count as side by side. */
const mostOverlap = 1.25

/** How many groups hold an average value: 1 when they lie side by side, their number when each spans all (which is assumed where ends are unknown). */
function overlap(groups: readonly Group[], range: Range | undefined): number {
  if (range === undefined || range.max === range.min) return Math.max(1, groups.length)
  const spans = groups.reduce((sum, g) => sum + ((g.high ?? 0) - (g.low ?? 0)), 0)
  return Math.max(1, spans / (range.max - range.min))
}
