/**
 * TPC-H or TPC-DS: spk (one master, two executors × 1 slot, over NATS) beside DuckDB alone with as many threads, and Spark `local[N]` where pyspark can be
 * imported; all on the same files, hot, interleaved, medians. Queries that spk refuses are named and left out of the totals.
 * `npm run bench:tpch|bench:tpcds -- [--sf N | --data DIR] [--scramble] [--rounds 3] [--query 1,5] [--executors 2] [--memory 4g] [--local] [--conf k=v]`.
 * `--scramble`: the same rows in random order, so that no file order helps; they are in the folder beside, made here when it is missing.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cpus } from 'node:os'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { SpkError } from 'spk'
import { duckdbVersion } from '#src/kernel/duckdb.js'
import { DuckDbSide } from '../scripts/tpc/duckdb-side.js'
import { executorPeaks } from '../scripts/tpc/resident-memory.js'
import { SparkSide } from '../scripts/tpc/spark-side.js'
import { startSpk } from '../scripts/tpc/spk-side.js'
import { chosen, dataFolder, isSuite, queriesOf, scrambledFolder } from '../scripts/tpc/suites.js'
import { median } from './measure.js'

const [suite = '', ...args] = process.argv.slice(2)
const { values } = parseArgs({
  args,
  options: {
    sf: { type: 'string', default: '1' },
    data: { type: 'string' },
    scramble: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
    query: { type: 'string' },
    executors: { type: 'string', default: '2' },
    memory: { type: 'string', default: '4g' },
    local: { type: 'boolean', default: false },
    conf: { type: 'string', multiple: true, default: [] },
  },
})
if (!isSuite(suite)) throw new Error('Say tpch or tpcds.')
const inOrder = values.data === undefined ? dataFolder(suite, Number(values.sf)) : resolve(values.data)
const data = values.scramble ? scrambledFolder(inOrder) : inOrder
if (values.scramble && existsSync(inOrder) && !existsSync(data)) {
  const script = fileURLToPath(new URL('../scripts/tpc/make-data.js', import.meta.url))
  spawnSync(process.execPath, [script, suite, '--out', inOrder, '--scramble'], { stdio: 'inherit' })
}
if (!existsSync(data)) {
  process.stderr.write(`No data in ${data}: npm run data:${suite} -- --sf ${values.sf}${values.scramble ? ' --scramble' : ''}, or --data DIR.\n`)
  process.exit(2)
}
const queries = chosen(queriesOf(suite), values.query)
const executors = Number(values.executors)
const rounds = Number(values.rounds)

interface Times {
  readonly name: string
  readonly duckdb: number
  readonly spk: number
  readonly spark: number | undefined
}

const duckdb = await DuckDbSide.open(data, executors)
const spark = await SparkSide.start(data, executors)
const conf = Object.fromEntries(values.conf.map(pair => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
const spk = await startSpk({ data, local: values.local, executors, memory: values.memory, conf })
const measured: Times[] = []
const refused: string[] = []
try {
  process.stdout.write(
    `${suite}, ${data}: ${spk.title}; DuckDB ${duckdbVersion()} alone, ${executors} threads; ${spark === undefined ? 'no pyspark' : `Spark ${spark.version} local[${executors}]`}\n` +
      `Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}; hot, interleaved, median of ${rounds}; milliseconds\n\n`,
  )
  process.stdout.write(
    `${'query'.padEnd(8)}${'DuckDB'.padStart(9)}${'spk'.padStart(9)}${'÷'.padStart(7)}${spark === undefined ? '' : 'Spark'.padStart(9)}\n`,
  )
  for (const query of queries) {
    const times: { duckdb: number[]; spk: number[]; spark: (number | undefined)[] } = { duckdb: [], spk: [], spark: [] }
    try {
      for (let round = 0; round <= rounds; round++) {
        const spkMs = await spk.time(query.text)
        const duckdbMs = await duckdb.time(query.text)
        const sparkMs = await spark?.time(query.text)
        if (round === 0) continue
        times.spk.push(spkMs)
        times.duckdb.push(duckdbMs)
        times.spark.push(sparkMs)
      }
    } catch (error) {
      if (!(error instanceof SpkError)) throw error
      refused.push(`${query.name} (${error.code})`)
      continue
    }
    const known = times.spark.filter(ms => ms !== undefined)
    const row: Times = {
      name: query.name,
      duckdb: median(times.duckdb),
      spk: median(times.spk),
      spark: known.length === 0 ? undefined : median(known),
    }
    measured.push(row)
    line(row)
  }
  const sum = (pick: (t: Times) => number | undefined): number => measured.reduce((total, t) => total + (pick(t) ?? 0), 0)
  line({ name: 'total', duckdb: sum(t => t.duckdb), spk: sum(t => t.spk), spark: spark === undefined ? undefined : sum(t => t.spark) })
  const over = measured.filter(t => t.spk > 2.5 * t.duckdb + 250)
  process.stdout.write(`\n${measured.length} of ${queries.length} queries`)
  process.stdout.write(`; over 2.5 × DuckDB + 250 ms: ${over.length === 0 ? 'none' : over.map(t => t.name).join(', ')}\n`)
  if (refused.length > 0) process.stdout.write(`Not planned yet: ${refused.join(', ')}\n`)
  const peaks = executorPeaks(spk.processes)
  if (peaks.length > 0)
    process.stdout.write(`Most resident memory per executor (${values.memory} each): ${peaks.map(mb => `${mb.toFixed(0)} MB`).join(', ')}\n`)
} finally {
  await spk.stop()
  spark?.stop()
  duckdb.close()
}

function line({ name, duckdb, spk, spark }: Times): void {
  const ms = (value: number): string => value.toFixed(0).padStart(9)
  process.stdout.write(`${name.padEnd(8)}${ms(duckdb)}${ms(spk)}${(spk / duckdb).toFixed(2).padStart(7)}${spark === undefined ? '' : ms(spark)}\n`)
}
