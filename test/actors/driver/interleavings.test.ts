/**
 * Random interleavings of all that a driver hears about tasks: reports in any order, late, doubled and lost for a while, of executors that die meanwhile,
 * with fetch failures, lost workers and launches given up. Whatever comes, the job ends; every partition is committed once; no limit is passed; and no
 * report about an attempt that had ended changes anything.
 */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { consolidate } from '#src/actors/driver/consolidate.js'
import type { StageChange } from '#src/actors/driver/job-state.js'
import type { StageGraph } from '#src/core/stage.js'
import { graph, hash, range, result, shuffle, stage } from './harness.js'
import { type Executor, PureJob } from './pure-job.js'

const test = suite('actors/driver/interleavings')

const write = { kind: 'write', write: { format: 'parquet', path: '/out', options: {} } } as const

interface Shape {
  readonly graph: StageGraph
  readonly changes?: ReadonlyMap<number, readonly StageChange[]>
  readonly tasks: readonly number[]
}

const shapes: readonly ((deterministic: boolean) => Shape)[] = [
  () => ({ graph: graph(stage(0, [range(3)], result)), tasks: [3] }),
  deterministic => ({ graph: graph(stage(0, [range(2)], hash(3), { deterministic }), stage(1, [shuffle(0)], result)), tasks: [2, 3] }),
  deterministic => ({
    graph: graph(stage(0, [range(2)], hash(2), { deterministic }), stage(1, [shuffle(0)], hash(2)), stage(2, [shuffle(1)], write)),
    tasks: [2, 2, 2],
  }),
  deterministic => ({
    graph: graph(
      stage(0, [range(2)], hash(2), { deterministic }),
      stage(1, [range(2)], hash(2)),
      stage(2, [shuffle(0), shuffle(1)], hash(2)),
      stage(3, [shuffle(2), shuffle(0)], result),
    ),
    tasks: [2, 2, 2, 2],
  }),
  // A join whose one side turns out small: the other side's exchange is not needed any more.
  deterministic => ({
    graph: graph(
      stage(0, [range(2)], hash(2), { deterministic }),
      stage(1, [range(3)], hash(2)),
      stage(2, [range(2)], hash(2)),
      stage(3, [shuffle(0), shuffle(1), shuffle(2)], result),
    ),
    tasks: [2, 3, 2, 2],
    changes: new Map([[0, [{ stage: 3, name: 'joined', parents: [0, 2], deterministic: true }]]]),
  }),
]

const executors: readonly Executor[] = [
  { id: 'a', workerId: 'w0' },
  { id: 'b', workerId: 'w0' },
  { id: 'c', workerId: 'w1' },
]

const KINDS = [
  ...['launch', 'launch', 'finish', 'finish', 'finish', 'deliver', 'deliver', 'deliver', 'again', 'fetched', 'timer', 'spread'],
  ...['fail', 'failToFetch', 'loseExecutor', 'loseWorker', 'giveUp', 'resultLost', 'cancel'],
  ...['fail', 'failToFetch', 'failToFetch', 'loseExecutor', 'giveUp'],
] as const
type Kind = (typeof KINDS)[number]

interface Step {
  readonly kind: Kind
  /** Which of the things that it could be done to. */
  readonly which: number
}

/** Kinds that are rare, each by its own chance, and differently in every run. */
const script = fc
  .tuple(
    fc.subarray(['fail', 'failToFetch', 'loseExecutor', 'loseWorker', 'giveUp', 'resultLost', 'cancel'] as const),
    fc.array(fc.record({ kind: fc.constantFrom(...KINDS), which: fc.nat(11) }), { maxLength: 120, size: 'max' }),
  )
  .map(([troubles, steps]): Step[] => steps.filter(s => !isTrouble(s.kind) || troubles.includes(s.kind)))

const TROUBLES: readonly Kind[] = ['fail', 'failToFetch', 'loseExecutor', 'loseWorker', 'giveUp', 'resultLost', 'cancel']
function isTrouble(kind: Kind): kind is 'fail' | 'failToFetch' | 'loseExecutor' | 'loseWorker' | 'giveUp' | 'resultLost' | 'cancel' {
  return TROUBLES.includes(kind)
}

function take(job: PureJob, { kind, which }: Step): void {
  const one = <T>(items: readonly T[], act: (item: T) => void): void => {
    const item = items[which % Math.max(1, items.length)]
    if (item !== undefined) act(item)
  }
  switch (kind) {
    case 'launch':
      job.launch(which)
      return
    case 'finish':
      one(job.running, r => job.finish(r))
      return
    case 'fail':
      one(job.running, r => job.fail(r))
      return
    case 'failToFetch':
      one(job.running, r => job.failToFetch(r, which))
      return
    case 'giveUp':
      one(job.running, r => job.giveUpLaunch(r))
      return
    case 'deliver':
      one(job.pile, letter => job.deliver(letter))
      return
    case 'again':
      one(job.past, letter => job.deliver(letter, true))
      return
    case 'fetched':
      one(job.fetches, fetch => job.fetched(fetch, true))
      return
    case 'resultLost':
      one(job.fetches, fetch => job.fetched(fetch, false))
      return
    case 'loseExecutor':
      one(job.executors, e => job.loseExecutor(e))
      return
    case 'loseWorker':
      job.loseWorker(`w${which % 2}`)
      return
    case 'spread':
      one(job.executors, e => job.spread(e))
      return
    case 'timer':
      job.fireTimer()
      return
    case 'cancel':
      // Rarely: a cancelled job has little left to go wrong.
      if (which === 0) job.cancel()
  }
}

/** From here on all goes well. Every round does all that can be done. */
function goOn(job: PureJob): void {
  for (let round = 0; round < 400; round++) {
    const stopped = job.end !== undefined && job.phases.every(phase => phase === 'stopped')
    if (stopped && job.pile.length === 0) return
    job.fireTimer()
    if (job.end === undefined) job.launch(round)
    for (const r of [...job.running]) if (job.running.includes(r)) job.finish(r)
    for (const fetch of [...job.fetches]) job.fetched(fetch, true)
    for (const letter of [...job.pile]) job.deliver(letter)
  }
  assert.unreachable(`the job does not end: ${job.picture()}`)
}

const arbitrary = fc.record({
  shape: fc.nat(shapes.length - 1),
  deterministic: fc.boolean(),
  steps: script,
  maxFailures: fc.integer({ min: 2, max: 4 }),
})

type Story = typeof arbitrary extends fc.Arbitrary<infer T> ? T : never

/** Plays a story to its end, and checks the end. */
function play({ shape, deterministic, steps, maxFailures }: Story, merge: typeof consolidate = consolidate): PureJob {
  const made = (shapes[shape] as (typeof shapes)[0])(deterministic)
  const job = new PureJob({ ...made, executors, maxFailures, maxStageAttempts: 4, merge })
  for (const step of steps) take(job, step)
  goOn(job)
  const { end } = job
  const writes = made.graph.stages.at(-1)?.output.kind === 'write'
  if (end?.error === undefined) {
    job.checkResult()
    assert.is(job.committed, writes ? 1 : 0)
  } else {
    assert.ok(end.error.code !== 'INTERNAL_ERROR', end.error.message)
    assert.is(job.committed, 0, 'a job that fails commits nothing')
  }
  const before = job.picture()
  for (const letter of job.past) job.deliver(letter, true)
  assert.is(job.picture(), before, 'a report of an attempt that had ended changes nothing')
  return job
}

const RUNS = 500

test('whatever comes in whatever order, a job ends well or with one typed failure, commits each partition once, and keeps its limits', () => {
  const seen = { well: 0, failed: 0, written: 0, resubmitted: 0, again: 0, rolledBack: 0, dropped: 0, ignored: 0 }
  const draw = () =>
    fc.assert(
      fc.property(arbitrary, story => {
        const job = play(story)
        seen[job.end?.error === undefined ? 'well' : 'failed']++
        seen.written += job.committed
        for (const name of ['resubmitted', 'again', 'rolledBack', 'dropped', 'ignored'] as const) seen[name] += job.seen[name]
      }),
      { numRuns: RUNS },
    )
  // What is rare may be missing among a few hundred stories: then more are drawn, but not for ever.
  const enough = () => Object.values(seen).every(times => times > RUNS / 50)
  for (let round = 0; round === 0 || (round < 5 && !enough()); round++) draw()
  for (const [what, times] of Object.entries(seen)) assert.ok(times > RUNS / 50, `${what}: ${times}`)
})

const wrongTables: readonly (readonly [what: string, table: typeof consolidate, breaks: RegExp])[] = [
  [
    'a second good end is taken',
    (known, reported, taken) => (taken && reported === 'FINISHED' && known !== 'unknown' ? 'accept' : consolidate(known, reported, taken)),
    /is committed twice|ends again/,
  ],
  [
    'an attempt that was given up is taken',
    (known, reported, taken) => (known === 'ended' && reported === 'FINISHED' && !taken ? 'accept' : consolidate(known, reported, taken)),
    /ends again/,
  ],
  [
    'a killed attempt never leaves its slot',
    (known, reported, taken) => (known === 'killing' ? 'ignore' : consolidate(known, reported, taken)),
    /does not end/,
  ],
]

for (const [what, table, breaks] of wrongTables) {
  test(`a wrong table is found: ${what}`, () => {
    const { errorInstance } = fc.check(
      fc.property(arbitrary, story => void play(story, table)),
      { numRuns: RUNS, endOnFailure: true },
    )
    assert.match(errorInstance instanceof Error ? errorInstance.message : String(errorInstance), breaks)
  })
}

test('without failures of its own a job survives the loss of every report, executor and launch for a while', () => {
  const survivable = fc.array(
    fc.record({ kind: fc.constantFrom('launch', 'finish', 'deliver', 'again', 'fetched', 'timer', 'loseExecutor', 'giveUp'), which: fc.nat(11) }),
    { maxLength: 60, size: 'max' },
  )
  fc.assert(
    fc.property(fc.nat(shapes.length - 1), survivable, (shape, steps) => {
      const job = new PureJob({ ...(shapes[shape] as (typeof shapes)[0])(true), executors, maxFailures: 2, maxStageAttempts: 4 })
      let losses = 0
      for (const step of steps) {
        // A task that dies with 16 executors is taken for their killer.
        if (step.kind === 'loseExecutor' && ++losses > 15) continue
        take(job, step as Step)
      }
      goOn(job)
      assert.is(job.end?.error, undefined, job.end?.error?.message)
      job.checkResult()
    }),
    { numRuns: 200 },
  )
})

test.run()
