import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { WorkerEvent } from '#src/actors/worker/events.js'
import { activeWorker, brief, launchExecutor, masterChanged, registered, type Stepper, stepMachine } from './worker-fixture.js'

const test = suite('actors/worker/machine')

const unanswered = (asked: number, jitter = 0): WorkerEvent => ({ type: 'unanswered', asked, jitter, error: 'no responders' })
const beat = (asked: number, kind: 'ok' | 'reregister', epoch = 1): WorkerEvent => ({
  type: 'beatAnswered',
  asked,
  jitter: 0,
  kind,
  epoch,
  masterId: 'master-1',
})
/** The event that xstate raises when the delay of a state is over. */
const after = (delay: string, state: string): WorkerEvent => ({ type: `xstate.after.${delay}.${state}` }) as unknown as WorkerEvent

/** Runs `steps` from `start` and compares the state after each. */
function walk(start: Stepper, steps: readonly (readonly [WorkerEvent, unknown, readonly string[]])[]): void {
  steps.forEach(([event, value, commands], i) => {
    assert.equal(brief(start.send(event)), commands, `commands of step ${i + 1}`)
    assert.equal(start.value(), value, `state after step ${i + 1}`)
  })
}

test('it asks until a leader answers, and waits longer each time', () => {
  const worker = stepMachine()
  assert.equal(brief(worker.first), ['register 1'])
  walk(worker, [
    [unanswered(1), { registering: 'waiting' }, []],
    [after('retry', 'worker.registering.waiting'), { registering: 'asking' }, ['register 2']],
  ])
})

test('the waits grow with jitter, to two seconds', () => {
  const waits: number[] = []
  const worker = stepMachine()
  for (let i = 1; i <= 7; i++) {
    worker.send(unanswered(i, 0.999999))
    waits.push(worker.state().retryMs)
    worker.send({ type: 'busUp' })
  }
  assert.equal(waits, [50, 100, 200, 400, 800, 1600, 2000])
  worker.send(unanswered(8, 0))
  assert.is(worker.state().retryMs, 1000)
})

test('only the first silence is said, and what goes on meanwhile', () => {
  const worker = stepMachine()
  worker.send(unanswered(1))
  worker.send({ type: 'busUp' })
  worker.send(unanswered(2))
  worker.send({ type: 'busUp' })
  worker.send(registered(3))
  assert.equal(worker.notes, ['No master answers (no responders): trying again until one does', 'Registered with master master-1, epoch 1'])
})

test('a heartbeat follows a heartbeat; two without an answer mean: register again with what runs', () => {
  const worker = activeWorker()
  worker.send({ type: 'order', token: 1, order: launchExecutor() })
  walk(worker, [
    [{ type: 'busUp' }, { active: 'beating' }, ['heartbeat 2']],
    [beat(2, 'ok'), { active: 'resting' }, []],
    [{ type: 'busUp' }, { active: 'beating' }, ['heartbeat 3']],
    [unanswered(3), { active: 'retrying' }, []],
    [{ type: 'busUp' }, { active: 'beating' }, ['heartbeat 4']],
    [unanswered(4), { reconnecting: 'waiting' }, []],
    [{ type: 'busUp' }, { reconnecting: 'asking' }, ['register 5']],
    [registered(5), { active: 'resting' }, []],
  ])
  assert.is(worker.state().children['app-1/0']?.phase, 'running')
})

test('a leader that does not know this worker makes it register again', () => {
  const worker = activeWorker()
  walk(worker, [
    [{ type: 'busUp' }, { active: 'beating' }, ['heartbeat 2']],
    [beat(2, 'reregister'), { reconnecting: 'asking' }, ['register 3']],
  ])
})

test('an answer to an earlier request is ignored', () => {
  const worker = activeWorker()
  worker.send({ type: 'busUp' })
  walk(worker, [
    [beat(1, 'reregister'), { active: 'beating' }, []],
    [unanswered(1), { active: 'beating' }, []],
    [registered(1, { killExecutors: [{ appId: 'app-1', executorId: '0' }] }), { active: 'beating' }, []],
  ])
})

test('an answer of an old leader counts as none', () => {
  const worker = activeWorker()
  walk(worker, [
    [{ type: 'order', token: 1, order: masterChanged(7) }, { reconnecting: 'asking' }, ['answer', 'register 2']],
    [registered(2, { epoch: 6 }), { reconnecting: 'waiting' }, []],
    [{ type: 'busUp' }, { reconnecting: 'asking' }, ['register 3']],
    [registered(3, { epoch: 7 }), { active: 'resting' }, []],
    [{ type: 'busUp' }, { active: 'beating' }, ['heartbeat 4']],
    [beat(4, 'reregister', 6), { active: 'retrying' }, []],
  ])
})

test('a new leader introduces itself: the worker registers at once, from any wait', () => {
  const introduced: WorkerEvent = { type: 'order', token: 1, order: masterChanged(2) }
  const waiting = stepMachine()
  waiting.send(unanswered(1))
  walk(waiting, [[introduced, { registering: 'asking' }, ['answer', 'register 2']]])
  const active = activeWorker()
  walk(active, [[introduced, { reconnecting: 'asking' }, ['answer', 'register 2']]])
})

test('an introduction with an old epoch moves nothing', () => {
  const worker = stepMachine()
  worker.send(registered(1, { epoch: 5 }))
  const { answer } = worker.order(masterChanged(4))
  assert.is(answer, 'stale')
  assert.equal(worker.value(), { active: 'resting' })
})

test('refused at the first registration: it ends with the reason', () => {
  const worker = stepMachine()
  const commands = worker.send({ type: 'refused', asked: 1, reason: 'DuckDB 1 and 2' })
  assert.equal(worker.value(), 'stopped')
  assert.equal(commands, [{ type: 'finish', params: { reason: 'DuckDB 1 and 2', refused: true } }])
})

test('refused later: it stops what it runs first, and takes no leave', () => {
  const worker = activeWorker()
  worker.order(launchExecutor())
  worker.order(masterChanged(2))
  const commands = worker.send({ type: 'refused', asked: 2, reason: 'other version' })
  assert.equal(brief(commands), ['kill app-1/0'])
  assert.equal(worker.value(), 'decommissioning')
  const last = worker.send({ type: 'childExited', key: 'app-1/0', run: 1, exit: { code: null, signal: 'SIGTERM' }, ranMs: 1 })
  assert.equal(brief(last), ['removeScratch app-1/0', 'finish'])
})

test('a stop takes leave, stops children, refuses new ones, and ends when all is done', () => {
  const worker = activeWorker()
  worker.order(launchExecutor())
  assert.equal(brief(worker.send({ type: 'stop', reason: 'SIGTERM' })), ['unregister', 'kill app-1/0'])
  assert.is(worker.order(launchExecutor({ id: '1' })).answer, 'refused')
  assert.equal(brief(worker.send({ type: 'stop', reason: 'again' })), [])
  worker.send({ type: 'unregistered' })
  assert.equal(worker.value(), 'decommissioning')
  const last = worker.send({ type: 'childExited', key: 'app-1/0', run: 1, exit: { code: 0, signal: null }, ranMs: 1 })
  assert.equal(last.at(-1), { type: 'finish', params: { reason: 'SIGTERM', refused: false } })
})

test('a stop before any registration ends at once', () => {
  const worker = stepMachine()
  assert.equal(brief(worker.send({ type: 'stop', reason: 'SIGINT' })), ['finish'])
})

test('a stop does not wait for ever for a child that does not die', () => {
  const worker = activeWorker()
  worker.order(launchExecutor())
  worker.send({ type: 'stop', reason: 'SIGTERM' })
  worker.send({ type: 'unregistered' })
  assert.equal(brief(worker.send(after('hardStop', 'decommissioning'))), ['finish'])
})

test.run()
