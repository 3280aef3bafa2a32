import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ExecutorEvent } from '#src/actors/executor/events.js'
import { heldKeys } from '#src/actors/executor/state.js'
import { taskKeyString } from '#src/core/ids.js'
import {
  brief,
  failed,
  finished,
  killed,
  launchOrder,
  noMetrics,
  order,
  readyExecutor,
  type Stepper,
  stageOrders,
  stagePlan,
  stepMachine,
  taskKey,
} from './executor-fixture.js'

const test = suite('actors/executor/machine')

const unanswered = (asked: number, at = 1000, jitter = 0): ExecutorEvent => ({ type: 'unanswered', asked, at, jitter, error: 'no responders' })
const registered = (asked: number, at = 1000): ExecutorEvent => ({ type: 'registered', asked, at })
const beat = (asked: number, kind: 'ok' | 'reregister' | 'stop', at = 1000): ExecutorEvent => ({ type: 'beatAnswered', asked, at, kind })
const after = (delay: string, state: string): ExecutorEvent => ({ type: `xstate.after.${delay}.${state}` }) as unknown as ExecutorEvent
const ended = (partition: number, end = finished(), attempt = 0, stage = 1): ExecutorEvent => ({
  type: 'tasksEnded',
  ends: [{ key: taskKey(partition, attempt, stage), end }],
})
const acked = (seq: number, at = 1000): ExecutorEvent => ({ type: 'reportAcked', seq, at })
const lost = (seq: number, jitter = 0): ExecutorEvent => ({ type: 'reportUnanswered', seq, jitter })

/** Runs `steps` and compares commands after each, and the state where one is given. */
function walk(executor: Stepper, steps: readonly (readonly [event: ExecutorEvent, commands: readonly string[], value?: unknown])[]): void {
  steps.forEach(([event, commands, value], i) => {
    assert.equal(brief(executor.send(event)), commands, `commands of step ${i + 1}`)
    if (value !== undefined) assert.equal(executor.value(), value, `state after step ${i + 1}`)
  })
}

test('it asks its driver until it is registered, then beats', () => {
  const executor = stepMachine()
  assert.equal(brief(executor.first), ['register 1'])
  walk(executor, [
    [unanswered(1), [], { starting: 'waiting' }],
    [after('retry', 'executor.starting.waiting'), ['register 2'], { starting: 'asking' }],
    [registered(1), [], { starting: 'asking' }],
    [registered(2), [], { registered: 'resting' }],
    [after('beat', 'executor.registered.resting'), ['heartbeat 3'], { registered: 'beating' }],
    [beat(3, 'ok'), [], { registered: 'resting' }],
    [{ type: 'busUp' }, ['heartbeat 4'], { registered: 'beating' }],
    [unanswered(4), [], { registered: 'retrying' }],
    [{ type: 'busUp' }, ['heartbeat 5'], { registered: 'beating' }],
    [beat(5, 'reregister'), ['register 6'], { reconnecting: 'asking' }],
    [registered(6), [], { registered: 'resting' }],
  ])
})

test('refused: it ends with the reason', () => {
  walk(stepMachine(), [
    [
      { type: 'refused', asked: 1, reason: 'DuckDB 1.4 here, 1.5 there' },
      ['finish 1: the driver refused this executor: DuckDB 1.4 here, 1.5 there'],
      'stopped',
    ],
  ])
})

test('a driver that is silent for spark.network.timeout ends it with code 56, whatever it is doing', () => {
  const busy = readyExecutor()
  busy.send(order(1, launchOrder(taskKey(0))))
  walk(busy, [
    [after('beat', 'executor.registered.resting'), ['heartbeat 2']],
    [unanswered(2, 120_999), [], { registered: 'retrying' }],
    [{ type: 'busUp' }, ['heartbeat 3']],
    [unanswered(3, 121_000), ['kill 1/0.0: executor stops: the driver was not heard for 120 s: no responders'], 'draining'],
    [ended(0, killed('x')), ['report 1: 1/0.0 KILLED', 'finish 56: the driver was not heard for 120 s: no responders'], 'stopped'],
  ])
  walk(stepMachine(), [[unanswered(1, 200_000), ['finish 56: the driver was not heard for 199 s: no responders'], 'stopped']])
})

test('whatever the driver sends counts as hearing it', () => {
  const executor = readyExecutor()
  walk(executor, [
    [after('beat', 'executor.registered.resting'), ['heartbeat 2']],
    [order(7, { kind: 'killTasks', keys: [taskKey(9)], reason: 'x' }, 100_000), ['answer 7 ack']],
    [unanswered(2, 200_000), [], { registered: 'retrying' }],
    [acked(1, 150_000), []],
  ])
})

test('a stage comes in parts in any order, twice, and mixed with another', () => {
  const executor = stepMachine()
  const big = stageOrders(stagePlan(1, 'x'.repeat(500_000)))
  assert.is(big.length, 3)
  const small = stageOrders(stagePlan(2))
  walk(executor, [
    [order(1, launchOrder(taskKey(0))), ['answer 1 missingStage']],
    [order(2, big[2] as never), ['answer 2 ack']],
    [order(3, big[0] as never), ['answer 3 ack']],
    [order(4, big[0] as never), ['answer 4 ack']],
    [order(5, small[0] as never), ['answer 5 ack']],
    [order(6, launchOrder(taskKey(0))), ['answer 6 missingStage']],
    [order(7, big[1] as never), ['answer 7 ack']],
    [order(8, big[1] as never), ['answer 8 ack']],
    [order(9, launchOrder(taskKey(0))), ['answer 9 accepted', 'run 1/0.0', 'reportLater 50']],
    [order(10, launchOrder(taskKey(0, 0, 2))), ['answer 10 accepted', 'run 2/0.0']],
  ])
  assert.is(executor.state().plans['0.1.0']?.fragments[0]?.sql.length, 500_000)
  assert.equal(executor.state().partial, {})
})

test('parts that make no plan are an error, and the stage stays missing', () => {
  const [part] = stageOrders()
  walk(stepMachine(), [
    [order(1, { ...part, bytes: Uint8Array.of(1, 2, 3) } as never), ['answer 1 error']],
    [order(2, launchOrder(taskKey(0))), ['answer 2 missingStage']],
    [order(3, part as never), ['answer 3 ack']],
    [order(4, launchOrder(taskKey(0))), ['answer 4 accepted', 'run 1/0.0', 'reportLater 50']],
  ])
})

test('tasks run first come first served, as many as there are cores, each once', () => {
  walk(readyExecutor(2), [
    [order(2, launchOrder(taskKey(0), taskKey(1), taskKey(2), taskKey(3))), ['answer 2 accepted', 'run 1/0.0', 'run 1/1.0', 'reportLater 50']],
    [order(3, launchOrder(taskKey(2), taskKey(0), taskKey(4))), ['answer 3 accepted']],
    [ended(1), ['report 1: 1/1.0 FINISHED', 'run 1/2.0']],
    [ended(0), ['run 1/3.0']],
    [acked(1), ['report 2: 1/0.0 FINISHED']],
    [order(4, launchOrder(taskKey(1))), ['answer 4 accepted']],
    [ended(2), ['run 1/4.0']],
    [ended(3), []],
    [ended(4), []],
    [acked(2), ['report 3: 1/2.0 FINISHED, 1/3.0 FINISHED, 1/4.0 FINISHED']],
    [acked(3), []],
    // The timer of the first ones is still set.
    [order(5, launchOrder(taskKey(0, 1))), ['answer 5 accepted', 'run 1/0.1']],
    [{ type: 'reportDue' }, ['report 4: 1/0.1 RUNNING']],
  ])
})

test('of short tasks some are handed over ahead, and killed there; of another stage none', () => {
  const executor = readyExecutor(1)
  for (const part of stageOrders(stagePlan(2))) executor.send(order(1, part))
  const short = { ...finished(), metrics: { ...noMetrics, executorRunTime: 8 } }
  walk(executor, [
    [order(2, launchOrder(...[0, 1, 2, 3, 4, 5].map(p => taskKey(p)))), ['answer 2 accepted', 'run 1/0.0', 'reportLater 50']],
    // 20 ms of work: two tasks of 8 ms beside the one that runs.
    [ended(0, short), ['report 1: 1/0.0 FINISHED', 'run 1/1.0', 'run 1/2.0', 'run 1/3.0']],
    [order(3, { kind: 'killTasks', keys: [taskKey(2)], reason: 'late' }), ['answer 3 ack', 'kill 1/2.0: late']],
    // What waits ahead is not told as running.
    [{ type: 'reportDue' }, []],
    [acked(1), ['report 2: 1/1.0 RUNNING']],
    [order(4, launchOrder(taskKey(0, 0, 2))), ['answer 4 accepted']],
    [ended(2, killed('late')), ['run 1/4.0', 'reportLater 50']],
    // A long one: the mean grows, and no more goes ahead.
    [ended(1, finished()), []],
    [ended(3, short), []],
    [ended(4, short), ['run 1/5.0']],
    [ended(5, short), ['run 2/0.0']],
  ])
  assert.is(executor.state().running, 1)
})

test('that a task runs is told when it still does after a moment', () => {
  walk(readyExecutor(), [
    [order(2, launchOrder(taskKey(0))), ['answer 2 accepted', 'run 1/0.0', 'reportLater 50']],
    [{ type: 'reportDue' }, ['report 1: 1/0.0 RUNNING']],
    [acked(1), []],
    [ended(0, failed), ['report 2: 1/0.0 FAILED']],
  ])
})

test('reports nobody acknowledges are kept, with the newest news of each task, and tried again with longer waits', () => {
  const executor = readyExecutor()
  walk(executor, [
    [order(2, launchOrder(taskKey(0), taskKey(1), taskKey(2))), ['answer 2 accepted', 'run 1/0.0', 'run 1/1.0', 'reportLater 50']],
    [{ type: 'reportDue' }, ['report 1: 1/0.0 RUNNING, 1/1.0 RUNNING']],
    [ended(0), ['run 1/2.0', 'reportLater 50']],
    // What gathered goes with the timer that is set.
    [lost(1), []],
    [acked(1), []],
    [ended(2), []],
    [{ type: 'reportDue' }, ['report 2: 1/1.0 RUNNING, 1/0.0 FINISHED, 1/2.0 FINISHED']],
    [lost(2, 0.999999), ['reportLater 200']],
    [{ type: 'reportDue' }, ['report 3: 1/1.0 RUNNING, 1/0.0 FINISHED, 1/2.0 FINISHED']],
    [acked(3), []],
    [lost(3), []],
  ])
  assert.equal(heldKeys(executor.state()).map(taskKeyString), ['job 0 stage 1.0 task 1.0'])
})

test('reports that wait go at once when the bus is back', () => {
  const executor = readyExecutor()
  walk(executor, [
    [order(2, launchOrder(taskKey(0))), ['answer 2 accepted', 'run 1/0.0', 'reportLater 50']],
    [ended(0), ['report 1: 1/0.0 FINISHED']],
    [lost(1), []],
    [{ type: 'reportDue' }, ['report 2: 1/0.0 FINISHED']],
    [lost(2), ['reportLater 100']],
    [{ type: 'busUp' }, ['report 3: 1/0.0 FINISHED', 'heartbeat 2']],
    [acked(3), []],
    [{ type: 'reportDue' }, []],
  ])
})

test('a message takes 256 KiB of results', () => {
  const executor = readyExecutor(4)
  walk(executor, [
    [
      order(2, launchOrder(taskKey(0), taskKey(1), taskKey(2), taskKey(3))),
      ['answer 2 accepted', 'run 1/0.0', 'run 1/1.0', 'run 1/2.0', 'run 1/3.0', 'reportLater 50'],
    ],
    [ended(0, finished(200_000)), ['report 1: 1/0.0 FINISHED']],
    [ended(1, finished(200_000)), []],
    [ended(2, finished(50_000)), []],
    [ended(3, finished(262_144)), []],
    [acked(1), ['report 2: 1/1.0 FINISHED, 1/2.0 FINISHED']],
    [acked(2), ['report 3: 1/3.0 FINISHED']],
  ])
})

test('a message takes 256 KiB of failures, too', () => {
  const executor = readyExecutor(500)
  executor.send(order(2, launchOrder(...Array.from({ length: 40 }, (_, i) => taskKey(i)))))
  const long = { kind: 'failed', failure: { kind: 'ExceptionFailure', error: { code: 'X', message: 'x'.repeat(20_000) } } } as const
  const ends = Array.from({ length: 40 }, (_, i) => ({ key: taskKey(i), end: long }))
  const reports = executor.send({ type: 'tasksEnded', ends }).flatMap(c => (c.type === 'report' ? [c.params.reports.length] : []))
  assert.equal(reports, [12])
})

test('a kill ends a waiting task at once and a running one by its query, and is harmless otherwise', () => {
  walk(readyExecutor(1), [
    [order(2, launchOrder(taskKey(0), taskKey(1), taskKey(2))), ['answer 2 accepted', 'run 1/0.0', 'reportLater 50']],
    [order(3, { kind: 'killTasks', keys: [taskKey(1)], reason: 'late' }), ['answer 3 ack', 'report 1: 1/1.0 KILLED']],
    [order(4, { kind: 'killTasks', keys: [taskKey(0)], reason: 'late' }), ['answer 4 ack', 'kill 1/0.0: late']],
    [order(5, { kind: 'killTasks', keys: [taskKey(0)], reason: 'late' }), ['answer 5 ack']],
    [order(6, { kind: 'killTasks', keys: [taskKey(7)], reason: 'late' }), ['answer 6 ack']],
    [ended(0, killed('late')), ['run 1/2.0']],
    [ended(0, killed('late')), []],
    [acked(1), ['report 2: 1/0.0 KILLED']],
    [order(7, launchOrder(taskKey(1))), ['answer 7 accepted']],
  ])
})

test('one order kills many', () => {
  walk(readyExecutor(2), [
    [order(2, launchOrder(...[0, 1, 2, 3, 4].map(p => taskKey(p)))), ['answer 2 accepted', 'run 1/0.0', 'run 1/1.0', 'reportLater 50']],
    [
      order(3, { kind: 'killTasks', keys: [0, 3, 2, 9].map(p => taskKey(p)), reason: 'enough' }),
      ['answer 3 ack', 'kill 1/0.0: enough', 'report 1: 1/3.0 KILLED, 1/2.0 KILLED'],
    ],
    [ended(0, killed('enough')), ['run 1/4.0']],
  ])
})

test('a stage is removed when its last task has ended; what is sent late for it finds it missing', () => {
  const executor = readyExecutor(1)
  for (const part of stageOrders(stagePlan(2))) executor.send(order(1, part))
  walk(executor, [
    [order(2, launchOrder(taskKey(0), taskKey(1))), ['answer 2 accepted', 'run 1/0.0', 'reportLater 50']],
    [order(3, launchOrder(taskKey(0, 0, 2))), ['answer 3 accepted']],
    [
      order(4, { kind: 'removeStages', stages: [1, 5] }),
      ['answer 4 ack', 'kill 1/0.0: its stage is not needed any more', 'report 1: 1/1.0 KILLED', 'removeStages 5'],
    ],
    [order(5, launchOrder(taskKey(2))), ['answer 5 missingStage']],
    [ended(0, killed('x')), ['run 2/0.0', 'removeStages 1']],
  ])
  assert.equal(Object.keys(executor.state().plans), ['0.2.0'])
  assert.equal(Object.keys(executor.state().seen), ['0.2.0'])
})

test('stop from outside kills tasks, tells their end, then ends', () => {
  walk(readyExecutor(1), [
    [order(2, launchOrder(taskKey(0), taskKey(1))), ['answer 2 accepted', 'run 1/0.0', 'reportLater 50']],
    [{ type: 'stop', reason: 'SIGTERM', code: 143 }, ['kill 1/0.0: executor stops: SIGTERM', 'report 1: 1/1.0 KILLED'], 'draining'],
    [order(3, launchOrder(taskKey(2))), ['answer 3 refused']],
    [acked(1), [], 'draining'],
    [ended(0, killed('x')), ['report 2: 1/0.0 KILLED'], 'draining'],
    [{ type: 'stop', reason: 'again', code: 1 }, [], 'draining'],
    [acked(2), ['finish 143: SIGTERM'], 'stopped'],
  ])
})

test('a task or a driver that does not react cannot hold up the end', () => {
  const executor = readyExecutor(1)
  executor.send(order(2, launchOrder(taskKey(0))))
  executor.send({ type: 'stop', reason: 'SIGTERM', code: 143 })
  assert.equal(brief(executor.send(after('drained', 'draining'))), ['finish 143: SIGTERM'])
})

for (const [what, event] of [
  ['order', order(2, { kind: 'stopExecutor', reason: 'application finished' })],
  ['answer to a heartbeat', beat(2, 'stop')],
] as const) {
  test(`the driver's ${what} to stop ends it without waiting for reports`, () => {
    const executor = readyExecutor(1)
    executor.send(order(2, launchOrder(taskKey(0))))
    executor.send(ended(0))
    if (event.type === 'beatAnswered') executor.send({ type: 'busUp' })
    assert.match(brief(executor.send(event)).at(-1) ?? '', /^finish 0: /)
    assert.is(executor.value(), 'stopped')
  })
}

/** A random life; every task that was taken on is run at most once and ends with one final report, and no more than `cores` run. */
test('whatever happens, in whatever order: no task twice, never more than there are cores, an end for each', () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.tuple(fc.constant('launch'), fc.nat(5), fc.nat(1)) },
    { weight: 4, arbitrary: fc.tuple(fc.constant('end'), fc.nat(3), fc.nat(0)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('kill'), fc.nat(5), fc.nat(1)) },
    { weight: 2, arbitrary: fc.tuple(fc.constantFrom('ack', 'lose', 'due', 'busUp'), fc.nat(0), fc.nat(0)) },
    { weight: 1, arbitrary: fc.tuple(fc.constantFrom('part', 'remove', 'beatAgain'), fc.nat(0), fc.nat(0)) },
  )
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 80 }), (cores, steps) => {
      const executor = readyExecutor(cores)
      const running = new Set<string>()
      const accepted = new Set<string>()
      const ran = new Set<string>()
      const finals = new Map<string, string>()
      let removedSince = 0
      const take = (commands: ReturnType<Stepper['send']>): void => {
        for (const command of commands) {
          if (command.type === 'run') {
            for (const launch of command.params.launches) {
              const key = taskKeyString(launch.key)
              assert.not.ok(ran.has(`${removedSince} ${key}`), `${key} ran twice`)
              ran.add(`${removedSince} ${key}`)
              running.add(key)
              assert.ok(running.size <= cores, 'more than there are cores')
            }
          } else if (command.type === 'report') {
            for (const report of command.params.reports) if (report.state !== 'RUNNING') finals.set(taskKeyString(report.key), report.state)
          } else if (command.type === 'removeStages') removedSince++
        }
      }
      const send = (event: ExecutorEvent): void => take(executor.send(event))
      for (const [what, a, b] of steps) {
        const { sending } = executor.state()
        if (what === 'launch') {
          const commands = executor.send(order(1, launchOrder(taskKey(a, b))))
          if (brief(commands).includes('answer 1 accepted')) accepted.add(taskKeyString(taskKey(a, b)))
          take(commands)
        } else if (what === 'end') {
          const key = [...running][a]
          if (key === undefined) continue
          running.delete(key)
          const task = executor.state().tasks[key]
          send({
            type: 'tasksEnded',
            ends: [{ key: task?.launch.key ?? taskKey(0), end: task?.killed === undefined ? finished() : killed(task.killed) }],
          })
        } else if (what === 'kill') send(order(1, { kind: 'killTasks', keys: [taskKey(a, b)], reason: 'k' }))
        else if (what === 'ack' && sending !== undefined) send(acked(sending.seq))
        else if (what === 'lose' && sending !== undefined) send(lost(sending.seq))
        else if (what === 'due') send({ type: 'reportDue' })
        else if (what === 'busUp') send({ type: 'busUp' })
        else if (what === 'part') for (const part of stageOrders()) send(order(1, part))
        else if (what === 'remove') send(order(1, { kind: 'removeStages', stages: [1] }))
        else if (what === 'beatAgain') send(beat(executor.state().asked, 'reregister'))
        assert.is(executor.state().running, running.size)
      }
      // Everything ends and everybody listens again: nothing may stay untold.
      let rounds = 0
      while (running.size > 0 || executor.state().sending !== undefined || executor.state().reports.length > 0) {
        assert.ok(rounds++ < 500, 'it never comes to rest')
        const [key] = running
        if (key !== undefined) {
          running.delete(key)
          send({ type: 'tasksEnded', ends: [{ key: executor.state().tasks[key]?.launch.key ?? taskKey(0), end: finished() }] })
        }
        const { sending } = executor.state()
        send(sending === undefined ? { type: 'reportDue' } : acked(sending.seq))
      }
      assert.equal(executor.state().tasks, {})
      for (const key of accepted) assert.ok(finals.has(key), `${key} has no end`)
    }),
    { numRuns: 400 },
  )
})

test.run()
