/**
 * Every decision of a worker: (state, event) → next state and commands, pure. The machine says when an event is looked at, this file what it changes.
 * Guarantees: what comes from an epoch older than the newest seen changes nothing; an order repeated changes nothing; the newest state of every child is
 * reported until acknowledged; live children never occupy more than the worker has.
 */
import { unreachable } from '../../core/errors.js'
import { exited, failed, kill, restart, started } from './children.js'
import { backOff, type Decision, decided, each, note, then } from './decision.js'
import type { WorkerEvent } from './events.js'
import { applyOrder, isStale, seen } from './orders.js'
import { childKey, driverKey, executorKey, liveChildren, type WorkerState } from './state.js'

const REGISTER_FIRST_MS = 50
const REGISTER_LONGEST_MS = 2000
const REPORT_FIRST_MS = 100
const REPORT_LONGEST_MS = 2000

export type Decide = (state: WorkerState, event: WorkerEvent) => Decision

/** The worker's own decisions. A harness may wrap this function to plant a bug and see that its checks find it. */
export const decideWorker: Decide = (state, event) => {
  switch (event.type) {
    case 'order':
      return applyOrder(state, event.token, event.order)
    case 'registered':
      return isStale(state, event.epoch) ? silence(state, event.jitter, 'the answer came from an old leader') : registered(state, event)
    case 'refused':
      return then(decided(state, note('error', `The master refused this worker: ${event.reason}`)), s =>
        stop({ ...s, unregistered: true }, event.reason, true),
      )
    case 'beatAnswered':
      if (isStale(state, event.epoch)) return silence(state, event.jitter, 'the answer came from an old leader')
      return decided({ ...seen(state, event.epoch), masterId: event.masterId, unanswered: 0 })
    case 'unanswered':
      return silence(state, event.jitter, event.error)
    case 'busUp':
      return decided(state)
    case 'childStarted':
      return started(state, event.key, event.run, event.pid)
    case 'childFailed':
      return failed(state, event.key, event.run, event.message)
    case 'childExited':
      return exited(state, event.key, event.run, event.exit, event.ranMs)
    case 'restartDue':
      return restart(state, event.key, event.run)
    case 'reportAcked':
      return state.reports[event.key]?.seq === event.seq ? decided(withoutReport(state, event.key)) : decided(state)
    case 'reportUnanswered': {
      const pending = state.reports[event.key]
      if (pending?.seq !== event.seq) return decided(state)
      const delayMs = backOff(pending.tries, event.jitter, REPORT_FIRST_MS, REPORT_LONGEST_MS)
      return decided(
        { ...state, reports: { ...state.reports, [event.key]: { seq: event.seq, tries: pending.tries + 1 } } },
        { type: 'reportLater', params: { key: event.key, seq: event.seq, delayMs } },
      )
    }
    case 'reportDue': {
      const child = state.children[event.key]
      if (state.reports[event.key]?.seq !== event.seq || child === undefined || state.stopping !== undefined) return decided(state)
      return decided(state, { type: 'report', params: { key: event.key, seq: event.seq, child } })
    }
    case 'stop':
      return stop(state, event.reason, false)
    case 'unregistered':
      return decided({ ...state, unregistered: true })
    default:
      return unreachable(event)
  }
}

/** Nobody answered: says so once, and waits longer each time. */
function silence(state: WorkerState, jitter: number, error: string): Decision {
  const next: WorkerState = {
    ...state,
    unanswered: state.unanswered + 1,
    retryMs: backOff(state.unanswered, jitter, REGISTER_FIRST_MS, REGISTER_LONGEST_MS),
  }
  if (state.unanswered > 0) return decided(next)
  const children = liveChildren(state).length
  const kept = children === 0 ? '' : `; what runs here (${children}) goes on`
  return decided(next, note('warn', `No master answers (${error}): trying again until one does${kept}`))
}

/**
 * The leader knows this worker and what it runs. What it does not know is killed. A report that something runs is superseded by the registration, which
 * said so; that something ended is not in a registration, so those reports go out again at once.
 */
function registered(state: WorkerState, event: Extract<WorkerEvent, { type: 'registered' }>): Decision {
  const reports = Object.fromEntries(Object.entries(state.reports).filter(([key]) => state.children[key]?.phase === 'ended'))
  const next: WorkerState = {
    ...seen(state, event.epoch),
    masterId: event.masterId,
    masterUi: event.uiUrl,
    heartbeatMs: event.heartbeatMs,
    unanswered: 0,
    reports,
  }
  const unknown = [
    ...event.killExecutors.map(k => executorKey(k.appId, k.executorId)),
    ...event.killDrivers.map(k => driverKey(k.driverId, k.launch)),
  ]
  const text = `Registered with master ${event.masterId}, epoch ${event.epoch}`
  return then(decided(next, note('info', text, { children: liveChildren(state).length })), s =>
    then(
      each(s, unknown, (t, key) => kill(t, key, 'the master does not know it')),
      t => each(t, Object.keys(reports), resend),
    ),
  )
}

function resend(state: WorkerState, key: string): Decision {
  const child = state.children[key]
  const seq = state.nextSeq
  if (child === undefined) return decided(state)
  const reports = { ...state.reports, [key]: { seq, tries: 0 } }
  return decided({ ...state, nextSeq: seq + 1, reports }, { type: 'report', params: { key, seq, child } })
}

function withoutReport(state: WorkerState, key: string): WorkerState {
  const { [key]: _gone, ...reports } = state.reports
  return { ...state, reports }
}

/** Ends everything: children are stopped, the master is told unless it does not know this worker. */
function stop(state: WorkerState, reason: string, refused: boolean): Decision {
  if (state.stopping !== undefined) return decided(state)
  const known = state.epoch > 0 && !state.unregistered
  const next: WorkerState = { ...state, stopping: { reason, refused }, unregistered: !known, reports: {} }
  const running = liveChildren(next).map(childKey)
  return then(
    decided(
      next,
      note('info', `Stopping: ${reason}`, { children: running.length }),
      ...(known ? [{ type: 'unregister', params: { reason } } as const] : []),
    ),
    s => each(s, running, (t, key) => kill(t, key, 'the worker is stopping')),
  )
}
