import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { executorPlace, hostPlace, type Place, pendingQueues, rewind } from '#src/actors/driver/pending.js'
import { type LocalityState, type Offer, type Schedulable, type Schedule, schedule } from '#src/actors/driver/schedule.js'

const test = suite('actors/driver/schedule')
const WAIT = 3000

function offers(...list: [executorId: string, hostId: string, free: number][]): Offer[] {
  return list.map(([executorId, hostId, free]) => ({ executorId, hostId, free }))
}
function stage(id: number, preferences: Place[][], more: { done?: number[]; locality?: LocalityState } = {}): Schedulable {
  const { done = [], locality = { level: 0, since: 0 } } = more
  return { stage: id, queues: pendingQueues(preferences), cursors: new Map(), locality, isPending: p => !done.includes(p) }
}
const free = (n: number): Place[][] => Array.from({ length: n }, () => [])
function given(result: Schedule): string[] {
  return result.stages.flatMap(s => s.assignments.map(a => `${s.stage}/${a.partition}→${a.executorId} ${a.locality}`))
}

test('tasks without preference go round over executors, those with most free slots first, in order of their number', () => {
  const result = schedule(offers(['0', 'a', 1], ['1', 'b', 3]), [stage(0, free(3))], 0, WAIT)
  assert.equal(given(result), ['0/0→1 PROCESS_LOCAL', '0/1→0 PROCESS_LOCAL', '0/2→1 PROCESS_LOCAL'])
})

test('no executor gets more than its free slots; the earlier stage is served first', () => {
  const result = schedule(offers(['0', 'a', 2], ['1', 'b', 0]), [stage(4, free(1)), stage(7, free(5))], 0, WAIT)
  assert.equal(given(result), ['4/0→0 PROCESS_LOCAL', '7/0→0 PROCESS_LOCAL'])
})

test('tasks that are not pending are passed over', () => {
  const result = schedule(offers(['0', 'a', 9]), [stage(0, free(5), { done: [0, 1, 3] })], 0, WAIT)
  assert.equal(given(result), ['0/2→0 PROCESS_LOCAL', '0/4→0 PROCESS_LOCAL'])
})

test('a task goes to the executor it prefers, then to its host, then, after the wait of each level, anywhere', () => {
  const cases: [preferred: Place[], now: number, since: LocalityState, expected: string[], wakeAt: number | undefined][] = [
    [[executorPlace('1')], 0, { level: 0, since: 0 }, ['0/0→1 PROCESS_LOCAL'], undefined],
    [[hostPlace('b')], 0, { level: 0, since: 0 }, ['0/0→1 NODE_LOCAL'], undefined],
    [[executorPlace('2')], 0, { level: 0, since: 0 }, [], WAIT],
    [[executorPlace('2')], WAIT - 1, { level: 0, since: 0 }, [], WAIT],
    [[executorPlace('2')], WAIT, { level: 0, since: 0 }, ['0/0→0 ANY'], undefined],
    [[executorPlace('2'), hostPlace('c')], WAIT, { level: 0, since: 0 }, [], 2 * WAIT],
    [[executorPlace('2'), hostPlace('c')], 2 * WAIT, { level: 1, since: WAIT }, ['0/0→0 ANY'], undefined],
  ]
  const all = offers(['0', 'a', 1], ['1', 'b', 1], ['2', 'c', 0])
  for (const [preferred, now, locality, expected, wakeAt] of cases) {
    const result = schedule(all, [stage(0, [preferred], { locality })], now, WAIT)
    assert.equal([given(result), result.wakeAt], [expected, wakeAt])
  }
})

test('nobody waits for a place where no executor is', () => {
  const result = schedule(offers(['0', 'a', 1]), [stage(0, [[hostPlace('gone')]])], 0, WAIT)
  assert.equal(given(result), ['0/0→0 ANY'])
})

test('spark.locality.wait 0 means no wait', () => {
  const result = schedule(offers(['0', 'a', 1], ['1', 'b', 0]), [stage(0, [[hostPlace('b')]])], 0, 0)
  assert.equal(given(result), ['0/0→0 ANY'])
})

test('a launch near the data starts the wait anew', () => {
  const two = stage(0, [[hostPlace('b')], [hostPlace('b')]], { locality: { level: 1, since: 0 } })
  const result = schedule(offers(['0', 'a', 1], ['1', 'b', 1]), [two], 2000, WAIT)
  assert.equal(given(result), ['0/0→1 NODE_LOCAL'])
  assert.equal([result.stages[0]?.locality, result.wakeAt], [{ level: 1, since: 2000 }, 5000])
})

test('a stage that waits for nearer slots leaves the others to the next stage', () => {
  const result = schedule(offers(['0', 'a', 1], ['1', 'b', 0]), [stage(0, [[hostPlace('b')]]), stage(1, free(1))], 0, WAIT)
  assert.equal(given(result), ['1/0→0 PROCESS_LOCAL'])
})

test('what becomes pending again is found again', () => {
  const queues = pendingQueues(free(100))
  const result = schedule(
    offers(['0', 'a', 50]),
    [{ stage: 0, queues, cursors: new Map(), locality: { level: 2, since: 0 }, isPending: () => true }],
    0,
    WAIT,
  )
  const cursors = rewind(queues, result.stages[0]?.cursors ?? new Map(), [7, 3])
  const done = (p: number): boolean => p < 50 && p !== 3 && p !== 7
  const again = schedule(offers(['0', 'a', 3]), [{ stage: 0, queues, cursors, locality: { level: 2, since: 0 }, isPending: p => !done(p) }], 0, WAIT)
  assert.equal(
    again.stages[0]?.assignments.map(a => a.partition),
    [3, 7, 50],
  )
})

test.run()
