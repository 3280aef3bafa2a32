/** Workers: registration, heartbeats, loss; and what they report to run, compared with what they should. Pure: changes the ledger. */
import { unreachable } from '../../core/errors.js'
import type { RunningDriver, RunningExecutor, Versions } from '../../protocol/common.js'
import { adoptDriver, adoptExecutor } from './adoption.js'
import { cleanUpHeld } from './application-end.js'
import { heartbeatMs } from './applications.js'
import { activeApps, type Driver, type Executor, isDriverActive, isExecutorLive, type Worker } from './cluster.js'
import { driverLost, driverRuns, requeue } from './drivers.js'
import type { MasterEvent, Stranger } from './events.js'
import { executorGone } from './executor-end.js'
import { executorRuns, orderKill } from './executors.js'
import type { Ledger } from './ledger.js'
import type { RequestBody } from './messages.js'

/** How long a driver waits after a worker refused it. */
const REFUSED_HOLD_MS = 1000

/** Every part of the cluster runs the same spk, DuckDB and protocol: hashes, plans and messages must agree. Undefined when they do. */
export function versionMismatch(master: Versions, worker: Versions): string | undefined {
  const parts = [
    ['spk', master.spk, worker.spk],
    ['DuckDB', master.duckdb, worker.duckdb],
    ['the protocol', `version ${master.protocol}`, `version ${worker.protocol}`],
  ] as const
  const differing = parts.filter(([, mine, theirs]) => mine !== theirs)
  if (differing.length === 0) return undefined
  return `${differing.map(([what, mine, theirs]) => `${what}: the master has ${mine}, the worker ${theirs}`).join('; ')}. Install the same spk on all hosts.`
}

/** A worker, new or back: it runs what it reports, and is told at once what of that it must stop. */
export function registerWorker(l: Ledger, token: number, body: RequestBody<'registerWorker'>): void {
  const { workerId } = body
  const reason = versionMismatch(l.context.versions, body.versions)
  if (reason !== undefined) {
    l.note('error', `Refused worker ${workerId} on ${body.host}: ${reason}`, { workerId })
    l.reply(token, 'registerWorker', { kind: 'refused', reason })
    return
  }
  for (const other of l.cluster.workers.values()) {
    const samePlace = other.hostId === body.hostId && other.blockUrl === body.blockUrl
    if (samePlace && other.workerId !== workerId && other.state !== 'DEAD') loseWorker(l, other, `worker ${workerId} has taken its place`)
  }
  const known = l.worker(workerId)
  const { executors, drivers, ...identity } = body
  const worker: Worker = { ...identity, state: 'ALIVE', seen: l.at.monotonic, seenAt: l.at.wall }
  l.putWorker(worker)
  if (known?.state !== 'ALIVE') {
    l.note('info', `Worker ${workerId} on ${body.host} registered: ${body.cores} cores`, { workerId, cores: body.cores, memory: body.memory })
  }
  const toKill = compare(l, worker, executors, drivers, true)
  l.placementDue = true
  const { masterId, epoch, uiUrl, settings } = l.context
  l.reply(token, 'registerWorker', {
    kind: 'registered',
    masterId,
    epoch,
    uiUrl,
    heartbeatMs: heartbeatMs(settings.workerTimeoutMs),
    killExecutors: toKill.flatMap(s => (s.kind === 'executor' ? [{ appId: s.report.appId, executorId: s.report.executorId }] : [])),
    killDrivers: toKill.flatMap(s => (s.kind === 'driver' ? [{ driverId: s.report.driverId, launch: s.report.launch }] : [])),
  })
}

export function workerHeartbeat(l: Ledger, token: number, body: RequestBody<'workerHeartbeat'>): void {
  const { masterId, epoch } = l.context
  const worker = l.worker(body.workerId)
  if (worker === undefined || worker.state !== 'ALIVE') {
    l.reply(token, 'workerHeartbeat', { kind: 'reregister', masterId, epoch })
    return
  }
  l.touchWorker({ ...worker, seen: l.at.monotonic, seenAt: l.at.wall })
  const strangers = compare(l, worker, body.executors, body.drivers, false)
  for (const stranger of strangers) killStranger(l, worker, stranger)
  if (l.leading) missing(l, worker, body.executors, body.drivers)
  cleanUpHeld(l, worker, body.applications ?? [])
  l.reply(token, 'workerHeartbeat', { kind: 'ok', masterId, epoch })
}

/**
 * Confirms what is known of what the worker reports, and adopts what may be believed; returns the rest, which it must stop. That includes what an earlier
 * leader ordered to stop: nobody knows whether its order arrived; and with `registers`, whose answer may be lost, all that is to stop.
 */
function compare(
  l: Ledger,
  worker: Worker,
  executors: readonly RunningExecutor[],
  drivers: readonly RunningDriver[],
  registers: boolean,
): Stranger[] {
  const { workerId } = worker
  const strangers: Stranger[] = []
  for (const report of executors) {
    const executor = l.executor(report.appId, report.executorId)
    if (executor === undefined || executor.workerId !== workerId) {
      if (executor !== undefined || !adoptExecutor(l, workerId, report)) strangers.push({ kind: 'executor', report })
    } else {
      if (!isExecutorLive(executor) && (registers || !executor.acked)) strangers.push({ kind: 'executor', report })
      if (!executor.acked || executor.missingSince !== undefined) l.touchExecutor({ ...executor, acked: true, missingSince: undefined })
      if (report.state === 'RUNNING') executorRuns(l, executor)
    }
  }
  for (const report of drivers) {
    const driver = l.driver(report.driverId)
    if (driver === undefined || driver.workerId !== workerId || driver.launch !== report.launch || !isDriverActive(driver)) {
      if (driver !== undefined || !adoptDriver(l, workerId, report)) strangers.push({ kind: 'driver', report })
    } else {
      if (driver.killing && (registers || !driver.acked)) strangers.push({ kind: 'driver', report })
      if (!driver.acked || driver.missingSince !== undefined) l.touchDriver({ ...driver, acked: true, missingSince: undefined })
      if (report.state === 'RUNNING') driverRuns(l, driver)
    }
  }
  return strangers
}

function killStranger(l: Ledger, { workerId }: Worker, stranger: Stranger): void {
  const reason = 'the master does not know it'
  switch (stranger.kind) {
    case 'executor':
      orderKill(l, workerId, stranger.report, reason)
      return
    case 'driver':
      l.order(workerId, { kind: 'killDriver', body: { driverId: stranger.report.driverId, launch: stranger.report.launch, reason } })
      return
    default:
      unreachable(stranger)
  }
}

/**
 * What the worker has acknowledged and does not list is gone, if that lasts: one heartbeat may have been sent before the launch, or arrive late. Its
 * end is normally reported; this heals what no report will.
 */
function missing(l: Ledger, worker: Worker, executors: readonly RunningExecutor[], drivers: readonly RunningDriver[]): void {
  const now = l.at.monotonic
  const reason = `${worker.workerId} no longer has it`
  const isOver = (since: number) => now - since >= l.context.settings.workerTimeoutMs
  for (const e of l.cluster.executors.values()) {
    if (e.workerId !== worker.workerId || !e.acked || executors.some(r => r.appId === e.appId && r.executorId === e.executorId)) continue
    if (e.missingSince === undefined) l.touchExecutor({ ...e, missingSince: now })
    else if (isOver(e.missingSince)) executorLost(l, e, reason, false)
  }
  for (const d of l.cluster.drivers.values()) {
    if (d.workerId !== worker.workerId || !d.acked || !isDriverActive(d) || drivers.some(r => r.driverId === d.driverId && r.launch === d.launch))
      continue
    if (d.missingSince === undefined) l.touchDriver({ ...d, missingSince: now })
    else if (isOver(d.missingSince)) driverLost(l, d, reason)
  }
}

export function executorLost(l: Ledger, executor: Executor, message: string, workerLost: boolean): void {
  executorGone(l, executor, { state: isExecutorLive(executor) ? 'LOST' : 'KILLED', message, exitCode: undefined, workerLost, failure: false })
}

/** The worker is DEAD, and with it all that it ran. */
export function loseWorker(l: Ledger, worker: Worker, reason: string): void {
  const { workerId, host } = worker
  l.putWorker({ ...worker, state: 'DEAD' })
  l.command('dropOrders', { workerId })
  l.note('warn', `Worker ${workerId} on ${host} is DEAD: ${reason}`, { workerId })
  for (const e of l.cluster.executors.values()) if (e.workerId === workerId) executorLost(l, e, `Worker ${workerId} lost: ${reason}`, true)
  for (const d of l.cluster.drivers.values()) if (d.workerId === workerId && isDriverActive(d)) driverLost(l, d, `worker ${workerId} lost: ${reason}`)
  for (const app of activeApps(l.cluster)) {
    l.tell(app.description.appId, { kind: 'workerRemoved', body: { workerId, host, reason } })
  }
  l.placementDue = true
}

export function unregisterWorker(l: Ledger, token: number, body: RequestBody<'unregisterWorker'>): void {
  const worker = l.worker(body.workerId)
  if (worker !== undefined && worker.state !== 'DEAD') loseWorker(l, worker, body.reason)
  l.reply(token, 'unregisterWorker', {})
}

/** The worker took the order, or refused it. */
export function orderAnswered(l: Ledger, event: Extract<MasterEvent, { type: 'orderAnswered' }>): void {
  const { order, reply, workerId } = event
  switch (order.kind) {
    case 'launchExecutor': {
      const executor = l.executor(order.body.appId, order.body.executorId)
      if (executor === undefined || executor.workerId !== workerId) return
      if (reply.kind === 'accepted') {
        l.touchExecutor({ ...executor, acked: true })
        return
      }
      const message = `${workerId} refused it: ${reply.reason}`
      executorGone(l, executor, { state: 'FAILED', message, exitCode: undefined, workerLost: false, failure: true })
      return
    }
    case 'launchDriver': {
      const driver = l.driver(order.body.driverId)
      if (driver === undefined || driver.workerId !== workerId || driver.launch !== order.body.launch || !isDriverActive(driver)) return
      if (reply.kind === 'accepted') {
        l.touchDriver({ ...driver, acked: true })
        return
      }
      refusedDriver(l, driver, workerId, reply.reason)
      return
    }
    case 'killExecutor':
    case 'killDriver':
    case 'applicationFinished':
    case 'masterChanged':
      if (reply.kind === 'refused') l.note('warn', `${workerId} refused ${order.kind}: ${reply.reason}`, { workerId })
      return
    default:
      unreachable(order)
  }
}

function refusedDriver(l: Ledger, driver: Driver, workerId: string, reason: string): void {
  l.note('warn', `${workerId} refused driver ${driver.driverId}: ${reason}`, { workerId })
  if (driver.killing) {
    driverLost(l, driver, `${workerId} refused it`)
    return
  }
  requeue(l, driver, driver.state === 'RELAUNCHING' ? 'RELAUNCHING' : 'SUBMITTED', l.at.monotonic + REFUSED_HOLD_MS)
}
