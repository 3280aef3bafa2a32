/** Schema of json files from all their records, as Spark infers it: fields in the order of their names, mixed types as strings. */
import { array, type DataType, field, type StructType, struct, types } from '../core/types.js'
import { type Connection, quoteText } from './duckdb.js'
import { jsonReaderOptions } from './json-scan.js'
import { SourceOptions } from './source-options.js'

/** DuckDB's description of a JSON value: a type's name, `[element]`, or an object of fields. */
type Structure = string | readonly [Structure] | { readonly [name: string]: Structure }

/** Undefined when no record is an object with a field. */
export async function jsonSchema(
  connection: Connection,
  files: readonly string[],
  given: Readonly<Record<string, string>>,
): Promise<StructType | undefined> {
  const options = new SourceOptions('json', 'reading', given)
  const rows = await connection.rows<{ s: string | null }>(
    `SELECT CAST(json_group_structure(json) AS VARCHAR) AS s
     FROM read_json_objects([${files.map(quoteText).join(', ')}], ${jsonReaderOptions(options, true)}) WHERE json_type(json) = 'OBJECT'`,
  )
  const structure = JSON.parse(rows[0]?.s ?? 'null') as Structure | null
  if (structure === null || typeof structure === 'string' || Array.isArray(structure)) return undefined
  const type = typeOf(structure, options.flag('primitivesAsString', false))
  return type.kind === 'struct' ? type : undefined
}

function typeOf(structure: Structure, primitivesAsString: boolean): DataType {
  if (typeof structure !== 'string') {
    if (Array.isArray(structure)) return array(typeOf(structure[0] as Structure, primitivesAsString))
    const names = Object.keys(structure).sort()
    return struct(names.map(name => field(name, typeOf((structure as Record<string, Structure>)[name] as Structure, primitivesAsString))))
  }
  if (primitivesAsString) return types.string
  switch (structure) {
    case 'UBIGINT':
    case 'BIGINT':
      return types.long
    case 'DOUBLE':
      return types.double
    case 'BOOLEAN':
      return types.boolean
    default:
      // VARCHAR; JSON (mixed); NULL (never anything else).
      return types.string
  }
}
