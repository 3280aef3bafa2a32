/**
 * Tasks an executor holds: taken on once each, handed to its slots first come first served, killed on demand. As many are handed over as it has cores, and
 * of a stage whose tasks are short some more, so that no slot waits for the next. Every task that was taken on ends with exactly one report, whatever
 * ended it.
 */
import { type TaskKey, taskKeyString } from '../../core/ids.js'
import type { TaskLaunch, TaskReport } from '../../protocol/tasks.js'
import { type Decision, decided, then } from './decision.js'
import type { Command, DriverOrder } from './events.js'
import type { TaskEnd } from './ports.js'
import { addReports } from './reports.js'
import { addSeen, type ExecutorState, type HeldTask, type Pace, stageKeyString, wasSeen } from './state.js'

type Launch = Extract<DriverOrder, { kind: 'launchTasks' }>

/** A task with its end. */
export interface EndedTask {
  readonly key: TaskKey
  readonly end: TaskEnd
}

/** So much work may wait in a slot … */
const AHEAD_MS = 20
/** … in at most so many tasks. */
const AHEAD_TASKS = 64
/** Weight of the newest task in the mean. */
const NEWEST = 0.2

/** Takes tasks on. What it was sent before is not run again. */
export function launchTasks(state: ExecutorState, token: number, order: Launch): Decision {
  const answer = (kind: 'accepted' | 'missingStage' | 'refused') => ({
    type: 'answer' as const,
    params: { token, reply: { kind: 'launch' as const, answer: kind } },
  })
  if (state.stopping !== undefined) return decided(state, answer('refused'))
  const stage = stageKeyString(order.stage)
  if (state.plans[stage] === undefined || state.removing.includes(order.stage.stage)) return decided(state, answer('missingStage'))
  const before = state.seen[stage]
  const fresh = order.tasks.filter(launch => !wasSeen(before, launch.key))
  const tasks: Record<string, HeldTask> = { ...state.tasks }
  for (const launch of fresh) tasks[taskKeyString(launch.key)] = { launch, phase: 'queued' }
  const seen = addSeen(
    before,
    fresh.map(launch => launch.key),
  )
  return then(decided({ ...state, tasks, seen: { ...state.seen, [stage]: seen } }, answer('accepted')), startTasks)
}

/** Fills free slots from the queue. */
export function startTasks(state: ExecutorState): Decision {
  if (state.stopping !== undefined) return decided(state)
  const held = Object.entries(state.tasks)
  let { running } = state
  // Nothing is queued, or there is no room for anything: so it is most of the time.
  if (running === held.length || running >= state.cores * (1 + AHEAD_TASKS)) return decided(state)
  const tasks: Record<string, HeldTask> = { ...state.tasks }
  const perStage = new Map<string, TaskLaunch[]>()
  const orphans: EndedTask[] = []
  for (const [name, task] of held) {
    if (task.phase !== 'queued') continue
    const { launch } = task
    const stage = stageKeyString(launch.key)
    if (running >= state.cores * (1 + ahead(state.pace, stage))) break
    if (state.plans[stage] === undefined) {
      orphans.push({ key: launch.key, end: killedEnd('its stage was removed') })
      continue
    }
    running++
    tasks[name] = { launch, phase: 'running' }
    const launches = perStage.get(stage)
    if (launches === undefined) perStage.set(stage, [launch])
    else launches.push(launch)
  }
  const runs = [...perStage].map(([stage, launches]): Command => {
    const plan = state.plans[stage] as ExecutorState['plans'][string]
    return { type: 'run', params: { plan, launches } }
  })
  if (runs.length === 0) return endTasks(state, orphans)
  // That a task runs is told when it still does after a moment.
  const tell: Command[] = state.reportTimer ? [] : [{ type: 'reportLater', params: { delayMs: RUNNING_DELAY_MS } }]
  return then(decided({ ...state, tasks, running, reportTimer: true }, ...runs, ...tell), s => endTasks(s, orphans))
}

/** How long the news that a task runs may wait for other news. */
const RUNNING_DELAY_MS = 50

/** Tasks of a stage that may wait in each slot. */
function ahead(pace: Pace | undefined, stage: string): number {
  if (pace === undefined || pace.stage !== stage) return 0
  return Math.min(AHEAD_TASKS, Math.floor(AHEAD_MS / Math.max(pace.ms, 0.01)))
}

/** Ends tasks: at once those that wait here, by their slot the others. No effect on one that is not here. */
export function killTasks(state: ExecutorState, keys: readonly TaskKey[], reason: string): Decision {
  const tasks: Record<string, HeldTask> = { ...state.tasks }
  const waiting: EndedTask[] = []
  const kills: Command[] = []
  for (const key of keys) {
    const name = taskKeyString(key)
    const task = tasks[name]
    if (task === undefined || task.killed !== undefined) continue
    if (task.phase === 'queued') waiting.push({ key, end: killedEnd(reason) })
    else {
      tasks[name] = { ...task, killed: reason }
      kills.push({ type: 'kill', params: { launch: task.launch, reason } })
    }
  }
  return then(decided({ ...state, tasks }, ...kills), s => endTasks(s, waiting))
}

/** Tasks are over: reports them and frees their slots. */
export function endTasks(state: ExecutorState, ends: readonly EndedTask[]): Decision {
  const tasks: Record<string, HeldTask> = { ...state.tasks }
  const reports: TaskReport[] = []
  let { running, pace } = state
  for (const { key, end } of ends) {
    const name = taskKeyString(key)
    const task = tasks[name]
    if (task === undefined) continue
    delete tasks[name]
    if (task.phase === 'running') running--
    if (end.kind === 'finished') pace = paceAfter(pace, stageKeyString(key), end.metrics.executorRunTime)
    reports.push(reportOf(task.launch, end))
  }
  if (reports.length === 0) return decided(state)
  return addReports({ ...state, tasks, running, ...(pace === undefined ? {} : { pace }) }, reports)
}

function paceAfter(pace: Pace | undefined, stage: string, ms: number): Pace {
  return { stage, ms: pace?.stage === stage ? pace.ms * (1 - NEWEST) + ms * NEWEST : ms }
}

function reportOf(launch: TaskLaunch, end: TaskEnd): TaskReport {
  const { key } = launch
  if (end.kind === 'finished') return { key, state: 'FINISHED', output: end.output, metrics: end.metrics }
  const metrics = end.metrics === undefined ? {} : { metrics: end.metrics }
  return { key, state: end.failure.kind === 'TaskKilled' ? 'KILLED' : 'FAILED', failure: end.failure, ...metrics }
}

export function killedEnd(reason: string): TaskEnd {
  return { kind: 'failed', failure: { kind: 'TaskKilled', reason } }
}
