import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Order } from '#src/actors/worker/events.js'
import { runningDrivers, runningExecutors } from '#src/actors/worker/state.js'
import {
  activeWorker,
  applicationFinished,
  brief,
  GIB,
  killDriver,
  killExecutor,
  launchDriver,
  launchExecutor,
  masterChanged,
  registered,
  type Stepper,
} from './worker-fixture.js'

const test = suite('actors/worker/orders')

const exit = (worker: Stepper, key: string, code: number | null, signal: string | null = null, run = 1, ranMs = 100): string[] =>
  brief(worker.send({ type: 'childExited', key, run, exit: { code, signal }, ranMs }))
const runs = (worker: Stepper, key: string, run = 1): string[] => brief(worker.send({ type: 'childStarted', key, run, pid: 7 }))

test('every kind of order from an old epoch is answered stale and changes nothing', () => {
  const orders: Order[] = [
    launchExecutor({ id: '9', epoch: 4 }),
    launchDriver({ id: 'driver-9', epoch: 4 }),
    killExecutor('0', 4),
    killDriver('driver-1', 4),
    applicationFinished('app-1', 4),
    masterChanged(4),
  ]
  for (const order of orders) {
    const worker = activeWorker()
    worker.order(launchExecutor({ epoch: 5 }))
    worker.order(launchDriver({ epoch: 5 }))
    const before = worker.state()
    const { answer, commands } = worker.order(order)
    assert.is(answer, 'stale', order.kind)
    assert.equal(commands, [], order.kind)
    assert.equal(worker.state(), before, order.kind)
  }
})

test('the newest epoch is kept, from whatever carries it', () => {
  const worker = activeWorker()
  worker.order(killExecutor('none', 3))
  assert.is(worker.state().epoch, 3)
  worker.send({ type: 'busUp' })
  worker.send({ type: 'beatAnswered', asked: 2, jitter: 0, kind: 'ok', epoch: 8, masterId: 'm' })
  assert.is(worker.state().epoch, 8)
  assert.is(worker.order(launchExecutor({ epoch: 7 })).answer, 'stale')
})

test('an executor from launch to its end', () => {
  const worker = activeWorker()
  assert.equal(brief(worker.order(launchExecutor()).commands), ['launch app-1/0#1'])
  assert.is(runningExecutors(worker.state())[0]?.state, 'LAUNCHING')
  assert.equal(runs(worker, 'app-1/0'), ['report app-1/0 RUNNING'])
  assert.is(runningExecutors(worker.state())[0]?.state, 'RUNNING')
  assert.equal(exit(worker, 'app-1/0', 1), ['report app-1/0 EXITED', 'removeScratch app-1/0'])
  assert.equal(runningExecutors(worker.state()), [])
})

/** How a child ended → what is reported: state, exit code, message. */
const ends: readonly (readonly [string, number | null, string | null, boolean, string, number, RegExp])[] = [
  ['executor', 0, null, false, 'EXITED', 0, /code 0/],
  ['executor', 52, null, false, 'EXITED', 52, /code 52/],
  ['executor', null, 'SIGKILL', false, 'EXITED', 137, /SIGKILL.*memory/],
  ['executor', null, 'SIGSEGV', false, 'EXITED', 139, /SIGSEGV/],
  ['executor', null, 'SIGTERM', true, 'KILLED', 143, /asked to/],
  ['executor', 0, null, true, 'KILLED', 0, /asked to/],
  ['driver', 0, null, false, 'FINISHED', 0, /code 0/],
  ['driver', 3, null, false, 'FAILED', 3, /code 3/],
  ['driver', null, 'SIGABRT', false, 'FAILED', 134, /SIGABRT/],
  ['driver', 0, null, true, 'KILLED', 0, /asked to/],
]
for (const [kind, code, signal, killed, state, exitCode, message] of ends) {
  test(`${kind} that ends with ${code ?? signal}${killed ? ' after a kill' : ''} is ${state}`, () => {
    const worker = activeWorker()
    const key = kind === 'executor' ? 'app-1/0' : 'driver-1/1'
    worker.order(kind === 'executor' ? launchExecutor() : launchDriver())
    runs(worker, key)
    if (killed) assert.equal(brief(worker.order(kind === 'executor' ? killExecutor() : killDriver()).commands), [`kill ${key}`])
    exit(worker, key, code, signal)
    const child = worker.state().children[key]
    assert.is(child?.state, state)
    assert.is(child?.exitCode, exitCode)
    assert.match(child?.message ?? '', message)
  })
}

test('a process that cannot be started: an executor FAILED, a driver ERROR, with the reason', () => {
  const worker = activeWorker()
  worker.order(launchExecutor())
  worker.order(launchDriver({ supervise: true }))
  const failed = (key: string): string[] => brief(worker.send({ type: 'childFailed', key, run: 1, message: 'no such script' }))
  assert.equal(failed('app-1/0'), ['report app-1/0 FAILED', 'removeScratch app-1/0'])
  assert.equal(failed('driver-1/1'), ['report driver-1/1 ERROR'])
  assert.is(worker.state().children['driver-1/1']?.message, 'no such script')
})

test('a launch repeated while it runs is accepted and changes nothing', () => {
  const worker = activeWorker()
  worker.order(launchExecutor())
  const before = worker.state()
  assert.equal(worker.order(launchExecutor()), { answer: 'accepted', commands: [] })
  assert.equal(worker.state(), before)
})

test('a launch repeated after the end is accepted, starts nothing, and the end is reported again', () => {
  const worker = activeWorker()
  worker.order(launchExecutor())
  exit(worker, 'app-1/0', 1)
  worker.send({ type: 'reportAcked', key: 'app-1/0', seq: 1 })
  const { answer, commands } = worker.order(launchExecutor())
  assert.is(answer, 'accepted')
  assert.equal(brief(commands), ['report app-1/0 EXITED'])
})

test('kills repeated, or of what is not here, are accepted and change nothing', () => {
  const worker = activeWorker()
  worker.order(launchExecutor())
  assert.equal(brief(worker.order(killExecutor()).commands), ['kill app-1/0'])
  assert.equal(worker.order(killExecutor()), { answer: 'accepted', commands: [] })
  assert.equal(worker.order(killExecutor('77')), { answer: 'accepted', commands: [] })
  assert.equal(worker.order(killDriver('driver-77')), { answer: 'accepted', commands: [] })
})

/** What does not fit beside what runs (1 core, 1 GiB and gpu 0 of 4 cores, 4 GiB and gpu 0 and 1). */
const refusals: readonly (readonly [Parameters<typeof launchExecutor>[0], RegExp])[] = [
  [{ id: '1', cores: 4 }, /4 cores wanted, 3 of 4 free/],
  [{ id: '1', memory: 4 * GIB }, /memory/],
  [{ id: '1', gpus: ['0'] }, /address 0 of resource gpu is in use/],
  [{ id: '1', gpus: ['5'] }, /no address 5 here, only 0, 1/],
]
for (const [wish, reason] of refusals) {
  test(`more than is free is refused: ${reason.source}`, () => {
    const worker = activeWorker()
    worker.order(launchExecutor({ gpus: ['0'] }))
    const commands = worker.send({ type: 'order', token: 9, order: launchExecutor(wish) })
    const answer = commands.find(c => c.type === 'answer')
    assert.is(answer?.params.reply.kind, 'refused')
    assert.match(answer?.params.reply.kind === 'refused' ? answer.params.reply.reason : '', reason)
    assert.is(worker.state().children['app-1/1'], undefined)
  })
}

test('a launch waits for the cores of an executor that is being stopped', () => {
  const worker = activeWorker()
  worker.order(launchExecutor({ cores: 4 }))
  worker.order(killExecutor())
  assert.equal(worker.order(launchExecutor({ app: 'app-2', cores: 2 })), { answer: 'accepted', commands: [] })
  assert.equal(worker.order(launchExecutor({ app: 'app-3', cores: 2 })), { answer: 'accepted', commands: [] })
  assert.equal(exit(worker, 'app-1/0', 0), ['report app-1/0 KILLED', 'removeScratch app-1/0', 'launch app-2/0#1', 'launch app-3/0#1'])
})

test('a kill of what still waits ends it without a process', () => {
  const worker = activeWorker()
  worker.order(launchExecutor({ cores: 4 }))
  worker.order(killExecutor())
  worker.order(launchExecutor({ app: 'app-2', cores: 2 }))
  assert.equal(brief(worker.order(killExecutor('0', 1, 'app-2')).commands), ['report app-2/0 KILLED', 'removeScratch app-2/0'])
  assert.equal(exit(worker, 'app-1/0', 0), ['report app-1/0 KILLED', 'removeScratch app-1/0'])
})

test('an application that ended: its executors stop, then its folders go, and it cannot come back', () => {
  const worker = activeWorker()
  worker.order(launchExecutor())
  worker.order(launchExecutor({ id: '1' }))
  worker.order(launchExecutor({ app: 'app-2' }))
  assert.equal(brief(worker.order(applicationFinished()).commands), ['kill app-1/0', 'kill app-1/1'])
  assert.equal(worker.order(applicationFinished()), { answer: 'accepted', commands: [] })
  assert.equal(exit(worker, 'app-1/1', 0), ['report app-1/1 KILLED', 'removeScratch app-1/1'])
  assert.equal(exit(worker, 'app-1/0', 0), ['report app-1/0 KILLED', 'removeScratch app-1/0', 'removeApplication app-1'])
  assert.is(worker.order(launchExecutor({ id: '2' })).answer, 'refused')
  assert.is(worker.state().children['app-2/0']?.phase, 'running')
})

test('an application without executors here is cleaned at once', () => {
  const worker = activeWorker()
  assert.equal(brief(worker.order(applicationFinished()).commands), ['removeApplication app-1'])
})

test('a supervised driver runs again after 1, 2, 4 seconds, and after 1 again when it ran long', () => {
  const worker = activeWorker()
  worker.order(launchDriver({ supervise: true }))
  const waits = [100, 100, 100, 6000, 10].map((ranMs, i) => {
    runs(worker, 'driver-1/1', i + 1)
    const commands = worker.send({ type: 'childExited', key: 'driver-1/1', run: i + 1, exit: { code: 1, signal: null }, ranMs })
    assert.equal(runningDrivers(worker.state())[0]?.state, 'RUNNING')
    assert.equal(brief(worker.send({ type: 'restartDue', key: 'driver-1/1', run: i + 1 })), [`launch driver-1/1#${i + 2}`])
    return commands.find(c => c.type === 'restartLater')?.params.delayMs
  })
  assert.equal(waits, [1000, 2000, 4000, 1000, 2000])
  assert.equal(exit(worker, 'driver-1/1', 0, null, 6), ['report driver-1/1 FINISHED'])
})

test('a supervised driver that is killed while it pauses is KILLED and does not come back', () => {
  const worker = activeWorker()
  worker.order(launchDriver({ supervise: true }))
  exit(worker, 'driver-1/1', 1)
  assert.equal(brief(worker.order(killDriver()).commands), ['report driver-1/1 KILLED'])
  assert.equal(worker.send({ type: 'restartDue', key: 'driver-1/1', run: 1 }), [])
})

test('a driver launched again here, after its master had given this worker up: the earlier one is stopped, the new one waits for it', () => {
  const worker = activeWorker()
  worker.order(launchDriver({ supervise: true }))
  runs(worker, 'driver-1/1')
  const again = worker.order(launchDriver({ supervise: true, launch: 2 }))
  assert.is(again.answer, 'accepted')
  assert.equal(brief(again.commands), ['kill driver-1/1', 'launch driver-1/2#1'])
  assert.equal(exit(worker, 'driver-1/1', 143), ['report driver-1/1 KILLED'])
  const late = worker.order(launchDriver({ supervise: true, launch: 1 }))
  assert.equal([late.answer, ...brief(late.commands)], ['accepted', 'report driver-1/1 KILLED'])
  assert.equal(
    runningDrivers(worker.state()).map(d => `${d.driverId} ${d.launch}`),
    ['driver-1 2'],
  )
})

test('the end of what has ended already is reported again when its end is ordered: the master seems not to know', () => {
  const worker = activeWorker()
  worker.order(launchExecutor({ id: '0' }))
  runs(worker, 'app-1/0')
  exit(worker, 'app-1/0', 1)
  const again = worker.order(killExecutor('0'))
  assert.equal([again.answer, ...brief(again.commands)], ['accepted', 'report app-1/0 EXITED'])
  const unknown = worker.order(killExecutor('7'))
  assert.equal([unknown.answer, ...brief(unknown.commands)], ['accepted'])
})

test('news of an earlier process of a driver is not taken for the present one', () => {
  const worker = activeWorker()
  worker.order(launchDriver({ supervise: true }))
  exit(worker, 'driver-1/1', 1)
  worker.send({ type: 'restartDue', key: 'driver-1/1', run: 1 })
  assert.equal(exit(worker, 'driver-1/1', 0, null, 1), [])
  assert.is(worker.state().children['driver-1/1']?.phase, 'running')
})

test('a report is repeated until acknowledged; a newer one replaces it', () => {
  const worker = activeWorker()
  worker.order(launchExecutor())
  runs(worker, 'app-1/0')
  const lost = { type: 'reportUnanswered', key: 'app-1/0', seq: 1, jitter: 0 } as const
  assert.equal(brief(worker.send(lost)), ['reportLater app-1/0 50'])
  assert.equal(brief(worker.send({ type: 'reportDue', key: 'app-1/0', seq: 1 })), ['report app-1/0 RUNNING'])
  assert.equal(brief(worker.send(lost)), ['reportLater app-1/0 100'])
  exit(worker, 'app-1/0', 1)
  assert.equal(worker.send({ type: 'reportDue', key: 'app-1/0', seq: 1 }), [])
  worker.send({ type: 'reportAcked', key: 'app-1/0', seq: 1 })
  assert.is(worker.state().reports['app-1/0']?.seq, 2)
  worker.send({ type: 'reportAcked', key: 'app-1/0', seq: 2 })
  assert.equal(worker.state().reports, {})
})

test('registering again supersedes reports of what runs; ends are reported again at once', () => {
  const worker = activeWorker()
  worker.order(launchExecutor())
  worker.order(launchExecutor({ id: '1' }))
  runs(worker, 'app-1/0')
  exit(worker, 'app-1/1', 1)
  worker.order(masterChanged(2))
  assert.equal(brief(worker.send(registered(2, { epoch: 2 }))), ['report app-1/1 EXITED'])
  assert.equal(Object.keys(worker.state().reports), ['app-1/1'])
})

test('what the master does not know is killed on registration', () => {
  const worker = activeWorker()
  worker.order(launchExecutor())
  worker.order(launchExecutor({ id: '1' }))
  worker.order(launchDriver())
  worker.order(masterChanged(2))
  const commands = worker.send(
    registered(2, {
      epoch: 2,
      killExecutors: [{ appId: 'app-1', executorId: '1' }],
      killDrivers: [
        { driverId: 'driver-1', launch: 1 },
        { driverId: 'gone', launch: 1 },
      ],
    }),
  )
  assert.equal(brief(commands), ['kill app-1/1', 'kill driver-1/1'])
})

test('what ended is remembered for 200 children, and not forgotten before it is acknowledged', () => {
  const worker = activeWorker()
  worker.order(launchDriver())
  exit(worker, 'driver-1/1', 0)
  for (let i = 1; i < 210; i++) {
    worker.order(launchExecutor({ id: String(i) }))
    exit(worker, `app-1/${i}`, 0)
  }
  assert.is(Object.keys(worker.state().children).length, 210)
  for (const [key, { seq }] of Object.entries(worker.state().reports)) worker.send({ type: 'reportAcked', key, seq })
  worker.order(launchExecutor({ id: 'last' }))
  const commands = exit(worker, 'app-1/last', 0)
  assert.equal(
    commands.filter(c => c.startsWith('removeDriver')),
    ['removeDriver driver-1'],
  )
  const keys = Object.keys(worker.state().children)
  assert.is(keys.length, 201)
  assert.is(keys[0], 'app-1/10')
})

test.run()
