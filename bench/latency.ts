/**
 * How long the smallest query takes on a warm cluster: `spark.range(1).count()`, which runs on an executor; then what the processes hold in memory after
 * these queries. `npm run bench:latency [-- --queries N --rounds N]`.
 */
import { parseArgs } from 'node:util'
import { countCpu, machine, onCluster, processesOf, residentBytes } from './cluster.js'
import { median, time } from './measure.js'

const { values } = parseArgs({ options: { queries: { type: 'string', default: '300' }, rounds: { type: 'string', default: '5' } } })
const queries = Number(values.queries)
const rounds = Number(values.rounds)

function percentile(sorted: readonly number[], p: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * p) / 100))] ?? Number.NaN
}

await onCluster('bench-latency', async bench => {
  const versions = machine(bench.natsVersion)
  const spark = await bench.session()
  const goals: Readonly<Record<string, number>> = { master: 100, worker: 100, executor: 200 }
  const memory = (): string =>
    processesOf(bench)
      .map(([name, pid]) => {
        const goal = goals[name.split(/[- ]/)[0] ?? '']
        return `${name} ${(residentBytes(pid) / 2 ** 20).toFixed(0)} MB${goal === undefined ? '' : ` (goal ≤ ${goal})`}`
      })
      .join(', ')
  for (let i = 0; i < 100; i++) await spark.range(1).count()
  // Idle: what the queries left behind has been given back, as far as it will be.
  await new Promise(resolve => setTimeout(resolve, 3000))
  const idle = memory()
  const medians: number[] = []
  process.stdout.write(`${versions}\nspark.range(1).count(), ${queries} a round, milliseconds\n`)
  const used = countCpu(bench)
  for (let round = 0; round < rounds; round++) {
    const times: number[] = []
    for (let i = 0; i < queries; i++) times.push(await time(() => spark.range(1).count()))
    times.sort((a, b) => a - b)
    medians.push(percentile(times, 50))
    process.stdout.write(`${[50, 90, 99].map(p => `p${p} ${percentile(times, p).toFixed(2)}`).join('  ')}\n`)
  }
  process.stdout.write(`median of p50 ${median(medians).toFixed(2)}, best ${Math.min(...medians).toFixed(2)}; goal ≤ 6\n`)
  process.stdout.write(`processor time per query: ${used(queries * rounds)}\n`)
  process.stdout.write(`resident memory, idle after 100 queries: ${idle}\n`)
})
