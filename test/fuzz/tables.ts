/** Random tables as DuckDB SQL: NULLs, extremes, repeated keys, unicode, and now and then no rows at all. */
import type { Random } from './random.js'

export type Kind = 'int' | 'bigint' | 'double' | 'decimal' | 'string' | 'date' | 'boolean'
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
}

const duckTypes: Readonly<Record<Kind, string>> = {
  int: 'INTEGER',
  bigint: 'BIGINT',
  double: 'DOUBLE',
  decimal: 'DECIMAL(12,2)',
  string: 'VARCHAR',
  date: 'DATE',
  boolean: 'BOOLEAN',
}

/** Values that break things, and a few that repeat. */
const values: Readonly<Record<Kind, readonly string[]>> = {
  int: ['0', '1', '-1', '2', '3', '7', '7', '42', '2147483647', '-2147483648'],
  bigint: ['0', '1', '-1', '5', '5', '100', '9007199254740993', '-9007199254740993'],
  double: ["'0.0'", "'-0.0'", "'1.5'", "'1.5'", "'-2.25'", "'1e300'", "'1e-300'", "'0.1'", "'Infinity'", "'-Infinity'"],
  decimal: ['0.00', '1.00', '1.10', '-1.10', '99.99', '9999999999.99', '-9999999999.99'],
  string: ["''", "' '", "'a'", "'a'", "'A'", "'ab'", "'é'", "'日本'", "'😀'", "'it''s'", "'a%b'", "'zz'"],
  date: ["'1970-01-01'", "'2020-02-29'", "'2020-02-29'", "'1600-01-01'", "'9999-12-31'"],
  boolean: ['true', 'false'],
}

export function literalOf(kind: Kind, r: Random): string {
  return `CAST(${r.one(values[kind])} AS ${duckTypes[kind]})`
}

const kinds = Object.keys(duckTypes) as Kind[]

export function randomTable(name: string, r: Random): Table {
  // Every table has a key that others share.
  const columns: Column[] = [{ name: `${name}_k`, kind: 'int' }, ...r.some(2, 4, i => ({ name: `${name}_${i}`, kind: r.one(kinds) }))]
  const rows = r.chance(0.1) ? 0 : 1 + r.below(r.chance(0.3) ? 200 : 25)
  const cell = ({ kind }: Column, i: number): string => (r.chance(0.15) ? 'NULL' : i === 0 ? String(r.below(8)) : r.one(values[kind]))
  const list = Array.from({ length: Math.max(1, rows) }, () => `(${columns.map(cell).join(', ')})`)
  const casts = columns.map((c, i) => `CAST(c${i} AS ${duckTypes[c.kind]}) AS ${c.name}`).join(', ')
  const source = `(VALUES ${list.join(', ')}) v(${columns.map((_, i) => `c${i}`).join(', ')})`
  return { name, columns, sql: `SELECT ${casts} FROM ${source}${rows === 0 ? ' WHERE false' : ''}`, files: r.one([1, 1, 3]) }
}
