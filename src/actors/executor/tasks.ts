/**
 * Tasks an executor holds: taken on once each, run first come first served in as many slots as it has cores, killed on demand. Every task that was taken on
 * ends with exactly one report, whatever ended it.
 */
import { type TaskKey, taskKeyString } from '../../core/ids.js'
import type { TaskLaunch, TaskReport } from '../../protocol/tasks.js'
import { type Decision, decided, each, then } from './decision.js'
import type { DriverOrder } from './events.js'
import type { TaskEnd } from './ports.js'
import { addReport } from './reports.js'
import { addSeen, type ExecutorState, type HeldTask, stageKeyString, wasSeen } from './state.js'

type Launch = Extract<DriverOrder, { kind: 'launchTasks' }>

/** Takes tasks on. What it was sent before is not run again. */
export function launchTasks(state: ExecutorState, token: number, order: Launch): Decision {
  const answer = (kind: 'accepted' | 'missingStage' | 'refused') => ({
    type: 'answer' as const,
    params: { token, reply: { kind: 'launch' as const, answer: kind } },
  })
  if (state.stopping !== undefined) return decided(state, answer('refused'))
  const stage = stageKeyString(order.stage)
  if (state.plans[stage] === undefined || state.removing.includes(order.stage.stage)) return decided(state, answer('missingStage'))
  let seen = state.seen[stage]
  const tasks: Record<string, HeldTask> = { ...state.tasks }
  for (const launch of order.tasks) {
    if (wasSeen(seen, launch.key)) continue
    seen = addSeen(seen, launch.key)
    tasks[taskKeyString(launch.key)] = { launch, phase: 'queued' }
  }
  const next: ExecutorState = { ...state, tasks, ...(seen === undefined ? {} : { seen: { ...state.seen, [stage]: seen } }) }
  return then(decided(next, answer('accepted')), startTasks)
}

/** Fills free slots from the queue. */
export function startTasks(state: ExecutorState): Decision {
  if (state.running >= state.cores || state.stopping !== undefined) return decided(state)
  const starting: HeldTask[] = []
  for (const task of Object.values(state.tasks)) {
    if (state.running + starting.length >= state.cores) break
    if (task.phase === 'queued') starting.push(task)
  }
  return each(state, starting, start)
}

function start(state: ExecutorState, task: HeldTask): Decision {
  const { launch } = task
  const plan = state.plans[stageKeyString(launch.key)]
  if (plan === undefined) return endTask(state, launch.key, killedEnd('its stage was removed'))
  const tasks = { ...state.tasks, [taskKeyString(launch.key)]: { launch, phase: 'running' as const } }
  return then(decided({ ...state, tasks, running: state.running + 1 }, { type: 'run', params: { plan, launch } }), s =>
    addReport(s, { key: launch.key, state: 'RUNNING' }),
  )
}

/** Ends a task: at once when it waits, by interrupting its query when it runs. No effect on one that is not here. */
export function killTask(state: ExecutorState, key: TaskKey, reason: string): Decision {
  const task = state.tasks[taskKeyString(key)]
  if (task === undefined || task.killed !== undefined) return decided(state)
  if (task.phase === 'queued') return endTask(state, key, killedEnd(reason))
  const tasks = { ...state.tasks, [taskKeyString(key)]: { ...task, killed: reason } }
  return decided({ ...state, tasks }, { type: 'kill', params: { launch: task.launch, reason } })
}

/** A task is over: reports it and frees its slot. */
export function endTask(state: ExecutorState, key: TaskKey, end: TaskEnd): Decision {
  const name = taskKeyString(key)
  const { [name]: task, ...tasks } = state.tasks
  if (task === undefined) return decided(state)
  const running = state.running - (task.phase === 'running' ? 1 : 0)
  return addReport({ ...state, tasks, running }, reportOf(task.launch, end))
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
