/**
 * What ANALYZE TABLE has found out about a table: plain data that goes along with the files (`ReadFiles.statistics`), for estimates alone. The session
 * makes it and forgets it when rows change; `cardinality.ts` reads it.
 */
import type { DataType } from '../core/types.js'
import { type ColumnStatistics, footerOrdinal, type Histogram, isUnique } from './column-statistics.js'

export interface AnalyzedColumn {
  /** Distinct values, within the error of the sketch. */
  readonly distinct: number
  readonly nulls: number
  /** As text, of types that have an order and a fixed size. */
  readonly min?: string
  readonly max?: string
  /** Bytes; characters of texts. */
  readonly averageLength: number
  readonly maxLength: number
  readonly histogram?: Histogram
}

export interface TableStatistics {
  /** Of all files, as they were. */
  readonly bytes: number
  /** Absent after NOSCAN. */
  readonly rows?: number
  /** By name, lower case. */
  readonly columns: ReadonlyMap<string, AnalyzedColumn>
}

/** What the estimates of conditions and joins work with. How rows lie is what footers say, where there are any. */
export function analyzedStatistics(
  table: TableStatistics,
  name: string,
  type: DataType,
  footers: ColumnStatistics | undefined,
): ColumnStatistics | undefined {
  const column = table.columns.get(name.toLowerCase())
  if (column === undefined || table.rows === undefined) return undefined
  // Footers are of the very files that are read, and what was found out may be of others.
  const certain = footers?.min === undefined || footers.max === undefined ? undefined : { min: footers.min, max: footers.max }
  const [min, max] = [column.min, column.max].map(text => (text === undefined ? undefined : footerOrdinal(text, type)))
  return {
    ...(certain ?? (min === undefined || max === undefined ? {} : { min, max, likelyEnds: true })),
    nullFraction: table.rows === 0 ? 0 : column.nulls / table.rows,
    distinct: Math.max(1, column.distinct),
    unique: isUnique(column.distinct, table.rows - column.nulls),
    run: footers?.run ?? 1,
    clustered: footers?.clustered ?? false,
    ...(column.histogram === undefined ? {} : { histogram: column.histogram }),
  }
}
