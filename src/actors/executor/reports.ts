/**
 * Status reports: gathered, sent one message at a time, and kept until acknowledged, however long driver or bus are away. The driver merges by task key, so
 * a repeat is harmless. That a task runs is told only when it still runs after a moment; its end is told at once.
 */
import { taskKeyString } from '../../core/ids.js'
import type { TaskReport } from '../../protocol/tasks.js'
import { backOff, type Decision, decided, note } from './decision.js'
import type { ExecutorState, HeldTask } from './state.js'

const FIRST_RETRY_MS = 100
const LONGEST_RETRY_MS = 3000
/** Result bytes in one message; a single report may be larger. */
const MESSAGE_BYTES = 256 * 1024
/** Reports in one message. */
const MESSAGE_REPORTS = 500

/** Puts reports up for sending, in place of older news of the same tasks. */
export function addReports(state: ExecutorState, reports: readonly TaskReport[]): Decision {
  const newer = new Set(reports.map(r => taskKeyString(r.key)))
  const others = state.reports.filter(r => r.state !== 'RUNNING' || !newer.has(taskKeyString(r.key)))
  const next: ExecutorState = { ...state, reports: [...others, ...reports] }
  // One message at a time, and after one that nobody acknowledged the wait is sat out.
  return state.sending !== undefined || state.reportTries > 0 ? decided(next) : send(next)
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

/** The moment for news has come: which tasks run by now, and what else has gathered. */
export function due(state: ExecutorState): Decision {
  const tasks: Record<string, HeldTask> = { ...state.tasks }
  const running: TaskReport[] = []
  for (const [name, task] of Object.entries(state.tasks)) {
    if (running.length === state.cores) break
    if (task.phase !== 'running') continue
    if (task.told !== true) running.push({ key: task.launch.key, state: 'RUNNING' })
    tasks[name] = { ...task, told: true }
  }
  return send({ ...state, tasks, reports: [...state.reports, ...running], reportTimer: false })
}

/** Nobody waits for reports any more, or everything was told. */
export function allTold(state: ExecutorState): boolean {
  return state.sending === undefined && state.reports.length === 0
}

/** About what a report takes in a message. */
function reportBytes({ output, failure }: TaskReport): number {
  if (failure !== undefined) return 500 + ('error' in failure ? JSON.stringify(failure.error).length : failure.reason.length)
  if (output === undefined) return 500
  switch (output.kind) {
    case 'result':
      return 500 + output.ipc.length
    case 'shuffle':
      return 500 + (output.bytes.length + output.rows.length) * 5 + (output.sample ?? []).reduce((sum, key) => sum + key.length + 3, 0)
    default:
      return 1000
  }
}
