/** Who gets which cores, memory and named resources, and which task runs where, on real workers. Each worker counts as a host of its own. */
import type { SparkSession } from 'spk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Cluster, startCluster } from '../support/cluster.js'
import { eventually } from '../support/eventually.js'
import { closeSessions, eventsOf, openSession, TaskLog } from './held-job.js'

const test = suite('cluster/resources')

let cluster: Cluster

test.before(async () => {
  cluster = await startCluster({ workers: 1, cores: 2, hostsApart: true })
  await cluster.startWorker(['--resource', 'gpu=2', '--resource', 'fpga=a,b,c'])
  await eventually('both workers are registered', async () => (await cluster.leader()).aliveworkers === 2)
})
test.after.each(async () => {
  await closeSessions()
  await eventually('everything is free again', async () => (await cluster.leader()).coresused === 0)
})
test.after(() => cluster?.stop())

const open = (settings: Readonly<Record<string, string | number>>): Promise<SparkSession> =>
  openSession(cluster, { 'spark.executor.memory': '512m', ...settings })
const state = async (session: SparkSession) => (await cluster.leader()).activeapps.find(a => a.id === session.applicationId)?.state
/** Executors of one application by worker, as the workers say. */
async function placed(session: SparkSession): Promise<{ cores: number; executors: { resources: Record<string, string[]> }[] }[]> {
  const all = await Promise.all(cluster.workers.map(w => w.status()))
  return all.map(({ coresused, executors }) => ({
    cores: coresused,
    executors: executors
      .filter(e => e.appid === session.applicationId)
      .map(e => ({ resources: Object.fromEntries(Object.entries(e.resources).map(([name, r]) => [name, r.addresses])) })),
  }))
}
const counts = async (session: SparkSession) => (await placed(session)).map(p => [p.executors.length, p.cores])

test('named resources: an executor for each gpu, on the worker that has them, and no address twice', async () => {
  const spark = await open({ 'spark.executor.resource.gpu.amount': 1, 'spark.executor.resource.fpga.amount': 1 })
  await eventually('two executors', async () => (await placed(spark))[1]?.executors.length === 2)
  const [without, having] = await placed(spark)
  assert.equal(without, { cores: 0, executors: [] })
  assert.equal(
    having?.executors.map(e => e.resources).sort((a, b) => String(a['gpu']).localeCompare(String(b['gpu']))),
    [
      { gpu: ['0'], fpga: ['a'] },
      { gpu: ['1'], fpga: ['b'] },
    ],
  )
  const entry = (await cluster.leader()).workers.find(w => w.id === cluster.workers[1]?.id)
  assert.equal([entry?.resourcesused['gpu']?.addresses.length, entry?.resourcesfree['fpga']?.addresses], [2, ['c']])
  assert.is(Number(await spark.range(100).count()), 100)
})

test('spark.executor.cores: several executors share a worker; spark.cores.max: never more than that', async () => {
  const spark = await open({ 'spark.executor.cores': 1 })
  await eventually('four executors', async () => JSON.stringify(await counts(spark)) === '[[2,2],[2,2]]')
  await spark.stop()
  const less = await open({ 'spark.executor.cores': 1, 'spark.cores.max': 3 })
  await eventually('three executors', async () => (await cluster.leader()).coresused === 3)
  assert.is(
    (await counts(less)).flatMap(([executors]) => executors ?? 0).reduce((a, b) => a + b),
    3,
  )
})

test('spark.deploy.spreadOut: one core on each worker, or both on one; spark.deploy.defaultCores caps who sets no cap', async () => {
  const wide = await open({ 'spark.executor.cores': 1, 'spark.cores.max': 2 })
  await eventually('one executor on each', async () => JSON.stringify(await counts(wide)) === '[[1,1],[1,1]]')
  await wide.stop()
  const leader = await cluster.leading()
  await cluster.startMaster({ 'spark.deploy.spreadOut': 'false', 'spark.deploy.defaultCores': '1' })
  await leader.stop()
  const dense = await open({ 'spark.executor.cores': 1, 'spark.cores.max': 2 })
  await eventually('two executors', async () => (await cluster.leader()).coresused === 2)
  assert.equal((await counts(dense)).map(([executors]) => executors).sort(), [0, 2])
  await dense.stop()
  const capped = await open({})
  await eventually('it has its core', async () => (await cluster.leader()).coresused === 1)
  assert.is(Number(await capped.range(10).count()), 10)
  assert.is((await cluster.leader()).coresused, 1)
  const before = await cluster.leading()
  await cluster.startMaster()
  await before.stop()
  await cluster.leading()
})

test('applications wait in order of arrival and start when there is room', async () => {
  const first = await open({ 'spark.executor.cores': 1 })
  // Opening waits a while for executors that cannot come.
  const opening = open({ 'spark.executor.cores': 1, 'spark.cores.max': 3 })
  await eventually('the second is known', async () => (await cluster.leader()).activeapps.length === 2)
  const [second, third] = await Promise.all([opening, open({ 'spark.executor.cores': 1 })])
  assert.equal(await Promise.all([first, second, third].map(state)), ['RUNNING', 'WAITING', 'WAITING'])
  const answers = [second, third].map(async s => Number(await s.range(10).count()))
  await first.stop()
  assert.equal(await Promise.all(answers), [10, 10])
  assert.equal(
    [(await counts(second)).map(c => c[0] ?? 0).reduce((a, b) => a + b), (await counts(third)).map(c => c[0] ?? 0).reduce((a, b) => a + b)],
    [3, 1],
  )
})

/** One of two map tasks makes all the data, so that all of it lies with one executor. */
const SKEWED = 'SELECT count(*) AS n FROM (SELECT DISTINCT id FROM range(0, 1600000, 1, 2) WHERE id < 800000)'

for (const [wait, far] of [
  ['60s', false],
  ['0s', true],
] as const) {
  test(`spark.locality.wait=${wait}: tasks ${far ? 'go to any free executor' : 'wait for the host of their data'}`, async () => {
    const spark = await open({
      'spark.executor.cores': 1,
      'spark.cores.max': 2,
      'spark.locality.wait': wait,
      'spark.sql.shuffle.partitions': 4,
      // Small data is nobody's preference: each part must have a mebibyte.
      'spark.shuffle.compress': 'false',
      'spark.sql.adaptive.coalescePartitions.enabled': 'false',
    })
    assert.equal(
      (await spark.sql(SKEWED).collect()).map(r => Number(r['n'])),
      [800_000],
    )
    const log = await eventually('the job is in the log', async () => {
      const events = await eventsOf(cluster, spark.applicationId)
      return events.some(e => e.Event === 'JobEnd') && new TaskLog(events)
    })
    const [mapStage, reduceStage] = [...new Set(log.starts.map(s => s.stageId))].sort((a, b) => a - b)
    const maker = log.starts.find(s => s.stageId === mapStage && s.index === 0)?.executorId
    const reduces = log.starts.filter(s => s.stageId === reduceStage)
    assert.is(reduces.length, 4)
    assert.ok(log.starts.filter(s => s.stageId === mapStage).every(s => s.locality === 'PROCESS_LOCAL'))
    const local = reduces.filter(s => s.locality === 'NODE_LOCAL')
    assert.ok(local.every(s => s.executorId === maker))
    assert.equal(
      reduces.filter(s => s.executorId !== maker).map(s => s.locality),
      far ? reduces.filter(s => s.executorId !== maker).map(() => 'ANY') : [],
    )
    assert.is(local.length === 4, !far)
  })
}

test.run()
