/**
 * A lost store is rebuilt from what registers: for one worker time-out after a leader found it empty, what workers run is believed, and holds its cores
 * from then on. An executor may come before its application; one whose application does not come is killed in the end. Pure: changes the ledger.
 */
import type { RunningDriver, RunningExecutor } from '../../protocol/common.js'
import { isAppActive } from './cluster.js'
import type { Ledger } from './ledger.js'

/** The number of an executor after this one; 0 when its id is not a number. */
export function numberAfter(executorId: string): number {
  return Number(executorId) + 1 || 0
}

/** Whether an executor that nobody knows is believed; then it is known. */
export function adoptExecutor(l: Ledger, workerId: string, report: RunningExecutor): boolean {
  const { appId, executorId, cores, memory, resources, state } = report
  const app = l.app(appId)
  if (l.context.rebuildUntil === undefined || (app !== undefined && !isAppActive(app))) return false
  l.putExecutor({ appId, executorId, workerId, cores, memory, resources, state, acked: true, missingSince: undefined })
  if (app !== undefined) l.putApp({ ...app, state: 'RUNNING', nextExecutor: Math.max(app.nextExecutor, numberAfter(executorId)) })
  return true
}

/** The same for a driver, under the little that is known of it when its worker does not describe it. */
export function adoptDriver(l: Ledger, workerId: string, report: RunningDriver): boolean {
  if (l.context.rebuildUntil === undefined) return false
  const { driverId, launch, cores, memory, resources, state } = report
  const description = report.description ?? { script: '', args: [], env: {}, conf: {}, cores, memory, supervise: false, name: driverId }
  const queue = { submittedAt: l.at.wall, sequence: l.nextSequence(), heldUntil: 0 }
  l.putDriver({ driverId, launch, description, state, workerId, resources, ...queue, acked: true, missingSince: undefined })
  return true
}
