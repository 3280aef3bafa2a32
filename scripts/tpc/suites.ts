/**
 * TPC-H and TPC-DS: their tables and query texts in Spark's dialect, and the same texts as DuckDB reads them. The texts stand in `test/tpc/tpch` and
 * `test/tpc/tpcds`, with the constants of the specifications' qualification runs; of TPC-DS they are the variants that Spark runs too (14, 23, 24 and 39
 * have two). Used by `test:tpc`, the tests and the benches.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../paths.js'

export type SuiteName = 'tpch' | 'tpcds'

export interface Query {
  /** `q1`, `q14a`, … */
  readonly name: string
  readonly text: string
}

export function isSuite(name: string): name is SuiteName {
  return name === 'tpch' || name === 'tpcds'
}

/** Where `npm run data:…` puts a suite's files when no folder is given. */
export function dataFolder(suite: SuiteName, scale: number): string {
  return join(root, '.spk', 'data', suite, `sf${scale}`)
}

/** Where the same rows lie in random order. */
export function scrambledFolder(folder: string): string {
  return `${folder}-scrambled`
}

/** Name and path of each table of a folder: a file `<table>.parquet`, or a folder `<table>` of Parquet files. */
export function tablesOf(folder: string): { readonly name: string; readonly path: string }[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .filter(entry => entry.isDirectory() || entry.name.endsWith('.parquet'))
    .map(entry => ({ name: entry.name.replace(/\.parquet$/, ''), path: join(folder, entry.name) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** The queries of a suite, by number. */
export function queriesOf(suite: SuiteName): Query[] {
  const folder = join(root, 'test', 'tpc', suite)
  return readdirSync(folder)
    .map(file => ({ name: file.slice(0, -4).replace(/^q0+/, 'q'), text: readFileSync(join(folder, file), 'utf8').trim() }))
    .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
}

/** Of the queries, those that a comma-separated list names (`1,q14a`); all when it is empty. Throws for a name that is none. */
export function chosen(queries: readonly Query[], list: string | undefined): readonly Query[] {
  if (list === undefined || list === '') return queries
  return list.split(',').map(name => {
    const found = queries.find(q => q.name === name || q.name === `q${name}`)
    if (found === undefined) throw new Error(`There is no query ${name}. There are ${queries.map(q => q.name).join(', ')}.`)
    return found
  })
}

/**
 * A query as DuckDB reads it: quoted names its way, AS before an alias that is a word of its own there, `||` for `concat`, which skips NULLs there. A
 * quotient of two decimal literals has Spark's type, and one that becomes an INT is cut off, not rounded.
 */
export function duckdbText(text: string): string {
  return text
    .replaceAll('`', '"')
    .replace(/\)\s+(returns|at)\b/gi, ') AS "$1"')
    .replace(/\b\d\.\d \/ \d\.\d\b/g, 'CAST($& AS DECIMAL(8, 6))')
    .replace(/\bcast\(\((\w+ \/ \d+)\) AS INT\)/gi, 'CAST(trunc($1) AS INT)')
    .replace(/\bconcat\(([^()]*)\)/gi, (_, list: string) => `(${list.replace(/,(?=(?:[^']*'[^']*')*[^']*$)/g, ' ||')})`)
}

/** What makes DuckDB order NULLs as Spark does. */
export const sparkOrder = `SET default_null_order = 'nulls_first_on_asc_last_on_desc'`

/** Statements that make a folder's tables views of a DuckDB connection. */
export function duckdbViews(folder: string): string[] {
  return tablesOf(folder).map(({ name, path }) => {
    const files = path.endsWith('.parquet') ? path : `${path}/*.parquet`
    return `CREATE OR REPLACE VIEW ${name} AS SELECT * FROM read_parquet('${files.replaceAll("'", "''")}')`
  })
}
