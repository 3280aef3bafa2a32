import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { applicationStand } from './machines.js'

const test = suite('actors/driver/application')

const later = (...names: string[]): string[] => names.map(name => `later ${name}`)

test('it registers until it is registered, then waits, and runs when it has an executor', () => {
  const a = applicationStand()
  assert.equal([a.first.map(c => c.type), a.state], [['later check', 'register'], 'connecting'])
  assert.equal(a.types({ type: 'registerFailed' }), later('registerAgain'))
  assert.equal(a.types({ type: 'registerAgain' }), ['register'])
  assert.equal([a.registered(), a.state], [later('beat'), 'waiting'])
  assert.equal([a.executor('0'), a.state], [['executorReady'], 'running'])
})

test('no master for long is told, and not every second', () => {
  const a = applicationStand()
  const told = Array.from({ length: 20 }, () => a.types({ type: 'registerFailed' })).flat()
  assert.is(told.filter(type => type === 'warnNoMaster').length, 2)
})

test('a refused application fails its jobs with the reason', () => {
  const a = applicationStand()
  const [command] = a.send({ type: 'refused', reason: 'no core left for ever' })
  assert.is(a.state, 'failed')
  assert.match(JSON.stringify(command), /failJobs.*SPK_APPLICATION_REFUSED.*no core left for ever/)
})

test('a heartbeat says when the master wants it to register again, with the executors it has', () => {
  const a = applicationStand()
  a.registered()
  a.executor('0')
  assert.equal(a.types({ type: 'beat' }), ['heartbeat'])
  assert.equal(a.types({ type: 'beatAnswered', kind: 'ok', epoch: 1 }), later('beat'))
  assert.equal(a.types({ type: 'beatFailed' }), later('beat'))
  assert.equal(a.send({ type: 'beatAnswered', kind: 'reregister', epoch: 1 }), [{ type: 'register', params: { executors: ['0'] } }])
})

test('losing the master changes nothing for executors and jobs', () => {
  const a = applicationStand()
  a.registered()
  a.executor('0')
  for (let i = 0; i < 100; i++) a.send({ type: 'beatFailed' })
  assert.equal([a.state, a.context.executors.size], ['running', 1])
})

test('a new leader is registered with; what an older one still says is not followed', () => {
  const a = applicationStand()
  a.registered(1)
  a.executor('0')
  assert.equal(a.types({ type: 'masterChanged', epoch: 5 }), ['register'])
  a.registered(5)
  assert.equal(a.send({ type: 'executorEnded', epoch: 4, executorId: '0', reason: 'KILLED', workerLost: false }), [])
  assert.equal(a.send({ type: 'applicationRemoved', epoch: 4, state: 'FAILED', reason: 'stale' }), [])
  assert.equal([a.state, a.context.executors.size], ['running', 1])
})

test('an executor that ended is lost once, and is not taken back', () => {
  const a = applicationStand()
  a.registered()
  a.executor('0')
  a.executor('1')
  const end = { type: 'executorEnded', epoch: 1, executorId: '0', reason: 'EXITED', workerLost: false } as const
  assert.equal(a.types(end), ['executorLost'])
  assert.equal(a.types(end), [])
  assert.ok(a.context.removed.has('0'))
  const again = { executorId: '0', workerId: 'w0', host: 'w0', cores: 1, memory: 1, resources: {} }
  a.send({ type: 'executorAdded', epoch: 1, executor: again })
  assert.equal([...a.context.executors.keys()], ['1'])
})

test('a lost worker takes its executors with it, and its shuffle files', () => {
  const a = applicationStand()
  a.registered()
  a.executor('0', 'w')
  a.executor('1', 'w')
  a.executor('2', 'v')
  assert.equal(a.types({ type: 'workerRemoved', epoch: 1, workerId: 'w', reason: 'no heartbeat' }), ['executorLost', 'executorLost', 'workerLost'])
  assert.equal([...a.context.executors.keys()], ['2'])
  // the same news by way of an executor
  assert.equal(a.types({ type: 'executorEnded', epoch: 1, executorId: '2', reason: 'LOST', workerLost: true }), ['executorLost', 'workerLost'])
  assert.is(a.state, 'waiting')
})

test('an executor silent for spark.network.timeout is lost, and the master is asked to end it', () => {
  const a = applicationStand(120_000)
  a.registered()
  a.executor('0', 'w0', 0)
  a.executor('1', 'w1', 0)
  const check = (now: number): string[] => a.types({ type: 'checked', now })
  for (let now = 10_000; now < 120_000; now += 10_000) {
    a.send({ type: 'executorSeen', executorId: '1', now })
    assert.equal(check(now), [])
  }
  assert.equal(check(120_000), ['executorLost', 'killExecutors'])
  assert.equal([...a.context.executors.keys()], ['1'])
})

test('a driver that was stopped for minutes does not hold its executors for lost', () => {
  const a = applicationStand(120_000)
  a.registered()
  a.executor('0', 'w0', 0)
  a.send({ type: 'checked', now: 10_000 })
  assert.equal(a.types({ type: 'checked', now: 500_000 }), [])
  assert.equal(a.types({ type: 'checked', now: 510_000 }), [])
})

test('a job without executors warns every 15 seconds with what the master says is missing, until there is one', () => {
  const a = applicationStand()
  a.registered()
  assert.equal(a.types({ type: 'jobStarted' }), later('starve'))
  a.send({ type: 'beatAnswered', kind: 'ok', epoch: 1, waiting: 'no worker has 4 cores' })
  const [warning, again] = a.send({ type: 'starve' })
  assert.equal([warning, again?.type], [{ type: 'warnStarving', params: { missing: 'no worker has 4 cores' } }, 'later starve'])
  a.executor('0')
  assert.equal(a.types({ type: 'starve' }), [])
  // and when the last executor goes, the watch begins anew
  assert.equal(a.types({ type: 'executorEnded', epoch: 1, executorId: '0', reason: 'EXITED', workerLost: false }), ['executorLost', 'later starve'])
})

test('a stop fails what still runs, takes leave of the master, and is the end', () => {
  const a = applicationStand()
  a.registered()
  assert.equal(a.types({ type: 'stop' }), ['failJobs', 'unregister'])
  assert.is(a.state, 'finished')
  const b = applicationStand()
  b.registered()
  const [, unregister] = b.send({ type: 'stop', failure: 'main threw' })
  assert.equal([b.state, unregister], ['failed', { type: 'unregister', params: { state: 'FAILED', reason: 'main threw' } }])
})

test.run()
