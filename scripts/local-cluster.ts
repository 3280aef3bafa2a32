/**
 * Starts real spk processes on this machine: nats-server (unless a URL is given), masters, workers. Used by the quickstart and by benches. Everything
 * listens on 127.0.0.1 and writes below one folder. A process that ends before it is ready fails the start with its log.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { root } from './paths.js'

export interface LocalProcess {
  readonly name: string
  readonly pid: number
  /** What the process says of itself when it is ready: `ui`, … Empty for nats-server. */
  readonly facts: Readonly<Record<string, string>>
}

export interface LocalCluster {
  readonly natsUrl: string
  readonly cluster: string
  readonly processes: readonly LocalProcess[]
}

export interface LocalClusterOptions {
  /** Folder for logs, stores and work folders; absolute. */
  readonly folder: string
  readonly cluster: string
  readonly masters: number
  readonly workers: number
  readonly workerCores: number
  /** As `spk node --memory` takes it. */
  readonly workerMemory: string
  /** A running server, or the binary to start. */
  readonly nats: { readonly url: string } | { readonly binary: string }
  /** First ports of the pages; absent: free ones. */
  readonly pagePorts?: { readonly master: number; readonly worker: number }
  /** Whether the processes outlive this one. */
  readonly keep: boolean
}

const readyTimeoutMs = 60_000

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

/** Starts one process with its output in `<folder>/logs/<name>.log`; resolves when `ready` finds its facts in the log. */
async function start(
  options: LocalClusterOptions,
  name: string,
  command: string,
  args: readonly string[],
  ready: (log: string) => Readonly<Record<string, string>> | undefined,
): Promise<LocalProcess> {
  const path = join(options.folder, 'logs', `${name}.log`)
  const log = openSync(path, 'w')
  const child: ChildProcess = spawn(command, args, {
    cwd: options.folder,
    // Readiness is read from the log, whatever level the caller likes.
    env: { ...process.env, SPK_LOG_LEVEL: 'info' },
    stdio: ['ignore', log, log],
    detached: options.keep,
  })
  closeSync(log)
  let ended: string | undefined
  child.once('error', error => {
    ended = error.message
  })
  child.once('exit', (code, signal) => {
    ended = `it ended with ${code ?? signal}`
  })
  const end = performance.now() + readyTimeoutMs
  for (;;) {
    const text = readFileSync(path, 'utf8')
    const facts = ready(text)
    if (facts !== undefined && child.pid !== undefined) {
      if (options.keep) child.unref()
      return { name, pid: child.pid, facts }
    }
    if (ended !== undefined || performance.now() > end) {
      child.kill('SIGKILL')
      throw new Error(`${name} did not start: ${ended ?? 'not ready in time'}. Its log:\n${text.slice(-4000)}`)
    }
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

/** The first JSON line of a role's log that names its page. */
function nodeReady(log: string): Readonly<Record<string, string>> | undefined {
  for (const line of log.split('\n')) {
    if (!line.includes('"ui":')) continue
    try {
      const record = JSON.parse(line) as Record<string, unknown>
      if (typeof record['ui'] === 'string') return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, String(value)]))
    } catch {}
  }
  return undefined
}

/** Starts nats-server with JetStream; its store below the folder is kept from an earlier start. */
export function startNats(options: LocalClusterOptions, binary: string, port: number): Promise<LocalProcess> {
  const args = ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', join(options.folder, 'nats')]
  return start(options, 'nats-server', binary, args, log => (log.includes('Server is ready') ? {} : undefined))
}

/** Starts one `spk node` and waits until it is ready. */
export function startNode(options: LocalClusterOptions, natsUrl: string, role: 'master' | 'worker', index: number): Promise<LocalProcess> {
  const port = options.pagePorts?.[role] ?? 0
  const args = [
    join(root, 'dist', 'bin', 'spk.js'),
    'node',
    '--role',
    role,
    '--nats',
    natsUrl,
    '--cluster',
    options.cluster,
    '--host',
    '127.0.0.1',
    '--webui-port',
    String(port),
  ]
  if (role === 'worker')
    args.push('--cores', String(options.workerCores), '--memory', options.workerMemory, '--work-dir', join(options.folder, `worker-${index}`))
  return start(options, `${role}-${index}`, process.execPath, args, nodeReady)
}

/** Starts everything and waits until the workers are registered. When a part fails, what was started is stopped again. */
export async function startLocalCluster(options: LocalClusterOptions): Promise<LocalCluster> {
  mkdirSync(join(options.folder, 'logs'), { recursive: true })
  const processes: LocalProcess[] = []
  try {
    let natsUrl: string
    if ('url' in options.nats) natsUrl = options.nats.url
    else {
      const port = await freePort()
      natsUrl = `nats://127.0.0.1:${port}`
      const args = ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', join(options.folder, 'nats')]
      processes.push(
        await start(options, 'nats-server', options.nats.binary, args, log => (log.includes('Server is ready') ? { url: natsUrl } : undefined)),
      )
    }
    const node = (role: 'master' | 'worker', index: number): Promise<LocalProcess> => startNode(options, natsUrl, role, index)
    for (let i = 1; i <= options.masters; i++) processes.push(await node('master', i))
    for (let i = 1; i <= options.workers; i++) processes.push(await node('worker', i))
    await workersAlive(processes, options.workers)
    return { natsUrl, cluster: options.cluster, processes }
  } catch (error) {
    await stopProcesses(processes)
    throw error
  }
}

async function workersAlive(processes: readonly LocalProcess[], workers: number): Promise<void> {
  const end = performance.now() + readyTimeoutMs
  while (performance.now() < end) {
    for (const { name, facts } of processes) {
      if (!name.startsWith('master')) continue
      const response = await fetch(`${facts['ui']}/json/`).catch(() => undefined)
      const state = response?.ok ? ((await response.json()) as { status: string; aliveworkers: number }) : undefined
      if (state?.status === 'ALIVE' && state.aliveworkers >= workers) return
    }
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error(`The workers did not register in ${readyTimeoutMs / 1000} s.`)
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Ends processes in reverse order of their start: SIGTERM, and SIGKILL after ten seconds. Resolves when all are gone. */
export async function stopProcesses(processes: readonly { readonly name: string; readonly pid: number }[]): Promise<void> {
  const servers = processes.filter(p => p.name === 'nats-server')
  for (const group of [processes.filter(p => p.name.startsWith('worker')), processes.filter(p => p.name.startsWith('master')), servers]) {
    for (const { pid } of group) if (runs(pid)) process.kill(pid, 'SIGTERM')
    const end = performance.now() + 10_000
    while (group.some(p => runs(p.pid))) {
      if (performance.now() > end) for (const { pid } of group) if (runs(pid)) process.kill(pid, 'SIGKILL')
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }
}
