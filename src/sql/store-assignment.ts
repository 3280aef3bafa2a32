/** Which values a table's column takes from a query: Spark's ANSI store assignment. Pure. */
import { SpkError } from '../core/errors.js'
import { type DataType, type StructField, sameType, typeString } from '../core/types.js'
import { isAtomic, isNumeric, sqlTypeName } from '../planner/coercion.js'

const moments = ['date', 'timestamp', 'timestamp_ntz']

/** Whether a value may be stored without a cast being written. */
export function canStore(from: DataType, to: DataType): boolean {
  if (sameType(from, to) || from.kind === 'null') return true
  if (from.kind === 'array' && to.kind === 'array') return canStore(from.element, to.element)
  if (from.kind === 'map' && to.kind === 'map') return canStore(from.key, to.key) && canStore(from.value, to.value)
  if (from.kind === 'struct' && to.kind === 'struct') {
    return from.fields.length === to.fields.length && from.fields.every((f, i) => canStore(f.type, (to.fields[i] as StructField).type))
  }
  if (isNumeric(from) && isNumeric(to)) return true
  if (to.kind === 'string') return isAtomic(from)
  if (moments.includes(from.kind) && moments.includes(to.kind)) return true
  return from.kind === to.kind && from.kind !== 'array' && from.kind !== 'map' && from.kind !== 'struct'
}

/** Fails with `INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST` (KD000). */
export function checkStorable(table: string, column: StructField, from: DataType): void {
  if (canStore(from, column.type)) return
  throw new SpkError(
    'INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST',
    `Cannot write incompatible data for the table ${table}: Cannot safely cast \`${column.name}\` "${sqlTypeName(from)}" to "${sqlTypeName(column.type)}".`,
    { sqlState: 'KD000', params: { colName: column.name, srcType: typeString(from), targetType: typeString(column.type) } },
  )
}
