/**
 * TPC-H and TPC-DS: their tables and query texts in Spark's dialect, and the same texts as DuckDB reads them. TPC-H's stand in `test/tpc/tpch`; those of
 * TPC-DS are Spark's own, from the folder that its golden suite was unpacked into. Used by `test:tpc` and the benches.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
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

/** Where the golden suite was unpacked. */
function goldenFolder(): string {
  return process.env['SPARK_GOLDEN_DIR'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'spk', 'spark-4.2.0-golden')
}

/** The queries of a suite, by number. Throws, saying what to do, when there are none. */
export function queriesOf(suite: SuiteName): Query[] {
  const folder = suite === 'tpch' ? join(root, 'test', 'tpc', 'tpch') : join(goldenFolder(), 'tpcds')
  if (!existsSync(folder)) {
    throw new Error(
      `No query texts in ${folder}. They are in Spark's test jar: mvn dependency:get -Dartifact=org.apache.spark:spark-sql_2.13:4.2.0:jar:tests -Dtransitive=false, ` +
        `then unzip it with 'tpcds/*' -d ${goldenFolder()} (or set SPARK_GOLDEN_DIR).`,
    )
  }
  return readdirSync(folder)
    .filter(file => /^q\d+[a-z]?\.sql$/.test(file))
    .map(file => ({
      name: file.slice(0, -4).replace(/^q0+/, 'q'),
      text: asGenerated(readFileSync(join(folder, file), 'utf8').trim().replace(/;$/, '')),
    }))
    .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
}

/** Spark's texts name a column of an older version of the specification; the generator's data has its key. */
function asGenerated(text: string): string {
  return text.replace(/\bc_last_review_date\b/g, 'c_last_review_date_sk')
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

/** A query as DuckDB reads it: quoted names its way, AS before an alias that is a word of its own there, `||` for `concat`, which skips NULLs there. */
export function duckdbText(text: string): string {
  return text
    .replaceAll('`', '"')
    .replace(/\)\s+(returns|at)\b/gi, ') AS "$1"')
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
