/**
 * The schema of Parquet files that differ. Without `merge` the first file's holds, and another file's columns and fields must fit in it; with it the fields of
 * all are united, at every depth. What a file lacks is NULL in its rows. Called by `parquet-source.ts`.
 */
import { SpkError } from '../core/errors.js'
import { type DataType, decimal, type StructField, type StructType, sameType, struct, typeString } from '../core/types.js'

export interface Pair {
  /** The file whose schema is the one so far, and the one that joins it. */
  readonly first: string
  readonly other: string
  readonly merge: boolean
}

/**
 * Types that cannot be brought together are an error: `FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH` (KD001), or `CANNOT_MERGE_SCHEMAS` (42KD9) with
 * `merge`.
 */
export function uniteSchemas(schema: StructType, other: StructType, pair: Pair): StructType {
  return uniteStructs(schema, other, [], pair)
}

function uniteStructs(a: StructType, b: StructType, path: readonly string[], pair: Pair): StructType {
  const fields = new Map<string, StructField>(a.fields.map(f => [f.name.toLowerCase(), f]))
  for (const f of b.fields) {
    const key = f.name.toLowerCase()
    const known = fields.get(key)
    if (known !== undefined) fields.set(key, { ...known, type: unite(known.type, f.type, [...path, f.name], pair) })
    else if (pair.merge) fields.set(key, f)
  }
  return struct([...fields.values()])
}

function unite(a: DataType, b: DataType, path: readonly string[], pair: Pair): DataType {
  if (a.kind === 'struct' && b.kind === 'struct') return uniteStructs(a, b, path, pair)
  if (a.kind === 'array' && b.kind === 'array') return { ...a, element: unite(a.element, b.element, [...path, 'element'], pair) }
  if (a.kind === 'map' && b.kind === 'map') {
    return { ...a, key: unite(a.key, b.key, [...path, 'key'], pair), value: unite(a.value, b.value, [...path, 'value'], pair) }
  }
  const type = holds(a, b) ? a : pair.merge ? widest(a, b) : undefined
  if (type === undefined) throw mismatch(a, b, path, pair)
  return type
}

const integers: readonly DataType['kind'][] = ['byte', 'short', 'int', 'long']

/** Whether `a` takes every value of `b` without loss. */
function holds(a: DataType, b: DataType): boolean {
  if (sameType(a, b) || b.kind === 'null') return true
  const whole = integers.indexOf(b.kind)
  switch (a.kind) {
    case 'short':
    case 'int':
    case 'long':
      return whole >= 0 && whole <= integers.indexOf(a.kind)
    case 'double':
      return b.kind === 'float' || (whole >= 0 && b.kind !== 'long')
    case 'decimal':
      if (b.kind === 'decimal') return a.scale >= b.scale && a.precision - a.scale >= b.precision - b.scale
      return whole >= 0 && a.precision - a.scale >= (b.kind === 'long' ? 20 : 10)
    case 'timestamp_ntz':
      return b.kind === 'date'
    default:
      return false
  }
}

function widest(a: DataType, b: DataType): DataType | undefined {
  if (holds(b, a)) return b
  if (a.kind !== 'decimal' || b.kind !== 'decimal') return undefined
  const scale = Math.max(a.scale, b.scale)
  const precision = Math.max(a.precision - a.scale, b.precision - b.scale) + scale
  return precision > 38 ? undefined : decimal(precision, scale)
}

function mismatch(a: DataType, b: DataType, path: readonly string[], { first, other, merge }: Pair): SpkError {
  const column = path.join('.')
  const both = `column ${column} is ${typeString(a)} in ${first} and ${typeString(b)} in ${other}`
  if (merge) {
    return new SpkError('CANNOT_MERGE_SCHEMAS', `Failed merging schemas: ${both}. Rewrite one of the files with the other's type.`, {
      sqlState: '42KD9',
    })
  }
  return new SpkError(
    'FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH',
    `Encountered error while reading file ${other}. Data type mismatches when reading Parquet: ${both}. Give a schema that fits both, or read the files apart.`,
    { sqlState: 'KD001', params: { path: other, column } },
  )
}
