/**
 * The simulator over its 300 seeds: no rule is broken, and everything that the seeds are for has happened in them. The same seed is the same run, on any
 * thread and in any process. And it bites: every planted bug is found, by a rule that names it, while the same seed without the bug is clean.
 */
import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { plantedBugs } from './planted-bugs.js'
import { addCounts, runSeeds, type SeedSummary } from './pool.js'
import { runSeed } from './run.js'
import { formatLine } from './trace.js'

const test = suite('sim/sim')

const SEEDS = 300
const BUG_SEEDS = 500
const threads = Math.max(2, Math.min(4, availableParallelism()))

/** Each happens somewhere in the seeds. */
const FAULTS = [
  ...['a master', 'a worker', 'an executor', 'a driver', 'a driver on a worker'].map(who => `fault: crash of ${who}`),
  ...['a master', 'a worker', 'an executor', 'a driver'].map(who => `fault: pause of ${who}, longer than the lease`),
  ...['fault: stop of a master', 'fault: stop of a worker', 'fault: hostCrash'],
  ...['fault: cut out', 'fault: cut in', 'fault: cut out and in'],
  ...['fault: busDown', 'fault: storeDown', 'fault: storeLost', 'fault: rewrite of a record'],
  ...['fault: late orders', 'fault: late reports', 'fault: late renewals'],
  ...['messages lost', 'messages doubled', 'messages out of order', 'messages very late', 'messages held by a cut', 'messages lost in a cut'],
  ...['store operations lost', 'connections broken', 'clocks that are wrong'],
]
const BRANCHES = [
  ...['task ended: FetchFailed', 'task ended: Resubmitted', 'task ended: ExecutorLostFailure', 'task ended: TaskResultLost'],
  ...['stage resubmitted', 'late status ignored', 'second commit refused', 'surplus output dropped'],
  ...['order of an old epoch refused', 'write refused: spk_leader', 'write refused: spk_state'],
  ...['drivers launched again', 'submitted drivers ended: FINISHED'],
  ...['worker registers with what it runs', 'worker told to kill what the master does not know', 'workerHeartbeat answered: register again'],
  'applicationHeartbeat answered: register again',
  ...['worker hears of a new leader', 'driver hears of a new leader', 'driver hears of a lost worker'],
  ...['jobs succeeded', 'jobs failed: SPK_APPLICATION_ENDED'],
]

/** The rule, how to see it again, and the last messages before it. */
async function told({ seed, violations }: SeedSummary): Promise<string> {
  const { lines } = await runSeed(seed, { trace: true })
  const first = lines.findIndex(line => line.node === '!!!')
  return [
    ...violations.map(v => `seed ${seed}: ${v.rule}: ${v.detail}`),
    ...lines.slice(Math.max(0, first - 40), first + 1).map(line => formatLine(line).slice(0, 240)),
    `npm run sim -- --seed ${seed}`,
  ].join('\n')
}

const hashes = new Map<number, string>()

test(`${SEEDS} seeds without a violation, in which every fault and every branch of interest happens`, async () => {
  const counts: Record<string, number> = {}
  const failed: SeedSummary[] = []
  await runSeeds({
    from: 1,
    count: SEEDS,
    threads,
    each(summary) {
      hashes.set(summary.seed, summary.hash)
      addCounts(counts, summary.counts)
      if (summary.violations.length > 0) failed.push(summary)
      return failed.length < 3
    },
  })
  assert.equal(await Promise.all(failed.map(told)), [])
  assert.equal(
    [...FAULTS, ...BRANCHES].filter(name => (counts[name] ?? 0) === 0),
    [],
    'did not happen in any seed',
  )
})

test('the same seed is the same run: in this thread, again, and in a process of its own', async () => {
  const some = 12
  for (let seed = 1; seed <= some; seed++) {
    const { hash } = await runSeed(seed)
    assert.is(hash, hashes.get(seed), `seed ${seed} on another thread`)
    assert.is((await runSeed(seed)).hash, hash, `seed ${seed} again`)
  }
  assert.is(new Set(hashes.values()).size, SEEDS)
  const args = [fileURLToPath(new URL('./main.js', import.meta.url)), '--count', String(some), '--hashes', '--threads', '1']
  const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  const elsewhere = [...stdout.matchAll(/^seed (\d+): trace hash (\w+)$/gm)].map(([, seed, hash]) => [Number(seed), hash])
  assert.equal(elsewhere, [...hashes].slice(0, some))
})

for (const { name, breaks } of plantedBugs) {
  test(`planted: ${name}: found within ${BUG_SEEDS} seeds`, async () => {
    let found: SeedSummary | undefined
    await runSeeds({
      from: 1,
      count: BUG_SEEDS,
      threads,
      plant: name,
      stopEarly: true,
      each(summary) {
        if (summary.violations.some(v => breaks.includes(v.rule))) found = summary
        return found === undefined
      },
    })
    if (found === undefined) return assert.unreachable('not found')
    console.log(`  ${name}: seed ${found.seed}: ${found.violations[0]?.detail.slice(0, 150)}`)
    assert.equal((await runSeed(found.seed)).violations, [], 'the same seed without the bug')
  })
}

test.run()
