/**
 * How fast a cluster is back: SIGKILL of the leading master until a standby leads and knows all workers; SIGKILL and restart of nats-server until the
 * leader answers again. Each `--rounds` times, real processes. `npm run bench:failover`.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type LocalClusterOptions, type LocalProcess, startLocalCluster, startNats, startNode, stopProcesses } from '../scripts/local-cluster.js'
import { provideNatsServer } from '../scripts/nats-server.js'
import { root } from '../scripts/paths.js'
import { median } from './measure.js'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '8' } } })
const rounds = Number(values.rounds)
const folder = join(root, '.spk', 'failover')
mkdirSync(folder, { recursive: true })
const nats = await provideNatsServer(line => void process.stderr.write(`${line}\n`))
const options: LocalClusterOptions = {
  folder,
  cluster: 'failover',
  masters: 2,
  workers: 2,
  workerCores: 1,
  workerMemory: '1g',
  nats: { binary: nats.path },
  keep: false,
}
const cluster = await startLocalCluster(options)
let processes = [...cluster.processes]

interface MasterStatus {
  readonly status: string
  readonly aliveworkers: number
}
async function status(master: LocalProcess): Promise<MasterStatus | undefined> {
  const response = await fetch(`${master.facts['ui']}/json/`, { signal: AbortSignal.timeout(500) }).catch(() => undefined)
  return response?.ok ? ((await response.json()) as MasterStatus) : undefined
}
const masters = (): LocalProcess[] => processes.filter(p => p.name.startsWith('master'))

/** Waits until one master leads with both workers; that master. */
async function leader(): Promise<LocalProcess> {
  for (;;) {
    for (const master of masters()) {
      const seen = await status(master)
      if (seen?.status === 'ALIVE' && seen.aliveworkers === 2) return master
    }
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

function line(what: string, times: readonly number[]): void {
  process.stdout.write(
    `${what.padEnd(60)} min ${Math.min(...times).toFixed(0)}  median ${median(times).toFixed(0)}  max ${Math.max(...times).toFixed(0)} ms (${times.length} times)\n`,
  )
}

try {
  const failovers: number[] = []
  for (let round = 0; round < rounds; round++) {
    const leading = await leader()
    const started = performance.now()
    process.kill(leading.pid, 'SIGKILL')
    processes = processes.filter(p => p !== leading)
    await leader()
    failovers.push(performance.now() - started)
    processes.push(await startNode(options, cluster.urls, 'master', 10 + round))
  }
  const outages: number[] = []
  for (let round = 0; round < rounds; round++) {
    await leader()
    const old = processes.find(p => p.name === 'nats-server')
    if (old === undefined) break
    process.kill(old.pid, 'SIGKILL')
    processes = processes.filter(p => p !== old)
    processes.push(await startNats(options, nats.path, Number(new URL(cluster.natsUrl).port)))
    const started = performance.now()
    await leader()
    outages.push(performance.now() - started)
  }
  process.stdout.write(`nats-server ${nats.version}, Node ${process.versions.node}, lease 3 s\n`)
  line('SIGKILL of the leading master → a standby leads, all workers', failovers)
  line('nats-server ready again after SIGKILL → the leader leads', outages)
} finally {
  await stopProcesses(processes)
  rmSync(folder, { recursive: true, force: true })
}
