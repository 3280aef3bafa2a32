/**
 * How many tasks a second go through the real scheduler: `spark.range(0, n, 1, n)` to a no-op sink, one task per row, on two executors with one slot each,
 * over NATS. Prints each round, the median, and the processor time per task of every process. `npm run bench:tasks [-- --tasks N --rounds N]`.
 */
import { parseArgs } from 'node:util'
import { countCpu, machine, onCluster } from './cluster.js'
import { median, time } from './measure.js'

const { values } = parseArgs({ options: { tasks: { type: 'string', default: '10000' }, rounds: { type: 'string', default: '7' } } })
const tasks = Number(values.tasks)
const rounds = Number(values.rounds)
const goal = 4000

await onCluster('bench-tasks', async bench => {
  const versions = machine(bench.natsVersion)
  const spark = await bench.session()
  const run = (): Promise<number> => time(() => spark.range(0, tasks, 1, tasks).write.format('noop').mode('overwrite').save())
  await run()
  const used = countCpu(bench)
  const rates: number[] = []
  for (let round = 0; round < rounds; round++) rates.push(tasks / ((await run()) / 1000))
  process.stdout.write(`${versions}\n${tasks} no-op tasks, 2 executors × 1 slot: ${rates.map(r => r.toFixed(0)).join(' ')} tasks/s\n`)
  process.stdout.write(`median ${median(rates).toFixed(0)}, best ${Math.max(...rates).toFixed(0)} tasks/s; goal ≥ ${goal}\n`)
  process.stdout.write(`processor time per task: ${used(tasks * rounds)}\n`)
})
