/**
 * DuckDB's types and spk's, both ways: as SQL text, as native logical types, and back. What DuckDB has and spk has not (BIT, UNION, TIME WITH TIME
 * ZONE, …) maps to the type its values are cast to on the way out, so nothing is lost silently. Called by the slot and the sources.
 */
import { type DataType, decimal, field, sameType, struct, types } from '../core/types.js'
import { type LogicalType, native, quoteName, quoteText } from './duckdb.js'

const Type = native.Type

type PlainKind = Exclude<DataType['kind'], 'decimal' | 'array' | 'map' | 'struct' | 'enum'>

const names: Readonly<Record<PlainKind, string>> = {
  null: '"NULL"',
  boolean: 'BOOLEAN',
  byte: 'TINYINT',
  short: 'SMALLINT',
  int: 'INTEGER',
  long: 'BIGINT',
  float: 'FLOAT',
  double: 'DOUBLE',
  string: 'VARCHAR',
  binary: 'BLOB',
  date: 'DATE',
  timestamp: 'TIMESTAMP WITH TIME ZONE',
  timestamp_ntz: 'TIMESTAMP',
  interval: 'INTERVAL',
  daytime_interval: 'INTERVAL',
  yearmonth_interval: 'INTERVAL',
  ubyte: 'UTINYINT',
  ushort: 'USMALLINT',
  uint: 'UINTEGER',
  ulong: 'UBIGINT',
  hugeint: 'HUGEINT',
  time: 'TIME',
  uuid: 'UUID',
}

/** DuckDB's SQL text of a type, for casts. */
export function duckdbTypeName(type: DataType): string {
  switch (type.kind) {
    case 'decimal':
      return `DECIMAL(${type.precision},${type.scale})`
    case 'array':
      return `${duckdbTypeName(type.element)}[]`
    case 'map':
      return `MAP(${duckdbTypeName(type.key)}, ${duckdbTypeName(type.value)})`
    case 'struct':
      return `STRUCT(${type.fields.map(f => `${quoteName(f.name)} ${duckdbTypeName(f.type)}`).join(', ')})`
    case 'enum':
      return `ENUM(${type.values.map(quoteText).join(', ')})`
    default:
      return names[type.kind]
  }
}

const plainIds: Readonly<Record<PlainKind, number>> = {
  null: Type.SQLNULL,
  boolean: Type.BOOLEAN,
  byte: Type.TINYINT,
  short: Type.SMALLINT,
  int: Type.INTEGER,
  long: Type.BIGINT,
  float: Type.FLOAT,
  double: Type.DOUBLE,
  string: Type.VARCHAR,
  binary: Type.BLOB,
  date: Type.DATE,
  timestamp: Type.TIMESTAMP_TZ,
  timestamp_ntz: Type.TIMESTAMP,
  interval: Type.INTERVAL,
  daytime_interval: Type.INTERVAL,
  yearmonth_interval: Type.INTERVAL,
  ubyte: Type.UTINYINT,
  ushort: Type.USMALLINT,
  uint: Type.UINTEGER,
  ulong: Type.UBIGINT,
  hugeint: Type.HUGEINT,
  time: Type.TIME,
  uuid: Type.UUID,
}

/** The native type that carries values of `type`. */
export function logicalType(type: DataType): LogicalType {
  switch (type.kind) {
    case 'decimal':
      return native.create_decimal_type(type.precision, type.scale)
    case 'array':
      return native.create_list_type(logicalType(type.element))
    case 'map':
      return native.create_map_type(logicalType(type.key), logicalType(type.value))
    case 'struct':
      return native.create_struct_type(
        type.fields.map(f => logicalType(f.type)),
        type.fields.map(f => f.name),
      )
    case 'enum':
      return native.create_enum_type(type.values)
    default:
      return native.create_logical_type(plainIds[type.kind])
  }
}

const kindsById = new Map<number, DataType>(
  (Object.entries(plainIds) as [PlainKind, number][])
    .filter(([kind]) => kind !== 'daytime_interval' && kind !== 'yearmonth_interval')
    .map(([kind, id]) => [id, { kind }]),
)

/** Types that spk does not carry, and what their values are cast to. */
const castIds = new Map<number, DataType>([
  [Type.TIMESTAMP_S, types.timestampNtz],
  [Type.TIMESTAMP_MS, types.timestampNtz],
  [Type.TIMESTAMP_NS, types.timestampNtz],
  [Type.TIME_NS, { kind: 'time' }],
  [Type.UHUGEINT, { kind: 'hugeint' }],
  [Type.STRING_LITERAL, types.string],
  [Type.INTEGER_LITERAL, types.int],
])

/** The spk type of a DuckDB type. Types without a counterpart become the type their values are cast to, text when nothing is closer. */
export function dataType(type: LogicalType): DataType {
  const id = native.get_type_id(type)
  switch (id) {
    case Type.DECIMAL:
      return decimal(native.decimal_width(type), native.decimal_scale(type))
    case Type.LIST:
      return { kind: 'array', element: dataType(native.list_type_child_type(type)), containsNull: true }
    case Type.ARRAY:
      return { kind: 'array', element: dataType(native.array_type_child_type(type)), containsNull: true }
    case Type.MAP:
      return {
        kind: 'map',
        key: dataType(native.map_type_key_type(type)),
        value: dataType(native.map_type_value_type(type)),
        valueContainsNull: true,
      }
    case Type.STRUCT:
      return struct(
        Array.from({ length: native.struct_type_child_count(type) }, (_, i) =>
          // Unnamed fields (`row(1, 2)`) get Spark's names.
          field(native.struct_type_child_name(type, i) || `col${i + 1}`, dataType(native.struct_type_child_type(type, i))),
        ),
      )
    case Type.ENUM:
      return {
        kind: 'enum',
        values: Array.from({ length: native.enum_dictionary_size(type) }, (_, i) => native.enum_dictionary_value(type, i)),
      }
    default:
      return kindsById.get(id) ?? castIds.get(id) ?? types.string
  }
}

/**
 * Whether vectors of DuckDB type `actual` can be read as `expected` without a cast. An expected `null` reads as nothing, whatever it is: DuckDB gives
 * an untyped NULL as INTEGER.
 */
export function readsAs(actual: LogicalType, expected: DataType): boolean {
  if (expected.kind === 'null') return true
  switch (native.get_type_id(actual)) {
    case Type.LIST:
      return expected.kind === 'array' && readsAs(native.list_type_child_type(actual), expected.element)
    case Type.MAP:
      return (
        expected.kind === 'map' &&
        readsAs(native.map_type_key_type(actual), expected.key) &&
        readsAs(native.map_type_value_type(actual), expected.value)
      )
    case Type.STRUCT:
      return (
        expected.kind === 'struct' &&
        native.struct_type_child_count(actual) === expected.fields.length &&
        expected.fields.every(
          (f, i) => native.struct_type_child_name(actual, i) === f.name && readsAs(native.struct_type_child_type(actual, i), f.type),
        )
      )
    case Type.INTERVAL:
      return expected.kind === 'interval' || expected.kind === 'daytime_interval' || expected.kind === 'yearmonth_interval'
    case Type.DECIMAL:
    case Type.ENUM:
      return sameType(dataType(actual), expected)
    default:
      return kindsById.get(native.get_type_id(actual))?.kind === expected.kind
  }
}
