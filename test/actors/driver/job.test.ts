import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { StageGraph } from '#src/core/stage.js'
import { graph, hash, range, result, shuffle, stage } from './harness.js'
import { jobStand } from './machines.js'

const test = suite('actors/driver/job')

/** 0 → 1 → 3 ← 2 */
function diamond(more: Partial<StageGraph['stages'][0]> = {}): StageGraph {
  return graph(
    stage(0, [range(1)], hash(2), more),
    stage(1, [shuffle(0)], hash(2)),
    stage(2, [range(1)], hash(2)),
    stage(3, [shuffle(1), shuffle(2)], result),
  )
}
const write = { kind: 'write', write: { format: 'parquet', path: '/out', options: {} } } as const
const writing = graph(stage(0, [range(1)], write))
const error = { code: 'BOOM', message: '[BOOM] no' }
const finish = ['stopStages', 'end']

test('stages start when their parents are complete, independent ones together', () => {
  const j = jobStand(diamond())
  assert.equal(j.send({ type: 'start' }), ['startStage 0', 'startStage 2'])
  assert.equal(j.complete(0), ['startStage 1'])
  assert.equal(j.complete(2), [])
  assert.equal(j.complete(1), ['startStage 3'])
  assert.equal(j.complete(3), finish)
  assert.is(j.state, 'succeeded')
})

test('a stage that failed ends the job with its error; nothing changes that any more', () => {
  const j = jobStand(diamond())
  j.send({ type: 'start' })
  assert.equal(j.send({ type: 'fail', error }), ['stopStages', 'end BOOM'])
  assert.is(j.state, 'failed')
})

test('lost outputs of a complete stage are made again when an incomplete stage needs them, by lineage; the reader waits', () => {
  const j = jobStand(diamond())
  j.send({ type: 'start' })
  for (const s of [0, 2, 1]) j.complete(s)
  assert.equal(j.send({ type: 'outputsLost', stage: 1 }), ['resumeStage 1.1', 'pauseStage 3'])
  // what stage 1 reads is lost, too: it waits in its turn
  assert.equal(j.send({ type: 'outputsLost', stage: 0 }), ['resumeStage 0.1', 'pauseStage 1'])
  assert.equal(j.complete(0), ['resumeStage 1.2'])
  assert.equal(j.complete(1), ['resumeStage 3.1'])
  assert.equal(j.complete(3), finish)
})

test('lost outputs that nobody needs any more are not made again', () => {
  const j = jobStand(diamond())
  j.send({ type: 'start' })
  for (const s of [0, 2, 1]) j.complete(s)
  assert.equal(j.send({ type: 'outputsLost', stage: 0 }), [])
  assert.equal(j.complete(3), finish)
})

test('a fetch failure pauses the reader, gives up that map output, and after a moment both go on', () => {
  const j = jobStand(diamond())
  j.send({ type: 'start' })
  for (const s of [0, 2, 1]) j.complete(s)
  assert.equal(j.fetchFailed(3, 1, 5), ['pauseStage 3', 'loseOutput 1/5', 'later resubmit'])
  assert.equal(j.send({ type: 'outputsLost', stage: 1 }), [])
  // more of the same attempt: no second timer, no second strike
  assert.equal(j.fetchFailed(3, 1, 6, 'w1'), ['loseOutput 1/6'])
  assert.equal(j.send({ type: 'resubmit' }), ['resumeStage 1.1'])
  assert.equal(j.complete(1), ['resumeStage 3.1'])
})

test('when the outputs are there after all, the reader alone goes on', () => {
  const j = jobStand(diamond())
  j.send({ type: 'start' })
  for (const s of [0, 2, 1]) j.complete(s)
  j.fetchFailed(3, 1, 5)
  assert.equal(j.send({ type: 'resubmit' }), ['resumeStage 3.1'])
})

test('a second attempt that cannot fetch from the same worker gives up all that lies there', () => {
  const j = jobStand(diamond())
  j.send({ type: 'start' })
  for (const s of [0, 2, 1]) j.complete(s)
  j.fetchFailed(3, 1, 5, 'w0')
  j.send({ type: 'resubmit' })
  assert.equal(j.fetchFailed(3, 1, 6, 'w0').slice(0, 2), ['pauseStage 3', 'loseOutput 1/w0'])
})

test('a straggler of an older attempt does not stop the newer one', () => {
  const j = jobStand(diamond())
  j.send({ type: 'start' })
  for (const s of [0, 2, 1]) j.complete(s)
  j.fetchFailed(3, 1, 5)
  j.send({ type: 'resubmit' })
  assert.equal(j.fetchFailed(3, 1, 5, 'w0', 0), ['loseOutput 1/5'])
  assert.is(j.context.stages[3]?.state, 'running')
})

test('a stage lost to fetch failures in four consecutive attempts fails the job; being complete in between forgives', () => {
  const j = jobStand(diamond())
  j.send({ type: 'start' })
  for (const s of [0, 2]) j.complete(s)
  const lose = (): string[] => {
    const commands = j.fetchFailed(1, 0, 0)
    j.send({ type: 'resubmit' })
    return commands
  }
  for (let i = 0; i < 3; i++) lose()
  j.complete(1)
  j.send({ type: 'outputsLost', stage: 1 })
  for (let i = 0; i < 3; i++) lose()
  assert.equal(lose(), ['stopStages', 'end SPK_FETCH_FAILED'])
  assert.match(
    j.context.failure?.message ?? '',
    /stage 11 \(stage 1\) has failed the maximum allowable number of times: 4\. Most recent failure reason: refused/,
  )
})

test('a non-deterministic stage that lost outputs is rolled back whole, with all that read of it', () => {
  const j = jobStand(diamond({ deterministic: false }))
  j.send({ type: 'start' })
  for (const s of [0, 2, 1]) j.complete(s)
  assert.equal(j.send({ type: 'outputsLost', stage: 0 }), ['rollbackStage 0', 'rollbackStage 1', 'rollbackStage 3', 'resumeStage 0.1'])
  // an end of before the rollback is not one of after it
  assert.equal(j.send({ type: 'stageCompleted', stage: 1, attempt: 0 }).length, 0)
  assert.equal(j.complete(0), ['resumeStage 1.1'])
  assert.equal(j.complete(1), ['resumeStage 3.1'])
  assert.equal(j.complete(3), finish)
})

test('as long as nobody has read of it, a non-deterministic stage only makes again what was lost', () => {
  const j = jobStand(diamond({ deterministic: false }))
  j.send({ type: 'start' })
  assert.equal(j.send({ type: 'outputsLost', stage: 0 }), [])
  assert.is(j.context.stages[0]?.state, 'running')
})

test('a stage waits for those whose size may make it needless, as long as somebody needs them', () => {
  // Stage 1 may be needless when stage 2 is small.
  const waiting = (): StageGraph => {
    const [first, ...rest] = diamond().stages
    return graph(...[first, ...rest].flatMap(s => (s === undefined ? [] : s.id === 0 ? [{ ...s, after: [2] }] : [s])))
  }
  const j = jobStand(waiting())
  assert.equal(j.send({ type: 'start' }), ['startStage 2'])
  assert.equal(j.complete(2), ['startStage 0'])
  const k = jobStand(waiting())
  k.send({ type: 'start' })
  // The last stage reads nothing of stage 2 any more: nobody waits for it.
  const changes = [{ stage: 3, name: 'other', parents: [1], deterministic: true }]
  assert.equal(k.send({ type: 'stageCompleted', stage: 2, attempt: 0, changes }), ['startStage 0'])
})

test('a changed stage reads what it reads now; what runs for nobody is dropped, and stays so', () => {
  const j = jobStand(diamond())
  assert.equal(j.send({ type: 'start' }), ['startStage 0', 'startStage 2'])
  // Stage 2 was small: stage 3 does without stage 1, and so without stage 0.
  const changes = [{ stage: 3, name: 'broadcast', parents: [2], deterministic: true }]
  assert.equal(j.send({ type: 'stageCompleted', stage: 2, attempt: 0, changes }), ['dropStage 0', 'startStage 3'])
  assert.is(j.context.stages[0]?.state, 'dropped')
  assert.is(j.context.stages[3]?.name, 'broadcast')
  assert.equal(j.send({ type: 'outputsLost', stage: 0 }), [])
  assert.equal(j.send({ type: 'outputsLost', stage: 2 }), ['resumeStage 2.1', 'pauseStage 3'])
  assert.equal(j.complete(2), ['resumeStage 3.1'])
  assert.equal(j.complete(3), finish)
})

test('a new plan that reads what was dropped fails the job, which would wait for ever', () => {
  const j = jobStand(graph(...diamond().stages.slice(0, 3), stage(3, [shuffle(2)], hash(2)), stage(4, [shuffle(1), shuffle(3)], result)))
  j.send({ type: 'start' })
  const without = [{ stage: 4, name: 'broadcast', parents: [3], deterministic: true }]
  assert.equal(j.send({ type: 'stageCompleted', stage: 2, attempt: 0, changes: without }), ['dropStage 0', 'startStage 3'])
  const again = [{ stage: 4, name: 'again', parents: [3, 0], deterministic: true }]
  assert.equal(j.send({ type: 'stageCompleted', stage: 3, attempt: 0, changes: again }), ['stopStages', 'end INTERNAL_ERROR'])
})

test('a stage that runs again stays when what a complete stage lost may need it', () => {
  // 0 is read by 1 and 2; the result stage reads 1, 2 and 3, and then does without 1.
  const j = jobStand(
    graph(
      stage(0, [range(1)], hash(2)),
      stage(1, [shuffle(0)], hash(2)),
      stage(2, [shuffle(0)], hash(2)),
      stage(3, [range(1)], hash(2)),
      stage(4, [shuffle(1), shuffle(2), shuffle(3)], result),
    ),
  )
  j.send({ type: 'start' })
  for (const s of [0, 2]) j.complete(s)
  assert.equal(j.send({ type: 'outputsLost', stage: 0 }), ['resumeStage 0.1', 'pauseStage 1'])
  const changes = [{ stage: 4, name: 'broadcast', parents: [2, 3], deterministic: true }]
  assert.equal(j.send({ type: 'stageCompleted', stage: 3, attempt: 0, changes }), ['dropStage 1', 'startStage 4'])
  assert.equal(j.send({ type: 'outputsLost', stage: 2 }), ['pauseStage 4'])
  assert.equal(j.complete(0), ['resumeStage 2.1'])
  assert.equal(j.complete(2), ['resumeStage 4.1'])
  assert.equal(j.complete(4), finish)
})

test('a dropped stage has read nothing that counts: its lost input is no reason to begin anew', () => {
  const j = jobStand(
    graph(
      stage(0, [range(1)], hash(2), { deterministic: false }),
      stage(1, [shuffle(0)], hash(2)),
      stage(2, [range(1)], hash(2)),
      stage(3, [shuffle(0), shuffle(1), shuffle(2)], result),
    ),
  )
  j.send({ type: 'start' })
  j.complete(0)
  const changes = [{ stage: 3, name: 'broadcast', parents: [0, 2], deterministic: true }]
  j.send({ type: 'stageCompleted', stage: 2, attempt: 0, changes })
  assert.is(j.context.stages[1]?.state, 'dropped')
  assert.is(j.context.stages[3]?.state, 'running')
  j.send({ type: 'outputsLost', stage: 0 })
  assert.is(j.context.stages[1]?.state, 'dropped')
})

test('a stage that has started keeps its plan', () => {
  const j = jobStand(diamond())
  j.send({ type: 'start' })
  j.complete(0)
  const changes = [{ stage: 1, name: 'late', parents: [], deterministic: true }]
  j.send({ type: 'stageCompleted', stage: 2, attempt: 0, changes })
  assert.equal(j.context.stages[1]?.parents, [0])
})

test('a range exchange waits for its sample', () => {
  const keys = [{ column: 'v', ascending: true, nullsFirst: true }]
  const j = jobStand(
    graph(
      stage(0, [range(2)], { kind: 'single', sample: { keys, size: 10 } }),
      stage(1, [range(2)], { kind: 'range', keys, partitions: 4, sampleFrom: 0 }),
      stage(2, [shuffle(1)], result),
    ),
  )
  assert.equal(j.send({ type: 'start' }), ['startStage 0'])
  assert.equal(j.complete(0), ['startStage 1'])
})

test('a write prepares its target first, commits when all tasks are done, and then only can it succeed', () => {
  const j = jobStand(writing)
  assert.equal(j.send({ type: 'start' }), ['prepareWrite'])
  assert.equal(j.send({ type: 'prepared', temporary: '/out/_temporary/0' }), ['startStage 0'])
  assert.equal(j.complete(0), ['commitWrite'])
  // too late to fail
  assert.equal(j.send({ type: 'fail', error }), [])
  assert.equal(j.send({ type: 'committed' }), finish)
})

test('mode ignore with the target there runs nothing and succeeds', () => {
  const j = jobStand(writing)
  j.send({ type: 'start' })
  assert.equal(j.send({ type: 'prepared' }), finish)
})

test('a failed write ends only after its tasks have stopped and its folder is gone', () => {
  const j = jobStand(writing)
  j.send({ type: 'start' })
  j.send({ type: 'prepared', temporary: '/t' })
  assert.equal(j.send({ type: 'fail', error }), ['stopStages', 'later xstate.after.drain.job.draining'])
  assert.equal(
    j.send({ type: 'drained' }).filter(c => !c.startsWith('xstate')),
    ['abortWrite'],
  )
  assert.equal(j.send({ type: 'aborted' }), ['stopStages', 'end BOOM'])
})

test('a commit that fails fails the job and clears the folder', () => {
  const j = jobStand(writing)
  j.send({ type: 'start' })
  j.send({ type: 'prepared', temporary: '/t' })
  j.complete(0)
  assert.is(j.send({ type: 'commitFailed', error })[0], 'stopStages')
  assert.ok(j.send({ type: 'drained' }).includes('abortWrite'))
  assert.equal(j.send({ type: 'aborted' }), ['stopStages', 'end BOOM'])
})

test('a target that cannot be prepared fails the job at once', () => {
  const j = jobStand(writing)
  j.send({ type: 'start' })
  assert.equal(j.send({ type: 'fail', error }), ['stopStages', 'end BOOM'])
})

test.run()
