/** Bucketed tables: what may be asked for, and how the rows of a table are brought into its buckets before they are written. */
import type { Conf } from '../core/config.js'
import { conf } from '../core/config-table.js'
import { SpkError } from '../core/errors.js'
import type { StructType } from '../core/types.js'
import type { BucketSpec } from '../planner/bucket-spec.js'
import type { Expr } from '../planner/expr.js'
import type { Relation } from '../planner/logical.js'

/**
 * The buckets of a table with its columns as the table spells them. Errors: `INVALID_BUCKET_COUNT` (22003), `COLUMN_NOT_DEFINED_IN_TABLE` (42703),
 * `COLUMN_ALREADY_EXISTS` (42711), `SPK_BUCKET_BY_PARTITION_COLUMN`.
 *
 * @param shown - the table's name in messages
 */
export function checkedBuckets(
  { count, columns, sortColumns }: BucketSpec,
  schema: StructType,
  partitionedBy: readonly string[],
  shown: string,
  settings: Conf,
): BucketSpec {
  const most = settings.get(conf.maxBuckets)
  if (!(Number.isInteger(count) && count > 0 && count <= most)) {
    throw new SpkError(
      'INVALID_BUCKET_COUNT',
      `Number of buckets should be greater than 0 but less than or equal to bucketing.maxBuckets (\`${most}\`). Got \`${count}\`.`,
      { sqlState: '22003', params: { bucketingMaxBuckets: String(most), numBuckets: String(count) } },
    )
  }
  const names = (list: readonly string[], kind: string) => namesOf(list, kind, schema, shown)
  const checked: BucketSpec = { count, columns: names(columns, 'bucket'), sortColumns: names(sortColumns, 'sort') }
  const both = (list: readonly string[]) => list.find(name => partitionedBy.some(p => p.toLowerCase() === name.toLowerCase()))
  const [bucket, sort] = [both(checked.columns), both(checked.sortColumns)]
  if (bucket !== undefined || sort !== undefined) {
    throw new SpkError(
      'SPK_BUCKET_BY_PARTITION_COLUMN',
      `${bucket === undefined ? `Bucket sorting column '${sort}'` : `Bucketing column '${bucket}'`} should not be part of partition columns '${partitionedBy.join(', ')}'. Name columns that the table is not partitioned by.`,
    )
  }
  return checked
}

function namesOf(list: readonly string[], kind: string, { fields }: StructType, shown: string): string[] {
  const found: string[] = []
  for (const name of list) {
    const own = fields.find(f => f.name.toLowerCase() === name.toLowerCase())?.name
    if (own === undefined) {
      throw new SpkError(
        'COLUMN_NOT_DEFINED_IN_TABLE',
        `${kind} column \`${name}\` is not defined in table ${shown}, defined table columns are: ${fields.map(f => `\`${f.name}\``).join(', ')}.`,
        { sqlState: '42703', params: { colType: kind, colName: name, tableName: shown } },
      )
    }
    if (found.includes(own)) {
      throw new SpkError('COLUMN_ALREADY_EXISTS', `The column \`${name}\` already exists. Choose another name or rename the existing column.`, {
        sqlState: '42711',
      })
    }
    found.push(own)
  }
  return found
}

/** A table's rows with those of each bucket in a task of their own, sorted as its files are. */
export function inBuckets(rows: Relation, { count, columns, sortColumns }: BucketSpec): Relation {
  const attribute = (name: string): Expr => ({ kind: 'UnresolvedAttribute', nameParts: [name] })
  const placed: Relation = { kind: 'Repartition', input: rows, numPartitions: count, columns: columns.map(attribute) }
  if (sortColumns.length === 0) return placed
  const order = sortColumns.map((name): Expr => ({ kind: 'SortOrder', child: attribute(name), ascending: true, nullsFirst: true }))
  return { kind: 'Sort', input: placed, order, global: false }
}
