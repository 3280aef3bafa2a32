/**
 * Random queries over random tables, in local mode against DuckDB alone, under several numbers of partitions, join strategies, cuts of files and
 * thresholds of adaptive execution, with little memory. A query that differs is reduced. Used by `npm run fuzz:sql` and by the tests.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { Decimal, SparkSession } from '#src/sdk/index.js'
import { type Query, queryText, randomQuery, smaller } from './queries.js'
import { random } from './random.js'
import { randomTable, type Table } from './tables.js'

export type Settings = Readonly<Record<string, string>>

export interface Tables {
  readonly name: string
  readonly sql: string
  readonly files: number
  readonly sorted: boolean
}

export interface FuzzRun {
  readonly queries: number
  /** Each with what is needed to see it again. */
  readonly finds: readonly string[]
  /** Queries that fail on both sides. */
  readonly failing: number
}

/** Queries over one set of tables. */
const perSchema = 25

const choices: Readonly<Record<string, readonly string[]>> = {
  'spark.sql.shuffle.partitions': ['1', '3', '8'],
  'spark.sql.autoBroadcastJoinThreshold': ['-1', '-1', '2000', '10485760'],
  'spark.sql.adaptive.enabled': ['true', 'false'],
  'spark.sql.adaptive.autoBroadcastJoinThreshold': ['-1', '2000', '10485760'],
  'spark.sql.adaptive.advisoryPartitionSizeInBytes': ['100', '1000', '67108864'],
  'spark.sql.adaptive.coalescePartitions.minPartitionSize': ['1', '1MB'],
  'spark.sql.adaptive.coalescePartitions.enabled': ['true', 'true', 'false'],
  'spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes': ['1', '268435456'],
  'spark.sql.adaptive.skewJoin.skewedPartitionFactor': ['0.5', '5.0'],
  'spark.sql.adaptive.forceOptimizeSkewedJoin': ['true', 'false'],
  'spark.sql.join.preferSortMergeJoin': ['true', 'false', 'false'],
  'spk.sql.broadcast.inlineRows': ['0', '110000'],
  'spark.sql.files.maxPartitionBytes': ['1000', '1048576', '134217728'],
  'spark.sql.files.openCostInBytes': ['0', '4194304'],
  'spk.sql.optimizer.partialAggregationRows': ['0', '100000'],
  'spk.sql.fileOrder.enabled': ['true', 'true', 'false'],
}

/** Whether DuckDB cannot run a query that Spark can. */
const beyondDuckdb = /Not implemented|not supported|Unsupported|not yet supported/i

/** Both sides over the same tables. */
export class Fuzzer {
  readonly #folder: string
  readonly #instance: DuckDBInstance
  readonly #duckdb: DuckDBConnection
  readonly #spark: SparkSession
  #made = 0

  private constructor(folder: string, instance: DuckDBInstance, duckdb: DuckDBConnection, spark: SparkSession) {
    this.#folder = folder
    this.#instance = instance
    this.#duckdb = duckdb
    this.#spark = spark
  }

  static async start(): Promise<Fuzzer> {
    const folder = mkdtempSync(join(tmpdir(), 'spk-fuzz-'))
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
    const duckdb = await instance.connect()
    await duckdb.run("SET TimeZone = 'UTC'; SET default_null_order = 'NULLS_FIRST_ON_ASC_LAST_ON_DESC'")
    const spark = await SparkSession.builder()
      .master('local[2]')
      .config({
        'spark.ui.showConsoleProgress': false,
        'spark.sql.session.timeZone': 'UTC',
        // The least that an executor may have: 45 MB a slot. With the 16 MB of a slot's own floor a fragment of many joins can end in
        // SPK_OUT_OF_MEMORY over a hundred rows: each hash join, aggregation and sort of DuckDB holds pages of its own, 256 KB each, that cannot be spilled.
        'spark.executor.memory': '450m',
        'spark.local.dir': folder,
      })
      .create()
    return new Fuzzer(folder, instance, duckdb, spark)
  }

  async stop(): Promise<void> {
    await this.#spark.stop()
    this.#duckdb.closeSync()
    this.#instance.closeSync()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** `found`: called with each find as it comes; with `first` the run ends there. */
  async run(firstSeed: number, count: number, found: (text: string) => void = () => {}, first = false): Promise<FuzzRun> {
    const finds: string[] = []
    let [queries, failing] = [0, 0]
    for (let seed = firstSeed; queries < count && !(first && finds.length > 0); seed++) {
      const r = random(seed)
      const tables = ['t', 'u', 'w'].map(name => randomTable(name, r))
      await this.make(tables)
      for (let i = 0; i < perSchema && queries < count; i++) {
        queries++
        const settings = Object.fromEntries(Object.entries(choices).map(([key, values]) => [key, r.one(values)]))
        const query = randomQuery(tables, r)
        const outcome = await this.compare(queryText(query), settings, isOrdered(query))
        if (outcome === 'failing') failing++
        else if (outcome !== undefined) {
          const text = `seed ${seed}, query ${i}: ${await this.#reduced(query, settings, outcome, tables)}`
          finds.push(text)
          found(text)
          if (first) break
        }
      }
    }
    return { queries, finds, failing }
  }

  /** Makes tables on both sides; those of the same names are forgotten. */
  async make(tables: readonly Tables[]): Promise<void> {
    for (const { name, sql, files, sorted } of tables) {
      const path = join(this.#folder, `${this.#made++}-${name}`)
      mkdirSync(path)
      await this.#duckdb.run(`CREATE OR REPLACE TABLE ${name} AS ${sql}`)
      const rows = sorted
        ? `(SELECT *, ntile(${files}) OVER (ORDER BY ${name}_k NULLS FIRST) - 1 AS f FROM ${name})`
        : `(SELECT *, rowid % ${files} AS f FROM ${name})`
      for (let f = 0; f < files; f++)
        await this.#duckdb.run(`COPY (SELECT * EXCLUDE (f) FROM ${rows} WHERE f = ${f}) TO '${join(path, `${f}.parquet`)}' (FORMAT parquet)`)
      this.#spark.read.parquet(path).createOrReplaceTempView(name)
    }
  }

  /** How the two sides differ; undefined when they do not, `failing` when both fail. `ordered`: the order of rows counts. */
  async compare(sql: string, settings: Settings, ordered: boolean): Promise<string | undefined> {
    const wanted = await rowsOf(async () => (await this.#duckdb.runAndReadAll(forDuckdb(sql))).getRowsJson())
    if (typeof wanted === 'string' && beyondDuckdb.test(wanted)) return 'failing'
    for (const [key, value] of Object.entries(settings)) this.#spark.conf.set(key, value)
    const got = await rowsOf(async () => this.#spark.sql(sql).collectArrays())
    for (const key of Object.keys(settings)) this.#spark.conf.unset(key)
    if (typeof wanted === 'string' || typeof got === 'string') {
      if (typeof wanted === 'string' && typeof got === 'string') return 'failing'
      return typeof got === 'string' ? `spk fails: ${got}` : `only DuckDB fails: ${wanted}`
    }
    const [a, b] = ordered ? [wanted, got] : [wanted.sort(), got.sort()]
    if (a.length === b.length && a.every((row, i) => row === b[i])) return undefined
    const only = (x: readonly string[], y: readonly string[]) => x.filter(row => !y.includes(row)).slice(0, 5)
    return `${b.length} rows instead of ${a.length}; missing ${JSON.stringify(only(a, b))}, too many ${JSON.stringify(only(b, a))}`
  }

  async #reduced(found: Query, settings: Settings, first: string, tables: readonly Table[]): Promise<string> {
    let query = found
    let needed = settings
    let difference = first
    const kind = (text: string) => /^(spk fails: \[\w+|only DuckDB fails|)/.exec(text)?.[0]
    const still = async (candidate: Query, conf: Settings): Promise<boolean> => {
      const outcome = await this.compare(queryText(candidate), conf, isOrdered(candidate))
      if (outcome === undefined || outcome === 'failing' || kind(outcome) !== kind(first)) return false
      difference = outcome
      return true
    }
    for (let shrunk = true; shrunk; ) {
      shrunk = false
      for (const candidate of smaller(query)) {
        if (!(await still(candidate, needed))) continue
        query = candidate
        shrunk = true
        break
      }
    }
    for (const key of Object.keys(settings)) {
      const { [key]: _, ...fewer } = needed
      if (await still(query, fewer)) needed = fewer
    }
    await still(query, needed)
    const used = tables.filter(t => new RegExp(`\\b${t.name}\\b`).test(queryText(query)))
    const shownTables = used.map(t => `${t.name} (files: ${t.files}, sorted: ${t.sorted}): ${t.sql}`)
    return `${difference}\n${queryText(query)}\n${JSON.stringify(needed)}\n${shownTables.join('\n')}\n\n`
  }
}

/** Doubles that differ in their last digits may stand in another order. */
function isOrdered(query: Query): boolean {
  return query.order !== undefined && query.counted === undefined && query.items.every(item => item.kind !== 'double')
}

/**
 * What DuckDB spells otherwise, and what DuckDB 1.5.6 does wrong: EXISTS as a count, since beside an OR that of a NULL key is NULL to it, where Spark has
 * false; a window's partition key once, since it mixes up partitions of two windows when one names a key twice.
 */
function forDuckdb(sql: string): string {
  return sql
    .replaceAll('NOT EXISTS (SELECT 1 FROM', '0 = (SELECT count(*) FROM')
    .replaceAll('EXISTS (SELECT 1 FROM', '0 < (SELECT count(*) FROM')
    .replaceAll(/PARTITION BY ([\w.]+), \1(?=[ ,)])/g, 'PARTITION BY $1')
    .replaceAll('LEFT SEMI JOIN', 'SEMI JOIN')
    .replaceAll('LEFT ANTI JOIN', 'ANTI JOIN')
    .replaceAll('AS STRING)', 'AS VARCHAR)')
    .replaceAll('TIMESTAMP_NTZ', 'TIMESTAMP')
}

async function rowsOf(run: () => Promise<readonly (readonly unknown[])[]>): Promise<string[] | string> {
  try {
    return (await run()).map(row => row.map(shown).join(' | '))
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** One text for a value of either side: exact numbers to their last digit, doubles to 10 digits. */
function shown(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  if (value instanceof Date) return moment(value.toISOString())
  if (value instanceof Decimal || typeof value === 'bigint') return exact(value.toString())
  if (typeof value === 'number') return double(value)
  if (typeof value !== 'string') return String(value)
  if (/^\d{4}-\d\d-\d\d( [\d:.]+)?$/.test(value)) return moment(value)
  return /^-?\d+(\.\d+)?$/.test(value) ? exact(value) : value
}

/** A date or timestamp, without what is zero at its end. */
function moment(text: string): string {
  return text
    .replace('T', ' ')
    .replace('Z', '')
    .replace(/ 00:00:00(\.0+)?$/, '')
    .replace(/\.0+$/, '')
}

function exact(text: string): string {
  return text.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '') : text
}

function double(value: number): string {
  if (Number.isSafeInteger(value)) return String(value === 0 ? 0 : value)
  return Number.isFinite(value) ? String(Number(value.toPrecision(10))) : String(value)
}
