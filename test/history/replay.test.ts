import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { stageLines } from '#src/history/application-history.js'
import { Replay } from '#src/history/replay.js'
import { decodeEvents, encodeEvents, eventSchemas, type LogEvent } from '#src/protocol/event-log.js'
import { RECORD_VERSION } from '#src/protocol/version.js'
import { playScenario, storedRecords } from './scenario.js'

const test = suite('history/replay')
const sample = readFileSync(new URL('../../../test/history/event-log-v1.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter(line => line !== '')

function replay(records: readonly string[]) {
  const replayed = new Replay()
  for (const record of records) replayed.record(record)
  return replayed.end()
}

test('a replay of the stored log says of every job what the driver said', async () => {
  const { stand, runs } = await playScenario()
  const history = replay(await storedRecords(stand))
  assert.equal([history.missing, history.dropped, history.state], [0, 0, 'FINISHED'])
  assert.is(runs.filter(run => run.result !== undefined).length, 2)
  for (const run of runs) {
    if (run.result === undefined) continue
    assert.equal(stageLines(history, run.result.job, stand.clock.now()), run.result.stages)
  }
  assert.equal(
    runs.map((run, job) => [run.error?.message, history.jobs.get(job)?.error?.message]),
    runs.map(run => [run.error?.message, run.error?.message]),
  )
})

test('the log holds no secret', async () => {
  const { stand } = await playScenario()
  const text = (await storedRecords(stand)).join('\n')
  assert.not.match(text, /hidden|secret@|:secret/)
  assert.not.match(text, new RegExp(stand.driver.token))
  assert.match(text, /nats:\/\/\*+\(redacted\)@host:4222/)
})

test('the end of a query names no file of the driver’s machine', async () => {
  const { stand } = await playScenario()
  const ends = (await storedRecords(stand)).filter(record => record.includes('"SQLExecutionEnd"'))
  assert.ok(
    ends.some(record => record.includes('"error"')),
    'the scenario has a failed query',
  )
  for (const record of ends) assert.not.match(record, /"stack"|file:\/\//)
})

test('records in any order, and twice, say the same', async () => {
  const events = sample.flatMap(record => decodeEvents(record, RECORD_VERSION))
  const once = new Replay()
  const twice = new Replay()
  for (const event of events) once.apply(event)
  for (const event of [...events, ...events]) twice.apply(event)
  assert.equal(twice.end(), once.end())
})

test('a log that lost events says how many, and still tells the jobs', () => {
  const events = sample.flatMap(record => decodeEvents(record, RECORD_VERSION))
  const replayed = new Replay()
  for (const event of events) if (event.Event !== 'TaskStart') replayed.apply(event)
  const history = replayed.end()
  assert.is(history.missing, events.filter(event => event.Event === 'TaskStart').length)
  assert.equal(stageLines(history, 0, 0), stageLines(replay(sample), 0, 0))
})

test('the sample log of version 1 reads as it did when it was frozen', () => {
  const history = replay(sample)
  assert.equal([history.name, history.user, history.host, history.state, history.missing], ['test', 'me', 'here', 'FINISHED', 0])
  assert.equal(
    [...history.jobs.values()].map(job => [job.jobId, job.description, job.executionId, job.stageIds, job.state, job.error?.code]),
    [
      [0, 'count at a.ts:1', 0, [0, 1], 'SUCCEEDED', undefined],
      [1, 'collect at a.ts:2', undefined, [2, 3], 'SUCCEEDED', undefined],
      [2, 'show at a.ts:3', 2, [4, 5], 'FAILED', 'DIVIDE_BY_ZERO'],
      [3, 'count at a.ts:4', undefined, [6, 7], 'FAILED', 'SPK_JOB_CANCELLED'],
    ],
  )
  assert.equal(
    [0, 1, 2, 3].flatMap(job => stageLines(history, job, 0).map(l => [l.stage, l.tasks, l.completed, l.failed, l.active, l.state])),
    [
      [0, 4, 4, 1, 0, 'succeeded'],
      [1, 3, 3, 0, 0, 'succeeded'],
      [2, 2, 2, 0, 0, 'succeeded'],
      [3, 2, 2, 1, 0, 'succeeded'],
      [4, 2, 0, 8, 0, 'failed'],
      [5, 0, 0, 0, 0, 'skipped'],
      [6, 1, 0, 0, 0, 'failed'],
      [7, 0, 0, 0, 0, 'skipped'],
    ],
  )
  assert.equal(
    [...history.executors.values()].map(x => [x.executorId, x.totalCores, x.activeTasks, x.removedReason]),
    [
      ['0', 2, 0, undefined],
      ['1', 2, 0, 'EXITED with exit code 137: killed'],
    ],
  )
  assert.equal(
    [...history.executions.values()].map(x => [x.executionId, x.jobs, x.error?.code]),
    [
      [0, [0], undefined],
      [2, [2], 'DIVIDE_BY_ZERO'],
    ],
  )
  const reasons = new Set([...history.stages.values()].flatMap(stage => [...stage.tasks.values()].map(task => task.end?.reason)))
  assert.equal([...reasons].sort(), ['ExceptionFailure', 'ExecutorLostFailure', 'FetchFailed', 'Success', 'TaskKilled'])
})

test('the sample has every event that a driver posts', () => {
  const names = new Set(sample.flatMap(record => decodeEvents(record, RECORD_VERSION)).map(event => event.Event))
  assert.equal(
    Object.keys(eventSchemas).filter(name => !names.has(name as LogEvent['Event'])),
    // The scenario's driver re-plans nothing; see the test of its own.
    ['SQLAdaptiveExecutionUpdate', 'EventsDropped'],
  )
})

test('a plan that changed on the way is kept beside the first one', () => {
  const replayed = new Replay()
  const at = { v: 1, Timestamp: 1 }
  replayed.apply({ Event: 'SQLExecutionStart', executionId: 0, description: 'count', physicalPlanDescription: 'ShuffledHashJoin', ...at, seq: 0 })
  replayed.apply({ Event: 'SQLAdaptiveExecutionUpdate', executionId: 0, physicalPlanDescription: 'BroadcastHashJoin', ...at, seq: 1 })
  const execution = replayed.end().executions.get(0)
  assert.equal([execution?.physicalPlan, execution?.finalPlan], ['ShuffledHashJoin', 'BroadcastHashJoin'])
})

test('a newer log is told from a damaged one', () => {
  const fails = (record: string): string => {
    try {
      decodeEvents(record, RECORD_VERSION)
      return 'read'
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  assert.is(fails(JSON.stringify({ v: RECORD_VERSION + 1, Event: 'Future', Timestamp: 1, seq: 0, more: {} })), 'SPK_EVENT_LOG_NEWER')
  assert.is(fails('{"v":1,"Event":"JobSta'), 'SPK_BAD_RECORD')
  assert.is(fails(JSON.stringify({ v: 1, Event: 'JobEnd', Timestamp: 1, seq: 0 })), 'SPK_BAD_RECORD')
  assert.is(fails(JSON.stringify({ v: 1, Event: 'Unheard', Timestamp: 1, seq: 0 })), 'SPK_BAD_RECORD')
})

test('several task events of one name are one record that reads as all of them', () => {
  const events = sample.flatMap(record => decodeEvents(record, RECORD_VERSION)).filter(event => event.Event === 'TaskEnd')
  const [first, ...rest] = events
  assert.equal(decodeEvents(encodeEvents([first as LogEvent, ...rest]), RECORD_VERSION), events)
})

test.run()
