/**
 * What a failure costs, on real processes with the default settings, under an application that runs one small job after the other: for each kind of
 * failure the time until the cluster is whole again, and the longest time between two answers of the application. `npm run bench:failover`.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { SparkSession } from 'spk'
import { news, orders } from '#src/actors/master/messages.js'
import { type LocalClusterOptions, startLocalCluster, startNats, startNode, stopProcesses } from '#src/bin/local-cluster.js'
import type { LocalProcess } from '#src/bin/local-process.js'
import { silentLogger } from '#src/core/log.js'
import { subjects } from '#src/protocol/subjects.js'
import { RequestMasterState } from '#src/protocol/submission.js'
import { decode, decodeReply, encode, type Message } from '#src/protocol/wire.js'
import { connectNats } from '#src/transport/nats.js'
import { provideNatsServer } from '../scripts/nats-server.js'
import { root } from '../scripts/paths.js'
import { childrenOf, machine } from './cluster.js'
import { median } from './measure.js'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '8' }, pause: { type: 'string', default: '10' } } })
const rounds = Number(values.rounds)
const pauseMs = Number(values.pause) * 1000
const name = 'failover'
const folder = join(root, '.spk', name)
mkdirSync(folder, { recursive: true })
const nats = await provideNatsServer(line => void process.stderr.write(`${line}\n`))
const versions = machine(nats.version)
const options: LocalClusterOptions = {
  folder,
  cluster: name,
  masters: 2,
  workers: 2,
  workerCores: 1,
  workerMemory: '1g',
  nats: { binary: nats.path },
  keep: false,
}
const cluster = await startLocalCluster(options)
let processes = [...cluster.processes]
let started = 10

interface MasterStatus {
  readonly status: string
  readonly aliveworkers: number
  readonly coresused: number
}
const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
const of = (prefix: string): LocalProcess[] => processes.filter(p => p.name.startsWith(prefix))

/** Waits until a master other than `but` leads and says that all is well; that master. */
async function leader(but?: LocalProcess, well: (status: MasterStatus) => boolean = s => s.aliveworkers === 2): Promise<LocalProcess> {
  for (;;) {
    for (const master of of('master')) {
      if (master === but) continue
      const response = await fetch(`${master.facts['ui']}/json/`, { signal: AbortSignal.timeout(500) }).catch(() => undefined)
      const seen = response?.ok ? ((await response.json()) as MasterStatus) : undefined
      if (seen?.status === 'ALIVE' && well(seen)) return master
    }
    await sleep(10)
  }
}

function kill(victim: LocalProcess): void {
  process.kill(victim.pid, 'SIGKILL')
  processes = processes.filter(p => p !== victim)
}
async function start(role: 'master' | 'worker'): Promise<void> {
  processes.push(await startNode(options, cluster.urls, role, started++))
}

// Each role may hear and ask its own part.
const connect = (role: 'worker' | 'driver' | 'observer') => connectNats({ servers: cluster.urls[role], name: 'bench', log: silentLogger() })
const [asWorker, asDriver, asObserver] = await Promise.all([connect('worker'), connect('driver'), connect('observer')])
const names = subjects(name)
/** Epoch of each order and piece of news, in order of arrival. */
const epochs: number[] = []
const types: Readonly<Record<string, Message>> = { ...orders, ...news }
for (const [transport, pattern] of [
  [asWorker, names.worker('*' as never, '*')],
  [asDriver, names.driver('*' as never, '*')],
] as const) {
  transport.subscribe(pattern, message => {
    const type = types[message.subject.slice(message.subject.lastIndexOf('.') + 1)]
    if (type !== undefined) epochs.push((decode(type, message.data) as { epoch: number }).epoch)
  })
}
/** Waits until the leader answers a request over the bus. */
async function busAnswers(): Promise<void> {
  for (;;) {
    const asked = asObserver.request(names.master(RequestMasterState.name), encode(RequestMasterState, {}), { timeoutMs: 1000 })
    const answer = await asked.then(data => decodeReply(RequestMasterState, data)).catch(() => undefined)
    if (answer !== undefined) return
    await sleep(5)
  }
}

const spark = await SparkSession.builder()
  .master(cluster.natsUrl)
  .appName(name)
  .config({ 'spk.cluster': name, 'spark.executor.memory': '600m', 'spark.ui.showConsoleProgress': 'false' })
  .create()
/** When the application last had an answer, and the longest gap since it was last asked. */
let answeredAt = performance.now()
let longestGap = 0
let running = true
const work = (async () => {
  while (running) {
    const rows = await spark.sql('SELECT id % 7 AS k, count(*) AS n FROM range(0, 70000, 1, 4) GROUP BY id % 7').collect()
    if (rows.length !== 7 || rows.some(r => Number(r['n']) !== 10_000)) throw new Error(`wrong answer: ${JSON.stringify(rows)}`)
    const now = performance.now()
    longestGap = Math.max(longestGap, now - answeredAt)
    answeredAt = now
  }
})()

/** Runs one kind of failure some times; prints what it cost. `fail` returns the milliseconds until the cluster was whole again. */
async function measure(what: string, times: number, fail: () => Promise<number>): Promise<void> {
  const whole: number[] = []
  const gaps: number[] = []
  for (let round = 0; round < times; round++) {
    await leader(undefined, s => s.aliveworkers === 2 && s.coresused === 2)
    const before = answeredAt
    while (answeredAt === before) await sleep(5)
    longestGap = 0
    whole.push(await fail())
    const after = answeredAt
    while (answeredAt === after) await sleep(5)
    gaps.push(longestGap)
  }
  const three = (ms: readonly number[]): string => [Math.min(...ms), median(ms), Math.max(...ms)].map(n => n.toFixed(0).padStart(6)).join('')
  process.stdout.write(`${what.padEnd(78)}${three(whole)}  ${three(gaps)}  (${times})\n`)
}

const since = (from: number): number => performance.now() - from

try {
  process.stdout.write(`${versions}; lease 3 s, worker and application time-outs 10 s\n${' '.repeat(78)}   whole again, ms    longest wait, ms\n`)
  process.stdout.write(`${' '.repeat(78)}   min   med   max     min   med   max\n`)
  await measure('SIGKILL of the leading master → a standby leads, all workers known', rounds, async () => {
    const leading = await leader()
    const from = performance.now()
    kill(leading)
    await leader()
    const took = since(from)
    await start('master')
    return took
  })
  let late = 0
  await measure(`SIGSTOP of the leading master for ${pauseMs / 1000} s → another leads`, 2, async () => {
    const leading = await leader()
    const epoch = Math.max(...epochs)
    const from = performance.now()
    process.kill(leading.pid, 'SIGSTOP')
    await leader(leading)
    const took = since(from)
    await sleep(pauseMs - took)
    const mark = epochs.length
    process.kill(leading.pid, 'SIGCONT')
    for (;;) {
      const response = await fetch(`${leading.facts['ui']}/json/`).catch(() => undefined)
      if (response?.ok && ((await response.json()) as MasterStatus).status === 'STANDBY') break
    }
    await sleep(1000)
    late += epochs.slice(mark).filter(e => e <= epoch).length
    return took
  })
  process.stdout.write(`  orders and news of the old leader after SIGCONT: ${late}\n`)
  await measure('SIGKILL of nats-server, restarted: listens → the leader answers over the bus', rounds, async () => {
    const [old] = of('nats-server')
    kill(old as LocalProcess)
    processes.push(await startNats(options, nats.path, Number(new URL(cluster.natsUrl).port)))
    const from = performance.now()
    await busAnswers()
    return since(from)
  })
  await measure('SIGKILL of an executor → another runs in its place', rounds, async () => {
    const [worker] = of('worker')
    const [pid] = childrenOf((worker as LocalProcess).pid)
    const from = performance.now()
    process.kill(pid as number, 'SIGKILL')
    for (;;) {
      const now = childrenOf((worker as LocalProcess).pid)
      if (now.length > 0 && !now.includes(pid as number) && readFileSync(`/proc/${now[0]}/stat`).length > 0) break
      await sleep(5)
    }
    return since(from)
  })
  await measure('SIGKILL of a worker → it is DEAD (10 s without heartbeat)', Math.min(rounds, 3), async () => {
    const [worker] = of('worker')
    const from = performance.now()
    kill(worker as LocalProcess)
    await leader(undefined, s => s.aliveworkers === 1)
    const took = since(from)
    await start('worker')
    return took
  })
} finally {
  running = false
  await work.catch((error: unknown) => process.stderr.write(`${String(error)}\n`))
  await spark.stop()
  for (const transport of [asWorker, asDriver, asObserver]) await transport.close()
  await stopProcesses(processes)
  rmSync(folder, { recursive: true, force: true })
}
