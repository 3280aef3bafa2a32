/**
 * Spark's data types as plain data, plus the few that only DuckDB has and the kernel must carry without loss. Names and the JSON and DDL forms are
 * Spark's (`DataType.json`, `simpleString`, `catalogString`).
 */

export interface DecimalType {
  readonly kind: 'decimal'
  /** Total digits, 1 to 38. */
  readonly precision: number
  readonly scale: number
  /** Of a column in a batch: 64 bits per value instead of 128 (blocks between stages, at most 18 digits). Not part of what the type means. */
  readonly bits?: 64
}
export interface ArrayType {
  readonly kind: 'array'
  readonly element: DataType
  readonly containsNull: boolean
}
export interface MapType {
  readonly kind: 'map'
  readonly key: DataType
  readonly value: DataType
  readonly valueContainsNull: boolean
}
export interface StructField {
  readonly name: string
  readonly type: DataType
  readonly nullable: boolean
}
export interface StructType {
  readonly kind: 'struct'
  readonly fields: readonly StructField[]
}
/** DuckDB's ENUM: travels as its strings, comes back as the same ENUM. */
export interface EnumType {
  readonly kind: 'enum'
  readonly values: readonly string[]
}

/** Types without parameters. The second line is DuckDB's own: they cross the kernel but have no Spark name. `interval` is Spark's CalendarInterval. */
export type AtomicKind =
  | 'null'
  | 'boolean'
  | 'byte'
  | 'short'
  | 'int'
  | 'long'
  | 'float'
  | 'double'
  | 'string'
  | 'binary'
  | 'date'
  | 'timestamp'
  | 'timestamp_ntz'
  | 'interval'
  | 'daytime_interval'
  | 'yearmonth_interval'
  | 'ubyte'
  | 'ushort'
  | 'uint'
  | 'ulong'
  | 'hugeint'
  | 'time'
  | 'uuid'

export interface AtomicType {
  readonly kind: AtomicKind
  /** Of the two ANSI intervals: `day`, `hour to second`, … (`intervals.ts`). Absent: all units of the family. */
  readonly units?: string
}

export type DataType = AtomicType | DecimalType | ArrayType | MapType | StructType | EnumType

export const types = {
  null: { kind: 'null' },
  boolean: { kind: 'boolean' },
  byte: { kind: 'byte' },
  short: { kind: 'short' },
  int: { kind: 'int' },
  long: { kind: 'long' },
  float: { kind: 'float' },
  double: { kind: 'double' },
  string: { kind: 'string' },
  binary: { kind: 'binary' },
  date: { kind: 'date' },
  timestamp: { kind: 'timestamp' },
  timestampNtz: { kind: 'timestamp_ntz' },
  interval: { kind: 'interval' },
  time: { kind: 'time' },
} as const satisfies Record<string, DataType>

export function decimal(precision: number, scale: number): DecimalType {
  return { kind: 'decimal', precision, scale }
}
export function array(element: DataType, containsNull = true): ArrayType {
  return { kind: 'array', element, containsNull }
}
export function map(key: DataType, value: DataType, valueContainsNull = true): MapType {
  return { kind: 'map', key, value, valueContainsNull }
}
export function field(name: string, type: DataType, nullable = true): StructField {
  return { name, type, nullable }
}
export function struct(fields: readonly StructField[]): StructType {
  return { kind: 'struct', fields }
}

/** Same type, field names included, nullability ignored. */
export function sameType(a: DataType, b: DataType): boolean {
  if (a.kind !== b.kind) return false
  switch (a.kind) {
    case 'decimal':
      return b.kind === 'decimal' && a.precision === b.precision && a.scale === b.scale
    case 'array':
      return b.kind === 'array' && sameType(a.element, b.element)
    case 'map':
      return b.kind === 'map' && sameType(a.key, b.key) && sameType(a.value, b.value)
    case 'struct':
      return (
        b.kind === 'struct' &&
        a.fields.length === b.fields.length &&
        a.fields.every((f, i) => f.name === b.fields[i]?.name && sameType(f.type, b.fields[i].type))
      )
    case 'enum':
      return b.kind === 'enum' && a.values.length === b.values.length && a.values.every((v, i) => v === b.values[i])
    case 'daytime_interval':
    case 'yearmonth_interval':
      return a.units === (b as AtomicType).units
    default:
      return true
  }
}

const simpleNames: Partial<Record<AtomicKind, string>> = {
  null: 'void',
  byte: 'tinyint',
  short: 'smallint',
  long: 'bigint',
  daytime_interval: 'interval day to second',
  yearmonth_interval: 'interval year to month',
}

/** Spark's `simpleString` without truncation (`struct<a:int,b:array<string>>`). */
export function typeString(type: DataType): string {
  switch (type.kind) {
    case 'decimal':
      return `decimal(${type.precision},${type.scale})`
    case 'array':
      return `array<${typeString(type.element)}>`
    case 'map':
      return `map<${typeString(type.key)},${typeString(type.value)}>`
    case 'struct':
      return `struct<${type.fields.map(f => `${f.name}:${typeString(f.type)}`).join(',')}>`
    case 'enum':
      return `enum(${type.values.length} values)`
    case 'daytime_interval':
    case 'yearmonth_interval':
      if (type.units !== undefined) return `interval ${type.units}`
      return simpleNames[type.kind] ?? type.kind
    default:
      return simpleNames[type.kind] ?? type.kind
  }
}
