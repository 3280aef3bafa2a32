/** A query on a real cluster: nats-server, two masters, two workers and their executors, each a process of its own. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SparkSession } from 'spk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startLocalCluster, stopProcesses } from '#src/bin/local-cluster.js'
import { eventually } from '../support/eventually.js'

const folder = mkdtempSync(join(tmpdir(), 'spk-cluster-'))
const nats = { binary: process.env['SPK_NATS_SERVER'] ?? 'nats-server' }
const cluster = await startLocalCluster({ folder, cluster: 'test', masters: 2, workers: 2, workerCores: 1, workerMemory: '2g', nats, keep: false })
const test = suite('cluster/query')
const query = 'SELECT id % 10 AS k, count(*) AS n, sum(id) AS s FROM range(0, 200000, 1, 4) GROUP BY id % 10 ORDER BY k'
const expected = Array.from({ length: 10 }, (_, k) => [k, 20_000, 20_000 * k + (10 * 19_999 * 20_000) / 2])

test.after(async () => {
  await stopProcesses(cluster.processes)
  rmSync(folder, { recursive: true })
})

const open = () =>
  SparkSession.builder().master(cluster.natsUrl).config('spk.cluster', 'test').config('spark.executor.memory', '600m').appName('query').create()
const answers = async (spark: SparkSession) => (await spark.sql(query).collect()).map(r => [Number(r['k']), Number(r['n']), Number(r['s'])])

interface MasterState {
  readonly status: string
  readonly activeapps: readonly { readonly id: string }[]
  readonly completedapps: readonly { readonly id: string; readonly state: string }[]
}
async function masterState(): Promise<MasterState> {
  for (const { name, facts } of cluster.processes) {
    if (!name.startsWith('master')) continue
    const response = await fetch(`${facts['ui']}/json/`).catch(() => undefined)
    const state = response?.ok ? ((await response.json()) as MasterState) : undefined
    if (state?.status === 'ALIVE') return state
  }
  throw new Error('no master leads')
}

test('two executors answer, and the end of the application frees everything', async () => {
  const spark = await open()
  assert.equal(await answers(spark), expected)
  assert.ok((await masterState()).activeapps.some(app => app.id === spark.applicationId))
  await spark.stop()
  const ended = await eventually('the master knows the end', async () =>
    (await masterState()).completedapps.find(app => app.id === spark.applicationId),
  )
  assert.is(ended.state, 'FINISHED')
  await eventually('blocks are removed', () => {
    const workers = [1, 2].map(i => join(folder, `worker-${i}`))
    return workers.every(w => readdirSync(w).every(life => readdirSync(join(w, life, 'blocks')).length === 0))
  })
})

test.run()
