/** DuckDB's name of each type, and how names and texts are written in DuckDB SQL. Fragments and function templates use nothing else. */
import { unreachable } from '../core/errors.js'
import type { DataType } from '../core/types.js'

/** The DuckDB type that carries a Spark type. */
export function duckType(type: DataType): string {
  switch (type.kind) {
    case 'null':
      return '"NULL"'
    case 'boolean':
      return 'BOOLEAN'
    case 'byte':
      return 'TINYINT'
    case 'short':
      return 'SMALLINT'
    case 'int':
      return 'INTEGER'
    case 'long':
      return 'BIGINT'
    case 'float':
      return 'FLOAT'
    case 'double':
      return 'DOUBLE'
    case 'string':
      return 'VARCHAR'
    case 'binary':
      return 'BLOB'
    case 'date':
      return 'DATE'
    case 'timestamp':
      return 'TIMESTAMPTZ'
    case 'timestamp_ntz':
      return 'TIMESTAMP'
    case 'interval':
    case 'daytime_interval':
    case 'yearmonth_interval':
      return 'INTERVAL'
    case 'ubyte':
      return 'UTINYINT'
    case 'ushort':
      return 'USMALLINT'
    case 'uint':
      return 'UINTEGER'
    case 'ulong':
      return 'UBIGINT'
    case 'hugeint':
      return 'HUGEINT'
    case 'time':
      return 'TIME'
    case 'uuid':
      return 'UUID'
    case 'decimal':
      return `DECIMAL(${type.precision}, ${type.scale})`
    case 'array':
      return `${duckType(type.element)}[]`
    case 'map':
      return `MAP(${duckType(type.key)}, ${duckType(type.value)})`
    case 'struct':
      return `STRUCT(${type.fields.map(f => `${quoteName(f.name)} ${duckType(f.type)}`).join(', ')})`
    case 'enum':
      return `ENUM(${type.values.map(quoteText).join(', ')})`
    default:
      return unreachable(type)
  }
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** As it is when it needs no quotes to mean itself, else quoted. Only for names that no keyword can equal (they carry a number). */
export function plainName(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : quoteName(name)
}

export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** A key of ORDER BY or GROUP BY, where DuckDB takes a bare number for a position and refuses other bare literals. */
export function keyText(sql: string, type: DataType): string {
  return /^\(*(?:-?\d[\d.]*(?:e[-+]?\d+)?|'(?:[^']|'')*'|NULL)\)*$/i.test(sql) ? `CAST(${sql} AS ${duckType(type)})` : sql
}
