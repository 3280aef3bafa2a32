/**
 * The quickstart's query over Parquet customers: spk on a real cluster (one master, two workers, two executors × 1 slot, over NATS), spk `local[2]`, DuckDB
 * alone with two threads. Hot, interleaved. `npm run bench:customers [-- --rows N --rounds N]`.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { DuckDBInstance } from '@duckdb/node-api'
import { SparkSession } from 'spk'
import { startLocalCluster, stopProcesses } from '#src/bin/local-cluster.js'
import { makeCustomers } from '../scripts/make-customers.js'
import { provideNatsServer } from '../scripts/nats-server.js'
import { root } from '../scripts/paths.js'
import { interleaved, report, time } from './measure.js'

const { values } = parseArgs({ options: { rows: { type: 'string', default: '20000000' }, rounds: { type: 'string', default: '5' } } })
const rows = Number(values.rows)
const folder = join(root, '.spk', 'bench')
mkdirSync(folder, { recursive: true })
const data = join(folder, `customers-${rows}`)
await makeCustomers(data, rows, 8)

const query = (table: string): string =>
  `SELECT country, sum(sales) AS total, count(*) AS n, avg(income) AS income FROM ${table} WHERE age > 25 GROUP BY country ORDER BY total DESC`
const duckdb = await (await DuckDBInstance.create(':memory:', { threads: '2' })).connect()
const nats = await provideNatsServer(line => void process.stderr.write(`${line}\n`))
const cluster = await startLocalCluster({
  folder,
  cluster: 'bench',
  masters: 1,
  workers: 2,
  workerCores: 1,
  workerMemory: '4g',
  nats: { binary: nats.path },
  keep: false,
})
try {
  const conf = { 'spk.cluster': 'bench', 'spark.executor.memory': '2g', 'spark.ui.showConsoleProgress': 'false' }
  const remote = await SparkSession.builder().master(cluster.natsUrl).appName('bench').config(conf).create()
  const local = await SparkSession.builder().master('local[2]').appName('bench').config(conf).create()
  const spk = (spark: SparkSession) => () => time(() => spark.sql(query(`parquet.\`${data}\``)).collect())
  const times = await interleaved(
    {
      'DuckDB alone, 2 threads': () => time(() => duckdb.runAndReadAll(query(`read_parquet('${data}/*.parquet')`))),
      'spk local[2]': spk(local),
      'spk cluster, 2 executors × 1': spk(remote),
    },
    Number(values.rounds),
  )
  report(`Aggregation over ${rows.toLocaleString('en')} customers (nats-server ${nats.version})`, times, 'DuckDB alone, 2 threads')
  await remote.stop()
  await local.stop()
} finally {
  await stopProcesses(cluster.processes)
  for (const name of ['nats', 'logs', 'worker-1', 'worker-2']) rmSync(join(folder, name), { recursive: true, force: true })
}
