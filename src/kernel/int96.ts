/**
 * Parquet's old INT96 timestamps (Spark's own default when it writes) are instants, but DuckDB reads them as local timestamps: the columns that hold
 * them are found here, for the schema and for the readers. Columns inside structs, lists and maps are left as DuckDB reads them.
 */
import { type Connection, quoteText } from './duckdb.js'

/** Names of the top-level INT96 columns of each file that has some. */
export async function int96Columns(connection: Connection, files: readonly string[]): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const found = new Map<string, Set<string>>()
  if (files.length === 0) return found
  const nodes = await connection.rows<{ file: string; name: string; type: string | null; children: number | null }>(
    `SELECT file_name AS file, name, type, num_children AS children FROM parquet_schema([${[...new Set(files)].map(quoteText).join(', ')}]) ORDER BY file_name, column_id`,
  )
  // The tree, depth first: a node says how many children follow it.
  let open: number[] = []
  let file: string | undefined
  for (const node of nodes) {
    if (node.file !== file) {
      file = node.file
      open = [node.children ?? 0]
      continue
    }
    while (open.at(-1) === 0) open.pop()
    if (open.length === 1 && node.type === 'INT96') found.set(file, (found.get(file) ?? new Set()).add(node.name))
    open[open.length - 1] = (open.at(-1) ?? 0) - 1
    if (node.children !== null && node.children > 0) open.push(node.children)
  }
  return found
}
