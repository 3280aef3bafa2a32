import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { driverDescription, leading, type Play } from './play.js'
import { GIB } from './rig.js'

const test = suite('actors/master/drivers')

function submitted(more: Parameters<typeof driverDescription>[0] = {}): Play {
  const p = leading()
  p.registerWorker('w1', { resources: { gpu: ['0'] } })
  p.ask('requestSubmitDriver', { driverId: 'd1', description: driverDescription(more) })
  return p
}
const driver = (p: Play) => p.context.cluster.drivers.get('d1')

test('a submission is answered once it is stored, and a repeat is the same driver', () => {
  const p = leading()
  const body = { driverId: 'd1', description: driverDescription() }
  assert.equal(p.ask('requestSubmitDriver', body), { driverId: 'd1', masterId: 'master-1' })
  assert.equal(p.of('reply')[0]?.after, ['driver.d1'])
  p.ask('requestSubmitDriver', body)
  assert.is(p.context.cluster.drivers.size, 1)
})

test('a driver comes before executors, with the resources it asks for', () => {
  const p = leading()
  p.registerApp('app-1')
  p.ask('requestSubmitDriver', { driverId: 'd1', description: driverDescription({ cores: 2, conf: { 'spark.driver.resource.gpu.amount': '1' } }) })
  p.registerWorker('w1', { resources: { gpu: ['0'] } })
  assert.equal(
    p.of('order').map(o => [o.order.kind, o.after]),
    [
      ['launchDriver', ['driver.d1']],
      ['launchExecutor', ['app.app-1', 'executor.app-1.0']],
    ],
  )
  assert.equal(driver(p)?.resources, { gpu: ['0'] })
  assert.equal(p.executors(), ['app-1/0 on w1 2 LAUNCHING'])
})

test('the status says where it is, what it waits for, and how it ended', () => {
  const p = leading()
  assert.equal(p.ask('requestDriverStatus', { driverId: 'd1' }), { found: false })
  p.ask('requestSubmitDriver', { driverId: 'd1', description: driverDescription() })
  assert.equal(p.ask('requestDriverStatus', { driverId: 'd1' }), { found: true, state: 'SUBMITTED', message: 'no worker is registered' })
  p.registerWorker('w1')
  p.ask('driverStateChanged', { workerId: 'w1', driverId: 'd1', launch: 1, state: 'RUNNING' })
  assert.equal(p.ask('requestDriverStatus', { driverId: 'd1' }), { found: true, state: 'RUNNING', workerId: 'w1', workerHost: 'host-w1' })
  p.ask('driverStateChanged', { workerId: 'w1', driverId: 'd1', launch: 1, state: 'FAILED', exitCode: 3, message: 'boom' })
  assert.equal(p.ask('requestDriverStatus', { driverId: 'd1' }), {
    found: true,
    state: 'FAILED',
    workerId: 'w1',
    workerHost: 'host-w1',
    exitCode: 3,
    message: 'boom',
  })
})

test('an ended driver frees its cores, ends its application, and stays ended', () => {
  const p = submitted({ cores: 4 })
  p.ask('driverStateChanged', { workerId: 'w1', driverId: 'd1', launch: 1, state: 'RUNNING' })
  p.registerApp('app-1', { driverId: 'd1' })
  p.registerApp('app-2')
  p.ask('driverStateChanged', { workerId: 'w1', driverId: 'd1', launch: 1, state: 'FINISHED', exitCode: 0 })
  assert.equal(p.executors(), ['app-2/0 on w1 4 LAUNCHING'])
  assert.is(p.context.cluster.apps.get('app-1')?.state, 'FINISHED')
  p.ask('driverStateChanged', { workerId: 'w1', driverId: 'd1', launch: 1, state: 'RUNNING' })
  assert.is(driver(p)?.state, 'FINISHED')
})

test('a kill: of a waiting driver at once, of a running one through its worker, of an ended or unknown one not at all', () => {
  const p = leading()
  assert.equal(p.ask('requestKillDriver', { driverId: 'd1' }), { accepted: false, message: 'Driver d1 is not known here.' })
  p.ask('requestSubmitDriver', { driverId: 'd1', description: driverDescription() })
  assert.is(p.ask('requestKillDriver', { driverId: 'd1' }).accepted, true)
  assert.is(driver(p)?.state, 'KILLED')
  assert.equal(p.ask('requestKillDriver', { driverId: 'd1' }), { accepted: false, message: 'Driver d1 has already ended: KILLED.' })

  const running = submitted()
  assert.is(running.ask('requestKillDriver', { driverId: 'd1' }).accepted, true)
  assert.equal(
    running.orders('killDriver').map(o => o.workerId),
    ['w1'],
  )
  assert.is(driver(running)?.state, 'SUBMITTED')
  running.ask('driverStateChanged', { workerId: 'w1', driverId: 'd1', launch: 1, state: 'KILLED' })
  assert.is(driver(running)?.state, 'KILLED')
})

test('a driver that a worker refuses is placed again a little later', () => {
  const p = submitted()
  const [launch] = p.orders('launchDriver')
  p.answered('w1', launch?.order as NonNullable<typeof launch>['order'], { kind: 'refused', reason: 'stopping' })
  assert.is(driver(p)?.workerId, undefined)
  p.tick(500)
  assert.is(driver(p)?.workerId, undefined)
  p.tick(500)
  assert.is(driver(p)?.workerId, 'w1')
})

for (const [what, more] of [
  ['no core', { cores: 0 }],
  ['no memory', { memory: 0 }],
] as const) {
  test(`a driver that asks for ${what} is refused`, () => {
    const answer = leading().ask('requestSubmitDriver', { driverId: 'd1', description: driverDescription(more) }) as { code?: string }
    assert.is(answer.code, 'SPK_BAD_REQUEST')
  })
}

test('only so many ended drivers are kept', () => {
  const p = leading({ retainedDrivers: 1 })
  for (const driverId of ['d1', 'd2']) {
    p.ask('requestSubmitDriver', { driverId, description: driverDescription({ memory: GIB }) })
    p.ask('requestKillDriver', { driverId })
  }
  assert.equal([...p.context.cluster.drivers.keys()], ['d2'])
})

test.run()
