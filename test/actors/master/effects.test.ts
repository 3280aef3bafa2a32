import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { MasterHandle } from '#src/actors/master/start-master.js'
import { SpkError } from '#src/core/errors.js'
import { ApplicationHeartbeat, UnregisterApplication } from '#src/protocol/application.js'
import { RequestMasterState, RequestSubmitDriver } from '#src/protocol/submission.js'
import { driverDescription } from './play.js'
import { type FakeDriver, type FakeWorker, fakeDriver, fakeWorker, type Rig, rig } from './rig.js'

const test = suite('actors/master/effects')

interface Busy extends Rig {
  readonly m1: MasterHandle
  readonly m2: MasterHandle
  readonly worker: FakeWorker
  readonly driver: FakeDriver
}

/** Two masters, the first leads; a worker with an executor of app-1. */
async function busy(): Promise<Busy> {
  const r = rig()
  const m1 = r.master('m1')
  await r.clock.advance(10)
  const m2 = r.master('m2')
  const worker = fakeWorker(r, 'w1')
  const driver = fakeDriver(r, 'app-1', { coresMax: 4 })
  await worker.register()
  await driver.register()
  worker.live()
  driver.live()
  await r.clock.advance(10_000)
  assert.equal([m1.phase(), m2.phase()], ['leading', 'standby'])
  assert.equal(worker.heard, ['launch app-1/0 cores 4 epoch 1'])
  assert.equal(driver.heard, ['added 0 on w1 cores 4', '0 RUNNING'])
  return { ...r, m1, m2, worker, driver }
}

async function refused(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'answered'
  } catch (error) {
    return error instanceof SpkError ? error.code : String(error)
  }
}

test('one leads and keeps the lease, however long; the others only watch', async () => {
  const r = rig()
  const masters = ['m1', 'm2', 'm3'].map(name => r.master(name))
  await r.clock.advance(60_000)
  assert.equal(
    masters.map(m => m.phase()),
    ['leading', 'standby', 'standby'],
  )
  assert.is(masters[1]?.state().leader?.masterId, masters[0]?.masterId)
})

test('a standby never answers', async () => {
  const { m1, ask, clock } = await busy()
  assert.is(JSON.parse((await ask(RequestMasterState, {})).json).status, 'ALIVE')
  m1.abandon()
  assert.is(await refused(ask(RequestMasterState, {})), 'SPK_NO_RESPONDERS')
  await clock.advance(5000)
  assert.is(JSON.parse((await ask(RequestMasterState, {})).json).status, 'ALIVE')
})

test('the leader dies: a standby knows all and disturbs nothing', async () => {
  const { m1, m2, worker, driver, clock } = await busy()
  m1.abandon()
  await clock.advance(3500)
  assert.is(m2.phase(), 'leading')
  assert.ok(m2.state().epoch > 1)
  assert.equal(worker.heard.slice(1), [`master changed epoch ${m2.state().epoch}`])
  assert.equal(driver.heard.slice(2), [`master ${m2.state().epoch}`])
  assert.equal(
    [...m2.state().cluster.executors.values()].map(e => e.state),
    ['RUNNING'],
  )
  await clock.advance(60_000)
  assert.is(worker.heard.length, 2)
})

test('a leader that stops on purpose hands over at once', async () => {
  const { m1, m2, clock } = await busy()
  const stopping = m1.stop()
  await clock.advance(300)
  await stopping
  assert.equal([m1.phase(), m2.phase()], ['stopped', 'leading'])
})

test('a leader that was paused beyond its lease gives not one order, answers nothing and writes nothing', async () => {
  const { m1, m2, worker, driver, clock, net, ask } = await busy()
  net.pause('m1')
  // The paused leader will read these when it goes on; they ask for answers, writes and orders.
  const asked = [
    refused(ask(RequestMasterState, {})),
    refused(ask(RequestSubmitDriver, { driverId: 'd1', description: driverDescription() })),
    refused(ask(UnregisterApplication, { appId: 'app-1', state: 'FINISHED', reason: 'done' })),
  ]
  await clock.advance(10_000)
  assert.equal(await Promise.all(asked), ['SPK_REQUEST_TIMEOUT', 'SPK_REQUEST_TIMEOUT', 'SPK_REQUEST_TIMEOUT'])
  assert.is(m2.phase(), 'leading')
  const heard = worker.heard.length
  net.sent.length = 0
  await net.resume('m1')
  await clock.advance(5000)
  assert.equal([m1.phase(), m2.phase()], ['standby', 'leading'])
  const sent = new Set(net.sent.filter(line => line.startsWith('m1 ')))
  assert.equal([...sent], ['m1 store get spk_leader/lease'])
  assert.equal(worker.heard.slice(heard), [])
  assert.ok(driver.executors.has('0'))
})

test('a leader that cannot reach the bus pauses, and leads again under a new epoch when it can', async () => {
  const { m1, m2, worker, driver, clock, net } = await busy()
  m2.abandon()
  net.lose = /./
  await clock.advance(2500)
  assert.not.equal(m1.phase(), 'leading')
  await clock.advance(20_000)
  assert.is(m1.state().epoch, 0)
  net.lose = undefined
  await clock.advance(4000)
  assert.is(m1.phase(), 'leading')
  assert.ok(m1.state().epoch > 1)
  assert.equal(
    [...m1.state().cluster.workers.values()].map(w => w.state),
    ['ALIVE'],
  )
  assert.equal(worker.heard.slice(1), [`master changed epoch ${m1.state().epoch}`])
  assert.ok(driver.executors.has('0'))
})

test('nothing is ordered and nothing promised before it is stored', async () => {
  const r = await busy()
  const { clock, net, ask, state } = r
  const roomy = fakeWorker(r, 'w2')
  await roomy.register()
  net.lose = /spk_state/
  let answered = false
  const submitted = ask(RequestSubmitDriver, { driverId: 'd1', description: driverDescription() }).then(() => {
    answered = true
  })
  await clock.advance(1000)
  assert.not(answered)
  assert.equal(roomy.heard, [])
  net.lose = undefined
  await clock.advance(1000)
  await submitted
  assert.equal(roomy.heard, ['launch d1 epoch 1'])
  assert.ok('driver.d1' in (await state()))
})

test('an order is repeated until it is acknowledged, and the worker has it once', async () => {
  const r = rig()
  const m1 = r.master('m1')
  await r.clock.advance(10)
  const worker = fakeWorker(r, 'w1')
  const driver = fakeDriver(r, 'app-1')
  let deaf = 3
  worker.answer = () => (deaf-- > 0 ? undefined : { kind: 'accepted' })
  await worker.register()
  await driver.register()
  worker.live()
  driver.live()
  await r.clock.advance(6000)
  assert.is(worker.heard.length, 4)
  assert.equal(new Set(worker.heard).size, 1)
  assert.equal([...m1.state().cluster.executors.keys()], ['app-1/0'])
})

test('orders to a worker that is DEAD stop', async () => {
  const r = rig()
  r.master('m1')
  await r.clock.advance(10)
  const worker = fakeWorker(r, 'w1')
  const driver = fakeDriver(r, 'app-1')
  worker.answer = () => undefined
  await worker.register()
  await driver.register()
  driver.live()
  await r.clock.advance(12_000)
  const heard = worker.heard.length
  assert.ok(heard > 3)
  assert.equal(driver.heard, ['added 0 on w1 cores 4', '0 LOST with its worker', 'worker w1 removed'])
  await r.clock.advance(30_000)
  assert.is(worker.heard.length, heard)
})

test('a worker that has seen a newer epoch ends the term; the next epoch is above it', async () => {
  const r = rig()
  const m1 = r.master('m1')
  await r.clock.advance(10)
  const worker = fakeWorker(r, 'w1')
  const driver = fakeDriver(r, 'app-1')
  worker.answer = (_kind, epoch) => (epoch <= 500 ? { kind: 'stale', epoch: 500 } : { kind: 'accepted' })
  await worker.register()
  worker.live()
  await driver.register()
  driver.live()
  await r.clock.advance(20_000)
  assert.is(m1.phase(), 'leading')
  assert.is(m1.state().epoch, 501)
  assert.equal(worker.heard, ['launch app-1/0 cores 4 epoch 1', 'master changed epoch 501', 'launch app-1/1 cores 4 epoch 501'])
})

test('an invented epoch that nobody can have heard of changes nothing; many believable ones hold a few elections, not one each', async () => {
  const r = rig()
  const m1 = r.master('m1')
  await r.clock.advance(10)
  const beat = (seen: number) => r.ask(ApplicationHeartbeat, { appId: 'app-1', seenEpoch: seen }).catch(() => undefined)
  assert.is((await beat(Number.MAX_SAFE_INTEGER))?.kind, 'reregister')
  assert.equal([m1.phase(), m1.state().epoch], ['leading', 1])
  const terms = new Set([m1.state().epoch])
  for (let i = 0; i < 30; i++) {
    void beat(m1.state().epoch + 10)
    await r.clock.advance(100)
    terms.add(m1.state().epoch)
  }
  // None, the one it began with, and eight more.
  assert.equal([m1.phase(), terms.size], ['leading', 10])
  assert.is((await beat(m1.state().epoch + 10))?.kind, 'reregister')
})

test('the whole store is lost: the same executors go on, the records come back, epochs do not fall', async () => {
  const { bus, m1, m2, worker, clock, state } = await busy()
  const before = Object.keys(await state()).sort()
  bus.loseStore()
  await clock.advance(15_000)
  const leader = [m1, m2].find(m => m.phase() === 'leading')
  assert.ok((leader?.state().epoch ?? 0) > 1)
  assert.equal(
    [...(leader?.state().cluster.executors.values() ?? [])].map(e => `${e.executorId} ${e.state}`),
    ['0 RUNNING'],
  )
  assert.equal(Object.keys(await state()).sort(), before)
  assert.equal(
    worker.heard.filter(h => !h.startsWith('master changed')),
    ['launch app-1/0 cores 4 epoch 1'],
  )
})

test('the state bucket alone is lost: the leader fills it again', async () => {
  const { clock, state, bus, m1 } = await busy()
  const before = await state()
  const bucket = await bus.connect('operator').bucket('spk_state')
  for (const key of Object.keys(before)) await bucket.delete(key)
  await clock.advance(31_000)
  assert.equal(await state(), before)
  assert.is(m1.phase(), 'leading')
})

test('a request that does not validate is refused, and the master goes on', async () => {
  const { bus, m1, clock } = await busy()
  const client = bus.connect('stranger')
  for (const subject of ['spk.master.registerWorker', 'spk.master.noSuchThing', 'spk.master.toString']) {
    const reply = client.request(subject, new Uint8Array([1, 2, 3]), { timeoutMs: 1000 })
    await clock.advance(10)
    assert.ok((await reply).length > 0)
  }
  assert.is(m1.phase(), 'leading')
})

test('a crashed master leaves no timer', async () => {
  const r = rig()
  const m1 = r.master('m1')
  await r.clock.advance(5000)
  m1.abandon()
  assert.is(r.clock.pending(), 0)
})

test.run()
