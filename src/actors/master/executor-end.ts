/** How executors end: by their worker's report or with it, by their driver's wish; too many failures in a row end the application. Pure. */
import { must } from '../../core/errors.js'
import { endApp } from './application-end.js'
import { type Executor, executorsOf, isAppActive, isExecutorLive } from './cluster.js'
import { type ExecutorEnd, executorRuns, killExecutor, tellUpdate } from './executors.js'
import type { Ledger } from './ledger.js'
import type { RequestBody } from './messages.js'

const FIRST_BACKOFF_MS = 100
const LONGEST_BACKOFF_MS = 5000

/** The executor is no more: its cores are free, its driver is told, and too many failures in a row end the application. */
export function executorGone(l: Ledger, executor: Executor, end: ExecutorEnd): void {
  l.dropExecutor(executor)
  tellUpdate(l, executor, end)
  const app = l.app(executor.appId)
  if (app?.claimed?.includes(executor.executorId)) l.touchApp({ ...app, claimed: app.claimed.filter(id => id !== executor.executorId) })
  if (app !== undefined && end.failure && isExecutorLive(executor) && isAppActive(app)) countFailure(l, executor, end)
}

function countFailure(l: Ledger, executor: Executor, end: ExecutorEnd): void {
  const { maxExecutorRetries } = l.context.settings
  const { appId } = executor
  const app = must(l.app(appId), 'an executor that failed has an application')
  const failures = app.failures + 1
  const last = `executor ${executor.executorId} on ${executor.workerId}: ${end.message ?? `${end.state}, exit code ${end.exitCode ?? 'unknown'}`}`
  l.note('warn', `Application ${appId} lost ${last}`, { appId, failures })
  const counted = { ...app, failures, heldUntil: l.at.monotonic + Math.min(FIRST_BACKOFF_MS * 2 ** (failures - 1), LONGEST_BACKOFF_MS) }
  l.putApp(counted)
  if (maxExecutorRetries < 0 || failures < maxExecutorRetries) return
  if (executorsOf(l.cluster, appId).some(e => e.state === 'RUNNING')) return
  endApp(l, counted, 'FAILED', `${failures} executors failed in a row (spark.deploy.maxExecutorRetries); the last was ${last}.`, 'tell')
}

/** A worker's report. One from a worker that does not hold the executor (any more) changes nothing. */
export function executorStateChanged(l: Ledger, token: number, body: RequestBody<'executorStateChanged'>): void {
  l.reply(token, 'executorStateChanged', {})
  const executor = l.executor(body.appId, body.executorId)
  if (executor === undefined || executor.workerId !== body.workerId) return
  switch (body.state) {
    case 'LAUNCHING':
      return
    case 'RUNNING':
      executorRuns(l, executor)
      return
    case 'DECOMMISSIONED':
      if (isExecutorLive(executor)) l.putExecutor({ ...executor, state: 'DECOMMISSIONED' })
      tellUpdate(l, executor, { state: 'DECOMMISSIONED', message: body.message, exitCode: undefined, workerLost: false, failure: false })
      return
    default:
      executorGone(l, executor, {
        state: body.state,
        message: body.message,
        exitCode: body.exitCode,
        workerLost: false,
        failure: body.exitCode !== 0 && executor.state !== 'DECOMMISSIONED',
      })
      return
  }
}

/** The driver gives executors back. */
export function killExecutors(l: Ledger, token: number, body: RequestBody<'killExecutors'>): void {
  l.reply(token, 'killExecutors', {})
  for (const executorId of body.executorIds) {
    const executor = l.executor(body.appId, executorId)
    if (executor !== undefined) killExecutor(l, executor, body.reason)
  }
}
