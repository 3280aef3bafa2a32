/** The end of applications: executors stopped, workers told to clean up, old ones forgotten. Pure: changes the ledger. */
import { unreachable } from '../../core/errors.js'
import { type App, activeApps, executorsOf, isAppActive, type Worker } from './cluster.js'
import { killExecutor } from './executors.js'
import type { Ledger } from './ledger.js'

/**
 * Ends an application: executors are killed, every worker is told to clean up, the queue moves on. `tell`: its driver does not know yet.
 */
export function endApp(l: Ledger, app: App, state: 'FINISHED' | 'FAILED' | 'KILLED', reason: string, driver: 'tell' | 'silent'): void {
  const { appId } = app.description
  const { claimed: _claimed, ...rest } = app
  l.putApp({ ...rest, state, reason, endedAt: l.at.wall })
  l.command('dropNews', { appId })
  if (driver === 'tell') {
    l.command('tell', { appId, news: { kind: 'applicationRemoved', body: { appId, state, reason } }, after: [], last: true })
  }
  for (const executor of executorsOf(l.cluster, appId)) killExecutor(l, executor, `application ${state}: ${reason}`)
  for (const worker of l.cluster.workers.values()) if (worker.state !== 'DEAD') orderCleanUp(l, worker, appId)
  l.placementDue = true
  l.note(state === 'FAILED' ? 'warn' : 'info', `Application ${appId} ${state}: ${reason}`, { appId })
  forgetOldest(l)
}

function forgetOldest(l: Ledger): void {
  const ended = [...l.cluster.apps.values()].filter(a => !isAppActive(a)).sort((a, b) => (a.endedAt ?? 0) - (b.endedAt ?? 0))
  const surplus = ended.length - l.context.settings.retainedApplications
  for (const app of ended.slice(0, Math.max(0, surplus))) l.dropApp(app.description.appId)
}

function orderCleanUp(l: Ledger, worker: Worker, appId: string): void {
  l.order(worker.workerId, { kind: 'applicationFinished', body: { appId } })
}

/** Of these applications the worker holds blocks: it is told of those that are no more. Not while a lost store is rebuilt: one may be unknown as yet. */
export function cleanUpHeld(l: Ledger, worker: Worker, appIds: readonly string[]): void {
  if (!l.leading || l.context.rebuildUntil !== undefined) return
  for (const appId of appIds) {
    const app = l.app(appId)
    if (app === undefined || !isAppActive(app)) orderCleanUp(l, worker, appId)
  }
}

/** What a driver's end means for the application it ran. */
export function endAppsOfDriver(l: Ledger, driverId: string, state: 'FINISHED' | 'FAILED' | 'KILLED' | 'ERROR', reason: string): void {
  for (const app of activeApps(l.cluster)) {
    if (app.description.driverId !== driverId) continue
    switch (state) {
      case 'FINISHED':
      case 'KILLED':
        endApp(l, app, state, reason, 'tell')
        break
      case 'FAILED':
      case 'ERROR':
        endApp(l, app, 'FAILED', reason, 'tell')
        break
      default:
        unreachable(state)
    }
  }
}
