/** How executors begin to run and are ordered to stop, and what their driver hears of it. Pure: changes the ledger. */
import type { ExecutorState } from '../../protocol/common.js'
import { type Executor, isExecutorLive } from './cluster.js'
import type { Ledger } from './ledger.js'

export interface ExecutorEnd {
  readonly state: ExecutorState
  readonly message: string | undefined
  readonly exitCode: number | undefined
  readonly workerLost: boolean
  /** Whether it was the application's own failing. */
  readonly failure: boolean
}

/** Its worker says that it runs: the count of failures in a row begins anew. */
export function executorRuns(l: Ledger, executor: Executor): void {
  if (executor.state !== 'LAUNCHING') return
  l.putExecutor({ ...executor, state: 'RUNNING', acked: true, missingSince: undefined })
  const app = l.app(executor.appId)
  if (app !== undefined && app.failures > 0) l.putApp({ ...app, failures: 0, heldUntil: 0 })
  tellUpdate(l, executor, { state: 'RUNNING', message: undefined, exitCode: undefined, workerLost: false, failure: false })
}

/** Orders the executor to stop. It keeps its cores until its worker says that it is gone. */
export function killExecutor(l: Ledger, executor: Executor, reason: string): void {
  if (!isExecutorLive(executor)) return
  l.putExecutor({ ...executor, state: 'KILLED', missingSince: undefined })
  orderKill(l, executor.workerId, executor, reason)
}

/** Orders a worker to stop an executor that it should not have. */
export function orderKill(l: Ledger, workerId: string, what: { readonly appId: string; readonly executorId: string }, reason: string): void {
  l.order(workerId, { kind: 'killExecutor', body: { appId: what.appId, executorId: what.executorId, reason } })
}

export function tellUpdate(l: Ledger, executor: Executor, end: ExecutorEnd): void {
  l.tell(executor.appId, {
    kind: 'executorUpdated',
    body: {
      appId: executor.appId,
      executorId: executor.executorId,
      state: end.state,
      ...(end.message === undefined ? {} : { message: end.message }),
      ...(end.exitCode === undefined ? {} : { exitCode: end.exitCode }),
      workerLost: end.workerLost,
    },
  })
}

export function tellAdded(l: Ledger, executor: Executor, after: readonly string[]): void {
  const { appId, executorId, workerId, cores, memory, resources } = executor
  const host = l.worker(workerId)?.host ?? ''
  l.tell(appId, { kind: 'executorAdded', body: { appId, executorId, workerId, host, cores, memory, resources } }, after)
}
