/** Rows as JSON lines under Spark's rules, as SQL of text: NULL fields left out, exact decimals, ISO timestamps, base64 for binary. */
import { decimalText } from '../core/decimal-text.js'
import type { DataType, StructField } from '../core/types.js'
import { quoteName, quoteText } from './duckdb.js'
import type { SourceOptions } from './source-options.js'
import { textOfTime } from './text-values.js'

/** SQL of one JSON object from columns of these names. */
export function jsonLine(fields: readonly StructField[], options: SourceOptions): string {
  return object(fields, f => quoteName(f.name), options, 0)
}

function object(fields: readonly StructField[], value: (f: StructField) => string, options: SourceOptions, depth: number): string {
  if (fields.length === 0) return "'{}'"
  const keepNulls = !options.flag('ignoreNullFields', true)
  // concat_ws leaves NULLs out.
  const pairs = fields.map(f => {
    const text = json(value(f), f.type, options, depth)
    return `${quoteText(`${JSON.stringify(f.name)}:`)} || ${keepNulls ? `COALESCE(${text}, 'null')` : text}`
  })
  return `'{' || concat_ws(',', ${pairs.join(', ')}) || '}'`
}

/** SQL of a value's JSON text; NULL for NULL. */
function json(value: string, type: DataType, options: SourceOptions, depth: number): string {
  const e = `e${depth}`
  switch (type.kind) {
    case 'struct':
      return `CASE WHEN ${value} IS NOT NULL THEN ${object(type.fields, f => `struct_extract(${value}, ${quoteText(f.name)})`, options, depth + 1)} END`
    case 'array':
      return `'[' || array_to_string(list_transform(${value}, lambda ${e}: COALESCE(${json(e, type.element, options, depth + 1)}, 'null')), ',') || ']'`
    case 'map': {
      const entry = `CAST(to_json(CAST(${e}.key AS VARCHAR)) AS VARCHAR) || ':' || COALESCE(${json(`${e}.value`, type.value, options, depth + 1)}, 'null')`
      return `'{' || array_to_string(list_transform(map_entries(${value}), lambda ${e}: ${entry}), ',') || '}'`
    }
    case 'boolean':
    case 'byte':
    case 'short':
    case 'int':
    case 'long':
    case 'ubyte':
    case 'ushort':
    case 'uint':
    case 'ulong':
    case 'hugeint':
      return `CAST(${value} AS VARCHAR)`
    case 'decimal':
      return decimalText(value, type)
    case 'float':
    case 'double':
      // JSON has no NaN and no infinity; Spark writes them as texts.
      return `CASE WHEN isnan(${value}) THEN '"NaN"' WHEN isinf(${value}) THEN CASE WHEN ${value} > 0 THEN '"Infinity"' ELSE '"-Infinity"' END ELSE CAST(${value} AS VARCHAR) END`
    case 'binary':
      return `'"' || to_base64(${value}) || '"'`
    case 'null':
      return 'CAST(NULL AS VARCHAR)'
    default:
      return `CAST(to_json(${textOfTime(value, type, options) ?? `CAST(${value} AS VARCHAR)`}) AS VARCHAR)`
  }
}
