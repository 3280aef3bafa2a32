import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { StageCommand } from '#src/actors/driver/stage-state.js'
import type { TaskKey } from '#src/core/ids.js'
import { block, exception, row, stageStand } from './machines.js'

const test = suite('actors/driver/stage')
const types = (commands: readonly StageCommand[]): string[] => commands.map(c => c.type)
const reasons = (commands: readonly StageCommand[]): string[] =>
  commands.flatMap(c => (c.type === 'tasksEnded' ? c.params.ended.map(e => e.end.reason) : []))
const failure = (commands: readonly StageCommand[]): { code: string; message: string } | undefined =>
  commands.flatMap(c => (c.type === 'fail' ? [c.params.error] : []))[0]
const at = (keys: readonly TaskKey[], i = 0): TaskKey => keys[i] as TaskKey

test('a stage without tasks is complete when it starts', () => {
  const s = stageStand({ tasks: 0 })
  assert.equal(types(s.start()), ['complete'])
  assert.is(s.state, 'complete')
})

test('a stage is complete when every partition has an output, and a slot is free when its task has ended', () => {
  const s = stageStand()
  s.start()
  const keys = s.launch([0, 'a'], [1, 'b'])
  assert.equal(
    [...s.context.slots],
    [
      ['a', 1],
      ['b', 1],
    ],
  )
  assert.equal(types(s.finish('b', at(keys, 1))), ['tasksEnded'])
  assert.equal(types(s.finish('a', at(keys))), ['tasksEnded', 'complete'])
  assert.equal([s.state, s.context.slots.size, s.context.pending], ['complete', 0, 0])
})

test('what is reported of an attempt that is not known, or not known like that, changes nothing', () => {
  const s = stageStand()
  s.start()
  const key = at(s.launch([0, 'a']))
  for (const wrong of [{ attempt: 1 }, { stageAttempt: 1 }, { partition: 1 }, { partition: 99 }, { job: 1 }, { stage: 8 }]) {
    assert.equal(s.finish('a', { ...key, ...wrong }), [])
  }
  assert.equal(s.finish('b', key), [])
  assert.is(s.context.accepted, 0)
})

test('a failed task is tried again, three more times; then its error is the stage’s, with where it happened', () => {
  const s = stageStand()
  s.start()
  for (let i = 0; i < 3; i++) {
    assert.equal(types(s.fail('a', at(s.launch([0, 'a'])))), ['tasksEnded'])
    assert.is(s.context.pending, 2)
  }
  const error = failure(s.fail('a', at(s.launch([0, 'a']))))
  assert.is(error?.code, 'DIVIDE_BY_ZERO')
  assert.match(error?.message ?? '', /^\[DIVIDE_BY_ZERO\] no\nJob aborted due to stage failure: Task 0 in stage 7\.0 failed 4 times/)
  assert.is(s.state, 'failed')
})

test('a changed file fails the stage at once: only a new plan helps', () => {
  const s = stageStand()
  s.start()
  assert.is(failure(s.fail('a', at(s.launch([0, 'a'])), exception('SPK_FILE_CHANGED')))?.code, 'SPK_FILE_CHANGED')
})

test('losses of executors, kills and fetch failures do not count as failures of the task', () => {
  const s = stageStand()
  s.start()
  for (let i = 0; i < 5; i++) {
    s.launch([0, 'a'])
    s.send({ type: 'executorLost', executorId: 'a', reason: 'gone', now: 2 })
    s.report('a', { key: at(s.launch([0, 'a'])), state: 'KILLED', failure: { kind: 'TaskKilled', reason: 'drain' } })
    const fetch = { kind: 'FetchFailed', stage: 1, map: 0, mapAttempt: 0, workerId: 'w', error: { code: 'SPK_FETCH_FAILED', message: 'm' } } as const
    assert.equal(types(s.fail('a', at(s.launch([0, 'a'])), fetch)), ['fetchFailed', 'tasksEnded'].reverse())
  }
  assert.is(s.state, 'running')
  assert.equal([s.context.failed, s.context.table.chunks[0]?.[0]?.failures], [10, 0])
})

test('a task whose executors keep dying under it ends the stage some day', () => {
  const s = stageStand()
  s.start()
  let error: { code: string } | undefined
  let deaths = 0
  while (error === undefined && deaths < 100) {
    s.launch([0, 'a'])
    error = failure(s.send({ type: 'executorLost', executorId: 'a', reason: 'exit code 134', now: 2 }))
    deaths++
  }
  assert.equal([error?.code, deaths], ['SPK_EXECUTOR_LOST', 16])
})

test('a success that comes after its executor was lost is ignored; the partition runs again', () => {
  const s = stageStand()
  s.start()
  const key = at(s.launch([0, 'a']))
  s.send({ type: 'executorLost', executorId: 'a', reason: 'gone', now: 2 })
  assert.equal(s.finish('a', key), [])
  const again = at(s.launch([0, 'b']))
  assert.is(again.attempt, 1)
  s.finish('b', again)
  assert.equal(s.accepted(), [1, undefined])
})

test('map outputs of a lost worker are open again, those of a lost executor are not', () => {
  const s = stageStand()
  s.start()
  const keys = s.launch([0, 'a'], [1, 'b'])
  s.finish('a', at(keys))
  s.finish('b', at(keys, 1))
  assert.equal(s.send({ type: 'executorLost', executorId: 'a', reason: 'gone', now: 3 }), [])
  const commands = s.send({ type: 'workerLost', workerId: 'wa', now: 3 })
  assert.equal([types(commands), reasons(commands), s.state], [['tasksEnded', 'outputsLost'], ['Resubmitted'], 'paused'])
  s.send({ type: 'resume', attempt: 1, now: 4 })
  const [again, ...others] = s.launch([0, 'b'], [1, 'b'])
  assert.equal([again, others], [{ job: 0, stage: 7, stageAttempt: 1, partition: 0, attempt: 1 }, []])
  assert.equal(types(s.finish('b', again as TaskKey)), ['tasksEnded', 'complete'])
})

test('a lost map output is given up only while it is the one that was lost', () => {
  const s = stageStand({ tasks: 1 })
  s.start()
  s.finish('a', at(s.launch([0, 'a'])))
  const lose = (mapAttempt: number, workerId: string, wholeWorker = false) =>
    types(s.send({ type: 'outputLost', map: 0, mapAttempt, workerId, wholeWorker, now: 3 }))
  assert.equal(lose(1, 'wa'), [])
  assert.equal(lose(0, 'wb'), [])
  assert.equal(lose(0, 'wa'), ['tasksEnded', 'outputsLost'])
  assert.equal(lose(0, 'wa'), [])
})

test('a stage that is paused launches nothing, and is complete when what ran was all it needed', () => {
  const s = stageStand()
  s.start()
  const keys = s.launch([0, 'a'], [1, 'b'])
  s.finish('a', at(keys))
  s.send({ type: 'pause' })
  assert.equal(s.launch([1, 'c']), [])
  assert.equal(types(s.finish('b', at(keys, 1))), ['tasksEnded', 'complete'])
})

test('a rollback takes everything back, and what the old attempts still send is not taken', () => {
  const s = stageStand()
  s.start()
  const keys = s.launch([0, 'a'], [1, 'b'])
  s.finish('a', at(keys))
  const commands = s.send({ type: 'rollback', reason: 'input changed', now: 3 })
  assert.equal([types(commands), reasons(commands)], [['tasksEnded', 'kill'], ['Resubmitted']])
  s.send({ type: 'resume', attempt: 1, now: 4 })
  assert.is(s.context.pending, 2)
  assert.equal(reasons(s.finish('b', at(keys, 1))), ['TaskKilled'])
  const again = s.launch([0, 'a'], [1, 'b'])
  assert.equal(
    again.map(k => [k.stageAttempt, k.partition, k.attempt]),
    [
      [1, 0, 1],
      [1, 1, 1],
    ],
  )
})

test('with a row limit the stage ends when the first tasks have enough rows, and what still runs is killed', () => {
  const s = stageStand({ tasks: 4, kind: 'result', rowLimit: 5 })
  s.start()
  const keys = s.launch([0, 'a'], [1, 'b'], [2, 'c'])
  assert.equal(types(s.finish('b', at(keys, 1), row(9))), ['tasksEnded'])
  assert.equal(types(s.finish('a', at(keys), row(1))), ['tasksEnded', 'kill', 'complete'])
  assert.is(s.state, 'complete')
})

test('a large result counts when it has arrived; one that cannot be fetched runs again and counts as a failure', () => {
  const s = stageStand({ tasks: 1, kind: 'result' })
  s.start()
  assert.equal(types(s.finish('a', at(s.launch([0, 'a'])), block('f0'))), ['fetchResult'])
  assert.equal([s.context.accepted, s.context.pending, s.context.slots.size], [0, 0, 0])
  const lost = s.send({ type: 'resultLost', partition: 0, attempt: 0, message: 'refused', now: 3 })
  assert.equal([reasons(lost), s.context.pending, s.context.resultBytes], [['TaskResultLost'], 1, 0])
  s.finish('a', at(s.launch([0, 'a'])), block('f1'))
  assert.equal(s.send({ type: 'resultFetched', partition: 0, attempt: 0, ipc: new Uint8Array(1), now: 3 }), [])
  assert.equal(types(s.send({ type: 'resultFetched', partition: 0, attempt: 1, ipc: new Uint8Array(1), now: 3 })), ['tasksEnded', 'complete'])
})

test('results beyond spark.driver.maxResultSize fail the stage in Spark’s words', () => {
  const s = stageStand({ tasks: 3, kind: 'result', maxResultSize: 2048 })
  s.start()
  const keys = s.launch([0, 'a'], [1, 'b'], [2, 'c'])
  s.finish('a', at(keys), row(1, 1024))
  s.finish('b', at(keys, 1), row(1, 1024))
  assert.match(
    failure(s.finish('c', at(keys, 2), block('f', 1024)))?.message ?? '',
    /Total size of serialized results of 3 tasks \(3\.0 KiB\) is bigger than spark\.driver\.maxResultSize \(2\.0 KiB\)/,
  )
})

test('a stage that is stopped is over when the last killed task has left its slot, however it ends', () => {
  const s = stageStand({ tasks: 3 })
  s.start()
  const keys = s.launch([0, 'a'], [1, 'b'], [2, 'c'])
  assert.equal(types(s.send({ type: 'stop', reason: 'cancelled', now: 3 })), ['kill', 'kill', 'kill'])
  s.finish('a', at(keys))
  s.fail('b', at(keys, 1))
  assert.equal([s.state, s.context.accepted], ['stopping', 0])
  assert.equal(types(s.send({ type: 'executorLost', executorId: 'c', reason: 'gone', now: 4 })), ['tasksEnded', 'drained'])
  assert.is(s.state, 'stopped')
})

test('a task that was not launched after all waits again, and its attempt number is not used again', () => {
  const s = stageStand({ tasks: 1 })
  s.start()
  const key = at(s.launch([0, 'a']))
  s.send({ type: 'attemptsLost', executorId: 'a', keys: [key], reason: 'refused', now: 2 })
  assert.equal([s.context.pending, s.context.slots.size], [1, 0])
  assert.equal(s.finish('a', key), [])
  assert.is(at(s.launch([0, 'b'])).attempt, 1)
})

test('a report of success without an output of the right kind is a failure', () => {
  const s = stageStand({ tasks: 1 })
  s.start()
  assert.equal(reasons(s.finish('a', at(s.launch([0, 'a'])), row())), ['ExceptionFailure'])
})

test.run()
