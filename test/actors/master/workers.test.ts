import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { RunningExecutor } from '#src/protocol/common.js'
import { driverDescription, leading, type Play } from './play.js'
import { GIB, VERSIONS } from './rig.js'

const test = suite('actors/master/workers')

const running = (executorId: string, more: Partial<RunningExecutor> = {}): RunningExecutor => ({
  appId: 'app-1',
  executorId,
  cores: 4,
  memory: GIB,
  resources: {},
  state: 'RUNNING',
  ...more,
})

/** One worker with one running executor of app-1. */
function busy(): Play {
  const p = leading()
  p.registerWorker('w1')
  p.registerApp('app-1')
  return p.executorState('app-1', '0', 'RUNNING')
}

for (const [what, versions, expected] of [
  ['spk', { ...VERSIONS, spk: '0.2.0' }, /spk: the master has 0\.1\.0, the worker 0\.2\.0/],
  ['DuckDB', { ...VERSIONS, duckdb: '1.4.0' }, /DuckDB: the master has 1\.5\.0, the worker 1\.4\.0/],
  ['the protocol', { ...VERSIONS, protocol: 2 }, /the protocol: the master has version 1, the worker version 2/],
  ['all three', { spk: 'x', duckdb: 'y', protocol: 9 }, /spk: .*; DuckDB: .*; the protocol: /],
] as const) {
  test(`a worker with another version of ${what} is refused with both values`, () => {
    const p = leading()
    const answer = p.registerWorker('w1', { versions })
    assert.is(answer.kind, 'refused')
    assert.match(answer.kind === 'refused' ? answer.reason : '', expected)
    assert.is(p.context.cluster.workers.size, 0)
  })
}

test('a registration is answered with the epoch and a quarter of the time-out, and a repeat changes nothing', () => {
  const p = leading()
  const answer = p.registerWorker('w1')
  assert.equal(answer, {
    kind: 'registered',
    masterId: 'master-1',
    epoch: 5,
    uiUrl: 'http://m',
    heartbeatMs: 2500,
    killExecutors: [],
    killDrivers: [],
  })
  const before = [...p.stored]
  assert.equal(p.registerWorker('w1'), answer)
  assert.equal([...p.stored], before)
})

test('a heartbeat of an unknown worker asks it to register', () => {
  assert.is(leading().ask('workerHeartbeat', { workerId: 'w9', executors: [], drivers: [] }).kind, 'reregister')
})

test('a silent worker is DEAD: its executors are LOST, all drivers hear of it, orders to it are dropped', () => {
  const p = busy()
  p.registerApp('app-2')
  const beat = () => {
    for (const appId of ['app-1', 'app-2']) p.ask('applicationHeartbeat', { appId })
  }
  p.wait(10_000, beat)
  assert.is(p.context.cluster.workers.get('w1')?.state, 'ALIVE')
  p.tick(1000)
  assert.is(p.context.cluster.workers.get('w1')?.state, 'DEAD')
  assert.equal(p.news(), ['app-1 0 LOST with its worker', 'app-1 lost w1', 'app-2 lost w1'])
  assert.equal(p.of('dropOrders'), [{ workerId: 'w1' }])
  assert.equal(p.executors(), [])
  assert.is(p.context.cluster.apps.get('app-1')?.failures, 0)
})

test('a worker back from the dead is told to kill what it still runs', () => {
  const p = busy()
  p.wait(11_000, () => p.ask('applicationHeartbeat', { appId: 'app-1' }))
  assert.is(p.ask('workerHeartbeat', { workerId: 'w1', executors: [running('0')], drivers: [] }).kind, 'reregister')
  const answer = p.registerWorker('w1', { executors: [running('0')] })
  assert.equal(answer.kind === 'registered' && answer.killExecutors, [{ appId: 'app-1', executorId: '0' }])
  assert.equal(p.executors(), ['app-1/1 on w1 4 LAUNCHING'])
})

test('a worker is told of the applications that have ended and whose blocks it still holds', () => {
  const p = busy()
  p.registerApp('app-2')
  p.ask('unregisterApplication', { appId: 'app-1', state: 'FINISHED', reason: 'done' })
  p.ask('workerHeartbeat', { workerId: 'w1', executors: [], drivers: [], applications: ['app-1', 'app-2', 'app-forgotten'] })
  assert.equal(
    p.orders('applicationFinished').map(o => o.order.body.appId),
    ['app-1', 'app-forgotten'],
  )
})

test('a long-dead worker is forgotten', () => {
  const p = leading()
  p.registerWorker('w1')
  p.wait(160_000)
  assert.is(p.context.cluster.workers.get('w1')?.state, 'DEAD')
  p.tick(1000)
  assert.is(p.context.cluster.workers.size, 0)
  assert.is(p.stored.size, 0)
})

test('when the master itself stood still, nobody is dead for it', () => {
  const p = busy()
  p.tick(60_000)
  assert.is(p.context.cluster.workers.get('w1')?.state, 'ALIVE')
  assert.is(p.context.cluster.apps.get('app-1')?.state, 'RUNNING')
})

test('a worker at the same place as another has taken its place', () => {
  const p = busy()
  p.registerWorker('w2', { hostId: 'w1', blockUrl: 'http://w1:7000' })
  assert.is(p.context.cluster.workers.get('w1')?.state, 'DEAD')
  assert.equal(p.executors(), ['app-1/1 on w2 4 LAUNCHING'])
})

test('an executor that the master does not know is killed, at registration and at a heartbeat', () => {
  const p = leading()
  const answer = p.registerWorker('w1', { executors: [running('7')] })
  assert.equal(answer.kind === 'registered' && answer.killExecutors, [{ appId: 'app-1', executorId: '7' }])
  p.ask('workerHeartbeat', { workerId: 'w1', executors: [running('7')], drivers: [] })
  assert.equal(
    p.orders('killExecutor').map(o => o.order.body.executorId),
    ['7'],
  )
})

test('an executor known on another worker is a stranger here', () => {
  const p = busy()
  const answer = p.registerWorker('w2', { executors: [running('0')] })
  assert.equal(answer.kind === 'registered' && answer.killExecutors, [{ appId: 'app-1', executorId: '0' }])
  assert.ok(p.executors().includes('app-1/0 on w1 4 RUNNING'))
})

test('an executor that heartbeats no longer list is lost after a while, not before', () => {
  const p = busy()
  const beat = () => {
    p.ask('workerHeartbeat', { workerId: 'w1', executors: [], drivers: [] })
    p.ask('applicationHeartbeat', { appId: 'app-1' })
  }
  p.wait(10_000, beat)
  assert.equal(p.executors(), ['app-1/0 on w1 4 RUNNING'])
  p.ask('workerHeartbeat', { workerId: 'w1', executors: [], drivers: [] })
  assert.equal(p.news()[0], 'app-1 0 LOST')
})

test('one late heartbeat loses nothing', () => {
  const p = busy()
  const beat = (executors: RunningExecutor[]) => {
    p.ask('workerHeartbeat', { workerId: 'w1', executors, drivers: [] })
    p.ask('applicationHeartbeat', { appId: 'app-1' })
  }
  let listed = false
  p.wait(40_000, () => {
    beat(listed ? [running('0')] : [])
    listed = !listed
  })
  assert.equal(p.executors(), ['app-1/0 on w1 4 RUNNING'])
})

test('a worker that takes its leave is gone at once, and so is what it ran', () => {
  const p = busy()
  p.ask('unregisterWorker', { workerId: 'w1', reason: 'shut down' })
  assert.equal(p.news(), ['app-1 0 LOST with its worker', 'app-1 lost w1'])
})

test('drivers of a lost worker: the supervised one goes elsewhere, the other is in ERROR, the killed one stays killed', () => {
  const p = leading()
  p.registerWorker('w1')
  for (const [driverId, supervise] of [
    ['d-sup', true],
    ['d-plain', false],
    ['d-killed', true],
  ] as const) {
    p.ask('requestSubmitDriver', { driverId, description: driverDescription({ supervise }) })
    p.ask('driverStateChanged', { workerId: 'w1', driverId, launch: 1, state: 'RUNNING' })
  }
  p.ask('requestKillDriver', { driverId: 'd-killed' })
  p.registerApp('app-of-sup', { driverId: 'd-sup', executorLimit: 0 })
  p.ask('unregisterWorker', { workerId: 'w1', reason: 'shut down' })
  const states = () => [...p.context.cluster.drivers.values()].map(d => `${d.driverId} ${d.state} ${d.workerId ?? '-'}`)
  assert.equal(states(), ['d-sup RELAUNCHING -', 'd-plain ERROR w1', 'd-killed KILLED w1'])
  assert.is(p.context.cluster.apps.get('app-of-sup')?.state, 'FAILED')
  p.registerWorker('w2')
  assert.equal(
    p.orders('launchDriver').map(o => `${o.order.body.driverId} ${o.workerId}`),
    ['d-sup w2'],
  )
})

test('the old worker of a driver that was launched elsewhere is told to kill it, and its reports count for nothing', () => {
  const p = leading()
  p.registerWorker('w1')
  p.ask('requestSubmitDriver', { driverId: 'd1', description: driverDescription({ supervise: true }) })
  p.ask('driverStateChanged', { workerId: 'w1', driverId: 'd1', launch: 1, state: 'RUNNING' })
  p.registerWorker('w2')
  p.wait(11_000, () => p.ask('workerHeartbeat', { workerId: 'w2', executors: [], drivers: [] }))
  assert.is(p.context.cluster.drivers.get('d1')?.workerId, 'w2')
  const old = { driverId: 'd1', launch: 1, cores: 1, memory: GIB, resources: {}, state: 'RUNNING' } as const
  const answer = p.registerWorker('w1', { drivers: [old] })
  assert.equal(answer.kind === 'registered' && answer.killDrivers, [{ driverId: 'd1', launch: 1 }])
  p.ask('driverStateChanged', { workerId: 'w1', driverId: 'd1', launch: 1, state: 'KILLED' })
  assert.is(p.context.cluster.drivers.get('d1')?.state, 'RELAUNCHING')
})

test('a supervised driver goes to the worker again that was given up and has come back; the end of its earlier launch is not its end', () => {
  const p = leading()
  p.registerWorker('w1')
  p.ask('requestSubmitDriver', { driverId: 'd1', description: driverDescription({ supervise: true }) })
  p.ask('driverStateChanged', { workerId: 'w1', driverId: 'd1', launch: 1, state: 'RUNNING' })
  p.wait(11_000, () => undefined)
  const driver = () => p.context.cluster.drivers.get('d1')
  assert.equal([driver()?.state, driver()?.workerId], ['RELAUNCHING', undefined])
  const first = { driverId: 'd1', launch: 1, cores: 1, memory: GIB, resources: {}, state: 'RUNNING' } as const
  const answer = p.registerWorker('w1', { drivers: [first] })
  assert.equal(answer.kind === 'registered' && answer.killDrivers, [{ driverId: 'd1', launch: 1 }])
  assert.equal([driver()?.workerId, driver()?.launch], ['w1', 2])
  p.ask('driverStateChanged', { workerId: 'w1', driverId: 'd1', launch: 1, state: 'KILLED' })
  assert.is(driver()?.state, 'RELAUNCHING')
  p.ask('driverStateChanged', { workerId: 'w1', driverId: 'd1', launch: 2, state: 'RUNNING' })
  assert.is(driver()?.state, 'RUNNING')
})

test.run()
