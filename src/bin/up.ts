/**
 * `spk up`: a cluster on this machine until a signal ends it. Prints where it is when a master leads and all workers are registered; tells of every process
 * that ends by itself, and ends with code 1 when nats-server or the last of the others is gone. Leaves nothing but the folder of `--keep-data`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatSize } from '../core/bytes.js'
import { conf as options } from '../core/config-table.js'
import type { Parsed } from './arguments.js'
import { takeDataFolder } from './data-folder.js'
import { exitCodes } from './exit-codes.js'
import { provideNatsServer, userToolsDir } from './find-nats-server.js'
import { dismissGuard } from './guard.js'
import { hostCores, hostMemory } from './host.js'
import { type LocalCluster, startLocalCluster, stopProcesses } from './local-cluster.js'
import type { LocalProcess } from './local-process.js'
import { onSignals } from './signals.js'
import { type UpPlan, upPlan } from './up-plan.js'

const CLUSTER = options.cluster.default ?? 'spk'
const LAST_LINES = 8

const tell = (line: string): void => void process.stderr.write(`${line}\n`)

/** Resolves with the exit code when everything has ended. */
export async function up(flags: Parsed): Promise<number> {
  const plan = upPlan(flags, process.cwd(), { cores: hostCores(), memory: hostMemory() })
  let over: (code: number) => void = () => {}
  const asked = new Promise<number>(resolve => {
    over = resolve
  })
  let stopping = false
  const given = new AbortController()
  onSignals(() => {
    stopping = true
    given.abort()
    over(exitCodes.done)
  })
  const giveBack = plan.keepData === undefined ? () => {} : takeDataFolder(plan.keepData)
  const folder = mkdtempSync(join(tmpdir(), 'spk-up-'))
  let cluster: LocalCluster | undefined
  try {
    try {
      cluster = await start(plan, folder, given.signal)
    } catch (error) {
      if (stopping) return exitCodes.done
      throw error
    }
    if (stopping) return exitCodes.done
    process.stdout.write(plan.json ? `${JSON.stringify(described(cluster))}\n` : banner(plan, cluster))
    follow(cluster, () => stopping, over)
    return await asked
  } finally {
    if (cluster !== undefined) await stopProcesses(cluster.processes)
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    giveBack()
    await dismissGuard()
  }
}

async function start(plan: UpPlan, folder: string, signal: AbortSignal): Promise<LocalCluster> {
  const nats = await provideNatsServer(tell, userToolsDir(process.env))
  return startLocalCluster({
    folder,
    cluster: CLUSTER,
    masters: plan.masters,
    workers: plan.workers,
    workerCores: plan.cores,
    workerMemory: `${Math.floor(plan.memory / 2 ** 20)}m`,
    nats: { binary: nats.path },
    ...(plan.keepData === undefined ? {} : { store: join(plan.keepData, 'nats') }),
    keep: false,
    signal,
    removeAtDeath: folder,
  })
}

/** Tells of processes that end by themselves; without nats-server, or without any other, there is no cluster any more. */
function follow({ processes }: LocalCluster, stopping: () => boolean, over: (code: number) => void): void {
  const left = new Set<LocalProcess>(processes)
  let lost = false
  for (const child of processes) {
    void child.ended.then(how => {
      left.delete(child)
      if (stopping() || lost) return
      const nodes = [...left].filter(p => p.name !== 'nats-server')
      lost = child.name === 'nats-server' || nodes.length === 0
      const rest = lost ? 'everything is stopped' : `left: ${nodes.map(p => p.name).join(', ')}`
      tell(`spk up: ${child.name} (process ${child.pid}) ended ${how}; ${rest}. The end of its log:`)
      for (const line of child.log().split('\n').slice(-LAST_LINES)) tell(`  ${line}`)
      if (lost) over(exitCodes.failed)
    })
  }
}

interface Described {
  readonly id: string
  readonly pid: number
  readonly ui: string
}

function nodesOf(cluster: LocalCluster, role: string): Described[] {
  return cluster.processes.filter(p => p.name.startsWith(role)).map(({ pid, facts }) => ({ id: facts['id'] ?? '', pid, ui: facts['ui'] ?? '' }))
}

function described(cluster: LocalCluster): object {
  const { natsUrl, urls } = cluster
  return { nats: natsUrl, observer: urls.observer, masters: nodesOf(cluster, 'master'), workers: nodesOf(cluster, 'worker'), pid: process.pid }
}

function banner(plan: UpPlan, cluster: LocalCluster): string {
  const some = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`
  const each = `${some(plan.cores, 'core')} and ${formatSize(plan.memory)}${plan.workers === 1 ? '' : ' each'}`
  const pages = cluster.processes.filter(p => p.facts['ui'] !== undefined).map(p => `  ${p.name.padEnd(10)} ${p.facts['ui']}`)
  return [
    `spk is up: ${some(plan.masters, 'master')}, ${some(plan.workers, 'worker')} with ${each}.`,
    '',
    ...pages,
    `  programs   ${cluster.natsUrl}`,
    `  read only  ${cluster.urls.observer}`,
    ...(plan.keepData === undefined ? [] : [`  data       ${plan.keepData}`]),
    '',
    'In another terminal:',
    `  export SPK_NATS_URL=${cluster.natsUrl}`,
    "  spk sql -e 'SELECT 1'",
    '  spk status',
    '  spk submit job.js',
    '',
    'Ctrl-C stops everything.',
    '',
  ].join('\n')
}
