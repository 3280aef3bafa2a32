/**
 * What Parquet files hold, as far as their readers must know it. INT96 timestamps (Spark's own default when it writes) are instants, but DuckDB reads them as
 * local timestamps: the top-level columns that hold them are found here, those inside structs, lists and maps are left as DuckDB reads them. And which fields
 * a file's structs have, since a file may lack some of the table's.
 */
import { type Connection, quoteText } from './duckdb.js'

export interface ParquetTree {
  /** Top-level INT96 columns. */
  readonly instants: ReadonlySet<string>
  /** Every column and what is inside it, by `pathKey`. */
  readonly paths: ReadonlySet<string>
  /** Those of `paths` that are structs. */
  readonly structs: ReadonlySet<string>
}

/** Whether a file has nothing where `path` leads to: a column or a field of a struct is missing. What has no fields at all is not missing one. */
export function lacks({ paths, structs }: ParquetTree, path: readonly string[]): boolean {
  const missing = path.findIndex((_, i) => !paths.has(pathKey(path.slice(0, i + 1))))
  return missing === 0 || (missing > 0 && structs.has(pathKey(path.slice(0, missing))))
}

/** In any case, as names of columns are. */
export function pathKey(path: readonly string[]): string {
  return path.join('\0').toLowerCase()
}

export async function parquetTrees(connection: Connection, files: readonly string[]): Promise<ReadonlyMap<string, ParquetTree>> {
  const found = new Map<string, { readonly instants: Set<string>; readonly paths: Set<string>; readonly structs: Set<string> }>()
  if (files.length === 0) return found
  const nodes = await connection.rows<{ file: string; name: string; type: string | null; children: number | null; plain: boolean }>(
    `SELECT file_name AS file, name, type, num_children AS children, converted_type IS NULL AND logical_type IS NULL AS plain FROM parquet_schema([${[...new Set(files)].map(quoteText).join(', ')}]) ORDER BY file_name, column_id`,
  )
  // The tree, depth first: a node says how many children follow it.
  let open: { readonly name: string; left: number }[] = []
  for (const node of nodes) {
    const tree = found.get(node.file)
    if (tree === undefined) {
      found.set(node.file, { instants: new Set(), paths: new Set(), structs: new Set() })
      open = [{ name: '', left: node.children ?? 0 }]
      continue
    }
    while (open.at(-1)?.left === 0) open.pop()
    if (open.length === 1 && node.type === 'INT96') tree.instants.add(node.name)
    const path = pathKey([...open.slice(1).map(n => n.name), node.name])
    tree.paths.add(path)
    if (node.children !== null && node.plain) tree.structs.add(path)
    const parent = open.at(-1)
    if (parent !== undefined) parent.left--
    if (node.children !== null && node.children > 0) open.push({ name: node.name, left: node.children })
  }
  return found
}
