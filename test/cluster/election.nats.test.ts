/** Masters as processes, with workers and drivers that only answer and remember: who leads, under which epoch, and what is known of the cluster then. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { news, orders } from '#src/actors/master/messages.js'
import { ownVersions } from '#src/bin/versions.js'
import { systemClock } from '#src/core/clock.js'
import type { AppId, WorkerId } from '#src/core/ids.js'
import { silentLogger } from '#src/core/log.js'
import { ApplicationHeartbeat, RegisterApplication } from '#src/protocol/application.js'
import { LeaseRecord } from '#src/protocol/state.js'
import type { MasterStatus } from '#src/protocol/status.js'
import { LEASE_KEY, subjects } from '#src/protocol/subjects.js'
import { RequestSubmitDriver } from '#src/protocol/submission.js'
import { decode, decodeRecord, decodeReply, encode, encodeReply, type Message, type Static, type TSchema } from '#src/protocol/wire.js'
import { RegisterWorker, WorkerHeartbeat } from '#src/protocol/worker-registration.js'
import { connectNats, type NatsTransport } from '#src/transport/nats.js'
import { driverDescription, worker } from '../actors/master/play.js'
import { description } from '../actors/master/rig.js'
import { type Cluster, type ClusterNode, startCluster } from '../support/cluster.js'
import { eventually } from '../support/eventually.js'
import { measured } from './measured.js'

const test = suite('cluster/election')
const names = subjects('spk')

let cluster: Cluster
let transport: NatsTransport
/** What reached workers and drivers: kind and epoch, in order. */
let heard: { readonly kind: string; readonly epoch: number }[] = []

test.before.each(async () => {
  cluster = await startCluster({ masters: 0, workers: 0 })
  transport = await connectNats({ servers: cluster.nats.url, name: 'test', log: silentLogger() })
  heard = []
})
test.after.each(async () => {
  await transport.close()
  await cluster.stop()
})

type MasterProcess = ClusterNode<MasterStatus>
const start = (conf: Record<string, string> = {}): Promise<MasterProcess> => cluster.startMaster(conf)

/** Resolves with its status once the master leads. */
function leads(m: MasterProcess) {
  return eventually(`${m.id} leads`, async () => {
    const status = await m.status()
    return status.status === 'ALIVE' ? status : undefined
  })
}

async function ask<S extends TSchema, R extends TSchema>(type: Message<S, R>, body: Static<S>, timeoutMs = 2000): Promise<Static<R>> {
  return decodeReply(type, await transport.request(names.master(type.name), encode(type, body), { timeoutMs }))
}

/** Hears all of a conversation's messages, notes their epochs, and acknowledges. */
function obey(types: Readonly<Record<string, Message>>, subject: (type: Message) => string, answer: unknown, then: (kind: string) => void): void {
  for (const type of Object.values(types)) {
    transport.subscribe(subject(type), message => {
      heard.push({ kind: type.name, epoch: (decode(type, message.data) as { epoch: number }).epoch })
      message.respond(encodeReply(type, answer as never))
      then(type.name)
    })
  }
}

/** A worker that accepts every order, and comes back to a new leader. */
async function startWorker(id: string): Promise<void> {
  const register = () => ask(RegisterWorker, { ...worker(id), versions: ownVersions() })
  obey(
    orders,
    type => names.worker(id as WorkerId, type.name),
    { kind: 'accepted' },
    kind => {
      if (kind === 'masterChanged') register().catch(() => undefined)
    },
  )
  await register()
}

/** A driver that takes notice of everything, and comes back to a new leader. */
async function startApp(appId: string): Promise<void> {
  const register = () => ask(RegisterApplication, { description: description(appId, { coresMax: 1 }), executors: [] })
  obey(
    news,
    type => names.driver(appId as AppId, type.name),
    {},
    kind => {
      if (kind === 'driverMasterChanged') register().catch(() => undefined)
    },
  )
  await register()
}

const launches = () => heard.filter(h => h.kind === 'launchExecutor' || h.kind === 'launchDriver').length

test('SIGKILL of the leader: a standby leads and knows every worker and application', async () => {
  const first = await start()
  await leads(first)
  const second = await start()
  await startWorker('w1')
  await startApp('app-1')
  await eventually('an executor is ordered', () => launches() === 1)
  const before = systemClock.monotonic()
  await first.kill()
  const status = await leads(second)
  measured('SIGKILL of the leader → a standby leads', before)
  assert.equal([status.workers.map(w => `${w.id} ${w.state}`), status.activeapps.map(a => a.id)], [['w1 ALIVE'], ['app-1']])
  assert.ok(heard.some(h => h.kind === 'masterChanged' && h.epoch > 1))
})

test('SIGSTOP of the leader until another leads, then SIGCONT: it gives not one order', async () => {
  const conf = { 'spk.master.leaseTtl': '600ms' }
  const first = await start(conf)
  await leads(first)
  const second = await start(conf)
  await startWorker('w1')
  await startApp('app-1')
  await eventually('an executor is ordered', () => launches() === 1)
  first.signal('SIGSTOP')
  // Still subscribed, it will find these when it wakes; each would make it answer and give orders.
  const tempting = Array.from({ length: 20 }, (_, i) =>
    ask(RequestSubmitDriver, { driverId: `d-${i}`, description: driverDescription() }, 1000).catch(() => undefined),
  )
  await leads(second)
  await Promise.all(tempting)
  await eventually('the second leader has told everybody', () => heard.filter(h => h.kind === 'masterChanged').length > 0)
  const oldEpoch = Math.min(...heard.map(h => h.epoch))
  const mark = heard.length
  first.signal('SIGCONT')
  await eventually('the first stands by', async () => (await first.status()).status === 'STANDBY')
  // The second goes on meanwhile, so that whatever the first had sent would have arrived before this answer.
  await ask(RequestSubmitDriver, { driverId: 'd-last', description: driverDescription() })
  await eventually('the second gives orders', () => heard.slice(mark).some(h => h.kind === 'launchDriver'))
  assert.equal(
    heard.slice(mark).filter(h => h.epoch <= oldEpoch),
    [],
  )
})

test('nats-server is killed and started again: the same leader goes on, or one under a new epoch, with everything known', async () => {
  const first = await start()
  await leads(first)
  await startWorker('w1')
  await startApp('app-1')
  await eventually('an executor is ordered', () => launches() === 1)
  await cluster.nats.restart()
  await eventually('the worker is known', async () => (await ask(WorkerHeartbeat, { workerId: 'w1', executors: [], drivers: [] })).kind === 'ok')
  await eventually('the application is known', async () => (await ask(ApplicationHeartbeat, { appId: 'app-1' })).kind === 'ok')
  assert.is(launches(), 1)
})

test('nats-server loses its store: the leader goes on under a higher epoch and writes its records again', async () => {
  const first = await start({ 'spk.master.leaseTtl': '600ms' })
  await leads(first)
  await startWorker('w1')
  await startApp('app-1')
  await eventually('an executor is ordered', () => launches() === 1)
  // Revisions of a new store begin at 1: its first must not be taken for a new epoch.
  const epoch = Math.max(...heard.map(h => h.epoch))
  await cluster.nats.restart({ emptyStore: true })
  await eventually('a new term', () => heard.some(h => h.kind === 'masterChanged' && h.epoch > epoch))
  await leads(first)
  await eventually('records are back', async () => {
    const entries = await (await transport.bucket(names.stateBucket)).entries()
    return ['worker.w1', 'app.app-1'].every(key => entries.some(e => e.key === key))
  })
})

test('a master with another leaseTtl goes by that of the cluster, says so, and takes over in its time', async () => {
  const first = await start({ 'spk.master.leaseTtl': '600ms' })
  await leads(first)
  const second = await start({ 'spk.master.leaseTtl': '60s' })
  const lease = async () => {
    const entry = await (await transport.bucket(names.leaderBucket)).get(LEASE_KEY)
    return entry === undefined ? undefined : decodeRecord(LeaseRecord, entry.value, 'lease')
  }
  assert.equal([(await lease())?.ttlMs, await (await transport.bucket(names.leaderBucket)).ttlMs()], [600, 600])
  await first.kill()
  // Within the time a test waits: a minute would be too long.
  await leads(second)
  assert.is((await lease())?.ttlMs, 600)
  assert.match(
    second
      .records()
      .map(r => r['msg'])
      .join(),
    /spk\.master\.leaseTtl is 60000 ms here and has no effect/,
  )
})

test('SIGTERM: the leader hands over and ends with code 0', async () => {
  const first = await start()
  await leads(first)
  const second = await start()
  assert.is(await first.stop(), 0)
  await leads(second)
})

test.run()
