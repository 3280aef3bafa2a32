/**
 * Random tables as DuckDB SQL: NULLs, extremes, repeated keys, one key that most rows have, unicode, and now and then no rows at all. As files they lie in
 * any order, or by their key, as a table that was written in order.
 */
import type { Random } from './random.js'

export type Kind = 'smallint' | 'int' | 'bigint' | 'double' | 'decimal' | 'wide' | 'string' | 'date' | 'timestamp' | 'boolean'
export interface Column {
  readonly name: string
  readonly kind: Kind
}
export interface Table {
  readonly name: string
  readonly columns: readonly Column[]
  /** VALUES of DuckDB, typed. */
  readonly sql: string
  readonly files: number
  /** Rows of a file have keys next to each other. */
  readonly sorted: boolean
}

/** Types by the names that both sides read in a CAST. */
export const typeNames: Readonly<Record<Kind, string>> = {
  smallint: 'SMALLINT',
  int: 'INT',
  bigint: 'BIGINT',
  double: 'DOUBLE',
  decimal: 'DECIMAL(12,2)',
  wide: 'DECIMAL(30,5)',
  string: 'STRING',
  date: 'DATE',
  timestamp: 'TIMESTAMP_NTZ',
  boolean: 'BOOLEAN',
}
export const allKinds = Object.keys(typeNames) as Kind[]

/** Values that break things, and a few that repeat. */
const values: Readonly<Record<Kind, readonly string[]>> = {
  smallint: ['0', '1', '-1', '3', '3', '7', '32767', '-32768'],
  int: ['0', '1', '-1', '2', '3', '7', '7', '42', '2147483647', '-2147483648'],
  bigint: ['0', '1', '-1', '5', '5', '100', '9007199254740993', '-9007199254740993'],
  double: ["'0.0'", "'-0.0'", "'1.5'", "'1.5'", "'-2.25'", "'1e300'", "'1e-300'", "'0.1'", "'Infinity'", "'-Infinity'", "'NaN'"],
  decimal: ['0.00', '1.00', '1.10', '-1.10', '99.99', '9999999999.99', '-9999999999.99'],
  wide: ["'0.00000'", "'1.10000'", "'-1.10000'", "'1.10000'", "'9999999999999999999999.99999'", "'-1234567890123456789.00001'"],
  string: ["''", "' '", "'a'", "'a'", "'A'", "'ab'", "'é'", "'日本'", "'😀'", "'it''s'", "'a%b'", "'zz'"],
  date: ["'1970-01-01'", "'2020-02-29'", "'2020-02-29'", "'1600-01-01'", "'9999-12-31'"],
  timestamp: ["'1970-01-01 00:00:00'", "'2020-02-29 23:59:59.125'", "'2020-02-29 23:59:59.125'", "'1600-01-01 12:00:00'", "'9999-12-31 23:59:59'"],
  boolean: ['true', 'false'],
}

export function literalOf(kind: Kind, r: Random): string {
  // A quote doubled is two texts side by side to Spark.
  return `CAST(${r.one(values[kind].filter(v => !v.includes("''s")))} AS ${typeNames[kind]})`
}

export function randomTable(name: string, r: Random): Table {
  // Every table has a key that others share.
  const columns: Column[] = [{ name: `${name}_k`, kind: 'int' }, ...r.some(2, 4, i => ({ name: `${name}_${i}`, kind: r.one(allKinds) }))]
  const rows = r.chance(0.1) ? 0 : 1 + r.below(r.chance(0.25) ? 150 : 25)
  const hot = r.chance(0.2)
  const key = () => String(hot && r.chance(0.7) ? 3 : r.below(8))
  const cell = ({ kind }: Column, i: number): string => (r.chance(0.15) ? 'NULL' : i === 0 ? key() : r.one(values[kind]))
  const list = Array.from({ length: Math.max(1, rows) }, () => `(${columns.map(cell).join(', ')})`)
  const casts = columns.map((c, i) => `CAST(c${i} AS ${duckdbType(c.kind)}) AS ${c.name}`).join(', ')
  const source = `(VALUES ${list.join(', ')}) v(${columns.map((_, i) => `c${i}`).join(', ')})`
  return {
    name,
    columns,
    sql: `SELECT ${casts} FROM ${source}${rows === 0 ? ' WHERE false' : ''}`,
    files: r.one([1, 1, 3, 4]),
    sorted: r.chance(0.4),
  }
}

function duckdbType(kind: Kind): string {
  return typeNames[kind].replace('STRING', 'VARCHAR').replace('TIMESTAMP_NTZ', 'TIMESTAMP')
}
