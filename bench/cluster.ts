/** What benches on a real cluster share: processes of their own in a folder below the repository, a session of two executors with one slot each, versions. */
import { readFileSync, rmSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import duckdb from '@duckdb/node-bindings'
import { SparkSession } from 'spk'
import { type LocalCluster, startLocalCluster, stopProcesses } from '#src/bin/local-cluster.js'
import { provideNatsServer } from '../scripts/nats-server.js'
import { root } from '../scripts/paths.js'

export interface BenchCluster {
  readonly cluster: LocalCluster
  readonly natsVersion: string
  session(conf?: Readonly<Record<string, string>>): Promise<SparkSession>
}

/** Starts nats-server, one master and two workers with one core each, runs `work`, and stops all of it whatever happens. */
export async function onCluster(name: string, work: (bench: BenchCluster) => Promise<void>): Promise<void> {
  const nats = await provideNatsServer(line => void process.stderr.write(`${line}\n`))
  const folder = join(root, '.spk', name)
  const cluster = await startLocalCluster({
    folder,
    cluster: name,
    masters: 1,
    workers: 2,
    workerCores: 1,
    workerMemory: '2g',
    nats: { binary: nats.path },
    keep: false,
  })
  const sessions: SparkSession[] = []
  try {
    await work({
      cluster,
      natsVersion: nats.version,
      async session(conf = {}) {
        const settings = { 'spk.cluster': name, 'spark.executor.memory': '1g', 'spark.ui.showConsoleProgress': 'false', ...conf }
        const session = await SparkSession.builder().master(cluster.natsUrl).appName(name).config(settings).create()
        sessions.push(session)
        return session
      },
    })
  } finally {
    for (const session of sessions) await session.stop()
    await stopProcesses(cluster.processes)
    rmSync(folder, { recursive: true, force: true })
  }
}

/** `Node 20…, DuckDB v1.5.6, nats-server 2.9.10; 2 × AMD …; load 1.2` */
export function machine(natsVersion: string): string {
  const [load = 0] = loadavg()
  return `Node ${process.versions.node}, DuckDB ${duckdb.library_version()}, nats-server ${natsVersion}; ${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}; load before ${load.toFixed(1)}`
}

/** Resident bytes of a process, as Linux tells. */
export function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN) * 1024
}

/** Processes that a process started, with their command lines. */
export function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}

/** Milliseconds of processor time that a process has used. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** All processes of a cluster with this one: [what, pid]. */
export function processesOf({ cluster }: BenchCluster): [name: string, pid: number][] {
  const executors = ({ name, pid }: { readonly name: string; readonly pid: number }) =>
    name.startsWith('worker') ? childrenOf(pid).map((child): [string, number] => [`executor of ${name}`, child]) : []
  return [['driver', process.pid], ...cluster.processes.flatMap((p): [string, number][] => [[p.name, p.pid], ...executors(p)])]
}

/** Starts counting processor time; the returned function tells how much each process has used since, per one of `count`, as text. */
export function countCpu(bench: BenchCluster): (count: number) => string {
  const processes = processesOf(bench).map(([name, pid]) => ({ name, pid, before: cpuMs(pid) }))
  return count => {
    const used = processes.map(({ name, pid, before }) => ({ name, us: ((cpuMs(pid) - before) * 1000) / count }))
    const total = used.reduce((sum, { us }) => sum + us, 0)
    return `${total.toFixed(0)} µs (${used.map(({ name, us }) => `${name} ${us.toFixed(0)}`).join(', ')})`
  }
}
