/** Applications: registration, presence, and what they ask for. Pure: changes the ledger. */
import type { AppId } from '../../core/ids.js'
import type { ApplicationDescription } from '../../protocol/application.js'
import { LANES, laneOf, laneToken } from '../../protocol/subjects.js'
import { numberAfter } from './adoption.js'
import { endApp } from './application-end.js'
import { type App, activeApps, executorsOf, isAppActive, isExecutorLive, keyOf } from './cluster.js'
import { tellAdded } from './executors.js'
import type { Ledger } from './ledger.js'
import type { RequestBody } from './messages.js'
import { waitingFor } from './waiting.js'

/** A driver shows its presence four times within the time after which it is given up. */
export function heartbeatMs(timeoutMs: number): number {
  return Math.max(1, Math.round(timeoutMs / 4))
}

/** Idempotent by id; a driver that registers again after a failover is the same application. */
export function registerApplication(l: Ledger, token: number, body: RequestBody<'registerApplication'>): void {
  const { description, executors: claimed } = body
  const { appId } = description
  const known = l.app(appId)
  const reason =
    known === undefined || isAppActive(known)
      ? (objection(description) ?? (known === undefined && claimed.length === 0 ? laneTaken(l, appId) : undefined))
      : `application ${appId} has ended: ${known.state}, ${known.reason}`
  if (reason !== undefined) {
    l.note('warn', `Refused application ${appId}: ${reason}`, { appId })
    l.reply(token, 'registerApplication', { kind: 'refused', reason })
    return
  }
  const app = known === undefined ? newApp(l, description, claimed) : { ...known, description: withSecrets(known, description) }
  const state = app.state === 'UNKNOWN' ? (executorsOf(l.cluster, appId).length > 0 ? 'RUNNING' : 'WAITING') : app.state
  l.putApp({ ...app, state, seen: l.at.monotonic, ...(l.incomplete ? { claimed } : {}) })
  if (!l.incomplete) agreeOnExecutors(l, appId, claimed)
  l.placementDue = true
  if (known === undefined) l.note('info', `Application ${appId} registered: ${description.name} of ${description.user}`, { appId })
  const { masterId, epoch, uiUrl, settings } = l.context
  const interval = heartbeatMs(settings.appTimeoutMs)
  l.reply(token, 'registerApplication', { kind: 'registered', masterId, epoch, heartbeatMs: interval, uiUrl }, [keyOf.app(appId)])
}

/** The lanes of active applications. */
function lanesInUse(l: Ledger): ReadonlyMap<string, string> {
  return new Map(activeApps(l.cluster).map(({ description: { appId } }) => [laneOf(appId as AppId), appId]))
}

/**
 * A free lane after the one given out last, so that one that was just left rests for a while; further on with every request that came, so that two
 * drivers that start at the same moment are not offered the same one.
 */
export function requestLane(l: Ledger, token: number): void {
  const used = lanesInUse(l)
  const newest = [...l.cluster.apps.values()].reduce<App | undefined>((last, app) => (last && last.sequence > app.sequence ? last : app), undefined)
  const from = newest === undefined ? token : Number.parseInt(laneOf(newest.description.appId as AppId), 16) + 1 + token
  const free = Array.from({ length: LANES }, (_, i) => (from + i) % LANES).find(lane => !used.has(laneToken(lane)))
  l.reply(token, 'requestLane', free === undefined ? {} : { lane: free })
}

/** Two applications in one lane could touch each other's executors. A driver that asked for a lane meets this only when another was faster. */
function laneTaken(l: Ledger, appId: string): string | undefined {
  const used = lanesInUse(l)
  const other = used.get(laneOf(appId as AppId))
  if (other === undefined) return undefined
  return used.size === LANES
    ? `${LANES} applications are active, the most that one cluster takes.`
    : `its id shares a lane with ${other}. Start it again: it gets another id.`
}

/** What was first registered stands; only what the store does not keep comes anew. */
function withSecrets({ description }: App, { uiUrl, token, conf }: ApplicationDescription): ApplicationDescription {
  return { ...description, uiUrl, token, conf }
}

function newApp(l: Ledger, description: ApplicationDescription, claimed: readonly string[]): App {
  const running = executorsOf(l.cluster, description.appId).map(e => e.executorId)
  const nextExecutor = [...claimed, ...running].reduce((next, id) => Math.max(next, numberAfter(id)), 0)
  // What it says it has may run on workers that have not registered yet: more is not launched before they have.
  const heldUntil = claimed.length > 0 ? (l.context.rebuildUntil ?? 0) : 0
  const state = running.length > 0 ? 'RUNNING' : 'WAITING'
  return { description, state, nextExecutor, failures: 0, sequence: l.nextSequence(), seen: l.at.monotonic, heldUntil }
}

/** Why an application cannot be taken, or undefined. */
function objection(d: ApplicationDescription): string | undefined {
  if (d.executorCores !== undefined && d.executorCores < 1) return `spark.executor.cores is ${d.executorCores}; at least 1 is needed.`
  if (d.coresMax !== undefined && d.coresMax < 1) return `spark.cores.max is ${d.coresMax}; at least 1 is needed.`
  if (d.executorMemory <= 0) return `spark.executor.memory is ${d.executorMemory} bytes; more than none is needed.`
  for (const [name, amount] of Object.entries(d.executorResources)) {
    if (amount < 0) return `spark.executor.resource.${name}.amount is ${amount}; 0 or more is needed.`
  }
  return undefined
}

/** After a registration both sides have the same executors: the driver is told of those it lacks, and that those nobody knows are lost. */
export function agreeOnExecutors(l: Ledger, appId: string, claimed: readonly string[]): void {
  const mine = executorsOf(l.cluster, appId)
  for (const e of mine) if (isExecutorLive(e) && !claimed.includes(e.executorId)) tellAdded(l, e, [])
  for (const executorId of claimed) {
    if (mine.some(e => e.executorId === executorId)) continue
    const body = { appId, executorId, state: 'LOST', message: 'No worker has it any more', workerLost: false } as const
    l.tell(appId, { kind: 'executorUpdated', body })
  }
}

export function applicationHeartbeat(l: Ledger, token: number, { appId }: RequestBody<'applicationHeartbeat'>): void {
  const { masterId, epoch } = l.context
  const app = l.app(appId)
  if (app === undefined || app.state === 'UNKNOWN') {
    l.reply(token, 'applicationHeartbeat', { kind: 'reregister', epoch, masterId })
  } else if (!isAppActive(app)) {
    const reason = `${app.state}: ${app.reason ?? 'no reason given'}`
    l.reply(token, 'applicationHeartbeat', { kind: 'ended', epoch, masterId, reason })
  } else {
    l.touchApp({ ...app, seen: l.at.monotonic })
    const waiting = waitingFor(l.context, l.cluster, app)
    l.reply(token, 'applicationHeartbeat', { kind: 'ok', epoch, masterId, ...(waiting === undefined ? {} : { waiting }) })
  }
}

export function unregisterApplication(l: Ledger, token: number, body: RequestBody<'unregisterApplication'>): void {
  const app = l.app(body.appId)
  if (app !== undefined && isAppActive(app)) endApp(l, app, body.state, body.reason, 'silent')
  l.reply(token, 'unregisterApplication', {}, [keyOf.app(body.appId)])
}

/** The driver sets how many executors it wants at most; those it has stay. */
export function requestExecutors(l: Ledger, token: number, body: RequestBody<'requestExecutors'>): void {
  const app = l.app(body.appId)
  if (app !== undefined && isAppActive(app) && app.description.executorLimit !== body.total) {
    l.putApp({ ...app, description: { ...app.description, executorLimit: body.total } })
    l.placementDue = true
  }
  l.reply(token, 'requestExecutors', {}, app === undefined ? [] : [keyOf.app(body.appId)])
}

export function requestKillApplication(l: Ledger, token: number, { appId }: RequestBody<'requestKillApplication'>): void {
  const app = l.app(appId)
  if (app === undefined) {
    const active = activeApps(l.cluster).map(a => a.description.appId)
    const advice = active.length === 0 ? 'No application is active.' : `Active: ${active.join(', ')}.`
    l.refuse(token, 'SPK_UNKNOWN_APPLICATION', `There is no application ${appId}. ${advice}`)
    return
  }
  if (isAppActive(app)) endApp(l, app, 'KILLED', 'Killed on request', 'tell')
  l.reply(token, 'requestKillApplication', {}, [keyOf.app(appId)])
}
