/**
 * Status reports: gathered, sent one message at a time, and kept until acknowledged, however long driver or bus are away. The driver merges by task key, so
 * a repeat is harmless. That a task runs is told only when it still runs after a moment; its end is told at once.
 */
import { taskKeyString } from '../../core/ids.js'
import type { TaskReport } from '../../protocol/tasks.js'
import { backOff, type Decision, decided, note } from './decision.js'
import type { ExecutorState } from './state.js'

/** How long the news that a task runs may wait for other news. */
const RUNNING_DELAY_MS = 50
const FIRST_RETRY_MS = 100
const LONGEST_RETRY_MS = 3000
/** Result bytes in one message; a single report may be larger. */
const MESSAGE_BYTES = 256 * 1024
/** Reports in one message. */
const MESSAGE_REPORTS = 500

/** Puts a report up for sending, in place of older news of the same task. */
export function addReport(state: ExecutorState, report: TaskReport): Decision {
  const key = taskKeyString(report.key)
  const others = state.reports.filter(r => taskKeyString(r.key) !== key)
  const next: ExecutorState = { ...state, reports: [...others, report] }
  if (state.sending !== undefined || state.reportTimer) {
    // The timer is either short (for running tasks) or a retry: an end does not wait for the short one.
    return state.sending === undefined && state.reportTries === 0 && report.state !== 'RUNNING' ? send(next) : decided(next)
  }
  if (report.state !== 'RUNNING') return send(next)
  return decided({ ...next, reportTimer: true }, { type: 'reportLater', params: { delayMs: RUNNING_DELAY_MS } })
}

/** Sends what is gathered, as much as one message takes, unless a message is on its way already. */
export function send(state: ExecutorState): Decision {
  if (state.sending !== undefined || state.reports.length === 0) return decided(state)
  let count = 0
  for (let bytes = 0; count < state.reports.length && count < MESSAGE_REPORTS; count++) {
    bytes += reportBytes(state.reports[count] as TaskReport)
    if (count > 0 && bytes > MESSAGE_BYTES) break
  }
  const seq = state.nextSeq
  const reports = state.reports.slice(0, count)
  return decided(
    { ...state, reports: state.reports.slice(count), sending: { seq, reports }, nextSeq: seq + 1 },
    { type: 'report', params: { seq, reports } },
  )
}

export function acked(state: ExecutorState, seq: number, at: number): Decision {
  if (state.sending?.seq !== seq) return decided(state)
  return send({ ...state, sending: undefined, reportTries: 0, heardAt: at })
}

/** Nobody acknowledged: the same reports, and newer ones, go again later. */
export function unanswered(state: ExecutorState, seq: number, jitter: number): Decision {
  const { sending } = state
  if (sending?.seq !== seq) return decided(state)
  const newer = new Set(state.reports.map(r => taskKeyString(r.key)))
  const back = sending.reports.filter(r => !newer.has(taskKeyString(r.key)))
  const next: ExecutorState = { ...state, sending: undefined, reports: [...back, ...state.reports], reportTries: state.reportTries + 1 }
  const delayMs = backOff(state.reportTries, jitter, FIRST_RETRY_MS, LONGEST_RETRY_MS)
  const commands = [note('debug', 'status reports not acknowledged', { reports: next.reports.length, tries: next.reportTries })]
  if (state.reportTimer) return decided(next, ...commands)
  return decided({ ...next, reportTimer: true }, ...commands, { type: 'reportLater', params: { delayMs } })
}

export function due(state: ExecutorState): Decision {
  return send({ ...state, reportTimer: false })
}

/** Nobody waits for reports any more, or everything was told. */
export function allTold(state: ExecutorState): boolean {
  return state.sending === undefined && state.reports.length === 0
}

function reportBytes(report: TaskReport): number {
  const { output } = report
  if (output === undefined) return 500
  switch (output.kind) {
    case 'result':
      return 500 + output.ipc.length
    case 'shuffle':
      return 500 + output.bytes.length * 8 + (output.sample ?? []).reduce((sum, key) => sum + key.length + 3, 0)
    default:
      return 1000
  }
}
