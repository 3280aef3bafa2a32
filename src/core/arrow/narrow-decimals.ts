/**
 * Blocks between stages hold decimals of at most 18 digits in 64 bits, as DuckDB does: half the bytes to copy, check and write, and nothing to widen or
 * narrow. Arrow knows such decimals since format version 1.5. Results for users stay at 128 bits, which any reader knows.
 */
import type { DataType, StructType } from '../types.js'

/** The same schema with 64-bit decimals where they fit, inside nested types too. */
export function narrowDecimals(schema: StructType): StructType {
  return { ...schema, fields: schema.fields.map(f => ({ ...f, type: narrowed(f.type) })) }
}

function narrowed(type: DataType): DataType {
  switch (type.kind) {
    case 'decimal':
      return type.precision <= 18 ? { ...type, bits: 64 } : type
    case 'array':
      return { ...type, element: narrowed(type.element) }
    case 'map':
      return { ...type, key: narrowed(type.key), value: narrowed(type.value) }
    case 'struct':
      return narrowDecimals(type)
    default:
      return type
  }
}
