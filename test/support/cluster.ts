/**
 * A cluster of real processes for one test file: nats-server, masters and workers started by the `spk` command, below one folder, on free ports of
 * 127.0.0.1. Whatever happens to the test, every process it started is killed when it ends.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { MasterStatus, WorkerStatus } from '#src/protocol/status.js'
import { eventually } from './eventually.js'
import { type NatsServer, startNatsServer } from './nats-server.js'

const spk = fileURLToPath(new URL('../../../dist/bin/spk.js', import.meta.url))

export interface ClusterNode<S> {
  readonly role: 'master' | 'worker'
  readonly id: string
  readonly ui: string
  /** What it says of itself when it starts. */
  readonly facts: Readonly<Record<string, unknown>>
  readonly pid: number
  /** Log records so far. */
  records(): readonly Readonly<Record<string, unknown>>[]
  /** Its `/json/`. */
  status(): Promise<S>
  signal(name: NodeJS.Signals): void
  /** SIGKILL, awaited. */
  kill(): Promise<void>
  /** SIGTERM, awaited; the exit code. */
  stop(): Promise<number | null>
}

export interface CommandResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Command {
  readonly process: ChildProcess
  /** Standard output so far. */
  output(): string
  readonly ended: Promise<CommandResult>
}

export interface ClusterOptions {
  readonly masters?: number
  readonly workers?: number
  /** Cores of each worker; default 2. */
  readonly cores?: number
  /** `--conf` of every master. */
  readonly conf?: Readonly<Record<string, string>>
  /** Every worker counts as a host of its own: blocks of another one are read over the socket. */
  readonly hostsApart?: boolean
}

export interface Cluster {
  readonly nats: NatsServer
  readonly folder: string
  readonly masters: readonly ClusterNode<MasterStatus>[]
  readonly workers: readonly ClusterNode<WorkerStatus>[]
  startMaster(conf?: Readonly<Record<string, string>>): Promise<ClusterNode<MasterStatus>>
  startWorker(flags?: readonly string[]): Promise<ClusterNode<WorkerStatus>>
  /** What the leading master says; waits for one. */
  leader(): Promise<MasterStatus>
  /** The leading master; waits for one. */
  leading(): Promise<ClusterNode<MasterStatus>>
  /** Writes a script into the cluster's folder; returns its path. */
  script(name: string, text: string): string
  /** Runs `spk` with these arguments, connected to this cluster. */
  spk(...args: string[]): Command
  /** Kills what is left and removes the folder. */
  stop(): Promise<void>
}

/** Resolves when a master leads and all workers are ALIVE; at once without masters. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'spk-cluster-'))
  const children = new Set<ChildProcess>()
  const masters: ClusterNode<MasterStatus>[] = []
  const workers: ClusterNode<WorkerStatus>[] = []
  const killAll = () => {
    for (const child of children) child.kill('SIGKILL')
    wakeOrphans()
  }
  process.once('exit', killAll)
  const nats = await startNatsServer()
  /** A child of a worker ends when that is gone, unless a test has stopped it (SIGSTOP). SIGCONT harms nobody. */
  const wakeOrphans = () => {
    for (const worker of workers) {
      for (const record of worker.records()) {
        const pid = Number(record['process'])
        if (/^(Executor|Driver) .* runs$/.test(String(record['msg'])) && runs(pid)) process.kill(pid, 'SIGCONT')
      }
    }
  }
  const env = { ...process.env, SPK_NATS_URL: nats.url, SPK_LOG_LEVEL: 'info' }

  function run(args: readonly string[], more: NodeJS.ProcessEnv = {}): { child: ChildProcess; output: { stdout: string; stderr: string } } {
    const child = spawn(process.execPath, [spk, ...args], { cwd: folder, env: { ...env, ...more }, stdio: ['ignore', 'pipe', 'pipe'] })
    children.add(child)
    child.once('exit', () => children.delete(child))
    const output = { stdout: '', stderr: '' }
    child.stdout.on('data', (data: Buffer) => {
      output.stdout += data.toString()
    })
    child.stderr.on('data', (data: Buffer) => {
      output.stderr += data.toString()
    })
    return { child, output }
  }

  async function node<S>(role: 'master' | 'worker', flags: readonly string[], more?: NodeJS.ProcessEnv): Promise<ClusterNode<S>> {
    const { child, output } = run(['node', '--role', role, '--ui-port', '0', ...flags], more)
    const records = () =>
      output.stderr
        .split('\n')
        .slice(0, -1)
        .filter(line => line.startsWith('{'))
        .map(line => JSON.parse(line) as Readonly<Record<string, unknown>>)
    const ready = await eventually(`a ${role} starts`, () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${output.stderr}`)
      return records().find(record => record['msg'] === `${role} started`)
    })
    const end = async (name: NodeJS.Signals): Promise<number | null> => {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
      const ended = once(child, 'exit')
      child.kill(name)
      await ended
      return child.exitCode
    }
    const ui = String(ready['ui'])
    return {
      role,
      id: String(ready['id']),
      ui,
      facts: ready,
      pid: child.pid ?? -1,
      records,
      // One that is stopped answers nobody.
      status: async () => (await fetch(`${ui}/json/`, { signal: AbortSignal.timeout(1000) })).json() as Promise<S>,
      signal: name => void child.kill(name),
      kill: async () => void (await end('SIGKILL')),
      stop: () => end('SIGTERM'),
    }
  }

  const leads = () =>
    eventually('a master leads', async () => {
      for (const master of masters) {
        const status = await master.status().catch(() => undefined)
        if (status?.status === 'ALIVE') return { master, status }
      }
      return undefined
    })

  const cluster: Cluster = {
    nats,
    folder,
    masters,
    workers,
    async startMaster(own = {}) {
      const conf = Object.entries({ ...options.conf, ...own }).flatMap(([key, value]) => ['--conf', `${key}=${value}`])
      const master = await node<MasterStatus>('master', conf)
      masters.push(master)
      return master
    },
    async startWorker(flags = []) {
      const own = ['--cores', String(options.cores ?? 2), '--memory', '2g', '--work-dir', join(folder, 'work')]
      const host = options.hostsApart === true ? { SPK_HOST_ID: `host-${workers.length}` } : {}
      const worker = await node<WorkerStatus>('worker', [...own, ...flags], host)
      workers.push(worker)
      return worker
    },
    leader: async () => (await leads()).status,
    leading: async () => (await leads()).master,
    script(name, text) {
      const path = join(folder, name)
      writeFileSync(path, text)
      return path
    },
    spk(...args) {
      const { child, output } = run(args)
      // 'close' comes after the last output.
      return {
        process: child,
        output: () => output.stdout,
        ended: once(child, 'close').then(([code]) => ({ code: code as number | null, ...output })),
      }
    },
    async stop() {
      for (const one of [...workers, ...masters]) await one.kill()
      const left = [...children].map(child => once(child, 'exit'))
      killAll()
      await Promise.all(left)
      await nats.stop()
      process.removeListener('exit', killAll)
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
  try {
    for (let i = 0; i < (options.masters ?? 1); i++) await cluster.startMaster()
    for (let i = 0; i < (options.workers ?? 1); i++) await cluster.startWorker()
    if (masters.length > 0) await eventually('the workers are registered', async () => (await cluster.leader()).aliveworkers === workers.length)
  } catch (error) {
    await cluster.stop()
    throw error
  }
  return cluster
}

/** Whether a process of this id runs. */
export function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
