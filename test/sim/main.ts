/**
 * `npm run sim -- --seed N [--count M] [--trace]`: runs one seed, or M from N on. `--trace` prints the message sequence. Says per failing seed what was
 * violated and how to see it again; exits with 1 when any was.
 */
import { describeFault } from './faults.js'
import { type RunResult, runSeed } from './run.js'
import { formatLine } from './trace.js'

interface Arguments {
  readonly seed: number
  readonly count: number
  readonly trace: boolean
  readonly twice: boolean
}

const USAGE = 'Usage: npm run sim -- --seed N [--count M] [--trace] [--twice]   (--twice runs every seed twice and compares the hashes)'

function parse(words: readonly string[]): Arguments | undefined {
  const wanted = { seed: 1, count: 1, trace: false, twice: false }
  for (let i = 0; i < words.length; i++) {
    const word = words[i]
    if (word === '--trace') wanted.trace = true
    else if (word === '--twice') wanted.twice = true
    else if (word === '--seed' || word === '--count') {
      const value = Number(words[++i])
      if (!Number.isInteger(value) || value < 0) return undefined
      wanted[word === '--seed' ? 'seed' : 'count'] = value
    } else return undefined
  }
  return wanted
}

function print(result: RunResult, trace: boolean): void {
  if (trace) for (const line of result.lines) console.log(formatLine(line))
  if (trace || result.violations.length > 0) {
    const { script, masters, workers, applications, faults } = result.scenario
    console.log(
      `seed ${result.seed}: ${script}: ${masters} masters, ${workers.length} workers, ${applications.length} applications, ${faults.length} faults`,
    )
    for (const fault of faults) console.log(`  ${describeFault(fault)}`)
  }
  for (const { rule, detail, time } of result.violations)
    console.log(`seed ${result.seed} VIOLATION at ${(time / 1000).toFixed(3)} s: ${rule}: ${detail}`)
  if (result.violations.length > 0 && !trace) console.log(`  again with its messages: npm run sim -- --seed ${result.seed} --trace`)
}

async function main(): Promise<number> {
  const wanted = parse(process.argv.slice(2))
  if (wanted === undefined) {
    console.error(USAGE)
    return 2
  }
  const started = performance.now()
  let events = 0
  let failed = 0
  const counts: Record<string, number> = {}
  for (let seed = wanted.seed; seed < wanted.seed + wanted.count; seed++) {
    const result = await runSeed(seed, { trace: wanted.trace })
    print(result, wanted.trace)
    events += result.events
    for (const [name, count] of Object.entries(result.counts)) counts[name] = (counts[name] ?? 0) + count
    let bad = result.violations.length > 0
    if (wanted.twice && (await runSeed(seed)).hash !== result.hash) {
      console.log(`seed ${seed} VIOLATION: two runs differ`)
      bad = true
    }
    if (bad) failed++
    if (wanted.count === 1)
      console.log(`seed ${seed}: ${result.events} events in ${(result.time / 1000).toFixed(1)} virtual seconds, trace hash ${result.hash}`)
  }
  const seconds = (performance.now() - started) / 1000
  console.log(`${wanted.count} seeds, ${failed} failed, ${events} events, ${seconds.toFixed(1)} s (${(wanted.count / seconds).toFixed(1)} seeds/s)`)
  console.log(
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', '),
  )
  return failed === 0 ? 0 : 1
}

process.exitCode = await main()
