/** The schema of rows given without one, as PySpark infers it: from all rows, field by field. */
import { SpkError } from '../core/errors.js'
import { array, type DataType, decimal, field, map, type StructField, type StructType, struct, typeString, types } from '../core/types.js'
import { Decimal } from './decimal.js'
import { type InputRow, isPlain, kindOf } from './encode.js'
import { Interval } from './interval.js'

/**
 * The schema of rows: objects give columns in the order in which names first occur, arrays `_1`, `_2`, … or `names`. Whole numbers are BIGINT, numbers
 * with a fraction make the column DOUBLE. Errors: `CANNOT_INFER_EMPTY_SCHEMA`, `CANNOT_DETERMINE_TYPE`, `CANNOT_MERGE_TYPE`.
 */
export function inferSchema(rows: readonly InputRow[], names?: readonly string[]): StructType {
  if (rows.length === 0) throw new SpkError('CANNOT_INFER_EMPTY_SCHEMA', 'Can not infer schema from an empty dataset: pass a schema.')
  const found = new Map<string, DataType>()
  for (const [r, row] of rows.entries()) {
    if (typeof row !== 'object' || row === null) {
      throw new SpkError('CANNOT_INFER_TYPE_FOR_FIELD', `Row ${r} is a ${kindOf(row)}: rows are objects or arrays.`)
    }
    const entries = Array.isArray(row) ? row.map((v, i) => [names?.[i] ?? `_${i + 1}`, v] as const) : Object.entries(row)
    for (const [name, value] of entries) {
      const place = `column ${name} (row ${r})`
      found.set(name, merge(found.get(name) ?? types.null, typeOfValue(value, place), place))
    }
  }
  const fields = [...found].map(([name, type]) => field(name, determined(type, name)))
  return struct(names === undefined || Array.isArray(rows[0]) ? fields : renamed(fields, names))
}

function renamed(fields: readonly StructField[], names: readonly string[]): StructField[] {
  return fields.map((f, i) => ({ ...f, name: names[i] ?? f.name }))
}

function typeOfValue(value: unknown, place: string): DataType {
  switch (typeof value) {
    case 'undefined':
      return types.null
    case 'boolean':
      return types.boolean
    case 'string':
      return types.string
    case 'bigint':
      return types.long
    case 'number':
      return Number.isSafeInteger(value) ? types.long : types.double
    case 'object':
      return typeOfObject(value, place)
    default:
      throw new SpkError('CANNOT_INFER_TYPE_FOR_FIELD', `A ${typeof value} in ${place} has no SQL type.`)
  }
}

function typeOfObject(value: object | null, place: string): DataType {
  if (value === null) return types.null
  if (value instanceof Date) return types.timestamp
  if (value instanceof Uint8Array) return types.binary
  if (value instanceof Decimal) return decimal(38, 18)
  if (value instanceof Interval) {
    if (value.days === 0 && value.micros === 0n) return { kind: 'yearmonth_interval' }
    return value.months === 0 ? { kind: 'daytime_interval' } : types.interval
  }
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    return array([...(value as Iterable<unknown>)].reduce<DataType>((type, item) => merge(type, typeOfValue(item, place), place), types.null))
  }
  if (value instanceof Map) {
    let key: DataType = types.null
    let item: DataType = types.null
    for (const [k, v] of value) {
      key = merge(key, typeOfValue(k, place), place)
      item = merge(item, typeOfValue(v, place), place)
    }
    return map(key, item)
  }
  if (isPlain(value)) return struct(Object.entries(value).map(([name, v]) => field(name, typeOfValue(v, `${place}.${name}`))))
  throw new SpkError('CANNOT_INFER_TYPE_FOR_FIELD', `An object of class ${kindOf(value)} in ${place} has no SQL type: pass plain objects.`)
}

/** The type that holds values of both. */
function merge(a: DataType, b: DataType, place: string): DataType {
  if (a.kind === 'null') return b
  if (b.kind === 'null') return a
  if (a.kind === 'array' && b.kind === 'array') return array(merge(a.element, b.element, place))
  if (a.kind === 'map' && b.kind === 'map') return map(merge(a.key, b.key, place), merge(a.value, b.value, place))
  if (a.kind === 'struct' && b.kind === 'struct') {
    const fields = new Map(a.fields.map(f => [f.name, f.type]))
    for (const f of b.fields) fields.set(f.name, merge(fields.get(f.name) ?? types.null, f.type, `${place}.${f.name}`))
    return struct([...fields].map(([name, type]) => field(name, type)))
  }
  if (a.kind === b.kind) return a
  const numbers = ['long', 'double']
  if (numbers.includes(a.kind) && numbers.includes(b.kind)) return types.double
  throw new SpkError(
    'CANNOT_MERGE_TYPE',
    `Can not merge type ${typeString(a)} and ${typeString(b)} in ${place}: pass a schema or values of one type.`,
  )
}

/** Fails where only NULLs were seen. */
function determined(type: DataType, place: string): DataType {
  switch (type.kind) {
    case 'null':
      throw new SpkError('CANNOT_DETERMINE_TYPE', `Some of types cannot be determined after inferring: ${place} holds only null. Pass a schema.`)
    case 'array':
      return array(determinedOr(type.element))
    case 'map':
      return map(determinedOr(type.key), determinedOr(type.value))
    case 'struct':
      return struct(type.fields.map(f => field(f.name, determined(f.type, `${place}.${f.name}`))))
    default:
      return type
  }
}

/** Empty arrays and maps are fine: what they would hold stays untyped. */
function determinedOr(type: DataType): DataType {
  return type.kind === 'null' ? type : determined(type, '')
}
