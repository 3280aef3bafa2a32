/** spk over a suite's files: a session on a cluster of this machine (one master, two workers, two executors × 1 slot, over NATS) or on `local[2]`. */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type DataType, Decimal, SparkSession, type Value } from 'spk'
import { startLocalCluster, stopProcesses } from '#src/bin/local-cluster.js'
import { typeString } from '#src/core/types.js'
import { provideNatsServer } from '../nats-server.js'
import { root } from '../paths.js'
import { type Cell, exact, type Result } from './compare.js'
import { tablesOf } from './suites.js'

export interface SpkSideOptions {
  /** Folder of the suite's tables. */
  readonly data: string
  readonly local?: boolean
  /** Per executor, as `spark.executor.memory` takes it. */
  readonly memory?: string
  readonly executors?: number
  readonly conf?: Readonly<Record<string, string>>
}

export interface SpkSide {
  readonly spark: SparkSession
  /** What it runs on, for a heading. */
  readonly title: string
  /** Process ids by name; empty in local mode. */
  readonly processes: readonly { readonly name: string; readonly pid: number }[]
  rows(text: string): Promise<Result>
  time(text: string): Promise<number>
  stop(): Promise<void>
}

/** Starts it. Whoever starts it stops it: it leaves processes otherwise. */
export async function startSpk(options: SpkSideOptions): Promise<SpkSide> {
  const memory = options.memory ?? '4g'
  const executors = options.executors ?? 2
  const conf = { 'spark.ui.showConsoleProgress': 'false', 'spark.executor.memory': memory, ...options.conf }
  if (options.local) {
    const spark = await SparkSession.builder().master(`local[${executors}]`).appName('tpc').config(conf).create()
    return side(spark, options.data, `spk local[${executors}]`, [], async () => {})
  }
  const folder = join(root, '.spk', `tpc-${process.pid}`)
  mkdirSync(folder, { recursive: true })
  const nats = await provideNatsServer(line => void process.stderr.write(`${line}\n`))
  const cluster = await startLocalCluster({
    folder,
    cluster: 'tpc',
    masters: 1,
    workers: executors,
    workerCores: 1,
    workerMemory: memory,
    nats: { binary: nats.path },
    keep: false,
  })
  const stop = async (): Promise<void> => {
    await stopProcesses(cluster.processes)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const spark = await SparkSession.builder()
      .master(cluster.natsUrl)
      .appName('tpc')
      .config({ 'spk.cluster': 'tpc', ...conf })
      .create()
    return side(spark, options.data, `spk, ${executors} executors × 1 slot, nats-server ${nats.version}`, cluster.processes, stop)
  } catch (error) {
    await stop()
    throw error
  }
}

function side(spark: SparkSession, data: string, title: string, processes: SpkSide['processes'], stop: () => Promise<void>): SpkSide {
  for (const { name, path } of tablesOf(data)) spark.read.parquet(path).createOrReplaceTempView(name)
  return {
    spark,
    title,
    processes,
    async rows(text) {
      const frame = spark.sql(text)
      const schema = await frame.schema()
      const rows = (await frame.collectArrays()).map(row => row.map((value, i) => cell(value, schema.fields[i]?.type)))
      return { columns: schema.fields.map(f => f.name), types: schema.fields.map(f => typeString(f.type)), rows }
    },
    async time(text) {
      const began = performance.now()
      await spark.sql(text).collectArrays()
      return performance.now() - began
    },
    async stop() {
      await spark.stop()
      await stop()
    },
  }
}

function cell(value: Value | undefined, type: DataType | undefined): Cell {
  if (value === null || value === undefined) return null
  switch (type?.kind) {
    case 'double':
    case 'float':
      return { double: Number(value) }
    case 'decimal':
      return value instanceof Decimal ? { unscaled: value.unscaled, scale: value.scale } : exact(String(value))
    case 'byte':
    case 'short':
    case 'int':
    case 'long':
      return exact(String(value))
    case 'date':
      return (value as Date).toISOString().slice(0, 10)
    default:
      return String(value)
  }
}
