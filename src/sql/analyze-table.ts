/**
 * ANALYZE TABLE: what the statistics of a table and of its columns are, found out by queries that run like any other. Distinct values come from
 * HyperLogLog sketches, which tasks make and the driver reads; ends of histogram bins from percentiles, over a sample where the table is large.
 */
import { conf } from '../core/config-table.js'
import { SpkError } from '../core/errors.js'
import { distinctOf } from '../core/hyper-log-log.js'
import { type DataType, type StructField, typeString, types } from '../core/types.js'
import type { Histogram } from '../planner/column-statistics.js'
import type { AnalyzeTable, AnalyzeTables } from '../planner/commands.js'
import type { Expr } from '../planner/expr.js'
import type { Relation } from '../planner/logical.js'
import type { AnalyzedColumn, TableStatistics } from '../planner/table-statistics.js'
import { typeWidth } from '../planner/type-width.js'
import { decodeArrays } from './decode.js'
import { histogramBins, inBin } from './histogram-bins.js'
import { noRows } from './local-relation.js'
import type { Value } from './row.js'
import type { SparkSession } from './session.js'
import { quoted, rowsOf, type TableEntry } from './session-tables.js'
import { tableOf } from './table-commands.js'

/** Rows that percentiles are taken of; of a larger table a sample of about as many. A bin of 1/254 is then exact to about a tenth of itself. */
const sampleRows = 1_000_000

/** Bits of the registers of a column's sketch (an error of 1.6 %; Spark's is 5 %), and of those of a histogram's bins (6.5 %), of which there are many. */
const columnBits = 12
const binBits = 8

export async function analyzeTable(command: AnalyzeTable, session: SparkSession): Promise<Relation> {
  const { views, tables } = session.runner
  const { nameParts } = command
  const view = nameParts.length === 1 ? views.get(nameParts) : undefined
  if (view !== undefined) {
    if (view.kind !== 'ReadFiles') throw notFiles(nameParts)
    const statistics = await statisticsOf(view, view.statistics, command, session)
    // Its name may be dropped, or another view's, by now: views do not wait for statements.
    if (views.get(nameParts) === view) views.create(nameParts[0] as string, { ...view, statistics }, true)
    return noRows()
  }
  if (tables.get(nameParts)?.kind === 'view') throw refused('ANALYZE_VIEW', 'The ANALYZE TABLE command does not support views.')
  const table = tableOf(nameParts, tables, 'ANALYZE TABLE')
  if (command.partition !== undefined) {
    throw refused('ANALYZE_PARTITION', 'statistics of one partition, as files are not laid out by partitions. Analyze the whole table.')
  }
  await keep(nameParts, table, command, session)
  return noRows()
}

/** All tables of a schema; views are left out. Error: `SCHEMA_NOT_FOUND` (42704). */
export async function analyzeTables(command: AnalyzeTables, schema: string, session: SparkSession): Promise<Relation> {
  for (const entry of session.runner.tables.entries(schema)) {
    if (entry.kind === 'table') await keep([schema, entry.name], entry, command, session)
  }
  return noRows()
}

async function keep(nameParts: readonly string[], table: TableEntry, what: Asked, session: SparkSession): Promise<void> {
  const statistics = await statisticsOf(rowsOf(table), table.statistics, what, session)
  const { tables } = session.runner
  if (tables.get(nameParts) === table) tables.put(nameParts, { ...table, statistics }, true)
}

function refused(what: string, message: string): SpkError {
  return new SpkError(`UNSUPPORTED_FEATURE.${what}`, `The feature is not supported: ${message}`, { sqlState: '0A000' })
}

function notFiles(nameParts: readonly string[]): SpkError {
  const message = `ANALYZE TABLE of the temp view ${quoted(nameParts)}, which is no plain view of files. Analyze the tables or file views that it reads.`
  return refused('ANALYZE_UNCACHED_TEMP_VIEW', message)
}

interface Asked {
  readonly noScan: boolean
  readonly columns?: readonly string[] | 'all'
}

/** Statistics of columns that were not asked for stay, as long as the table is the same. */
async function statisticsOf(
  source: Relation,
  before: TableStatistics | undefined,
  { noScan, columns }: Asked,
  session: SparkSession,
): Promise<TableStatistics> {
  const { runner } = session
  const { schema, bytes } = source.kind === 'ReadFiles' ? await runner.measured(source) : { schema: await runner.schemaOf(source), bytes: 0 }
  const fields = columns === undefined ? [] : chosen(columns, schema.fields, session)
  const old = before?.bytes === bytes ? before : undefined
  if (noScan) return { bytes, columns: old?.columns ?? new Map(), ...(old?.rows === undefined ? {} : { rows: old.rows }) }
  const { rows, found } = await counted(source, fields, session)
  const kept = old !== undefined && (old.rows === undefined || old.rows === rows) ? old.columns : new Map<string, AnalyzedColumn>()
  return { bytes, rows, columns: new Map([...kept, ...found]) }
}

function chosen(columns: readonly string[] | 'all', fields: readonly StructField[], session: SparkSession): StructField[] {
  const exact = session.conf.snapshot().get(conf.caseSensitive)
  const same = (a: string, b: string) => a === b || (!exact && a.toLowerCase() === b.toLowerCase())
  const wanted =
    columns === 'all'
      ? [...fields]
      : columns.map(name => {
          const field = fields.find(f => same(f.name, name))
          if (field !== undefined) return field
          const message = `The column \`${name}\` cannot be found. Columns are: ${fields.map(f => `\`${f.name}\``).join(', ')}. Verify the spelling.`
          throw new SpkError('COLUMN_NOT_FOUND', message, { sqlState: '42703' })
        })
  for (const { name, type } of wanted) {
    if (!isAnalyzed(type)) {
      throw refused(
        'ANALYZE_UNSUPPORTED_COLUMN_TYPE',
        `The ANALYZE TABLE FOR COLUMNS command does not support the type "${typeString(type).toUpperCase()}" of the column \`${name}\`.`,
      )
    }
  }
  return wanted
}

const numeric = new Set(['byte', 'short', 'int', 'long', 'float', 'double', 'decimal', 'date', 'timestamp', 'timestamp_ntz'])
const hasHistogram = (type: DataType) => numeric.has(type.kind)
const hasEnds = (type: DataType) => hasHistogram(type) || type.kind === 'boolean'
const hasLength = (type: DataType) => type.kind === 'string' || type.kind === 'binary'
const isAnalyzed = (type: DataType) => hasEnds(type) || hasLength(type)

const column = ({ name }: StructField): Expr => ({ kind: 'UnresolvedAttribute', nameParts: [name] })
const called = (name: string, ...args: readonly Expr[]): Expr => ({ kind: 'UnresolvedFunction', name, args, internal: true })
const named = (name: string, child: Expr): Expr => ({ kind: 'Alias', name, child })
const whole = (value: number): Expr => ({ kind: 'Literal', value, type: types.int })
const text = (child: Expr): Expr => ({ kind: 'Cast', child, to: types.string })

/** An instant as its number, which no time zone changes. */
function endOf(value: Expr, type: DataType): Expr {
  return type.kind === 'timestamp' ? called('unix_micros', value) : value
}

/** Instants in UTC, as Spark keeps them. */
function shown(end: string, type: DataType): string {
  if (type.kind !== 'timestamp') return end
  const micros = BigInt(end)
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n
  const seconds = new Date(Number((micros - fraction) / 1000n)).toISOString().slice(0, -5).replace('T', ' ')
  return `${seconds}.${String(fraction).padStart(6, '0')} +0000`
}

async function rowsOfQuery(plan: Relation, session: SparkSession): Promise<Value[][]> {
  const { batches } = await session.runner.collect(plan, 'analyze table')
  return batches.flatMap(b => decodeArrays(b))
}

/** Rows, and of each column its facts. */
async function counted(
  source: Relation,
  fields: readonly StructField[],
  session: SparkSession,
): Promise<{ rows: number; found: Map<string, AnalyzedColumn> }> {
  const perColumn = 5
  const facts = fields.flatMap((f): Expr[] => {
    const nothing: Expr = { kind: 'Literal', value: null, type: types.null }
    const end = (extreme: 'min' | 'max') => (hasEnds(f.type) ? text(endOf(called(extreme, column(f)), f.type)) : nothing)
    const length = called('length', column(f))
    return [
      called('count', column(f)),
      end('min'),
      end('max'),
      ...(hasLength(f.type) ? [called('avg', length), called('max', length)] : [nothing, nothing]),
    ]
  })
  const summary: Relation = {
    kind: 'Aggregate',
    input: source,
    grouping: [],
    aggregates: [called('count', whole(1)), ...facts].map((e, i) => named(`c${i}`, e)),
  }
  const [first = []] = await rowsOfQuery(summary, session)
  const rows = Number(first[0] ?? 0)
  const distinct = await distinctValues(source, fields, session)
  const histograms = await histogramsOf(source, fields, rows, session)
  const found = fields.map((f, i): [string, AnalyzedColumn] => {
    const [count, min, max, average, longest] = first.slice(1 + i * perColumn, 1 + (i + 1) * perColumn)
    const present = Number(count ?? 0)
    const width = typeWidth(f.type)
    const histogram = histograms.get(f.name)
    return [
      f.name.toLowerCase(),
      {
        // No more values than rows that have one.
        distinct: Math.min(present, distinct.get(f.name) ?? 0),
        nulls: rows - present,
        ...(typeof min === 'string' && typeof max === 'string' ? { min: shown(min, f.type), max: shown(max, f.type) } : {}),
        averageLength: hasLength(f.type) ? Math.ceil(Number(average ?? 0)) : width,
        maxLength: hasLength(f.type) ? Number(longest ?? 0) : width,
        ...(histogram === undefined ? {} : { histogram }),
      },
    ]
  })
  return { rows, found: new Map(found) }
}

/** Registers of the sketches of all columns, or of all bins of one, in one job: a column is an arm of a UNION ALL. */
async function distinctValues(source: Relation, fields: readonly StructField[], session: SparkSession): Promise<Map<string, number>> {
  const ranks = await sketches(
    fields.map(f => sketch(source, f, whole(fields.indexOf(f)), columnBits)),
    session,
  )
  return new Map(fields.map((f, i) => [f.name, distinctOf(ranks.get(i) ?? [], columnBits)]))
}

/** Per number that `of` gives, the largest rank of each register. */
function sketch(source: Relation, field: StructField, of: Expr, bits: number): Relation {
  const present: Relation = { kind: 'Filter', input: source, condition: called('isnotnull', column(field)) }
  const hashed: Relation = {
    kind: 'Project',
    input: present,
    expressions: [
      named('of', of),
      named('register', called('sketch_register', column(field), whole(bits))),
      named('rank', called('sketch_rank', column(field), whole(bits))),
    ],
  }
  const keys = ['of', 'register'].map((name): Expr => ({ kind: 'UnresolvedAttribute', nameParts: [name] }))
  const rank = called('max', { kind: 'UnresolvedAttribute', nameParts: ['rank'] })
  return { kind: 'Aggregate', input: hashed, grouping: keys, aggregates: [...keys, named('rank', rank)] }
}

async function sketches(arms: readonly Relation[], session: SparkSession): Promise<Map<number, number[]>> {
  const ranks = new Map<number, number[]>()
  if (arms.length === 0) return ranks
  const all = arms.reduce((left, right): Relation => ({ kind: 'SetOperation', operation: 'union', all: true, left, right }))
  for (const [of, , rank] of await rowsOfQuery(all, session)) {
    const list = ranks.get(Number(of)) ?? []
    list.push(Number(rank))
    ranks.set(Number(of), list)
  }
  return ranks
}

/** Equi-height histograms of the columns that can have one, when they are asked for. */
async function histogramsOf(source: Relation, fields: readonly StructField[], rows: number, session: SparkSession): Promise<Map<string, Histogram>> {
  const settings = session.conf.snapshot()
  const histograms = new Map<string, Histogram>()
  const wanted = fields.filter(f => hasHistogram(f.type))
  if (!settings.get(conf.histogramEnabled) || wanted.length === 0 || rows === 0) return histograms
  const bins = Math.max(2, settings.get(conf.histogramBins))
  const fractions: Expr = called(
    'array',
    ...Array.from({ length: bins + 1 }, (_, i): Expr => ({ kind: 'Literal', value: i / bins, type: types.double })),
  )
  const sampled: Relation =
    rows <= sampleRows ? source : { kind: 'Sample', input: source, method: { kind: 'percent', percent: (100 * sampleRows) / rows }, seed: 1 }
  const percentiles: Relation = {
    kind: 'Aggregate',
    input: sampled,
    grouping: [],
    aggregates: wanted.map((f, i) => named(`c${i}`, called('percentile_approx', asNumber(f), fractions))),
  }
  const [ends = []] = await rowsOfQuery(percentiles, session)
  for (const [i, f] of wanted.entries()) {
    const list = ends[i]
    if (!Array.isArray(list) || list.length === 0) continue
    const points = list.map(Number)
    const ranks = await sketches([sketch(source, f, inBin(asNumber(f), points), binBits)], session)
    histograms.set(f.name, { height: rows / bins, bins: histogramBins(points, bin => distinctOf(ranks.get(bin) ?? [], binBits)) })
  }
  return histograms
}

/** Dates as days and timestamps as microseconds since the epoch, as statistics hold them. */
function asNumber(f: StructField): Expr {
  const value = column(f)
  const number =
    f.type.kind === 'date'
      ? called('unix_date', value)
      : f.type.kind === 'timestamp'
        ? called('unix_micros', value)
        : f.type.kind === 'timestamp_ntz'
          ? called('unix_micros', { kind: 'Cast', child: value, to: types.timestamp })
          : value
  return { kind: 'Cast', child: number, to: types.double }
}
