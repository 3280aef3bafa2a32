/**
 * Every decision of a master: (context, event) → what changes and what is to be done, pure. The machine says when an event is looked at, this file and
 * the policies it calls what it changes. Guarantees: no core, memory or address is given out twice; what an order depends on is in the store before the
 * order goes out; a repeated request changes nothing.
 */
import { unreachable } from '../../core/errors.js'
import { endApp } from './application-end.js'
import {
  applicationHeartbeat,
  registerApplication,
  requestExecutors,
  requestKillApplication,
  requestLane,
  unregisterApplication,
} from './applications.js'
import { activeApps, aliveWorkers, emptyCluster } from './cluster.js'
import { driverStateChanged, requestDriverStatus, requestKillDriver, requestSubmitDriver } from './drivers.js'
import type { Decide, Decision, MasterContext, MasterEvent } from './events.js'
import { executorStateChanged, killExecutors } from './executor-end.js'
import { otherLeaseTtl } from './lease.js'
import { Ledger } from './ledger.js'
import type { Request, RequestBody, RequestKind } from './messages.js'
import { beginRecovery, completeRecovery, endRebuilding } from './recovery.js'
import { schedule } from './schedule.js'
import { masterStatus } from './status.js'
import { loseWorker, orderAnswered, registerWorker, unregisterWorker, workerHeartbeat } from './workers.js'

/** A DEAD worker stays listed for so many time-outs, as in Spark (`spark.dead.worker.persistence` + 1). */
const DEAD_TIMEOUTS = 16
/** A sweep that comes so many times too late means that this process did not run: nobody else is to blame for the silence. */
const LATE_SWEEPS = 3

/** How often timeouts are looked at, milliseconds. */
export function sweepMs(context: MasterContext): number {
  const { workerTimeoutMs, appTimeoutMs } = context.settings
  return Math.max(20, Math.min(1000, Math.min(workerTimeoutMs, appTimeoutMs) / 10))
}

export const decideMaster: Decide = (context, event) => {
  switch (event.type) {
    case 'leaseTaken':
      return beginRecovery(context, event)
    case 'leaseHeld':
      return heldBy(context, event)
    case 'request': {
      const l = new Ledger(context, event.at)
      answer(l, event.token, event.request)
      return placed(l)
    }
    case 'orderAnswered': {
      const l = new Ledger(context, event.at)
      orderAnswered(l, event)
      return placed(l)
    }
    case 'clockRead':
      return context.status === 'COMPLETING_RECOVERY' ? completeRecovery(context, event.at) : sweep(new Ledger(context, event.at))
    case 'leaseUnavailable':
      return note(context, 'debug', `The lease cannot be read: ${event.error}`)
    case 'leaseLost':
      return standDown(context, event.reason)
    case 'deadlinePassed':
      return standDown(context, 'the lease was not renewed in time')
    case 'fenced':
      return standDown({ ...context, floor: Math.max(context.floor, event.newer) }, `${event.by} has seen epoch ${event.newer}`)
    case 'renewUnknown':
      return note(context, 'warn', `The lease may not be renewed: ${event.error}`)
    case 'leaseRenewed':
    case 'renewDue':
    case 'sweepDue':
    case 'stored':
    case 'stop':
      return { next: {}, commands: [] }
    default:
      return unreachable(event)
  }
}

function placed(l: Ledger): Decision {
  if (l.placementDue && l.leading) schedule(l)
  return l.decision()
}

const handlers: { readonly [K in RequestKind]: (l: Ledger, token: number, body: RequestBody<K>) => void } = {
  registerWorker,
  workerHeartbeat,
  executorStateChanged,
  driverStateChanged,
  unregisterWorker,
  requestLane,
  registerApplication,
  applicationHeartbeat,
  unregisterApplication,
  requestExecutors,
  killExecutors,
  requestSubmitDriver,
  requestDriverStatus,
  requestKillDriver,
  requestKillApplication,
  requestMasterState: (l, token) => l.reply(token, 'requestMasterState', { json: JSON.stringify(masterStatus(l.context, l.at.wall)) }),
}

function answer(l: Ledger, token: number, { kind, body }: Request): void {
  // The body is its handler's: both come from the same `kind`.
  const handle = handlers[kind] as (l: Ledger, token: number, body: Request['body']) => void
  handle(l, token, body)
}

/** Looks at who was silent for too long, forgets the long dead, and places what can be placed. */
function sweep(l: Ledger): Decision {
  const { swept, settings } = l.context
  const now = l.at.monotonic
  if (swept !== undefined && now - swept > LATE_SWEEPS * sweepMs(l.context)) excuse(l, now - swept)
  const seconds = (ms: number) => `${ms / 1000} s`
  for (const w of l.cluster.workers.values()) {
    const silentMs = now - w.seen
    if (w.state === 'DEAD') {
      if (silentMs > DEAD_TIMEOUTS * settings.workerTimeoutMs) l.dropWorker(w.workerId)
    } else if (silentMs > settings.workerTimeoutMs) loseWorker(l, w, `no heartbeat for ${seconds(settings.workerTimeoutMs)}`)
  }
  for (const a of activeApps(l.cluster)) {
    if (now - a.seen > settings.appTimeoutMs) endApp(l, a, 'FAILED', `its driver was silent for ${seconds(settings.appTimeoutMs)}`, 'tell')
  }
  const { rebuildUntil } = l.context
  const rebuilt = rebuildUntil !== undefined && now >= rebuildUntil
  if (rebuilt) endRebuilding(l)
  schedule(l)
  l.command('audit', undefined)
  return l.decision({ swept: now, ...(rebuilt ? { rebuildUntil: undefined } : {}) })
}

function excuse(l: Ledger, ms: number): void {
  for (const w of aliveWorkers(l.cluster)) l.touchWorker({ ...w, seen: w.seen + ms })
  for (const a of activeApps(l.cluster)) l.touchApp({ ...a, seen: a.seen + ms })
}

function heldBy(context: MasterContext, event: Extract<MasterEvent, { type: 'leaseHeld' }>): Decision {
  const { by } = event
  const floor = Math.max(context.floor, by.epoch)
  // Epoch 0: taken a moment ago, not confirmed yet.
  const known = by.epoch === 0 || (context.leader?.masterId === by.masterId && context.leader.epoch === by.epoch)
  const text = `Standing by: ${by.masterId} on ${by.host} leads, epoch ${by.epoch}`
  const otherTtl = by.ttlMs === undefined ? undefined : otherLeaseTtl(context.settings, by.ttlMs)
  const notes = [note(context, 'info', text), ...(otherTtl === undefined ? [] : [note(context, 'warn', otherTtl)])]
  // Under another leader things change: what this master remembers of a term of its own is not the truth any more, not even for a lost store.
  const outdated = by.masterId !== context.masterId && by.epoch > 0 && context.cluster !== emptyCluster
  return { next: { leader: by, floor, ...(outdated ? { cluster: emptyCluster } : {}) }, commands: known ? [] : notes.flatMap(n => n.commands) }
}

/** The end of a term: nothing goes out any more. The cluster is remembered, in case the store is lost and nobody else has led by then. */
function standDown(context: MasterContext, reason: string): Decision {
  return {
    next: { status: 'STANDBY', epoch: 0, floor: Math.max(context.floor, context.epoch) },
    commands: [
      { type: 'standDown', params: { epoch: context.epoch } },
      ...note(context, 'warn', `No longer leader (epoch ${context.epoch}): ${reason}`).commands,
    ],
  }
}

function note(context: MasterContext, level: 'debug' | 'info' | 'warn', text: string): Decision {
  return { next: {}, commands: [{ type: 'note', params: { level, text, fields: { epoch: context.epoch } } }] }
}
