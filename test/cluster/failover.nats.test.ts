/** Masters and nats-server die, or stop for a while, under a job that runs: it is not touched, and nothing is decided twice. */
import type { SparkSession } from 'spk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '#src/core/clock.js'
import { silentLogger } from '#src/core/log.js'
import { LeaseRecord } from '#src/protocol/state.js'
import type { MasterStatus } from '#src/protocol/status.js'
import { LEASE_KEY, subjects } from '#src/protocol/subjects.js'
import { RequestMasterState } from '#src/protocol/submission.js'
import { decodeRecord, decodeReply, encode } from '#src/protocol/wire.js'
import { connectNats, type NatsTransport } from '#src/transport/nats.js'
import { type Cluster, runs, startCluster } from '../support/cluster.js'
import { eventually } from '../support/eventually.js'
import { closeSessions, executorsOf, type HeldJob, heldJob, openSession, type TaskLog } from './held-job.js'
import { measured } from './measured.js'
import { type Heard, listenToOrders } from './orders.js'

const test = suite('cluster/failover')

let cluster: Cluster
let spark: SparkSession
let bus: NatsTransport
let heard: Heard

test.before(async () => {
  cluster = await startCluster({ masters: 2, workers: 2, cores: 1 })
  bus = await connectNats({ servers: cluster.nats.url, name: 'test', log: silentLogger() })
  heard = listenToOrders(bus)
  spark = await openSession(cluster)
})
test.after(async () => {
  await closeSessions()
  await bus?.close()
  await cluster?.stop()
})

/** Why a task goes from an executor that stands still to the other one; `killed` when it had begun before anybody heard of it, and ended after all. */
const moved = ['the executor does not answer', 'a slot is free elsewhere', 'killed']
/**
 * Every task succeeded once, and every start ended. Nothing but success ended one, except where the test itself makes an executor stand still: tasks
 * behind the one it holds, as far as the driver has heard, go to the other executor, which has nothing to do with what died.
 */
function ranOnce(job: HeldJob, log: TaskLog): void {
  assert.equal(succeeded(log).sort(), [...log.attempts().keys()].sort())
  assert.is(log.ends.length, log.starts.length)
  for (const { executorId, end } of log.ends) {
    if (end.reason === 'Success') continue
    assert.is(executorId, job.held.executorId)
    assert.ok(end.reason === 'TaskKilled' && moved.includes(end.killReason), JSON.stringify(end))
  }
}
/** Tasks that succeeded, as `stage/index`, as often as they did. */
function succeeded(log: TaskLog): string[] {
  return log.endedWith('Success').map(e => `${e.stageId}/${e.index}`)
}
/** The executors are those that the application began with. */
function sameExecutors(before: ReadonlyMap<string, { readonly pid: number }>): void {
  const now = executorsOf(cluster, spark.applicationId)
  assert.equal([...now.keys()], [...before.keys()])
  for (const { pid } of now.values()) assert.ok(runs(pid))
}

/** Under which epoch the lease is held. */
async function leaseEpoch(): Promise<number> {
  const entry = await (await bus.bucket(subjects('spk').leaderBucket)).get(LEASE_KEY)
  return entry === undefined ? 0 : decodeRecord(LeaseRecord, entry.value, 'the lease').epoch
}
const live = () => cluster.masters.filter(m => runs(m.pid))
/** What the leader says over the bus; rejects when nobody answers. */
async function masterState(): Promise<MasterStatus> {
  const answer = await bus
    .request(subjects('spk').master(RequestMasterState.name), encode(RequestMasterState, {}), { timeoutMs: 1000 })
    .catch(async (cause: unknown) => {
      const statuses = await Promise.all(live().map(async m => `${m.id} ${(await m.status()).status}`))
      throw new Error(`no answer; nats-server ${runs(cluster.nats.pid) ? 'runs' : 'is gone'}; ${statuses.join(', ')}`, { cause })
    })
  return JSON.parse(decodeReply(RequestMasterState, answer).json) as MasterStatus
}

test('SIGKILL of the leader under a running job: a standby leads, knows everybody, and no task runs again', async () => {
  const executors = executorsOf(cluster, spark.applicationId)
  const job = await heldJob(cluster, spark, 'last')
  const leader = await cluster.leading()
  const oldEpoch = heard.epoch()
  const at = systemClock.monotonic()
  await leader.kill()
  const next = await cluster.leading()
  measured('SIGKILL of the leader → a standby leads', at)
  assert.is.not(next.id, leader.id)
  const status = await next.status()
  assert.equal(status.workers.map(w => [w.id, w.state, w.coresused]).sort(), cluster.workers.map(w => [w.id, 'ALIVE', 1]).sort())
  assert.equal(
    status.activeapps.map(a => [a.id, a.state]),
    [[job.appId, 'RUNNING']],
  )
  assert.not.ok(job.ended())
  job.release()
  await job.answered
  ranOnce(job, await job.log())
  sameExecutors(executors)
  assert.ok(heard.epoch() > oldEpoch)
  assert.equal(heard.launches(job.appId), executors.size)
  await cluster.startMaster()
})

test('SIGSTOP of the leader under a running job until another leads, then SIGCONT: not one order, then it stands by', async () => {
  const executors = executorsOf(cluster, spark.applicationId)
  const job = await heldJob(cluster, spark, 'last')
  const leader = await cluster.leading()
  const oldEpoch = heard.epoch()
  leader.signal('SIGSTOP')
  // What waits for it in its socket would make it launch executors: an application that arrives now.
  const second = openSession(cluster, { 'spark.cores.max': 1 })
  const next = await eventually('another leads', async () => {
    const found = await cluster.leading()
    return found.id !== leader.id && found
  })
  await eventually('it has told everybody', () => heard.epoch() > oldEpoch)
  const mark = heard.all.length
  leader.signal('SIGCONT')
  await eventually('the first stands by', async () => (await leader.status()).status === 'STANDBY')
  job.release()
  await job.answered
  ranOnce(job, await job.log())
  sameExecutors(executors)
  // The workers are full until this one goes; then the new leader gives the orders that the second application waits for.
  await spark.stop()
  const waiting = await second
  await eventually('the second application runs', () => heard.launches(waiting.applicationId) === 1)
  assert.is(Number(await waiting.range(10).count()), 10)
  await waiting.stop()
  assert.is((await next.status()).status, 'ALIVE')
  assert.equal(
    heard.all.slice(mark).filter(h => h.epoch <= oldEpoch),
    [],
  )
  spark = await openSession(cluster)
})

test('nats-server is killed and started again under a running job: it is unharmed, nothing is decided twice', async () => {
  const executors = executorsOf(cluster, spark.applicationId)
  const job = await heldJob(cluster, spark, 'last')
  await cluster.nats.kill()
  await cluster.nats.restart()
  const at = systemClock.monotonic()
  await eventually('the leader answers over the bus', async () => (await masterState()).aliveworkers === 2)
  measured('nats-server listens again → the leader answers over the bus', at)
  job.release()
  await job.answered
  measured('nats-server listens again → the job has its answer', at)
  ranOnce(job, await job.log())
  sameExecutors(executors)
  assert.equal(heard.launches(job.appId), executors.size)
})

for (const [what, how] of [
  ['is away for longer than the lease lives', {}],
  ['comes back without its store', { emptyStore: true }],
] as const) {
  test(`nats-server ${what}: the masters pause, one leads again under a higher epoch, the job is unharmed`, async () => {
    const executors = executorsOf(cluster, spark.applicationId)
    const job = await heldJob(cluster, spark, 'last')
    const epoch = heard.epoch()
    const before = await job.log()
    await cluster.nats.kill()
    await eventually('nobody leads', async () => (await Promise.all(live().map(m => m.status()))).every(s => s.status === 'STANDBY'))
    await cluster.nats.restart(how)
    const at = systemClock.monotonic()
    // A leader that finds an empty store waits for everybody, for the time-out of a worker (10 s) at most.
    await eventually(
      'one leads and knows everybody',
      async () => {
        const status = await masterState()
        return status.status === 'ALIVE' && status.aliveworkers === 2 && status.activeapps.some(a => a.id === job.appId)
      },
      40_000,
    )
    measured(`nats-server ${what}, listens → one leads and knows everybody`, at)
    assert.ok((await leaseEpoch()) > epoch)
    assert.is(heard.launches(job.appId), executors.size)
    job.release()
    await job.answered
    sameExecutors(executors)
    const after = await job.log()
    if (!('emptyStore' in how)) ranOnce(job, after)
    else {
      // A new log knows nothing of what was before it.
      assert.equal([...new Set(succeeded(after))], succeeded(after))
      const waited = new Set(before.open(job.held.executorId).map(s => `${s.stageId}/${s.index}`))
      for (const key of after.attempts().keys()) assert.ok(!before.attempts().has(key) || waited.has(key), `task ${key} ran again`)
    }
  })
}

test.run()
