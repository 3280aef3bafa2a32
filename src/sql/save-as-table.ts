/** `df.write.saveAsTable` and `insertInto`: a DataFrame's rows as a table of the session, or into one. */
import { SpkError } from '../core/errors.js'
import type { FileFormat } from '../core/stage.js'
import type { BucketSpec } from '../planner/bucket-spec.js'
import type { Relation } from '../planner/logical.js'
import { checkedBuckets } from './bucketing.js'
import { noRows } from './local-relation.js'
import { alreadyExists, type TableEntry } from './session-tables.js'
import { checkArity, createTable, insertInto, type Order, tableOf } from './table-commands.js'

export interface TableWrite {
  readonly format: FileFormat
  /** Keys in lower case; `path` makes it an external table. */
  readonly options: Readonly<Record<string, string>>
  readonly mode: 'error' | 'append' | 'overwrite' | 'ignore'
  readonly buckets?: BucketSpec
}

/**
 * Makes the table, or adds to the one of that name, by the names of the columns. Errors: `TABLE_OR_VIEW_ALREADY_EXISTS` (42P07),
 * `SPK_TABLE_FORMAT_MISMATCH`, `SPK_TABLE_BUCKETING_MISMATCH`, `INSERT_COLUMN_ARITY_MISMATCH` (21S01) and those of CREATE TABLE and INSERT.
 */
export async function saveAsTable(plan: Relation, nameParts: readonly string[], write: TableWrite, order: Order): Promise<Relation> {
  const { runner } = order.session
  const { shown } = runner.tables.place(nameParts)
  const there = runner.tables.get(nameParts)
  const { format, options, mode, buckets } = write
  if (there === undefined || mode === 'overwrite') {
    const more = buckets === undefined ? {} : { buckets }
    const table = { nameParts, columns: [], provider: format, options, partitioning: [], properties: {}, ...more }
    return createTable({ kind: 'CreateTable', ...table, ifNotExists: false, replace: there !== undefined, plan }, order)
  }
  if (mode === 'ignore') return noRows()
  if (mode === 'error') throw alreadyExists(shown)
  const table = tableOf(nameParts, runner.tables, 'saveAsTable')
  checkAlike(table, write, shown, order)
  checkArity(await runner.schemaOf(plan, order.text), table.schema.fields, shown)
  return insertInto({ kind: 'Insert', nameParts, overwrite: false, byName: true, ifNotExists: false, plan }, order)
}

/** Rows are added as they lie in the table already. */
function checkAlike(table: TableEntry, { format, buckets }: TableWrite, shown: string, { session }: Order): void {
  if (format !== table.format) {
    const message = `The format of the existing table ${shown} is \`${table.format}\`. It doesn't match the specified format \`${format}\`. Write with format('${table.format}').`
    throw new SpkError('SPK_TABLE_FORMAT_MISMATCH', message)
  }
  const wanted = buckets && checkedBuckets(buckets, table.schema, table.partitionedBy, shown, session.conf.snapshot())
  if (text(wanted) !== text(table.buckets)) {
    const message = `Specified bucketing does not match that of the existing table ${shown}. Specified bucketing: ${text(wanted)}. Existing bucketing: ${text(table.buckets)}. Give bucketBy and sortBy as the table has them, or use insertInto.`
    throw new SpkError('SPK_TABLE_BUCKETING_MISMATCH', message)
  }
}

function text(buckets: BucketSpec | undefined): string {
  if (buckets === undefined) return 'not bucketed'
  const { count, columns, sortColumns } = buckets
  return `${count} buckets, bucket columns: [${columns.join(', ')}]${sortColumns.length === 0 ? '' : `, sort columns: [${sortColumns.join(', ')}]`}`
}
