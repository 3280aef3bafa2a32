/**
 * How soon there is an answer. From nothing to a cluster's: `spk up`, then a program of its own that asks it (both parts, and their sum). And from the start
 * of `node` to the answer of a local session, beside an empty program and DuckDB alone. `npm run bench:start [-- --rounds N]`.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { provideNatsServer } from '../scripts/nats-server.js'
import { root } from '../scripts/paths.js'
import { interleaved, median, report, timeToFirstLine } from './measure.js'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '9' } } })
const rounds = Number(values.rounds)
const goals = { cluster: 2000, local: 700 }
const program = (name: string): string => join(root, 'build', 'bench', 'programs', `${name}.js`)
const nats = await provideNatsServer(line => void process.stderr.write(`${line}\n`))

async function firstLine(child: ChildProcess): Promise<string> {
  const [data] = (await Promise.race([once(child.stdout as NonNullable<typeof child.stdout>, 'data'), once(child, 'exit')])) as [unknown]
  if (data instanceof Buffer) return data.toString()
  throw new Error(`spk up ended with ${String(data)}`)
}

const ready: number[] = []
const answer: number[] = []

/** Milliseconds from starting `spk up` to the first answer. */
async function clusterAnswer(): Promise<number> {
  const started = performance.now()
  const env = { ...process.env, SPK_NATS_SERVER: nats.path }
  const up = spawn(process.execPath, [join(root, 'dist', 'bin', 'spk.js'), 'up', '--json'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const { nats: url } = JSON.parse(await firstLine(up)) as { nats: string }
    ready.push(performance.now() - started)
    answer.push(await timeToFirstLine(process.execPath, [program('first-answer-spk')], { SPK_NATS_URL: url }))
    return (ready.at(-1) ?? 0) + (answer.at(-1) ?? 0)
  } finally {
    const ended = once(up, 'exit')
    up.kill('SIGTERM')
    await ended
  }
}

const local = 'spk local[2]'
const cluster = 'spk up + a program'
const times = await interleaved(
  {
    'node alone': () => timeToFirstLine(process.execPath, ['-e', 'console.log(1)']),
    'DuckDB alone': () => timeToFirstLine(process.execPath, [program('first-answer-duckdb')]),
    [local]: () => timeToFirstLine(process.execPath, [program('first-answer-spk')], { SPK_NATS_URL: '' }),
    [cluster]: clusterAnswer,
  },
  rounds,
)
// The round that is not counted.
report(
  'Start of the process to the first answer',
  { ...times, 'of which spk up until ready': ready.slice(1), 'of which the program': answer.slice(1) },
  'DuckDB alone',
)
const p50 = (name: string): string => median(times[name] ?? []).toFixed(0)
process.stdout.write(`nats-server ${nats.version}, load ${loadavg()[0]?.toFixed(1)} when done\n`)
process.stdout.write(
  `spk up to the first answer: p50 ${p50(cluster)} ms, goal ≤ ${goals.cluster}; local[2]: p50 ${p50(local)} ms, goal ≤ ${goals.local}\n`,
)
