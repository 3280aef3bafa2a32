/** CREATE TABLE, INSERT, DROP TABLE, TRUNCATE and persistent views, on the tables of a session. Each runs in the session's command queue. */
import { resolve } from 'node:path'
import { conf } from '../core/config-table.js'
import { SpkError } from '../core/errors.js'
import type { FileFormat } from '../core/stage.js'
import { type DataType, field, type StructField, type StructType, struct, types } from '../core/types.js'
import type { CreateTable, CreateView, DropTable, Insert, TruncateTable } from '../planner/commands.js'
import type { Expr } from '../planner/expr.js'
import type { InlineTable, Relation } from '../planner/logical.js'
import { checkedBuckets, inBuckets } from './bucketing.js'
import { checkView, named } from './create-view.js'
import { formatOf } from './formats.js'
import { noRows } from './local-relation.js'
import type { SparkSession } from './session.js'
import { alreadyExists, quoted, rowsOf, type SessionTables, type TableEntry } from './session-tables.js'
import { checkStorable } from './store-assignment.js'
import { withoutSpans } from './without-spans.js'

export interface Order {
  readonly session: SparkSession
  /** Of the statement, for places in errors. */
  readonly text: string | undefined
}

export async function createTable(command: CreateTable, order: Order): Promise<Relation> {
  const { tables } = order.session.runner
  const place = tables.place(command.nameParts)
  if (tables.get(command.nameParts) !== undefined && !command.replace) {
    if (command.ifNotExists) return noRows()
    throw alreadyExists(place.shown)
  }
  tables.entries(place.schema)
  const format = providerOf(command.provider)
  const written = command.plan === undefined ? undefined : await order.session.runner.schemaOf(command.plan, order.text)
  const partitionedBy = command.partitioning.map(partitionColumn)
  const schema = tableSchema(command, written, partitionedBy)
  const buckets = command.buckets && checkedBuckets(command.buckets, schema, partitionedBy, place.shown, order.session.conf.snapshot())
  const managed = command.location === undefined && command.options['path'] === undefined
  const location = managed ? tables.newFolder(place) : resolve(command.location ?? command.options['path'] ?? '')
  const { path: _path, ...options } = Object.fromEntries(Object.entries(command.options).map(([k, v]) => [k.toLowerCase(), v]))
  const entry: TableEntry = {
    kind: 'table',
    name: place.name,
    schema,
    format,
    options,
    location,
    managed,
    partitionedBy,
    ...(buckets === undefined ? {} : { buckets }),
    defaults: new Map(command.columns.flatMap(c => (c.default === undefined ? [] : [[c.name.toLowerCase(), withoutSpans(c.default)]]))),
    ...(command.comment === undefined ? {} : { comment: command.comment }),
  }
  if (command.plan !== undefined && written !== undefined) {
    const order_ = schema.fields.map(f => written.fields.findIndex(w => w.name === f.name))
    await writeRows(entry, projected(command.plan, written, schema, order_), true, order)
  }
  if (command.replace && tables.get(command.nameParts) !== undefined) tables.remove(command.nameParts)
  tables.put(command.nameParts, entry, false)
  if (command.plan !== undefined) await forgetStatistics(command.nameParts, order)
  return noRows()
}

/** Hive's formats and ORC are no formats of spk; a table without USING is Parquet. */
function providerOf(provider: string | undefined): FileFormat {
  return provider === undefined ? 'parquet' : formatOf(provider)
}

function partitionColumn(expr: Expr): string {
  if (expr.kind === 'UnresolvedAttribute' && expr.nameParts.length === 1) return expr.nameParts[0] as string
  throw new SpkError(
    'UNSUPPORTED_FEATURE.PARTITION_BY_TRANSFORM',
    'The feature is not supported: partition transforms. Partition by plain columns.',
    {
      sqlState: '0A000',
    },
  )
}

/** Columns as declared, or those of the query; partition columns go last. File tables take NULL everywhere. */
function tableSchema(command: CreateTable, written: StructType | undefined, partitionedBy: readonly string[]): StructType {
  const given = written?.fields ?? command.columns.map(c => field(c.name, c.type))
  if (written !== undefined && command.columns.length > 0) {
    throw new SpkError('UNSUPPORTED_FEATURE.CTAS_SCHEMA', 'Schema may not be specified in a Create Table As Select (CTAS) statement.', {
      sqlState: '42601',
    })
  }
  const seen = new Set<string>()
  for (const { name } of given) {
    if (seen.has(name.toLowerCase())) {
      throw new SpkError('COLUMN_ALREADY_EXISTS', `The column \`${name}\` already exists. Choose another name or rename the existing column.`, {
        sqlState: '42711',
      })
    }
    seen.add(name.toLowerCase())
  }
  const isPartition = (f: StructField) => partitionedBy.some(p => p.toLowerCase() === f.name.toLowerCase())
  const missing = partitionedBy.find(p => !given.some(f => f.name.toLowerCase() === p.toLowerCase()))
  if (missing !== undefined) {
    throw new SpkError(
      'COLUMN_NOT_DEFINED_IN_TABLE',
      `The partition column \`${missing}\` is not defined in the table. Columns are: ${given.map(f => f.name).join(', ')}.`,
      {
        sqlState: '42703',
      },
    )
  }
  return struct([...given.filter(f => !isPartition(f)), ...given.filter(isPartition)].map(f => field(f.name, f.type, true)))
}

const c = (i: number): string => `c${i}`

/** The query's columns by position, cast to the table's types, under the table's names. `order[i]` is where the value of column i stands. */
function projected(plan: Relation, from: StructType, to: StructType, order: readonly (number | Expr)[]): Relation {
  const renamed: Relation = { kind: 'ToDF', input: plan, columns: from.fields.map((_, i) => c(i)) }
  const expressions = to.fields.map((f, i): Expr => {
    const source = order[i] as number | Expr
    const value: Expr = typeof source === 'number' ? { kind: 'UnresolvedAttribute', nameParts: [c(source)] } : source
    return { kind: 'Alias', name: f.name, child: { kind: 'Cast', child: value, to: f.type, mode: 'ansi' } }
  })
  return { kind: 'Project', input: renamed, expressions }
}

async function writeRows(table: TableEntry, plan: Relation, overwrite: boolean, order: Order): Promise<void> {
  const mode = overwrite ? 'overwrite' : 'append'
  const { format, location: path, options, buckets } = table
  const write = { format, path, options: { ...options, mode }, ...(buckets === undefined ? {} : { bucketed: true as const }) }
  const rows = buckets === undefined ? plan : inBuckets(plan, buckets)
  try {
    await order.session.runner.write(rows, { kind: 'write', write }, `insert into ${table.name}`, order.text)
  } catch (error) {
    throw overflow(error) ?? error
  }
}

/** Statistics are those of the rows that were: as Spark, only the size is measured anew, and that when `spark.sql.statistics.size.autoUpdate.enabled`. */
async function forgetStatistics(nameParts: readonly string[], { session }: Order): Promise<void> {
  const { tables } = session.runner
  const entry = tables.get(nameParts)
  if (entry?.kind !== 'table') return
  const { statistics, ...table } = entry
  if (session.conf.snapshot().get(conf.sizeAutoUpdate)) {
    const source = rowsOf(table)
    const bytes = source.kind === 'ReadFiles' ? (await session.runner.measured(source)).bytes : 0
    if (bytes !== statistics?.bytes) tables.put(nameParts, { ...table, statistics: { bytes, columns: new Map() } }, true)
  } else if (statistics !== undefined) tables.put(nameParts, table, true)
}

/** A number that does not fit its column is told as such. */
function overflow(error: unknown): SpkError | undefined {
  let current = error
  while (current instanceof SpkError) {
    if (current.code === 'CAST_OVERFLOW' || current.code === 'NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION') {
      return new SpkError('CAST_OVERFLOW_IN_TABLE_INSERT', `Fail to assign a value to a column of the table due to an overflow: ${current.message}`, {
        sqlState: '22003',
        cause: error,
      })
    }
    current = current.cause
  }
  return undefined
}

/** The table of a name. Errors: `TABLE_OR_VIEW_NOT_FOUND` (42P01); a view is no table. */
export function tableOf(nameParts: readonly string[], tables: SessionTables, action: string): TableEntry {
  const entry = tables.get(nameParts)
  if (entry?.kind === 'table') return entry
  if (entry !== undefined) {
    throw new SpkError('EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE', `'${action}' expects a table but ${quoted(nameParts)} is a view.`, {
      sqlState: '42809',
    })
  }
  throw notFound(nameParts, tables)
}

export function notFound(nameParts: readonly string[], tables: SessionTables): SpkError {
  const known = tables.names()
  return new SpkError(
    'TABLE_OR_VIEW_NOT_FOUND',
    `The table or view ${quoted(nameParts)} cannot be found. ${known.length === 0 ? 'There are no tables in this session' : `There are: ${quoted(known)}`}. Verify the spelling, or create it first.`,
    { sqlState: '42P01' },
  )
}

export async function insertInto(command: Insert, order: Order): Promise<Relation> {
  const { runner } = order.session
  if (command.nameParts.length === 1 && runner.views.get(command.nameParts) !== undefined) {
    throw new SpkError(
      'UNSUPPORTED_INSERT.RDD_BASED',
      `Can't insert into the target. The temp view ${quoted(command.nameParts)} has no files to add to.`,
      { sqlState: '42809' },
    )
  }
  if (command.replaceWhere !== undefined) {
    throw new SpkError(
      'UNSUPPORTED_FEATURE.TABLE_OPERATION',
      `The feature is not supported: Table ${quoted(command.nameParts)} does not support REPLACE WHERE.`,
      {
        sqlState: '0A000',
      },
    )
  }
  const table = tableOf(command.nameParts, runner.tables, 'INSERT')
  const shown = runner.tables.place(command.nameParts).shown
  const fixed = partitionValues(command, table)
  const targets = targetColumns(command, table, fixed, shown)
  const plan = withDefaults(command.plan, targets, table)
  const schema = await runner.schemaOf(plan, order.text)
  const sources = command.byName ? byName(schema, table, shown) : byPosition(schema, targets, shown)
  const values = table.schema.fields.map((f): number | Expr => {
    const key = f.name.toLowerCase()
    const source = sources.get(key)
    if (source === undefined) return fixed.get(key) ?? table.defaults.get(key) ?? nullOf(f.type)
    checkStorable(shown, f, (schema.fields[source] as StructField).type)
    return source
  })
  const rows = projected(plan, schema, table.schema, values)
  const kept = command.overwrite && fixed.size > 0 ? otherPartitions(command.nameParts, fixed) : undefined
  await writeRows(
    table,
    kept === undefined ? rows : ({ kind: 'SetOperation', operation: 'union', all: true, left: kept, right: rows } as Relation),
    command.overwrite,
    order,
  )
  await forgetStatistics(command.nameParts, order)
  return noRows()
}

function nullOf(type: DataType): Expr {
  return { kind: 'Literal', value: null, type }
}

/** Values that PARTITION (a = 1) gives. */
function partitionValues(command: Insert, table: TableEntry): Map<string, Expr> {
  const values = new Map<string, Expr>()
  for (const { name, value } of command.partition ?? []) {
    if (!table.partitionedBy.some(p => p.toLowerCase() === name.toLowerCase())) {
      const message = `${name} is not a valid partition column in table ${quoted(command.nameParts)}. Partition columns are: ${table.partitionedBy.join(', ') || 'none'}.`
      throw new SpkError('NON_PARTITION_COLUMN', `PARTITION clause cannot contain the non-partition column: ${message}`, { sqlState: '42000' })
    }
    if (value !== undefined) values.set(name.toLowerCase(), withoutSpans(value))
  }
  return values
}

/** The columns that the query's columns go to, in order. */
function targetColumns(command: Insert, table: TableEntry, fixed: ReadonlyMap<string, Expr>, shown: string): readonly StructField[] {
  const open = table.schema.fields.filter(f => !fixed.has(f.name.toLowerCase()))
  if (command.columns === undefined) return open
  const seen = new Set<string>()
  return command.columns.map(name => {
    const key = name.toLowerCase()
    if (seen.has(key)) {
      throw new SpkError('COLUMN_ALREADY_EXISTS', `The column \`${name}\` already exists. Choose another name or rename the existing column.`, {
        sqlState: '42711',
      })
    }
    seen.add(key)
    const found = open.find(f => f.name.toLowerCase() === key)
    if (found !== undefined) return found
    const near = open.map(f => `\`${f.name}\``).join(', ')
    throw new SpkError(
      'UNRESOLVED_COLUMN.WITH_SUGGESTION',
      `A column, variable, or function parameter with name \`${name}\` cannot be resolved in ${shown}. Did you mean one of the following? [${near}].`,
      { sqlState: '42703' },
    )
  })
}

/** DEFAULT in VALUES is the column's default, NULL when it has none. */
function withDefaults(plan: Relation, targets: readonly StructField[], table: TableEntry): Relation {
  if (plan.kind !== 'InlineTable') return plan
  const value = (expr: Expr, i: number): Expr => {
    const isDefault = expr.kind === 'UnresolvedAttribute' && expr.nameParts.length === 1 && expr.nameParts[0]?.toUpperCase() === 'DEFAULT'
    const target = targets[i]
    if (!isDefault || target === undefined) return expr
    return table.defaults.get(target.name.toLowerCase()) ?? nullOf(types.null)
  }
  return { ...plan, rows: (plan as InlineTable).rows.map(row => row.map(value)) }
}

function byPosition(schema: StructType, targets: readonly StructField[], shown: string): Map<string, number> {
  checkArity(schema, targets, shown)
  return new Map(targets.map((f, i) => [f.name.toLowerCase(), i]))
}

/** Error: `INSERT_COLUMN_ARITY_MISMATCH` (21S01). */
export function checkArity({ fields }: StructType, targets: readonly StructField[], shown: string): void {
  if (fields.length === targets.length) return
  const [kind, reason] =
    fields.length < targets.length ? ['NOT_ENOUGH_DATA_COLUMNS', 'not enough data columns'] : ['TOO_MANY_DATA_COLUMNS', 'too many data columns']
  const list = (of: readonly StructField[]) => of.map(f => `\`${f.name}\``).join(', ')
  const message = `Cannot write to ${shown}, the reason is ${reason}: Table columns: ${list(targets)}. Data columns: ${list(fields)}.`
  throw new SpkError(`INSERT_COLUMN_ARITY_MISMATCH.${kind}`, message, { sqlState: '21S01' })
}

function byName(schema: StructType, table: TableEntry, shown: string): Map<string, number> {
  const extra = schema.fields.filter(f => !table.schema.fields.some(t => t.name.toLowerCase() === f.name.toLowerCase()))
  if (extra.length > 0) {
    throw new SpkError(
      'INCOMPATIBLE_DATA_FOR_TABLE.EXTRA_COLUMNS',
      `Cannot write incompatible data for the table ${shown}: Cannot write extra columns ${extra.map(f => `\`${f.name}\``).join(', ')}.`,
      { sqlState: 'KD000' },
    )
  }
  return new Map(schema.fields.map((f, i) => [f.name.toLowerCase(), i]))
}

/** The rows that INSERT OVERWRITE … PARTITION (a = 1) leaves alone. */
function otherPartitions(nameParts: readonly string[], fixed: ReadonlyMap<string, Expr>): Relation {
  const same = [...fixed].map(([name, value]): Expr => call('<=>', { kind: 'UnresolvedAttribute', nameParts: [name] }, value))
  const condition = call(
    'not',
    same.reduce((a, b) => call('and', a, b)),
  )
  return { kind: 'Filter', input: { kind: 'UnresolvedRelation', nameParts }, condition }
}

function call(name: string, ...args: readonly Expr[]): Expr {
  return { kind: 'UnresolvedFunction', name, args }
}

export async function dropTable(command: DropTable, session: SparkSession): Promise<Relation> {
  const { views, tables } = session.runner
  if (command.nameParts.length === 1 && views.drop(command.nameParts[0] as string)) return noRows()
  const entry = tables.get(command.nameParts)
  if (entry === undefined) {
    if (command.ifExists) return noRows()
    throw notFound(command.nameParts, tables)
  }
  if (entry.kind === 'view') {
    throw new SpkError(
      'WRONG_COMMAND_FOR_OBJECT_TYPE',
      `The operation DROP TABLE requires a table. But ${quoted(command.nameParts)} is a VIEW. Use DROP VIEW instead.`,
      {
        sqlState: '42809',
      },
    )
  }
  tables.remove(command.nameParts)
  return noRows()
}

export async function dropView(nameParts: readonly string[], ifExists: boolean, session: SparkSession): Promise<Relation> {
  const { tables } = session.runner
  const entry = tables.get(nameParts)
  if (entry === undefined) {
    if (ifExists) return noRows()
    throw notFound(nameParts, tables)
  }
  if (entry.kind === 'table') {
    throw new SpkError('EXPECT_VIEW_NOT_TABLE.NO_ALTERNATIVE', `The table ${quoted(nameParts)} does not support DROP VIEW. Use DROP TABLE instead.`, {
      sqlState: '42809',
    })
  }
  tables.remove(nameParts)
  return noRows()
}

/** A view is checked when it is made, and read anew whenever it is used. */
export async function createView(command: CreateView, order: Order): Promise<Relation> {
  const { tables, views } = order.session.runner
  const { nameParts, plan } = command
  if (command.ifNotExists && tables.get(nameParts) !== undefined) return noRows()
  const { name, shown } = tables.place(nameParts)
  const columns = command.columns?.map(c => c.name)
  await checkView(shown, plan, columns, order)
  const temporary = views.usedIn(plan)
  if (temporary !== undefined) {
    throw new SpkError(
      'INVALID_TEMP_OBJ_REFERENCE',
      `Cannot create the persistent object ${shown} of the type VIEW because it references to the temporary object \`${temporary}\` of the type VIEW. Please make the temporary object persistent, or make the persistent object temporary.`,
      { sqlState: '42K0F' },
    )
  }
  const old = tables.get(nameParts)
  if (old?.kind === 'table') {
    throw new SpkError('EXPECT_VIEW_NOT_TABLE.NO_ALTERNATIVE', `The table ${quoted(nameParts)} does not support CREATE OR REPLACE VIEW.`, {
      sqlState: '42809',
    })
  }
  tables.put(
    nameParts,
    { kind: 'view', name, plan: withoutSpans(named(plan, name, columns)), ...(command.comment === undefined ? {} : { comment: command.comment }) },
    command.replace,
  )
  return noRows()
}

/** Takes all rows, or those of a partition. */
export async function truncateTable(command: TruncateTable, order: Order): Promise<Relation> {
  const table = tableOf(command.nameParts, order.session.runner.tables, 'TRUNCATE TABLE')
  const fixed = new Map((command.partition ?? []).flatMap(p => (p.value === undefined ? [] : [[p.name.toLowerCase(), p.value] as const])))
  const never: Expr = { kind: 'Literal', value: false, type: types.boolean }
  const all: Relation = { kind: 'Filter', input: { kind: 'UnresolvedRelation', nameParts: command.nameParts }, condition: never }
  await writeRows(table, fixed.size === 0 ? all : otherPartitions(command.nameParts, fixed), true, order)
  await forgetStatistics(command.nameParts, order)
  return noRows()
}
