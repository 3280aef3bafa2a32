/**
 * A cluster of real processes on this machine: nats-server with a user per role and fresh passwords (unless a URL is given), masters, workers. Everything
 * listens on 127.0.0.1 and writes below one folder; no credentials stand on a command line. Unless it is to be kept, nothing outlives the process that
 * started it, however that ends. Used by `spk up`, the quickstart, benches and tests.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemRng } from '../core/clock.js'
import { SpkError } from '../core/errors.js'
import { isAlive, signal } from '../core/process-signals.js'
import { authorizationConf, newPasswords, type Passwords, passwordsConf, type Role } from '../protocol/permissions.js'
import { tellGuard } from './guard.js'
import { type LocalProcess, startProcess } from './local-process.js'

/** What each role connects to. */
export type RoleUrls = Readonly<Record<Role, string>>

export interface LocalCluster {
  /** With the driver's user. */
  readonly natsUrl: string
  readonly urls: RoleUrls
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
  /** A running server, for all roles as it is written, or the binary to start. */
  readonly nats: { readonly url: string } | { readonly binary: string }
  /** Where JetStream keeps its data; default: below the folder. */
  readonly store?: string
  /** Pages on the usual ports, or one up while they are taken; else on free ones. */
  readonly usualPorts?: boolean
  /** Whether the processes outlive this one. */
  readonly keep: boolean
  /** Gives up the start: everything is stopped again, and the start rejects. */
  readonly signal?: AbortSignal
  /** Removed, after the processes have ended, when this process dies without stopping them. */
  readonly removeAtDeath?: string
}

const REGISTER_MS = 60_000
const STOP_MS = 10_000
const PORT_TRIES = 3
const HOST = '127.0.0.1'
const spk = fileURLToPath(new URL('./spk.js', import.meta.url))

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, HOST, () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

function watched(options: LocalClusterOptions, last: boolean): (pid: number) => () => void {
  return pid => {
    if (options.keep) return () => {}
    tellGuard({ kind: 'process', pid, last })
    return () => tellGuard({ kind: 'ended', pid })
  }
}

const natsConf = (options: LocalClusterOptions): string => join(options.folder, 'nats-server.conf')

/** Starts nats-server with the users of an earlier `startLocalCluster`; its store is kept from an earlier start. */
export function startNats(options: LocalClusterOptions, binary: string, port: number): Promise<LocalProcess> {
  const store = options.store ?? join(options.folder, 'nats')
  return startProcess(
    {
      name: 'nats-server',
      command: binary,
      args: ['-c', natsConf(options), '-a', HOST, '-p', String(port), '-js', '-sd', store],
      env: process.env,
      cwd: options.folder,
      logFile: join(options.folder, 'logs', 'nats-server.log'),
      keep: options.keep,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      ready: log => log.includes('Server is ready'),
    },
    watched(options, true),
  )
}

/** Starts one `spk node` and waits until it is ready. */
export function startNode(options: LocalClusterOptions, urls: RoleUrls, role: 'master' | 'worker', index: number): Promise<LocalProcess> {
  const args = [spk, 'node', '--role', role, '--cluster', options.cluster, '--host', HOST, ...(options.usualPorts === true ? [] : ['--ui-port', '0'])]
  if (role === 'worker')
    args.push('--cores', String(options.workerCores), '--memory', options.workerMemory, '--work-dir', join(options.folder, `worker-${index}`))
  const name = `${role}-${index}`
  return startProcess(
    {
      name,
      command: process.execPath,
      args,
      env: {
        ...process.env,
        SPK_NATS_URL: urls[role],
        ...(role === 'worker' ? { SPK_EXECUTOR_NATS_URL: urls.executor, SPK_DRIVER_NATS_URL: urls.driver } : {}),
        SPK_LOG_LEVEL: process.env['SPK_LOG_LEVEL'] || 'info',
      },
      cwd: options.folder,
      logFile: join(options.folder, 'logs', `${name}.log`),
      keep: options.keep,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    },
    watched(options, false),
  )
}

/** Starts everything and waits until a master leads and all workers are registered. When a part fails, what was started is stopped again. */
export async function startLocalCluster(options: LocalClusterOptions): Promise<LocalCluster> {
  mkdirSync(join(options.folder, 'logs'), { recursive: true })
  if (!options.keep && options.removeAtDeath !== undefined) tellGuard({ kind: 'folder', path: options.removeAtDeath })
  const servers: LocalProcess[] = []
  let nodes: Promise<LocalProcess>[] = []
  try {
    const urls = 'url' in options.nats ? sameUrls(options.nats.url) : await ownNats(options, options.nats.binary, servers)
    const masters = Array.from({ length: options.masters }, (_, i) => startNode(options, urls, 'master', i + 1))
    const workers = Array.from({ length: options.workers }, (_, i) => startNode(options, urls, 'worker', i + 1))
    nodes = [...masters, ...workers]
    const running = await Promise.all(nodes)
    await registered(running, options.signal)
    return { natsUrl: urls.driver, urls, cluster: options.cluster, processes: [...servers, ...running] }
  } catch (error) {
    const settled = await Promise.allSettled(nodes)
    await stopProcesses([...servers, ...settled.flatMap(s => (s.status === 'fulfilled' ? [s.value] : []))])
    throw error
  }
}

function sameUrls(url: string): RoleUrls {
  return { master: url, worker: url, executor: url, driver: url, observer: url }
}

async function ownNats(options: LocalClusterOptions, binary: string, servers: LocalProcess[]): Promise<RoleUrls> {
  const passwords = newPasswords(bytes => systemRng.hex(bytes))
  writeFileSync(natsConf(options), `${passwordsConf(passwords)}\n${authorizationConf(options.cluster)}`, { mode: 0o600 })
  for (let tries = 1; ; tries++) {
    const port = await freePort()
    try {
      servers.push(await startNats(options, binary, port))
      return roleUrls(passwords, [`${HOST}:${port}`])
    } catch (error) {
      // Somebody else was faster.
      if (tries === PORT_TRIES || !/address already in use/.test(String(error))) throw error
    }
  }
}

/** One URL per role, naming all servers. */
export function roleUrls(passwords: Passwords, servers: readonly string[]): RoleUrls {
  const url = (role: Role): string => servers.map(server => `nats://${role}:${passwords[role]}@${server}`).join(',')
  return { master: url('master'), worker: url('worker'), executor: url('executor'), driver: url('driver'), observer: url('observer') }
}

interface MasterState {
  readonly status: string
  readonly workers: readonly { readonly id: string; readonly state: string }[]
}

/** Undefined while it does not answer. Plain HTTP: loading `fetch` takes longer than the rest of `spk up`. */
function masterState(url: string): Promise<MasterState | undefined> {
  return new Promise(resolve => {
    const nothing = (): void => resolve(undefined)
    get(url, response => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        text += part
      })
      response.on('end', () => (response.statusCode === 200 ? resolve(JSON.parse(text) as MasterState) : nothing()))
      response.on('error', nothing)
    }).on('error', nothing)
  })
}

/** Resolves when a master leads that holds all these workers for alive; workers of an earlier life may be known too. */
async function registered(processes: readonly LocalProcess[], signal: AbortSignal | undefined): Promise<void> {
  const wanted = processes.filter(p => p.name.startsWith('worker')).map(p => p.facts['id'])
  const end = performance.now() + REGISTER_MS
  while (performance.now() < end && signal?.aborted !== true) {
    for (const { name, facts } of processes) {
      if (!name.startsWith('master')) continue
      const state = await masterState(`${facts['ui']}/json/`)
      const alive = state?.workers.filter(w => w.state === 'ALIVE').map(w => w.id)
      if (state?.status === 'ALIVE' && wanted.every(id => id !== undefined && alive?.includes(id))) return
    }
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  throw new SpkError('SPK_START_FAILED', `The workers did not register in ${REGISTER_MS / 1000} s.`)
}

/** Ends workers, then masters, then nats-server: SIGTERM, and SIGKILL after ten seconds. Resolves when all are gone. */
export async function stopProcesses(processes: readonly { readonly name: string; readonly pid: number }[]): Promise<void> {
  for (const kind of ['worker', 'master', 'nats-server']) {
    const group = processes.filter(p => p.name.startsWith(kind))
    for (const { pid } of group) signal(pid, 'SIGTERM')
    const end = performance.now() + STOP_MS
    while (group.some(p => isAlive(p.pid))) {
      if (performance.now() > end) for (const { pid } of group) signal(pid, 'SIGKILL')
      await new Promise(resolve => setTimeout(resolve, 10))
    }
  }
}
