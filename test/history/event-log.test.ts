import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { silentLogger } from '#src/core/log.js'
import { type EventSink, eventLog } from '#src/history/event-log.js'
import type { EventBody, LogEvent } from '#src/protocol/event-log.js'
import { decodeEvents } from '#src/protocol/event-log.js'
import { RECORD_VERSION } from '#src/protocol/version.js'
import { settle, virtualClock } from '../support/virtual-clock.js'

const test = suite('history/event-log')

const jobEnd = (jobId: number): EventBody => ({ Event: 'JobEnd', jobId, jobResult: 'JobSucceeded' })
function taskStart(taskId: number): EventBody {
  const of = { jobId: 0, stageId: 0, stageAttemptId: 0, index: taskId, attempt: 0, taskId, executorId: '0' }
  return { Event: 'TaskStart', ...of, host: 'h', locality: 'ANY' }
}
function taskEnd(taskId: number): EventBody {
  const of = { jobId: 0, stageId: 0, stageAttemptId: 0, index: taskId, attempt: 0, taskId, executorId: '0' }
  return { Event: 'TaskEnd', ...of, launchTime: 0, end: { reason: 'Success' } }
}

/** A stream that stores by id, as JetStream does, and fails when told. */
class Stream implements EventSink {
  readonly records = new Map<string, { subject: string; events: LogEvent[] }>()
  appends = 0
  inFlight = 0
  /** `lost`: not stored. `unanswered`: stored, but the answer is lost. */
  fail: 'lost' | 'unanswered' | undefined
  async append(subject: string, data: Uint8Array, id = ''): Promise<number> {
    assert.is(++this.inFlight, 1, 'one append at a time')
    this.appends++
    await undefined
    this.inFlight--
    if (this.fail !== 'lost' && !this.records.has(id)) this.records.set(id, { subject, events: decodeEvents(data, RECORD_VERSION) })
    if (this.fail !== undefined) throw new Error('timeout')
    return this.records.size
  }
  events(): LogEvent[] {
    return [...this.records.values()].flatMap(record => record.events)
  }
}

function open(limit?: number) {
  const clock = virtualClock()
  const stream = new Stream()
  const subject = (event: string): string => `s.${event}`
  const log = eventLog({ appId: 'app', subject, open: async () => stream, clock, log: silentLogger(), ...(limit === undefined ? {} : { limit }) })
  return { clock, stream, log }
}

test('events are stored in order, one record each, on the subject of their name', async () => {
  const { clock, stream, log } = open()
  for (let i = 0; i < 3; i++) log.post(jobEnd(i))
  await clock.advance(10)
  assert.equal(
    [...stream.records.values()].map(r => [r.subject, r.events.map(e => e.seq)]),
    [
      ['s.JobEnd', [0]],
      ['s.JobEnd', [1]],
      ['s.JobEnd', [2]],
    ],
  )
})

test('an append that fails, or whose answer is lost, is repeated until the record is there once', async () => {
  for (const fail of ['lost', 'unanswered'] as const) {
    const { clock, stream, log } = open()
    stream.fail = fail
    log.post(jobEnd(0))
    log.post(jobEnd(1))
    await clock.advance(5000)
    stream.fail = undefined
    await clock.advance(5000)
    assert.equal(
      stream.events().map(e => e.seq),
      [0, 1],
    )
    assert.ok(stream.appends > 3)
  }
})

test('a run of task events becomes one record per name; what comes after it comes after it', async () => {
  const { clock, stream, log } = open()
  for (let i = 0; i < 10; i++) log.post(taskStart(i))
  for (let i = 0; i < 10; i++) log.post(taskEnd(i))
  log.post(jobEnd(0))
  await clock.advance(10)
  assert.equal(
    [...stream.records.values()].map(r => [r.subject, r.events.length]),
    [
      ['s.TaskStart', 10],
      ['s.TaskEnd', 10],
      ['s.JobEnd', 1],
    ],
  )
  assert.equal(
    stream.events().map(e => e.seq),
    [...Array(21).keys()],
  )
})

test('a few task events stay records of their own', async () => {
  const { clock, stream, log } = open()
  for (let i = 0; i < 4; i++) log.post(taskStart(i))
  await clock.advance(1000)
  assert.is(stream.records.size, 4)
})

test('task events wait a moment for others: until many are there, or another event comes, or the log closes', async () => {
  const sizes = (stream: Stream) => [...stream.records.values()].map(r => r.events.length)
  const { clock, stream, log } = open()
  for (let i = 0; i < 20; i++) {
    log.post(taskStart(i))
    await clock.advance(1)
  }
  assert.equal(sizes(stream), [])
  log.post(jobEnd(0))
  await settle()
  assert.equal(sizes(stream), [20, 1])
  for (let i = 0; i < 220; i++) {
    log.post(taskStart(i))
    await clock.advance(i < 10 ? 1 : 0)
  }
  assert.equal(sizes(stream), [20, 1, 200])
  await clock.advance(1000)
  assert.equal(sizes(stream), [20, 1, 200, 20])
  for (let i = 0; i < 30; i++) log.post(taskStart(i))
  await settle()
  await log.close(1000)
  assert.equal(sizes(stream), [20, 1, 200, 20, 30])
  assert.is(clock.pending(), 0)
})

test('a full queue drops task events first, counts them and says so in the log', async () => {
  const { clock, stream, log } = open(10)
  stream.fail = 'lost'
  for (let i = 0; i < 30; i++) log.post(taskStart(i))
  for (let i = 0; i < 5; i++) log.post(jobEnd(i))
  await clock.advance(100)
  stream.fail = undefined
  await clock.advance(5000)
  const events = stream.events()
  const dropped = events.flatMap(e => (e.Event === 'EventsDropped' ? [e.count] : []))
  assert.is(events.filter(e => e.Event === 'JobEnd').length, 5)
  assert.equal(dropped, [30 - events.filter(e => e.Event === 'TaskStart').length])
  assert.ok((dropped[0] as number) > 0)
})

test('close waits until everything is stored, but not for ever', async () => {
  const good = open()
  good.log.post(jobEnd(0))
  await good.log.close(1000)
  assert.is(good.stream.records.size, 1)
  const bad = open()
  bad.stream.fail = 'lost'
  bad.log.post(jobEnd(0))
  let closed = false
  void bad.log.close(1000).then(() => {
    closed = true
  })
  await bad.clock.advance(900)
  assert.not(closed)
  await bad.clock.advance(200)
  assert.ok(closed)
})

test('listeners hear events as they are posted, also without a stream', () => {
  const heard: string[] = []
  const log = eventLog({ appId: 'app', subject: e => e, clock: virtualClock(), log: silentLogger() })
  log.listen(event => heard.push(`${event.seq} ${event.Event}`))
  log.post(jobEnd(0))
  log.post(taskStart(1))
  assert.equal(heard, ['0 JobEnd', '1 TaskStart'])
})

test.run()
