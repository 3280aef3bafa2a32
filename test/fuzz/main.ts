/**
 * `npm run fuzz:sql -- --seed N --count M`: random queries over random tables, in local mode against DuckDB alone, under several numbers of partitions,
 * join strategies and with little memory. A difference is reduced, printed, and ends the run with code 1.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { DuckDBInstance } from '@duckdb/node-api'
import { SpkError } from '#src/core/errors.js'
import { Decimal, SparkSession } from '#src/sdk/index.js'
import { type Query, queryText, randomQuery, smaller } from './queries.js'
import { type Random, random } from './random.js'
import { randomTable, type Table } from './tables.js'

const { values: flags } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, count: { type: 'string', default: '200' }, 'keep-going': { type: 'boolean', default: false } },
})
const [firstSeed, count] = [Number(flags.seed), Number(flags.count)]
/** Queries over one set of tables. */
const perSchema = 25

const folder = mkdtempSync(join(tmpdir(), 'spk-fuzz-'))
const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
const duck = await instance.connect()
await duck.run("SET TimeZone = 'UTC'; SET default_null_order = 'NULLS_FIRST_ON_ASC_LAST_ON_DESC'")
const spark = await SparkSession.builder()
  .master('local[2]')
  .config({ 'spark.ui.showConsoleProgress': false, 'spark.sql.session.timeZone': 'UTC', 'spark.executor.memory': '450m', 'spark.local.dir': folder })
  .create()

/** A join strategy, forced. */
let hint = ''
let [done, failed, skipped] = [0, 0, 0]
try {
  for (let schema = 0; done < count; schema++) {
    const seed = firstSeed + schema
    const r = random(seed)
    const tables = await makeTables(seed, r)
    for (let i = 0; i < perSchema && done < count; i++) {
      done++
      const settings = setUp(r)
      const query = randomQuery(tables, r)
      const difference = await compare(query)
      if (difference === 'skipped') skipped++
      else if (difference !== undefined) {
        failed++
        await report(seed, i, settings, query, tables)
        if (!flags['keep-going']) break
      }
    }
    if (failed > 0 && !flags['keep-going']) break
  }
} finally {
  await spark.stop()
  rmSync(folder, { recursive: true, force: true })
}
process.stdout.write(`${done} queries from seed ${firstSeed}: ${failed} differ, ${skipped} fail on both sides\n`)
process.exitCode = failed === 0 ? 0 : 1

async function makeTables(seed: number, r: Random): Promise<Table[]> {
  const tables = ['t', 'u', 'w'].map(name => randomTable(name, r))
  for (const table of tables) {
    const path = join(folder, `${seed}-${table.name}`)
    mkdirSync(path)
    await duck.run(`CREATE OR REPLACE TABLE ${table.name} AS ${table.sql}`)
    for (let f = 0; f < table.files; f++)
      await duck.run(`COPY (SELECT * FROM ${table.name} WHERE rowid % ${table.files} = ${f}) TO '${join(path, `${f}.parquet`)}' (FORMAT parquet)`)
    spark.read.parquet(path).createOrReplaceTempView(table.name)
  }
  return tables
}

function setUp(r: Random): Readonly<Record<string, string>> {
  const settings = {
    'spark.sql.shuffle.partitions': String(r.one([1, 3, 8])),
    'spark.sql.autoBroadcastJoinThreshold': r.one(['-1', '10485760']),
    'spk.sql.broadcast.inlineRows': r.one(['0', '110000']),
    'spark.sql.adaptive.enabled': r.one(['true', 'false']),
    'spark.sql.files.maxPartitionBytes': r.one(['1048576', '134217728']),
    'spark.sql.join.preferSortMergeJoin': r.one(['true', 'false', 'false']),
    'spark.sql.adaptive.autoBroadcastJoinThreshold': r.one(['-1', '2k', '10MB']),
    'spark.sql.adaptive.advisoryPartitionSizeInBytes': r.one(['100', '64MB']),
    'spark.sql.adaptive.coalescePartitions.minPartitionSize': r.one(['1', '1MB']),
    'spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes': r.one(['1', '256MB']),
    'spark.sql.adaptive.skewJoin.skewedPartitionFactor': r.one(['0.5', '5']),
  }
  for (const [key, value] of Object.entries(settings)) spark.conf.set(key, value)
  hint = r.one(['', '', ' /*+ BROADCAST(a1) */', ' /*+ MERGE(a1, a2) */', ' /*+ SHUFFLE_HASH(a1) */', ' /*+ SHUFFLE_REPLICATE_NL(a1) */'])
  return { ...settings, hint }
}

/** What DuckDB spells otherwise. */
function forDuck(sql: string): string {
  return sql.replaceAll('LEFT SEMI JOIN', 'SEMI JOIN').replaceAll('LEFT ANTI JOIN', 'ANTI JOIN').replaceAll('AS STRING)', 'AS VARCHAR)')
}
function forSpark(sql: string): string {
  return sql.replaceAll('AS VARCHAR)', 'AS STRING)').replace(/SELECT(?= (?:DISTINCT )?(?!\*))/, `SELECT${hint}`)
}

/** How they differ; undefined when they do not. Arithmetic that fails on one side must fail on the other. */
async function compare(query: Query): Promise<string | undefined> {
  const sql = queryText(query)
  const wanted = await rowsOf(async () => {
    const result = await duck.runAndReadAll(forDuck(sql))
    return result.getRowsJson()
  })
  const got = await rowsOf(async () => spark.sql(forSpark(sql)).collectArrays())
  if (typeof wanted === 'string' || typeof got === 'string') {
    if (typeof wanted === 'string' && typeof got === 'string') return 'skipped'
    return typeof got === 'string' ? `spk fails: ${got}` : `only DuckDB fails: ${wanted}`
  }
  const [a, b] = [wanted.sort(), got.sort()]
  if (a.length === b.length && a.every((row, i) => row === b[i])) return undefined
  const only = (x: readonly string[], y: readonly string[]) => x.filter(row => !y.includes(row)).slice(0, 5)
  return `${b.length} rows instead of ${a.length}; missing ${JSON.stringify(only(a, b))}, too many ${JSON.stringify(only(b, a))}`
}

async function rowsOf(run: () => Promise<readonly (readonly unknown[])[]>): Promise<string[] | string> {
  try {
    return (await run()).map(row => row.map(shown).join(' | '))
  } catch (error) {
    return error instanceof SpkError ? error.message : error instanceof Error ? error.message : String(error)
  }
}

/** One text for a value of either side: numbers to 10 digits. */
function shown(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  if (value instanceof Date) return value.toISOString().slice(0, 10)
  if (value instanceof Decimal) return number(value.toString())
  if (typeof value === 'number' || typeof value === 'bigint') return number(String(value))
  return typeof value === 'string' && /^-?(\d+(\.\d+)?(e[+-]?\d+)?|Infinity|inf)$/i.test(value) ? number(value) : String(value)
}
function number(text: string): string {
  if (/^-?\d+$/.test(text)) return String(BigInt(text))
  const value = Number(text.replace(/inf$/i, 'Infinity'))
  if (Number.isInteger(value) && Number.isSafeInteger(value)) return String(value === 0 ? 0 : value)
  return Number.isFinite(value) ? String(Number(value.toPrecision(10))) : String(value)
}

async function report(
  seed: number,
  index: number,
  settings: Readonly<Record<string, string>>,
  found: Query,
  tables: readonly Table[],
): Promise<void> {
  let query = found
  let difference = await compare(query)
  for (let shrunk = true; shrunk; ) {
    shrunk = false
    for (const candidate of smaller(query)) {
      const outcome = await compare(candidate)
      if (outcome === undefined || outcome === 'skipped' || outcome.startsWith('spk fails') !== difference?.startsWith('spk fails')) continue
      query = candidate
      difference = outcome
      shrunk = true
      break
    }
  }
  const conf = Object.entries(settings).map(([k, v]) => `${k}=${v}`)
  const used = tables.filter(t => new RegExp(`\\b${t.name}\\b`).test(queryText(query)))
  process.stdout.write(
    `seed ${seed}, query ${index}: ${difference}\n${queryText(query)}\n${conf.join(' ')}\n${used.map(t => `${t.name}: ${t.sql.slice(0, 600)}`).join('\n')}\n\n`,
  )
}
