/** Drives the pure machines by xstate's own `transition()`, and keeps what they order. */
import { initialTransition, transition } from 'xstate'
import type { ApplicationCommand, ApplicationEvent } from '#src/actors/driver/application-state.js'
import type { consolidate } from '#src/actors/driver/consolidate.js'
import { jobMachine } from '#src/actors/driver/job.js'
import type { JobCommand, JobEvent } from '#src/actors/driver/job-state.js'
import { applicationMachine } from '#src/actors/driver/machine.js'
import { pendingQueues } from '#src/actors/driver/pending.js'
import { stageMachine } from '#src/actors/driver/stage.js'
import type { StageCommand, StageEvent, StageInputData } from '#src/actors/driver/stage-state.js'
import type { TaskKey } from '#src/core/ids.js'
import type { StageGraph } from '#src/core/stage.js'
import { noMetrics } from '#src/protocol/task-metrics.js'
import type { TaskFailure, TaskOutput, TaskReport } from '#src/protocol/tasks.js'

export interface Action {
  readonly type: string
  readonly params?: unknown
}
/** Delayed events appear as `later <event>`. */
function named(actions: readonly unknown[]): Action[] {
  return (actions as Action[]).flatMap(({ type, params }) => {
    if (type !== 'xstate.raise') return [{ type, params }]
    const { event, delay } = params as { event: { type: string }; delay?: unknown }
    // without a delay it was handled within the transition
    return delay === undefined ? [] : [{ type: `later ${event.type}` }]
  })
}

export function stageStand({ merge, ...options }: Partial<StageInputData> & { merge?: typeof consolidate } = {}) {
  const machine = stageMachine(merge)
  const tasks = options.tasks ?? 2
  const queues = pendingQueues(Array.from({ length: tasks }, () => []))
  const input: StageInputData = { job: 0, stage: 7, name: 's', tasks, queues, kind: 'shuffle', maxFailures: 4, maxResultSize: 0, now: 0, ...options }
  let [snapshot] = initialTransition(machine, input)
  let nextTask = 0
  const stand = {
    get context() {
      return snapshot.context
    },
    get state() {
      return snapshot.value
    },
    send(event: StageEvent): StageCommand[] {
      const [next, actions] = transition(machine, snapshot, event)
      snapshot = next
      return named(actions) as StageCommand[]
    },
    start: () => stand.send({ type: 'resume', attempt: 0, now: 0 }),
    /** `[partition, executor]` pairs; executor X is on worker wX. */
    launch(...pairs: [partition: number, executorId: string][]): TaskKey[] {
      const assignments = pairs.map(([partition, executorId]) => ({ partition, executorId, locality: 'ANY' as const }))
      const locality = { level: 2, since: 0 }
      const commands = stand.send({ type: 'launched', assignments, cursors: new Map(), locality, firstTaskId: nextTask, now: 1 })
      nextTask += pairs.length
      return commands.flatMap(c => (c.type === 'launch' ? c.params.tasks.map(t => t.key) : []))
    },
    report: (executorId: string, ...reports: TaskReport[]) =>
      stand.send({ type: 'reports', executorId, workerId: `w${executorId}`, reports, now: 2 }),
    finish: (executorId: string, key: TaskKey, output: TaskOutput = shuffled) =>
      stand.report(executorId, { key, state: 'FINISHED', output, metrics: noMetrics }),
    fail: (executorId: string, key: TaskKey, failure: TaskFailure = exception()) => stand.report(executorId, { key, state: 'FAILED', failure }),
    accepted: () => [...Array(tasks).keys()].map(p => snapshot.context.table.chunks[Math.floor(p / 64)]?.[p % 64]?.accepted?.attempt),
  }
  return stand
}

export const shuffled: TaskOutput = { kind: 'shuffle', bytes: [1], rows: [1] }
export const row = (rows = 1, bytes = 1): TaskOutput => ({ kind: 'result', rows, ipc: new Uint8Array(bytes) })
export const block = (file: string, bytes = 100): TaskOutput => ({ kind: 'resultBlock', rows: 1, bytes, file })
export function exception(code = 'DIVIDE_BY_ZERO'): TaskFailure {
  return { kind: 'ExceptionFailure', error: { code, message: `[${code}] no` } }
}

export function jobStand(graph: StageGraph, maxStageAttempts = 4) {
  let [snapshot] = initialTransition(jobMachine, { job: 0, graph, firstStage: 10, maxStageAttempts })
  const stand = {
    get context() {
      return snapshot.context
    },
    get state() {
      return snapshot.value
    },
    /** What it orders, in short: `startStage 0`. */
    send: (event: JobEvent): string[] => stand.orders(event).map(brief),
    orders(event: JobEvent): Action[] {
      const [next, actions] = transition(jobMachine, snapshot, event)
      snapshot = next
      return named(actions)
    },
    complete: (stage: number) => stand.send({ type: 'stageCompleted', stage, attempt: snapshot.context.stages[stage]?.attempt ?? 0 }),
    fetchFailed: (stage: number, mapStage: number, map: number, workerId = 'w0', stageAttempt = snapshot.context.stages[stage]?.attempt ?? 0) =>
      stand.send({ type: 'fetchFailed', stage, stageAttempt, mapStage: 10 + mapStage, map, mapAttempt: 0, workerId, message: 'refused' }),
  }
  return stand
}

function brief({ type, params }: Action): string {
  const command = { type, params } as JobCommand
  switch (command.type) {
    case 'startStage':
    case 'pauseStage':
    case 'dropStage':
    case 'rollbackStage':
      return `${type} ${command.params.stage}`
    case 'resumeStage':
      return `${type} ${command.params.stage}.${command.params.attempt}`
    case 'loseOutput':
      return `${type} ${command.params.stage}/${command.params.wholeWorker ? command.params.workerId : command.params.map}`
    case 'end':
      return command.params.error === undefined ? 'end' : `end ${command.params.error.code}`
    default:
      return type
  }
}

export function applicationStand(networkTimeoutMs = 120_000) {
  let [snapshot, first] = initialTransition(applicationMachine, { networkTimeoutMs })
  const stand = {
    first: named(first) as unknown as (ApplicationCommand | Action)[],
    get context() {
      return snapshot.context
    },
    get state() {
      return snapshot.value
    },
    send(event: ApplicationEvent): (ApplicationCommand | Action)[] {
      const [next, actions] = transition(applicationMachine, snapshot, event)
      snapshot = next
      return named(actions)
    },
    types: (event: ApplicationEvent) => stand.send(event).map(action => action.type),
    executor(executorId: string, workerId = `w${executorId}`, lastSeen = 0) {
      const place = { workerId, hostId: workerId, blockUrl: '', blocksDir: '' }
      const executor = {
        executorId,
        workerId,
        host: workerId,
        cores: 1,
        memory: 1,
        resources: {},
        registered: { hostId: workerId, pid: 1, lastSeen },
      }
      return stand.types({ type: 'executorRegistered', executor, worker: place, duckdb: 'v1' })
    },
    registered: (epoch = 1) => stand.types({ type: 'registered', masterId: 'm', epoch, uiUrl: '', heartbeatMs: 2500 }),
  }
  return stand
}
