/** Bytes that values and rows take by their types alone, as Spark counts them (`DataType.defaultSize`): for comparing sizes, not for allocating. */
import type { DataType } from '../core/types.js'
import type { Attribute } from './bound.js'

/** Bytes that a value of a type takes, as Spark counts them. */
export function typeWidth(type: DataType): number {
  switch (type.kind) {
    case 'null':
    case 'boolean':
    case 'byte':
    case 'ubyte':
      return 1
    case 'short':
    case 'ushort':
      return 2
    case 'int':
    case 'uint':
    case 'float':
    case 'date':
    case 'yearmonth_interval':
      return 4
    case 'string':
    case 'enum':
      return 20
    case 'binary':
      return 100
    case 'decimal':
      return type.precision <= 18 ? 8 : 16
    case 'array':
      return typeWidth(type.element) * 4
    case 'map':
      return (typeWidth(type.key) + typeWidth(type.value)) * 4
    case 'struct':
      return type.fields.reduce((sum, f) => sum + typeWidth(f.type), 0)
    case 'hugeint':
    case 'uuid':
    case 'interval':
      return 16
    default:
      return 8
  }
}

/** Bytes of a row: 8 for itself, as in Spark, and its columns. */
export function rowWidth(output: readonly Attribute[]): number {
  return 8 + output.reduce((sum, a) => sum + typeWidth(a.type), 0)
}
