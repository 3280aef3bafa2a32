/** What Parquet footers say: schema in Spark's types and row groups of every file. Called by `sources.ts`. */
import { must } from '../core/errors.js'
import type { ColumnFooter, RowGroupInfo } from '../core/sources.js'
import { type DataType, decimal, field, type StructType, struct, types } from '../core/types.js'
import { type Connection, quoteText } from './duckdb.js'
import { parquetTrees } from './parquet-tree.js'
import { dataType } from './spark-types.js'
import { uniteSchemas } from './unite-schemas.js'

/** The virtual column that prunes row groups; a file with a column of its own by that name cannot be cut. */
const rowNumberColumn = 'file_row_number'

interface GroupRow {
  readonly file: string
  readonly rows: number
  readonly bytes: number
  readonly clash: boolean
  readonly columns: readonly {
    readonly n: string
    readonly b: number
    readonly lo: string | null
    readonly hi: string | null
    readonly tl: string | null
    readonly th: string | null
    readonly z: number | null
    readonly d: number | null
    readonly w: number | null
  }[]
}

/** Characters kept of the ends of strings. */
const textLength = 32

/** Bytes that are not UTF-8, which are what a writer has cut a character to or no string at all, are printed so that their order is lost. */
function textEnd(column: string): string {
  return `CASE WHEN contains(${column}, '\\x') THEN NULL ELSE left(${column}, ${textLength}) END`
}

/** Row groups per file with what the footers say of their columns, in the order of `files`. */
export async function parquetRowGroups(connection: Connection, files: readonly string[]): Promise<RowGroupInfo[][]> {
  if (files.length === 0) return []
  const rows = await connection.rows<GroupRow>(
    `SELECT file_name AS file, row_group_id, any_value(row_group_num_rows)::BIGINT AS rows, sum(total_compressed_size)::BIGINT AS bytes,
            bool_or(lower(path_in_schema) = '${rowNumberColumn}') AS clash,
            list({n: path_in_schema, b: total_compressed_size, lo: CASE WHEN type <> 'BYTE_ARRAY' THEN stats_min_value END,
                  hi: CASE WHEN type <> 'BYTE_ARRAY' THEN stats_max_value END,
                  tl: CASE WHEN type = 'BYTE_ARRAY' THEN ${textEnd('stats_min_value')} END,
                  th: CASE WHEN type = 'BYTE_ARRAY' THEN ${textEnd('stats_max_value')} END, z: stats_null_count, d: stats_distinct_count,
                  w: CASE WHEN encodings LIKE '%DICTIONARY%' AND dictionary_page_offset > 0 AND data_page_offset > dictionary_page_offset
                          THEN data_page_offset - dictionary_page_offset END}) AS columns
     FROM parquet_metadata(${listText(files)}) GROUP BY file_name, row_group_id ORDER BY file_name, row_group_id`,
  )
  const groups = new Map<string, RowGroupInfo[]>()
  const whole = new Set<string>()
  for (const row of rows) {
    if (row.clash) whole.add(row.file)
    const list = groups.get(row.file) ?? []
    list.push({ rows: row.rows, bytes: row.bytes, columns: footersByName(row.columns ?? []) })
    groups.set(row.file, list)
  }
  return files.map(file => {
    const list = groups.get(file) ?? []
    if (!whole.has(file)) return list
    return [{ rows: list.reduce((n, g) => n + g.rows, 0), bytes: list.reduce((n, g) => n + g.bytes, 0) }]
  })
}

/** DuckDB sets a comma between the names on the way. Of a field and what else is spelled alike, be it a column, neither is known. */
function footersByName(columns: GroupRow['columns']): ReadonlyMap<string, ColumnFooter> {
  const named = columns.map(c => [c.n.replaceAll(', ', '.'), c.n.includes(', ') ? innerFooter(c) : columnFooter(c)] as const)
  const known = new Map<string, ColumnFooter>()
  const seen = new Set<string>()
  for (const [name, footer] of named) {
    if (seen.has(name)) known.delete(name)
    else known.set(name, footer)
    seen.add(name)
  }
  return known
}

/** Not all writers count a field of a NULL struct as NULL. */
function innerFooter(c: GroupRow['columns'][number]): ColumnFooter {
  const { nulls: _, ...footer } = columnFooter(c)
  return footer
}

function columnFooter(c: GroupRow['columns'][number]): ColumnFooter {
  return {
    bytes: c.b,
    ...(c.lo === null || c.hi === null ? {} : { min: c.lo, max: c.hi }),
    ...(c.tl === null || c.th === null ? {} : { texts: { low: c.tl, high: c.th } }),
    ...(c.z === null ? {} : { nulls: c.z }),
    ...(c.d === null ? {} : { distinct: c.d }),
    ...(c.w === null ? {} : { dictionaryBytes: c.w }),
  }
}

/** The schema of files: the first one's, or with `merge` the union of all; see `uniteSchemas` for what cannot be one table. */
export async function parquetSchema(connection: Connection, files: readonly string[], merge: boolean): Promise<StructType> {
  const first = must(files[0], 'no file to take a schema from')
  let schema = await schemaOf(connection, first)
  if (files.length === 1) return schema
  // One look at all footers tells which files differ at all.
  const shapes = await connection.rows<{ file: string; shape: string }>(
    `SELECT file_name AS file, md5(string_agg(concat_ws(':', name, type, num_children, converted_type, scale, precision, logical_type), ',' ORDER BY rn)) AS shape
     FROM (SELECT *, row_number() OVER (PARTITION BY file_name) AS rn FROM parquet_schema(${listText(files)})) GROUP BY file_name`,
  )
  const shapeOf = new Map(shapes.map(s => [s.file, s.shape]))
  const seen = new Set([shapeOf.get(first)])
  for (const file of files) {
    const shape = shapeOf.get(file)
    if (seen.has(shape)) continue
    seen.add(shape)
    schema = uniteSchemas(schema, await schemaOf(connection, file), { first, other: file, merge })
  }
  return schema
}

async function schemaOf(connection: Connection, file: string): Promise<StructType> {
  const statement = await connection.prepare(`SELECT * FROM read_parquet(${quoteText(file)})`)
  const columns = statement.columns()
  statement.destroy()
  const instants = (await parquetTrees(connection, [file])).get(file)?.instants
  return struct(columns.map(c => field(c.name, instants?.has(c.name) ? types.timestamp : sparkType(dataType(c.type)))))
}

/** Spark's type for what Parquet holds: it has no unsigned and no 128-bit integers, and no enums. */
export function sparkType(type: DataType): DataType {
  switch (type.kind) {
    case 'ubyte':
      return types.short
    case 'ushort':
      return types.int
    case 'uint':
      return types.long
    case 'ulong':
      return decimal(20, 0)
    case 'hugeint':
      return decimal(38, 0)
    case 'enum':
      return types.string
    case 'array':
      return { ...type, element: sparkType(type.element) }
    case 'map':
      return { ...type, key: sparkType(type.key), value: sparkType(type.value) }
    case 'struct':
      return struct(type.fields.map(f => ({ ...f, type: sparkType(f.type) })))
    default:
      return type
  }
}

function listText(files: readonly string[]): string {
  return `[${files.map(quoteText).join(', ')}]`
}
