/**
 * `npm run sim`: replays one seed with its message sequence, or runs a series. Says per failing seed what was violated, how to see it again, and the last
 * messages before; exits with 1 when any failed, with 2 when the command is not understood.
 */
import { availableParallelism } from 'node:os'
import { describeFault } from './faults.js'
import { plantedBug } from './planted-bugs.js'
import { addCounts, runSeeds, type SeedSummary } from './pool.js'
import { type RunResult, runSeed } from './run.js'
import { formatLine } from './trace.js'

interface Arguments {
  seed: number | undefined
  from: number
  count: number
  threads: number
  plant: string | undefined
  trace: boolean
  twice: boolean
  hashes: boolean
}

const USAGE = `Usage:
  npm run sim -- --seed N [--plant BUG] [--quiet]      one seed with its message sequence; --quiet: only what was found
  npm run sim -- [--from N] --count M [--plant BUG] [--threads T] [--twice] [--hashes]
      M seeds from N on (1 unless given); --twice: each twice, comparing the hashes; --hashes: a line per seed
  BUG: the name of a planted bug or a word of it: epoch, commit, stale, cores, blind`

/** So many lines before the first violation are shown. */
const TAIL = 40

function parse(words: readonly string[]): Arguments | undefined {
  const wanted: Arguments = {
    seed: undefined,
    from: 1,
    count: 0,
    threads: availableParallelism(),
    plant: undefined,
    trace: true,
    twice: false,
    hashes: false,
  }
  for (let i = 0; i < words.length; i++) {
    const word = words[i]
    if (word === '--quiet') wanted.trace = false
    else if (word === '--twice') wanted.twice = true
    else if (word === '--hashes') wanted.hashes = true
    else if (word === '--plant' && words[i + 1] !== undefined) wanted.plant = words[++i]
    else if (word === '--seed' || word === '--from' || word === '--count' || word === '--threads') {
      const value = Number(words[++i])
      if (!Number.isInteger(value) || value < 0) return undefined
      wanted[word.slice(2) as 'seed' | 'from' | 'count' | 'threads'] = value
    } else return undefined
  }
  return (wanted.seed === undefined) === (wanted.count === 0) ? undefined : wanted
}

function printFound({ seed, violations }: Pick<SeedSummary, 'seed' | 'violations'>): void {
  for (const { rule, detail, time } of violations) console.log(`seed ${seed} VIOLATION at ${(time / 1000).toFixed(3)} s: ${rule}: ${detail}`)
}

function printScenario({ seed, scenario }: RunResult): void {
  const { script, masters, workers, applications, faults } = scenario
  console.log(`seed ${seed}: ${script}: ${masters} masters, ${workers.length} workers, ${applications.length} applications, ${faults.length} faults`)
  for (const fault of faults) console.log(`  ${describeFault(fault)}`)
}

async function replay(seed: number, { plant, trace }: Arguments): Promise<number> {
  const result = await runSeed(seed, { trace, ...(plant === undefined ? {} : { plant: plantedBug(plant).plant }) })
  for (const line of result.lines) console.log(formatLine(line))
  printScenario(result)
  printFound(result)
  console.log(`seed ${seed}: ${result.events} events in ${(result.time / 1000).toFixed(1)} virtual seconds, trace hash ${result.hash}`)
  return result.violations.length
}

/** What was found, and what happened just before, from a second run of the seed. */
async function report(summary: SeedSummary, plant: string | undefined): Promise<void> {
  printFound(summary)
  const again = await runSeed(summary.seed, { trace: true, ...(plant === undefined ? {} : { plant: plantedBug(plant).plant }) })
  const first = again.lines.findIndex(line => line.node === '!!!')
  for (const line of again.lines.slice(Math.max(0, first - TAIL), first + 1)) console.log(`    ${formatLine(line).slice(0, 240)}`)
  printScenario(again)
  console.log(`  all its messages: npm run sim -- --seed ${summary.seed}${plant === undefined ? '' : ` --plant "${plant}"`}`)
}

async function series(wanted: Arguments): Promise<number> {
  const { from, count, threads, plant, twice, hashes } = wanted
  const started = performance.now()
  const counts: Record<string, number> = {}
  const failed: SeedSummary[] = []
  let [events, time] = [0, 0]
  const known = new Map<number, string>()
  const planted = plant === undefined ? {} : { plant }
  await runSeeds({
    from,
    count,
    threads,
    ...planted,
    each(summary) {
      events += summary.events
      time += summary.time
      addCounts(counts, summary.counts)
      if (twice) known.set(summary.seed, summary.hash)
      if (hashes) console.log(`seed ${summary.seed}: trace hash ${summary.hash}`)
      if (summary.violations.length > 0) failed.push(summary)
      return true
    },
  })
  const seconds = (performance.now() - started) / 1000
  for (const summary of failed) await report(summary, plant)
  let different = 0
  if (twice)
    await runSeeds({
      from,
      count,
      threads,
      ...planted,
      each({ seed, hash }) {
        if (known.get(seed) === hash) return true
        console.log(`seed ${seed} VIOLATION: two runs differ`)
        different++
        return true
      },
    })
  for (const name of Object.keys(counts).sort()) console.log(`${String(counts[name]).padStart(9)}  ${name}`)
  console.log(
    `${count} seeds, ${failed.length + different} failed; ${events} events in ${(time / 3_600_000).toFixed(2)} virtual hours; ${seconds.toFixed(1)} s (${(count / seconds).toFixed(1)} seeds/s)`,
  )
  return failed.length + different
}

async function main(): Promise<number> {
  const wanted = parse(process.argv.slice(2))
  if (wanted === undefined) {
    console.error(USAGE)
    return 2
  }
  try {
    if (wanted.plant !== undefined) plantedBug(wanted.plant)
  } catch (error) {
    console.error((error as Error).message)
    return 2
  }
  const found = wanted.seed === undefined ? await series(wanted) : await replay(wanted.seed, wanted)
  return found === 0 ? 0 : 1
}

process.exitCode = await main()
