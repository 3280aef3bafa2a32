import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { allAnswered } from '#src/actors/master/recovery.js'
import type { RunningExecutor } from '#src/protocol/common.js'
import { complete, driverDescription, lead, leading, type Play, Play as Playing, standby, successor } from './play.js'
import { GIB } from './rig.js'

const test = suite('actors/master/recovery')

const reported = (appId: string, executorId: string, cores = 4): RunningExecutor => ({
  appId,
  executorId,
  cores,
  memory: GIB,
  resources: {},
  state: 'RUNNING',
})

/** Two workers with an executor of app-1 each, running; app-2 waits. */
function before(): Play {
  const p = leading()
  p.registerWorker('w1')
  p.registerWorker('w2')
  p.registerApp('app-1', { executorCores: 4 })
  p.registerApp('app-2')
  return p.executorState('app-1', '0', 'RUNNING').executorState('app-1', '1', 'RUNNING')
}
const states = (p: Play) => [...p.context.cluster.workers.values()].map(w => w.state)

test('the new leader knows everybody, takes nobody for alive, and introduces itself', () => {
  const p = successor(before())
  assert.equal(states(p), ['UNKNOWN', 'UNKNOWN'])
  assert.equal(
    [...p.context.cluster.apps.values()].map(a => a.state),
    ['UNKNOWN', 'UNKNOWN'],
  )
  assert.equal(
    p.of('order').map(o => `${o.workerId} ${o.order.kind}`),
    ['w1 masterChanged', 'w2 masterChanged'],
  )
  assert.equal(p.news(), ['app-1 master changed', 'app-2 master changed'])
  assert.is(p.context.status, 'RECOVERING')
})

test('when all come back nothing is lost, nothing new is launched before, and the queue goes on', () => {
  const p = successor(before())
  p.registerApp('app-1', {}, ['0', '1'])
  p.registerWorker('w1', { executors: [reported('app-1', '0')] })
  p.registerWorker('w2', { executors: [reported('app-1', '1')] })
  p.registerApp('app-2')
  complete(p)
  assert.equal(p.news(), [])
  assert.equal(p.executors(), ['app-1/0 on w1 4 RUNNING', 'app-1/1 on w2 4 RUNNING'])
  lead(p)
  p.ask('unregisterApplication', { appId: 'app-1', state: 'FINISHED', reason: 'done' })
  p.executorState('app-1', '0', 'KILLED')
  assert.ok(p.executors().includes('app-2/0 on w1 4 LAUNCHING'), 'app-2 is still known')
})

test('no secret of an application is in the store; its driver brings them to the next leader', () => {
  const old = leading()
  const secrets = { token: 'block-token', conf: { 'spark.x.password': 'hush', 'spark.app.name': 'report' } }
  old.registerApp('app-1', { ...secrets, executorLimit: 1 })
  old.ask('requestExecutors', { appId: 'app-1', total: 3 })
  const text = JSON.stringify([...old.stored.values()])
  assert.not(/block-token|hush/.test(text), text)
  assert.ok(text.includes('report'))
  const p = successor(old)
  p.registerApp('app-1', { ...secrets, executorLimit: 1 })
  p.registerWorker('w1')
  lead(complete(p))
  const launch = p.orders('launchExecutor')[0]?.order.body
  assert.equal([launch?.token, launch?.conf], ['block-token', secrets.conf])
  assert.is(p.context.cluster.apps.get('app-1')?.description.executorLimit, 3)
})

test('numbers of executors are never used again', () => {
  const old = before()
  old.executorState('app-1', '1', 'EXITED', 0)
  assert.ok(old.executors().includes('app-1/2 on w2 4 LAUNCHING'))
  const p = successor(old)
  p.registerWorker('w1', { executors: [reported('app-1', '0')] })
  p.registerWorker('w2', {})
  p.registerApp('app-1', {}, ['0'])
  p.registerApp('app-2')
  lead(complete(p))
  assert.equal(p.executors(), ['app-1/0 on w1 4 RUNNING', 'app-1/3 on w2 4 LAUNCHING'])
})

test('a silent worker is DEAD with what it ran, a silent driver’s application FAILED, an executor nobody reports LOST', () => {
  const p = successor(before())
  p.registerWorker('w1', {})
  p.registerApp('app-1', {}, ['0', '1'])
  complete(p)
  assert.equal(states(p), ['ALIVE', 'DEAD'])
  assert.is(p.context.cluster.apps.get('app-2')?.state, 'FAILED')
  assert.equal(p.executors(), [])
  assert.equal(
    p.news().filter(n => n.startsWith('app-1')),
    ['app-1 1 LOST with its worker', 'app-1 lost w2', 'app-1 0 LOST'],
  )
})

test('the driver learns at the end of the recovery which executors it has', () => {
  const p = successor(before())
  p.registerApp('app-1', {}, ['0', '7'])
  assert.equal(p.news(), [], 'not before')
  p.registerWorker('w1', { executors: [reported('app-1', '0')] })
  p.registerWorker('w2', { executors: [reported('app-1', '1')] })
  complete(p)
  assert.equal(
    p.news().filter(n => n.startsWith('app-1')),
    ['app-1 added 1', 'app-1 7 LOST'],
  )
})

test('what a worker runs without a record is killed', () => {
  const p = successor(before())
  const answer = p.registerWorker('w1', { executors: [reported('app-1', '0'), reported('app-1', '9')] })
  assert.equal(answer.kind === 'registered' && answer.killExecutors, [{ appId: 'app-1', executorId: '9' }])
})

test('executors of an application that has ended are killed again, and hold their cores until they are gone', () => {
  const old = before()
  old.ask('unregisterApplication', { appId: 'app-1', state: 'FINISHED', reason: 'done' })
  const p = successor(old)
  p.registerApp('app-2')
  const answer = p.registerWorker('w1', { executors: [reported('app-1', '0')] })
  assert.equal(answer.kind === 'registered' && answer.killExecutors, [{ appId: 'app-1', executorId: '0' }])
  p.registerWorker('w2', {})
  lead(complete(p))
  assert.equal(p.executors(), ['app-1/0 on w1 4 KILLED', 'app-2/0 on w2 4 LAUNCHING'])
})

test('a new worker and a new application may register during the recovery', () => {
  const p = successor(before())
  assert.is(p.registerWorker('w3').kind, 'registered')
  assert.is(p.registerApp('app-3').kind, 'registered')
  assert.equal(p.orders('launchExecutor'), [])
  lead(complete(p))
  assert.ok(p.executors().some(e => e.startsWith('app-3/0 on w3')))
})

test('drivers: one that runs goes on; one never seen is launched anew; one lost is relaunched when supervised, else in ERROR', () => {
  const old = leading()
  old.registerWorker('w1', { cores: 8 })
  for (const [driverId, supervise] of [
    ['d-runs', false],
    ['d-unseen', false],
    ['d-sup', true],
    ['d-plain', false],
  ] as const) {
    old.ask('requestSubmitDriver', { driverId, description: driverDescription({ supervise }) })
    if (driverId !== 'd-unseen') old.ask('driverStateChanged', { workerId: 'w1', driverId, launch: 1, state: 'RUNNING' })
  }
  old.ask('requestSubmitDriver', { driverId: 'd-waits', description: driverDescription({ cores: 64 }) })
  const p = successor(old)
  p.registerWorker('w1', { cores: 8, drivers: [{ driverId: 'd-runs', launch: 1, cores: 1, memory: GIB, resources: {}, state: 'RUNNING' }] })
  complete(p)
  assert.equal(
    [...p.context.cluster.drivers.values()].map(d => `${d.driverId} ${d.state} ${d.workerId ?? '-'}`),
    ['d-runs RUNNING w1', 'd-unseen SUBMITTED -', 'd-sup RELAUNCHING -', 'd-plain ERROR w1', 'd-waits SUBMITTED -'],
  )
})

test('a driver whose kill was asked for is killed by the next leader', () => {
  const old = leading()
  old.registerWorker('w1')
  old.ask('requestSubmitDriver', { driverId: 'd1', description: driverDescription({ supervise: true }) })
  old.ask('requestKillDriver', { driverId: 'd1' })
  const p = successor(old)
  const answer = p.registerWorker('w1', { drivers: [{ driverId: 'd1', launch: 1, cores: 1, memory: GIB, resources: {}, state: 'RUNNING' }] })
  assert.equal(answer.kind === 'registered' && answer.killDrivers, [{ driverId: 'd1', launch: 1 }])
  complete(p)
  p.ask('driverStateChanged', { workerId: 'w1', driverId: 'd1', launch: 1, state: 'KILLED' })
  assert.is(p.context.cluster.drivers.get('d1')?.state, 'KILLED')
})

test('every record is written anew, under the new epoch', () => {
  const p = successor(before())
  p.registerWorker('w1', { executors: [reported('app-1', '0')] })
  p.registerApp('app-1', {}, ['0'])
  complete(p)
  const written = new Set(p.of('store').map(s => s.key))
  for (const [key, state] of p.stored) {
    assert.ok(written.has(key), key)
    assert.is(state.record.epoch, 9)
  }
})

/** A leader that finds an empty store, and remembers nothing. */
function amnesiac(): Play {
  const p = new Playing(standby())
  p.event({ type: 'leaseTaken', epoch: 9, ttlMs: 3000, sentAt: p.at, at: p.at, records: [] })
  return lead(complete(p))
}

test('a lost store is rebuilt from what registers, the executor before its application or after it', () => {
  const p = amnesiac()
  const first = p.registerWorker('w1', { executors: [reported('app-1', '0')] })
  assert.equal(first.kind === 'registered' && first.killExecutors, [])
  p.registerApp('app-1', { executorCores: 4 }, ['0', '3'])
  p.registerApp('app-2')
  const second = p.registerWorker('w2', { executors: [reported('app-1', '3')] })
  assert.equal(second.kind === 'registered' && second.killExecutors, [])
  assert.equal(p.executors(), ['app-1/0 on w1 4 RUNNING', 'app-1/3 on w2 4 RUNNING'])
  assert.equal(p.news(), [])
  assert.is(p.context.cluster.apps.get('app-1')?.nextExecutor, 4)
  assert.equal([...p.stored.keys()].sort(), ['app.app-1', 'app.app-2', 'executor.app-1.0', 'executor.app-1.3', 'worker.w1', 'worker.w2'])
})

test('once the time of rebuilding is over, strangers are killed, and executors whose application did not come too', () => {
  const p = amnesiac()
  p.registerWorker('w1', { executors: [reported('app-1', '0', 2)] })
  p.registerApp('app-2', {}, ['5'])
  const beat = () => {
    p.ask('workerHeartbeat', { workerId: 'w1', executors: [reported('app-1', '0', 2)], drivers: [] })
    p.ask('applicationHeartbeat', { appId: 'app-2' })
  }
  p.wait(9000, beat)
  assert.equal(p.executors(), ['app-1/0 on w1 2 RUNNING'], 'an application that claims executors gets no others yet')
  beat()
  p.tick(1000)
  assert.ok(p.news().includes('app-2 5 LOST'))
  assert.equal(
    p.orders('killExecutor').map(o => o.order.body),
    [{ appId: 'app-1', executorId: '0', reason: 'nobody knows its application' }],
  )
  const late = p.registerWorker('w2', { executors: [reported('app-9', '0')] })
  assert.equal(late.kind === 'registered' && late.killExecutors, [{ appId: 'app-9', executorId: '0' }])
})

test('a driver of a lost store is listed, with what its worker says of it', () => {
  const p = amnesiac()
  const driver = { driverId: 'd1', launch: 1, cores: 1, memory: GIB, resources: {}, state: 'RUNNING' } as const
  p.registerWorker('w1', { drivers: [{ ...driver, description: driverDescription({ supervise: true, name: 'nightly' }) }] })
  assert.is(p.context.cluster.drivers.get('d1')?.description.name, 'nightly')
  p.ask('unregisterWorker', { workerId: 'w1', reason: 'gone' })
  assert.is(p.context.cluster.drivers.get('d1')?.state, 'RELAUNCHING')
})

test('a master that led before and finds the store lost goes on from what it remembers', () => {
  const p = before()
  p.event({ type: 'leaseLost', epoch: 5, reason: 'the lease is gone' })
  assert.is(p.context.status, 'STANDBY')
  p.event({ type: 'leaseTaken', epoch: 6, ttlMs: 3000, sentAt: p.at, at: p.at, records: [] })
  assert.equal(states(p), ['UNKNOWN', 'UNKNOWN'])
  p.stored.clear()
  p.registerWorker('w1', { executors: [reported('app-1', '0')] })
  p.registerWorker('w2', { executors: [reported('app-1', '1')] })
  p.registerApp('app-1', {}, ['0', '1'])
  p.registerApp('app-2')
  complete(p)
  assert.equal([...p.stored.keys()].sort(), ['app.app-1', 'app.app-2', 'executor.app-1.0', 'executor.app-1.1', 'worker.w1', 'worker.w2'])
})

test('what it remembers is forgotten once another has led: a lost store is rebuilt from what registers, without waiting for what ended meanwhile', () => {
  const p = before()
  p.event({ type: 'leaseLost', epoch: 5, reason: 'the lease is gone' })
  const by = { v: 1, masterId: 'master-2', host: 'h', epoch: 0, since: 0, ui: 'u', nonce: 'n' }
  p.event({ type: 'leaseHeld', by })
  assert.is(p.context.cluster.apps.size, 2, 'a lease that is not confirmed yet has led nobody')
  p.event({ type: 'leaseHeld', by: { ...by, epoch: 6 } })
  p.event({ type: 'leaseTaken', epoch: 8, ttlMs: 3000, sentAt: p.at, at: p.at, records: [] })
  assert.equal(states(p), [])
  assert.ok(allAnswered(p.context.cluster))
})

test.run()
