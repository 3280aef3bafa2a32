/**
 * A new leader's recovery, pure: takes over the records (state UNKNOWN until a worker or driver has registered again), and, when all have answered or
 * the time is up, reconciles both ways: silent workers are DEAD, applications without a driver FAILED, what no worker reported is LOST, and what workers
 * run without a record is killed. A store that was lost is rebuilt, see `adoption.ts`.
 */
import { endApp } from './application-end.js'
import { agreeOnExecutors } from './applications.js'
import {
  type App,
  type At,
  activeApps,
  type Cluster,
  type Driver,
  type Executor,
  executorKey,
  executorsOf,
  isAppActive,
  isDriverActive,
  type Worker,
} from './cluster.js'
import { driverLost, requeue } from './drivers.js'
import type { Decision, MasterContext, StateRecord } from './events.js'
import { killExecutor } from './executors.js'
import { otherLeaseTtl } from './lease.js'
import { Ledger } from './ledger.js'
import { executorLost, loseWorker } from './workers.js'

/** All the records, with nobody heard of yet. */
export function clusterOf(records: readonly StateRecord[], at: At): Cluster {
  const workers = new Map<string, Worker>()
  const apps = new Map<string, App>()
  const executors = new Map<string, Executor>()
  const drivers = new Map<string, Driver>()
  const seen = { seen: at.monotonic, seenAt: at.wall }
  const hosted = { acked: false, missingSince: undefined }
  let nextSequence = 0
  for (const { kind, record } of records) {
    const { v: _v, epoch: _epoch, ...content } = record
    // Each branch narrows what the spread has lost.
    if (kind === 'worker') workers.set(record.workerId, { ...(content as Worker), ...seen })
    else if (kind === 'app') apps.set(record.description.appId, { ...(content as App), seen: at.monotonic, heldUntil: 0 })
    else if (kind === 'executor') executors.set(executorKey(record.appId, record.executorId), { ...(content as Executor), ...hosted })
    else drivers.set(record.driverId, { ...(content as Driver), ...hosted, heldUntil: 0 })
    if (kind === 'app' || kind === 'driver') nextSequence = Math.max(nextSequence, record.sequence + 1)
  }
  return { workers, apps, executors, drivers, nextSequence }
}

/** Nobody is taken for alive before it has spoken; an executor whose application has ended is being killed. */
function unheard(cluster: Cluster, at: At): Cluster {
  const each = <V>(map: ReadonlyMap<string, V>, change: (value: V) => V) => new Map([...map].map(([key, value]) => [key, change(value)]))
  return {
    workers: each(cluster.workers, w => (w.state === 'DEAD' ? w : { ...w, state: 'UNKNOWN', seen: at.monotonic })),
    apps: each(cluster.apps, ({ claimed: _claimed, ...a }) => (isAppActive(a) ? { ...a, state: 'UNKNOWN', seen: at.monotonic } : a)),
    executors: each(cluster.executors, e => {
      const app = cluster.apps.get(e.appId)
      const state = app === undefined || !isAppActive(app) ? 'KILLED' : e.state
      return { ...e, state, acked: false, missingSince: undefined }
    }),
    drivers: each(cluster.drivers, d => ({ ...d, acked: false, missingSince: undefined })),
    nextSequence: cluster.nextSequence,
  }
}

/** The first decision of a term. An empty store is rebuilt from what this master remembers, and from what registers. */
export function beginRecovery(
  context: MasterContext,
  event: { readonly epoch: number; readonly ttlMs: number; readonly sentAt: At; readonly at: At; readonly records: readonly StateRecord[] },
): Decision {
  const { epoch, ttlMs, sentAt, at, records } = event
  const lost = records.length === 0
  const cluster = unheard(lost ? context.cluster : clusterOf(records, at), at)
  const l = new Ledger({ ...context, epoch, cluster }, at)
  const { masterId, uiUrl } = context
  const workers = [...cluster.workers.values()].filter(w => w.state === 'UNKNOWN')
  const apps = activeApps(cluster)
  l.command('openInbox', { epoch })
  for (const w of workers) l.order(w.workerId, { kind: 'masterChanged', body: { masterId, uiUrl } })
  for (const a of apps) l.tell(a.description.appId, { kind: 'driverMasterChanged', body: { masterId, uiUrl } })
  l.note('info', `Elected leader, epoch ${epoch}: recovering ${workers.length} workers and ${apps.length} applications`, { epoch })
  const otherTtl = otherLeaseTtl(context.settings, ttlMs)
  if (otherTtl !== undefined) l.note('warn', otherTtl, { epoch })
  return l.decision({
    epoch,
    // One that never expires is no reason to lead without limit.
    leaseTtlMs: ttlMs === 0 ? context.settings.leaseTtlMs : ttlMs,
    renewed: sentAt,
    floor: Math.max(context.floor, epoch),
    status: 'RECOVERING',
    leader: undefined,
    rebuildUntil: lost ? at.monotonic + context.settings.workerTimeoutMs : undefined,
    swept: undefined,
  })
}

/** Everybody who was to register again has. */
export function allAnswered(cluster: Cluster): boolean {
  return ![...cluster.workers.values()].some(w => w.state === 'UNKNOWN') && ![...cluster.apps.values()].some(a => a.state === 'UNKNOWN')
}

/** The last decision of the recovery; every record is written anew, so that a late write of an older leader meets a newer revision. */
export function completeRecovery(context: MasterContext, at: At): Decision {
  const l = new Ledger(context, at)
  for (const w of l.cluster.workers.values()) if (w.state === 'UNKNOWN') loseWorker(l, w, 'it did not register with the new master in time')
  for (const e of l.cluster.executors.values()) if (!e.acked) executorLost(l, e, 'No worker has it after a change of master', false)
  for (const d of l.cluster.drivers.values()) if (isDriverActive(d) && d.workerId !== undefined && !d.acked) unclaimed(l, d)
  for (const a of activeApps(l.cluster)) {
    if (a.state === 'UNKNOWN') endApp(l, a, 'FAILED', 'its driver did not register with the new master in time', 'tell')
    else if (context.rebuildUntil === undefined) settleApp(l, a)
  }
  for (const w of l.cluster.workers.values()) l.putWorker(w)
  for (const a of l.cluster.apps.values()) l.putApp(a)
  for (const e of l.cluster.executors.values()) l.putExecutor(e)
  for (const d of l.cluster.drivers.values()) l.putDriver(d)
  l.command('settle', { epoch: context.epoch })
  l.note('info', 'Recovery complete', { workers: l.cluster.workers.size, executors: l.cluster.executors.size })
  return l.decision()
}

/** A driver that its worker does not have: launched anew when nobody has ever reported it running, or when it is supervised. */
function unclaimed(l: Ledger, driver: Driver): void {
  if (driver.state === 'SUBMITTED' && !driver.killing) {
    requeue(l, driver, 'SUBMITTED', 0)
    return
  }
  driverLost(l, driver, `${driver.workerId} does not have it after a change of master`)
}

/** Driver and master agree again on what the application has. */
function settleApp(l: Ledger, app: App): void {
  const { claimed, ...rest } = app
  const { appId } = app.description
  if (claimed !== undefined) agreeOnExecutors(l, appId, claimed)
  l.touchApp({ ...rest, state: executorsOf(l.cluster, appId).length > 0 ? 'RUNNING' : app.state })
}

/** The end of the time in which a lost store is rebuilt: an executor whose application did not come is killed. */
export function endRebuilding(l: Ledger): void {
  for (const e of l.cluster.executors.values()) if (l.app(e.appId) === undefined) killExecutor(l, e, 'nobody knows its application')
  for (const a of activeApps(l.cluster)) settleApp(l, a)
}
