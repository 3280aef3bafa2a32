/** DESCRIBE [EXTENDED] of a table, a view or one column, in Spark's lines: what the session knows of it, with the statistics that ANALYZE TABLE has found. */
import { SpkError } from '../core/errors.js'
import { type StructField, typeString } from '../core/types.js'
import type { Histogram } from '../planner/column-statistics.js'
import type { DescribeTable } from '../planner/commands.js'
import type { LocalRelation } from '../planner/logical.js'
import type { TableStatistics } from '../planner/table-statistics.js'
import { textRelation } from './local-relation.js'
import type { SparkSession } from './session.js'
import { catalogName, quoted, type SessionTables } from './session-tables.js'

type Line = readonly [string, string, string | null]

/** Errors: `TABLE_OR_VIEW_NOT_FOUND` (42P01), `COLUMN_NOT_FOUND` (42703). */
export async function describeTable(command: DescribeTable, session: SparkSession): Promise<LocalRelation> {
  const { nameParts, extended, column } = command
  const { views, tables } = session.runner
  const { fields } = await session.runner.schemaOf({ kind: 'UnresolvedRelation', nameParts })
  const view = nameParts.length === 1 ? views.get(nameParts) : undefined
  const entry = view === undefined ? tables.get(nameParts) : undefined
  const statistics = view?.kind === 'ReadFiles' ? view.statistics : entry?.kind === 'table' ? entry.statistics : undefined
  if (column !== undefined) return describeColumn(column, fields, statistics, command, session)
  const columns = fields.map((f): Line => [f.name, typeString(f.type), null])
  const partitions = entry?.kind === 'table' ? entry.partitionedBy : []
  const partitioned = fields.filter(f => partitions.some(p => p.toLowerCase() === f.name.toLowerCase()))
  const lines: Line[] = [...columns]
  if (partitioned.length > 0)
    lines.push(
      ['# Partition Information', '', ''],
      ['# col_name', 'data_type', 'comment'],
      ...partitioned.map((f): Line => [f.name, typeString(f.type), null]),
    )
  if (extended && view === undefined && entry !== undefined)
    lines.push(['', '', ''], ['# Detailed Table Information', '', ''], ...details(nameParts, tables))
  if (extended && view !== undefined && statistics !== undefined) lines.push(['', '', ''], ['Statistics', sizes(statistics), ''])
  return textRelation(['col_name', 'data_type', 'comment'], lines)
}

function details(nameParts: readonly string[], tables: SessionTables): Line[] {
  const entry = tables.get(nameParts)
  if (entry === undefined) return []
  const { schema } = tables.place(nameParts)
  const line = (name: string, value: string | undefined): Line[] => (value === undefined ? [] : [[name, value, '']])
  const place = [...line('Catalog', catalogName), ...line('Database', schema), ...line('Table', entry.name)]
  if (entry.kind === 'view') return [...place, ...line('Type', 'VIEW'), ...line('Comment', entry.comment)]
  return [
    ...place,
    ...line('Type', entry.managed ? 'MANAGED' : 'EXTERNAL'),
    ...line('Provider', entry.format),
    ...line('Comment', entry.comment),
    ...line('Num Buckets', entry.buckets && String(entry.buckets.count)),
    ...line('Bucket Columns', entry.buckets && names(entry.buckets.columns)),
    ...line('Sort Columns', entry.buckets && names(entry.buckets.sortColumns)),
    ...line('Statistics', entry.statistics && sizes(entry.statistics)),
    ...line('Location', `file:${entry.location}`),
  ]
}

function names(columns: readonly string[]): string {
  return `[${columns.map(name => quoted([name])).join(', ')}]`
}

function sizes({ bytes, rows }: TableStatistics): string {
  return `${bytes} bytes${rows === undefined ? '' : `, ${rows} rows`}`
}

function describeColumn(
  parts: readonly string[],
  fields: readonly StructField[],
  statistics: TableStatistics | undefined,
  { nameParts, extended }: DescribeTable,
  session: SparkSession,
): LocalRelation {
  const exact = session.conf.get('spark.sql.caseSensitive', 'false') === 'true'
  const [name = ''] = parts
  const found = fields.find(f => f.name === name || (!exact && f.name.toLowerCase() === name.toLowerCase()))
  if (found !== undefined && parts.length > 1) {
    const message = `The feature is not supported: DESC TABLE COLUMN of the nested column ${quoted(parts)}.`
    throw new SpkError('UNSUPPORTED_FEATURE.DESC_TABLE_COLUMN_NESTED', message, { sqlState: '0A000' })
  }
  if (found === undefined) {
    const message = `The column ${quoted(parts)} cannot be found in ${quoted(nameParts)}. Columns are: ${fields.map(f => quoted([f.name])).join(', ')}.`
    throw new SpkError('COLUMN_NOT_FOUND', message, { sqlState: '42703' })
  }
  const known = statistics?.columns.get(found.name.toLowerCase())
  const text = (value: number | string | undefined): string => (value === undefined ? 'NULL' : String(value))
  const lines: [string, string][] = [
    ['col_name', found.name],
    ['data_type', typeString(found.type)],
    ['comment', 'NULL'],
  ]
  if (extended) {
    lines.push(
      ['min', text(known?.min)],
      ['max', text(known?.max)],
      ['num_nulls', text(known?.nulls)],
      ['distinct_count', text(known?.distinct)],
      ['avg_col_len', text(known?.averageLength)],
      ['max_col_len', text(known?.maxLength)],
      ...histogramLines(known?.histogram),
    )
  }
  return textRelation(['info_name', 'info_value'], lines)
}

function histogramLines(histogram: Histogram | undefined): [string, string][] {
  if (histogram === undefined) return [['histogram', 'NULL']]
  const real = (value: number) => (Number.isInteger(value) ? value.toFixed(1) : String(value))
  return [
    ['histogram', `height: ${real(histogram.height)}, num_of_bins: ${histogram.bins.length}`],
    ...histogram.bins.map((bin, i): [string, string] => [
      `bin_${i}`,
      `lower_bound: ${real(bin.low)}, upper_bound: ${real(bin.high)}, distinct_count: ${bin.distinct}`,
    ]),
  ]
}
