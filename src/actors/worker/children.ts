/**
 * The life of a worker's children as decisions: waiting → running (→ pausing → running) → ended. The newest state of each is put up for reporting;
 * what ended is remembered for a while, so that a repeated order finds it. Called by `orders.ts` and `decide.ts`.
 */
import type { DriverState, ExecutorState } from '../../protocol/common.js'
import { type Decision, decided, each, note, then } from './decision.js'
import type { ChildExit } from './ports.js'
import { type Child, childKey, demand, isLive, liveChildren, shortage, type WorkerState } from './state.js'
import { nextBackOff } from './supervise.js'

/** Ended children that are remembered (and shown), oldest forgotten first. */
const RETAINED = 200
const EXECUTOR_GRACE_MS = 5000
/** Spark's `spark.worker.driverTerminateTimeout`. */
const DRIVER_GRACE_MS = 10_000

export const LONGEST_GRACE_MS = DRIVER_GRACE_MS

const SIGNALS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
}

/** The code a shell would show: 128 + n for signal n. */
export function exitCode(exit: ChildExit): number {
  return exit.code ?? 128 + (SIGNALS[exit.signal ?? ''] ?? 0)
}

function describe(exit: ChildExit): string {
  if (exit.signal === 'SIGKILL') return 'Killed by SIGKILL (by hand, or by the kernel for want of memory)'
  const where = exit.output === undefined || exit.code === 0 ? '' : ` (its output: ${exit.output})`
  return exit.signal === null ? `Command exited with code ${exitCode(exit)}${where}` : `Killed by ${exit.signal}`
}

function put(state: WorkerState, child: Child): WorkerState {
  return { ...state, children: { ...state.children, [childKey(child)]: child } }
}

/** Puts the child's state up for reporting in place of an older one. A worker that stops has said so: nobody waits for its reports. */
export function report(state: WorkerState, child: Child): Decision {
  if (state.stopping !== undefined) return decided(state)
  const key = childKey(child)
  const seq = state.nextSeq
  return decided(
    { ...state, nextSeq: seq + 1, reports: { ...state.reports, [key]: { seq, tries: 0 } } },
    { type: 'report', params: { key, seq, child } },
  )
}

/** Forgets the oldest ended children whose end is acknowledged; what a forgotten driver wrote goes with it. */
function prune(state: WorkerState): Decision {
  const ended = Object.entries(state.children).filter(([key, child]) => !isLive(child) && state.reports[key] === undefined)
  if (ended.length <= RETAINED) return decided(state)
  const drop = new Map(ended.slice(0, ended.length - RETAINED))
  const children = Object.fromEntries(Object.entries(state.children).filter(([key]) => !drop.has(key)))
  return each({ ...state, children }, [...drop.values()], (s, child) =>
    child.kind === 'driver' && !isHere(s, child.order.driverId)
      ? decided(s, { type: 'removeDriver', params: { driverId: child.order.driverId } })
      : decided(s),
  )
}

/** Whether some launch of this driver is remembered. */
function isHere(state: WorkerState, driverId: string): boolean {
  return Object.values(state.children).some(c => c.kind === 'driver' && c.order.driverId === driverId)
}

/** Takes a child on; its process starts at once unless it must wait for the cores of one that is being stopped. */
export function admit(state: WorkerState, child: Child): Decision {
  return then(decided(put(state, child)), startWaiting)
}

/** Starts, in order of arrival, what fits beside everything that still occupies cores and memory, and beside what waits before it. */
function startWaiting(state: WorkerState): Decision {
  const waiting = liveChildren(state).filter(c => c.phase === 'waiting')
  return each(state, waiting, (s, child) => {
    const before = liveChildren(s).filter(c => c.phase !== 'waiting' || waiting.indexOf(c) < waiting.indexOf(child))
    if (shortage(s.capacity, before, demand(child)) !== undefined) return decided(s)
    const started: Child = { ...child, phase: 'running', run: child.run + 1 }
    const apps = child.kind === 'executor' ? { ...s.apps, [child.order.appId]: true as const } : s.apps
    return decided({ ...put(s, started), apps }, { type: 'launch', params: { key: childKey(child), run: started.run, child: started } })
  })
}

/** The next process of a supervised driver. */
export function restart(state: WorkerState, key: string, run: number): Decision {
  const child = state.children[key]
  if (child === undefined || child.phase !== 'pausing' || child.run !== run) return decided(state)
  const started: Child = { ...child, phase: 'running', run: run + 1 }
  return decided(put(state, started), { type: 'launch', params: { key, run: started.run, child: started } })
}

export function started(state: WorkerState, key: string, run: number, pid: number): Decision {
  const child = state.children[key]
  if (child === undefined || child.phase !== 'running' || child.run !== run) return decided(state)
  const running: Child = { ...child, pid, state: 'RUNNING' }
  return then(decided(put(state, running), note('info', `${label(child)} runs`, { process: pid })), s => report(s, running))
}

interface End {
  readonly executor: ExecutorState
  readonly driver: DriverState
  readonly message?: string
  readonly exitCode?: number
}

function end(state: WorkerState, child: Child, how: End): Decision {
  const { pid: _pid, exitCode: _code, message: _message, ...rest } = child
  const shared = {
    phase: 'ended' as const,
    ...(how.message === undefined ? {} : { message: how.message }),
    ...(how.exitCode === undefined ? {} : { exitCode: how.exitCode }),
  }
  const ended: Child = rest.kind === 'executor' ? { ...rest, ...shared, state: how.executor } : { ...rest, ...shared, state: how.driver }
  // Re-inserted, so that children lie in the order in which they ended and the oldest can be forgotten.
  const { [childKey(child)]: _old, ...others } = state.children
  const expected = ended.state === 'KILLED' || ended.state === 'FINISHED' || ended.exitCode === 0
  const text = `${label(child)} ${ended.state}${how.message === undefined ? '' : `: ${how.message}`}`
  return each(
    { ...state, children: { ...others, [childKey(child)]: ended } },
    [
      (s: WorkerState) => decided(s, note(expected ? 'info' : 'warn', text, how.exitCode === undefined ? {} : { exitCode: how.exitCode })),
      (s: WorkerState) => report(s, ended),
      (s: WorkerState) => (child.kind === 'executor' ? cleanUp(s, child.order.appId, child.order.executorId) : decided(s)),
      prune,
      startWaiting,
    ],
    (s, step) => step(s),
  )
}

/** Deletes the scratch folder of an ended executor, and everything of an ended application with its last executor. */
function cleanUp(state: WorkerState, appId: string, executorId: string): Decision {
  const scratch = decided(state, { type: 'removeScratch', params: { appId, executorId } })
  return state.endedApps[appId] === 'cleaning' ? then(scratch, s => removeIfIdle(s, appId)) : scratch
}

/** Removes the application's folders once none of its executors lives here. */
export function removeIfIdle(state: WorkerState, appId: string): Decision {
  if (liveChildren(state).some(c => c.kind === 'executor' && c.order.appId === appId)) return decided(state)
  const { [appId]: _removed, ...apps } = state.apps
  return decided({ ...state, apps, endedApps: { ...state.endedApps, [appId]: 'cleaned' } }, { type: 'removeApplication', params: { appId } })
}

/** The process could not be started at all. */
export function failed(state: WorkerState, key: string, run: number, message: string): Decision {
  const child = state.children[key]
  if (child === undefined || child.phase !== 'running' || child.run !== run) return decided(state)
  return end(state, child, { executor: 'FAILED', driver: 'ERROR', message })
}

export function exited(state: WorkerState, key: string, run: number, exit: ChildExit, ranMs: number): Decision {
  const child = state.children[key]
  if (child === undefined || child.phase !== 'running' || child.run !== run) return decided(state)
  const code = exitCode(exit)
  if (child.stopReason !== undefined) return end(state, child, { executor: 'KILLED', driver: 'KILLED', message: child.stopReason, exitCode: code })
  if (child.kind === 'driver' && code !== 0 && child.order.description.supervise) {
    const backOffMs = nextBackOff(child.backOffMs, ranMs)
    const message = `${describe(exit)}; runs again in ${backOffMs / 1000} s`
    const { pid: _pid, ...rest } = child
    const pausing: Child = { ...rest, phase: 'pausing', backOffMs, message }
    return then(
      decided(put(state, pausing), note('warn', `${label(child)}: ${message}`), {
        type: 'restartLater',
        params: { key, run, delayMs: backOffMs },
      }),
      s => report(s, pausing),
    )
  }
  return end(state, child, { executor: 'EXITED', driver: code === 0 ? 'FINISHED' : 'FAILED', message: describe(exit), exitCode: code })
}

/** Stops a child, whatever it is doing; no effect when it ended or is being stopped already. */
export function kill(state: WorkerState, key: string, reason: string): Decision {
  const child = state.children[key]
  if (child === undefined || !isLive(child) || child.stopReason !== undefined) return decided(state)
  const stopping: Child = { ...child, stopReason: reason }
  if (child.phase !== 'running') return end(put(state, stopping), stopping, { executor: 'KILLED', driver: 'KILLED', message: reason })
  const graceMs = child.kind === 'executor' ? EXECUTOR_GRACE_MS : DRIVER_GRACE_MS
  return decided(put(state, stopping), { type: 'kill', params: { key, graceMs } })
}

/** `Executor app-…/3` or `Driver driver-…`, as log lines begin. */
export function label(child: Child): string {
  return child.kind === 'executor' ? `Executor ${childKey(child)}` : `Driver ${child.order.driverId}`
}
