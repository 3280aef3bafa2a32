import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { driverDescription, leading, type Play } from './play.js'
import { GIB } from './rig.js'

const test = suite('actors/master/applications')

function withWorkers(...cores: number[]): Play {
  const p = leading()
  for (const [i, c] of cores.entries()) p.registerWorker(`w${i + 1}`, { cores: c, resources: { gpu: ['0', '1'] } })
  return p
}
const appOf = (p: Play, id: string) => p.context.cluster.apps.get(id)

test('an application gets executors, each ordered only after the store has it', () => {
  const p = withWorkers(4, 4)
  p.registerApp('app-1', { executorCores: 2, executorResources: { gpu: 1 } })
  const launches = p.of('order').map(o => [o.workerId, o.order.kind === 'launchExecutor' && o.order.body.resources, o.after])
  const after = (id: string) => ['app.app-1', `executor.app-1.${id}`]
  assert.equal(launches, [
    ['w1', { gpu: ['0'] }, after('0')],
    ['w1', { gpu: ['1'] }, after('1')],
    ['w2', { gpu: ['0'] }, after('2')],
    ['w2', { gpu: ['1'] }, after('3')],
  ])
  assert.equal(p.news(), ['app-1 added 0', 'app-1 added 1', 'app-1 added 2', 'app-1 added 3'])
  assert.is(appOf(p, 'app-1')?.state, 'RUNNING')
  assert.is(appOf(p, 'app-1')?.nextExecutor, 4)
})

test('registration again, as after a lost answer, is the same application', () => {
  const p = withWorkers(4)
  const first = p.registerApp('app-1')
  assert.equal(p.registerApp('app-1', {}, ['0']), first)
  assert.equal(p.executors(), ['app-1/0 on w1 4 LAUNCHING'])
  assert.equal(p.news(), [])
})

test('a driver that registers again is told of the executors it lacks and of those that nobody has', () => {
  const p = withWorkers(4)
  p.registerApp('app-1')
  p.registerApp('app-1', {}, ['9'])
  assert.equal(p.news(), ['app-1 added 0', 'app-1 9 LOST'])
})

for (const [what, more, reason] of [
  ['executor cores 0', { executorCores: 0 }, /spark\.executor\.cores is 0/],
  ['cores.max 0', { coresMax: 0 }, /spark\.cores\.max is 0/],
  ['no memory', { executorMemory: 0 }, /spark\.executor\.memory/],
  ['less than no gpu', { executorResources: { gpu: -1 } }, /gpu\.amount is -1/],
] as const) {
  test(`an application with ${what} is refused`, () => {
    const answer = withWorkers(4).registerApp('app-1', more)
    assert.match(answer.kind === 'refused' ? answer.reason : 'taken', reason)
  })
}

test('applications are served in order of arrival, each as far as it can be', () => {
  const p = withWorkers(4)
  p.registerApp('app-1', { coresMax: 3 })
  p.registerApp('app-2', { executorCores: 2 })
  p.registerApp('app-3')
  assert.equal(p.executors(), ['app-1/0 on w1 3 LAUNCHING', 'app-3/0 on w1 1 LAUNCHING'])
  assert.is(appOf(p, 'app-2')?.state, 'WAITING')
})

test('spark.deploy.defaultCores caps an application that sets no cap', () => {
  const p = leading({ defaultCores: 3 })
  p.registerWorker('w1', { cores: 8 })
  p.registerApp('app-1')
  p.registerApp('app-2', { coresMax: 4 })
  assert.equal(p.executors(), ['app-1/0 on w1 3 LAUNCHING', 'app-2/0 on w1 4 LAUNCHING'])
})

test('a raised executor limit brings more executors, a lowered one takes none away', () => {
  const p = withWorkers(4)
  p.registerApp('app-1', { executorCores: 1, executorLimit: 1 })
  p.ask('requestExecutors', { appId: 'app-1', total: 3 })
  assert.is(p.executors().length, 3)
  p.ask('requestExecutors', { appId: 'app-1', total: 0 })
  assert.is(p.executors().length, 3)
})

test('the cores of a killed executor are given out when its worker says it is gone, not before', () => {
  const p = withWorkers(4)
  p.registerApp('app-1')
  p.registerApp('app-2')
  p.ask('killExecutors', { appId: 'app-1', executorIds: ['0'], reason: 'idle' })
  assert.equal(p.executors(), ['app-1/0 on w1 4 KILLED'])
  p.executorState('app-1', '0', 'KILLED', 143)
  assert.equal(p.executors(), ['app-1/1 on w1 4 LAUNCHING'])
  assert.is(appOf(p, 'app-1')?.failures, 0)
})

test('the end of an application: executors killed, workers told, the queue moves on when they are gone', () => {
  const p = withWorkers(4, 4)
  p.registerApp('app-1', { coresMax: 4 })
  p.registerApp('app-2', { executorCores: 3 })
  assert.equal(appOf(p, 'app-2')?.state, 'WAITING')
  p.ask('unregisterApplication', { appId: 'app-1', state: 'FINISHED', reason: 'stop() was called' })
  assert.equal(
    p.of('order').map(o => `${o.workerId} ${o.order.kind}`),
    ['w1 killExecutor', 'w2 killExecutor', 'w1 applicationFinished', 'w2 applicationFinished'],
  )
  assert.is(appOf(p, 'app-1')?.state, 'FINISHED')
  p.executorState('app-1', '0', 'KILLED', 143)
  assert.ok(p.executors().includes('app-2/0 on w1 3 LAUNCHING'))
  assert.equal(p.ask('applicationHeartbeat', { appId: 'app-1' }).kind, 'ended')
  assert.is(p.registerApp('app-1').kind, 'refused')
})

test('a driver that falls silent: FAILED, and it is told should it still live', () => {
  const p = withWorkers(4)
  p.registerApp('app-1')
  const beat = () => void p.ask('workerHeartbeat', { workerId: 'w1', executors: [], drivers: [] })
  p.wait(10_000, beat)
  assert.is(appOf(p, 'app-1')?.state, 'RUNNING')
  p.tick(1000)
  assert.is(appOf(p, 'app-1')?.state, 'FAILED')
  assert.match(appOf(p, 'app-1')?.reason ?? '', /silent for 10 s/)
  assert.equal(
    p.of('tell').map(t => [t.news.kind, t.last]),
    [['applicationRemoved', true]],
  )
})

test('executors that fail are launched again, later each time, until ten in a row have failed', () => {
  const p = withWorkers(4)
  p.registerApp('app-1')
  for (let i = 0; i < 9; i++) {
    p.executorState('app-1', String(i), 'EXITED', 1)
    assert.is(p.executors().length, 0, 'not at once')
    p.wait(5000, () => {
      p.ask('applicationHeartbeat', { appId: 'app-1' })
      p.ask('workerHeartbeat', { workerId: 'w1', executors: [], drivers: [] })
    })
    assert.equal(p.executors(), [`app-1/${i + 1} on w1 4 LAUNCHING`])
  }
  p.executorState('app-1', '9', 'EXITED', 1)
  assert.is(appOf(p, 'app-1')?.state, 'FAILED')
  assert.match(appOf(p, 'app-1')?.reason ?? '', /10 executors failed in a row .*the last was executor 9 on w1/)
})

test('an executor that runs begins the count anew; a clean exit and a lost worker are no failures', () => {
  const p = withWorkers(4, 4)
  p.registerApp('app-1', { executorCores: 4 })
  p.executorState('app-1', '0', 'EXITED', 1)
  assert.is(appOf(p, 'app-1')?.failures, 1)
  p.executorState('app-1', '1', 'RUNNING')
  assert.is(appOf(p, 'app-1')?.failures, 0)
  p.executorState('app-1', '1', 'EXITED', 0)
  assert.is(appOf(p, 'app-1')?.failures, 0)
  p.ask('unregisterWorker', { workerId: 'w2', reason: 'gone' })
  assert.is(appOf(p, 'app-1')?.failures, 0)
})

test('with an executor running, failures of others do not end the application', () => {
  const p = withWorkers(4, 4)
  p.registerApp('app-1', { executorCores: 4 })
  p.executorState('app-1', '0', 'RUNNING')
  const healthy = { appId: 'app-1', executorId: '0', cores: 4, memory: GIB, resources: {}, state: 'RUNNING' } as const
  for (let i = 1; i <= 12; i++) {
    p.executorState('app-1', String(i), 'EXITED', 1)
    p.wait(5000, () => {
      p.ask('applicationHeartbeat', { appId: 'app-1' })
      p.ask('workerHeartbeat', { workerId: 'w1', executors: [healthy], drivers: [] })
      p.ask('workerHeartbeat', { workerId: 'w2', executors: [], drivers: [] })
    })
  }
  assert.is(appOf(p, 'app-1')?.state, 'RUNNING')
  assert.is(appOf(p, 'app-1')?.failures, 12)
})

test('a worker that refuses a launch: the executor FAILED, its cores are free', () => {
  const p = withWorkers(4)
  p.registerApp('app-1')
  const [launch] = p.orders('launchExecutor')
  p.answered('w1', launch?.order as NonNullable<typeof launch>['order'], { kind: 'refused', reason: 'no room' })
  assert.equal(p.news(), ['app-1 0 FAILED'])
  assert.is(appOf(p, 'app-1')?.failures, 1)
  assert.equal(p.executors(), [])
})

test('reports come late, twice and from the wrong worker without harm', () => {
  const p = withWorkers(4, 4)
  p.registerApp('app-1', { executorCores: 4, coresMax: 4 })
  p.executorState('app-1', '0', 'RUNNING')
  p.ask('executorStateChanged', { workerId: 'w2', appId: 'app-1', executorId: '0', state: 'EXITED', exitCode: 1 })
  assert.equal(p.executors(), ['app-1/0 on w1 4 RUNNING'])
  p.executorState('app-1', '0', 'LAUNCHING')
  assert.equal(p.executors(), ['app-1/0 on w1 4 RUNNING'])
  const end = { workerId: 'w1', appId: 'app-1', executorId: '0', state: 'EXITED', exitCode: 1 } as const
  p.ask('executorStateChanged', end)
  p.ask('executorStateChanged', end)
  p.ask('executorStateChanged', { ...end, state: 'RUNNING' })
  assert.is(appOf(p, 'app-1')?.failures, 1)
  assert.equal(p.executors(), [])
})

test('a kill on request tells the driver; one of an unknown application names the active ones', () => {
  const p = withWorkers(4)
  p.registerApp('app-1')
  p.ask('requestKillApplication', { appId: 'app-1' })
  assert.equal(p.news(), ['app-1 removed KILLED'])
  p.registerApp('app-2')
  const refusal = p.ask('requestKillApplication', { appId: 'app-9' }) as { code?: string; message?: string }
  assert.is(refusal.code, 'SPK_UNKNOWN_APPLICATION')
  assert.match(refusal.message ?? '', /no application app-9\. Active: app-2\./)
})

test('only so many ended applications are kept, the oldest go first', () => {
  const p = leading({ retainedApplications: 2 })
  for (const id of ['app-1', 'app-2', 'app-3', 'app-4']) {
    p.time += 10
    p.registerApp(id)
    if (id !== 'app-4') p.ask('unregisterApplication', { appId: id, state: 'FINISHED', reason: '' })
  }
  assert.equal([...p.context.cluster.apps.keys()], ['app-2', 'app-3', 'app-4'])
  assert.equal([...p.stored.keys()].sort(), ['app.app-2', 'app.app-3', 'app.app-4'])
})

const waits: readonly (readonly [string, (p: Play) => void, Parameters<Play['registerApp']>[1], RegExp | undefined])[] = [
  ['nobody', () => {}, {}, /^no worker is registered$/],
  ['a launch', p => p.registerWorker('w1'), {}, /^executor 0 on w1: being launched$/],
  [
    'its own settings',
    p => p.registerWorker('w1'),
    { executorCores: 4, coresMax: 2 },
    /spark\.cores\.max \(2\) is less than spark\.executor\.cores \(4\)/,
  ],
  ['nothing', p => p.registerWorker('w1'), { executorLimit: 0 }, /^the application asks for no executors$/],
  [
    'a larger worker',
    p => p.registerWorker('w1'),
    { executorCores: 8, executorMemory: 16 * GIB },
    /^no worker has 8 cores and 16\.0 GiB, even when idle: the largest has 4 cores and 8\.0 GiB on w1$/,
  ],
  [
    'a gpu',
    p => p.registerWorker('w1'),
    { executorResources: { gpu: 1 } },
    /^no worker has 1 core, 1\.0 GiB and 1 × gpu, even when idle: the largest has 4 cores and 8\.0 GiB, 0 × gpu on w1$/,
  ],
  [
    'another application',
    p => {
      p.registerWorker('w1')
      p.registerApp('app-0', { coresMax: 3 })
    },
    { executorCores: 4 },
    /^waits behind application app-0 \(name of app-0\); no worker has 4 cores and 1\.0 GiB free: the largest free is 1 core and 7\.0 GiB on w1$/,
  ],
  [
    'a driver',
    p => {
      p.registerWorker('w1')
      p.ask('requestSubmitDriver', { driverId: 'd', description: driverDescription() })
    },
    { executorCores: 4 },
    /^no worker has 4 cores and 1\.0 GiB free: the largest free is 3 cores/,
  ],
]
for (const [what, before, more, expected] of waits) {
  test(`the heartbeat says what an application waits for: ${what}`, () => {
    const p = leading()
    before(p)
    p.registerApp('app-1', more)
    assert.match(p.ask('applicationHeartbeat', { appId: 'app-1' }).waiting ?? '', expected ?? /^$/)
  })
}

test('an application with a running executor waits for nothing', () => {
  const p = withWorkers(4)
  p.registerApp('app-1')
  p.executorState('app-1', '0', 'RUNNING')
  const { masterId, epoch } = p.context
  assert.equal(p.ask('applicationHeartbeat', { appId: 'app-1' }), { kind: 'ok', masterId, epoch })
})

test('no two active applications share a lane: one is offered, and a second is refused', () => {
  const p = withWorkers(4)
  p.registerApp('app-20260131120000-0300')
  const offered = [p.ask('requestLane', {}).lane, p.ask('requestLane', {}).lane]
  assert.is(offered.includes(44), false, 'the lane in use')
  assert.is(new Set(offered).size, 2, 'two that ask at once are not offered the same')
  const second = p.registerApp('app-20260131120009-0044')
  assert.match(second.kind === 'refused' ? second.reason : 'taken', /shares a lane with app-20260131120000-0300/)
  assert.is(p.registerApp('app-20260131120000-0300').kind, 'registered', 'the first again')
  assert.is(p.registerApp('app-20260131120009-0044', {}, ['0']).kind, 'registered', 'one that runs already, after the store was lost, is kept')
})

test('when all lanes are taken none is offered, and that is said', () => {
  const p = withWorkers(4)
  for (let i = 0; i < 256; i++) assert.is(p.registerApp(`app-20260131120000-${String(i).padStart(4, '0')}`).kind, 'registered')
  assert.equal(p.ask('requestLane', {}), {})
  const more = p.registerApp('app-20260131120000-0256')
  assert.match(more.kind === 'refused' ? more.reason : 'taken', /256 applications are active/)
})

test.run()
