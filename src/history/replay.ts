/**
 * Event log → what happened: applies events one by one to an `ApplicationHistory`. A repeated event changes nothing; task events may come in any order
 * within a batch; a task whose start was dropped is known from its end. Serves live pages and finished applications alike.
 */
import { type ErrorData, unreachable } from '../core/errors.js'
import { decodeEvents, type LogEvent } from '../protocol/event-log.js'
import { addMetrics, noMetrics } from '../protocol/task-metrics.js'
import { RECORD_VERSION } from '../protocol/version.js'
import type { ApplicationHistory, StageHistory, TaskHistory } from './application-history.js'

type EventOf<N extends LogEvent['Event']> = Extract<LogEvent, { Event: N }>

export class Replay {
  readonly history: ApplicationHistory = {
    appId: '',
    name: '',
    user: '',
    host: '',
    version: '',
    startedAt: 0,
    state: 'RUNNING',
    reason: '',
    sparkProperties: {},
    systemProperties: {},
    executors: new Map(),
    executions: new Map(),
    jobs: new Map(),
    stages: new Map(),
    dropped: 0,
    missing: 0,
  }
  /** All events below it were seen, or are missing for good. */
  #next = 0
  readonly #ahead = new Set<number>()

  /** One stream record. Throws `SPK_EVENT_LOG_NEWER` or `SPK_BAD_RECORD`. */
  record(data: Uint8Array | string): void {
    for (const event of decodeEvents(data, RECORD_VERSION)) this.apply(event)
  }

  apply(event: LogEvent): void {
    if (this.#seenBefore(event.seq)) return
    this.#handle(event)
  }

  /** No more records follow: what is missing will not come. */
  end(): ApplicationHistory {
    const last = Math.max(this.#next - 1, ...this.#ahead)
    this.history.missing = last + 1 - this.#next - this.#ahead.size
    return this.history
  }

  #seenBefore(seq: number): boolean {
    if (seq < this.#next || this.#ahead.has(seq)) return true
    this.#ahead.add(seq)
    while (this.#ahead.delete(this.#next)) this.#next++
    return false
  }

  #handle(event: LogEvent): void {
    const { history } = this
    const at = event.Timestamp
    switch (event.Event) {
      case 'ApplicationStart': {
        const { appId, appName: name, user, host, version, driverId } = event
        Object.assign(history, { appId, name, user, host, version, startedAt: at }, driverId === undefined ? {} : { driverId })
        return
      }
      case 'EnvironmentUpdate':
        history.sparkProperties = event.sparkProperties
        history.systemProperties = event.systemProperties
        return
      case 'ExecutorAdded': {
        const { executorId, workerId, host, totalCores, memory, resources } = event
        const counts = { activeTasks: 0, completedTasks: 0, failedTasks: 0, killedTasks: 0, totalDuration: 0, metrics: noMetrics }
        history.executors.set(executorId, { executorId, workerId, host, totalCores, memory, resources, addedAt: at, ...counts })
        return
      }
      case 'ExecutorRemoved': {
        const executor = history.executors.get(event.executorId)
        if (executor !== undefined) Object.assign(executor, { removedAt: at, removedReason: event.removedReason })
        return
      }
      case 'SQLExecutionStart': {
        const { executionId, description, physicalPlanDescription: physicalPlan } = event
        history.executions.set(executionId, { executionId, description, physicalPlan, startedAt: at, jobs: [] })
        return
      }
      case 'SQLAdaptiveExecutionUpdate': {
        const execution = history.executions.get(event.executionId)
        if (execution !== undefined) Object.assign(execution, { finalPlan: event.physicalPlanDescription })
        return
      }
      case 'SQLExecutionEnd': {
        const execution = history.executions.get(event.executionId)
        if (execution !== undefined) Object.assign(execution, { endedAt: at }, errorOf(event))
        return
      }
      case 'JobStart':
        this.#jobStart(event)
        return
      case 'JobEnd': {
        const job = history.jobs.get(event.jobId)
        const state = event.jobResult === 'JobSucceeded' ? 'SUCCEEDED' : 'FAILED'
        if (job !== undefined) Object.assign(job, { endedAt: at, state }, errorOf(event))
        return
      }
      case 'StageSubmitted': {
        const stage = this.#stage(event.stageId, event.jobId, event.name)
        stage.numTasks = event.numTasks
        stage.attempts.push({ attemptId: event.stageAttemptId, submittedAt: at })
        return
      }
      case 'StageCompleted': {
        const attempt = history.stages.get(event.stageId)?.attempts.find(a => a.attemptId === event.stageAttemptId)
        if (attempt === undefined) return
        attempt.completedAt = at
        if (event.failureReason === undefined) delete attempt.failureReason
        else attempt.failureReason = event.failureReason
        return
      }
      case 'TaskStart': {
        const task = this.#task(event, event.Timestamp)
        task.host = event.host
        task.locality = event.locality
        return
      }
      case 'TaskEnd':
        this.#taskEnd(event)
        return
      case 'EventsDropped':
        history.dropped += event.count
        return
      case 'ApplicationEnd':
        Object.assign(history, { state: event.state, reason: event.reason, endedAt: at })
        return
      default:
        unreachable(event)
    }
  }

  #jobStart(event: EventOf<'JobStart'>): void {
    const { jobId, description, executionId, stages } = event
    const stageIds = stages.map(stage => stage.stageId)
    const of = executionId === undefined ? {} : { executionId }
    this.history.jobs.set(jobId, { jobId, description, ...of, stageIds, startedAt: event.Timestamp, state: 'RUNNING' })
    if (executionId !== undefined) this.history.executions.get(executionId)?.jobs.push(jobId)
    for (const { stageId, name, parentIds } of stages) this.#stage(stageId, jobId, name, parentIds)
  }

  #stage(stageId: number, jobId: number, name: string, parentIds: readonly number[] = []): StageHistory {
    let stage = this.history.stages.get(stageId)
    if (stage === undefined) {
      const counts = { numTasks: 0, completed: 0, failed: 0, active: 0, metrics: noMetrics }
      stage = { stageId, jobId, name, parentIds, attempts: [], tasks: new Map(), ...counts }
      this.history.stages.set(stageId, stage)
    }
    return stage
  }

  /** The task of a start or an end, whichever comes first. */
  #task(event: EventOf<'TaskStart' | 'TaskEnd'>, launchTime: number): TaskHistory {
    const { taskId, stageAttemptId, index, attempt, executorId } = event
    const stage = this.#stage(event.stageId, event.jobId, '')
    let task = stage.tasks.get(taskId)
    if (task === undefined) {
      const place = { host: this.history.executors.get(executorId)?.host ?? '', locality: 'ANY' } as const
      task = { taskId, stageAttemptId, index, attempt, executorId, ...place, launchTime, status: 'RUNNING' }
      stage.tasks.set(taskId, task)
      stage.active++
      const executor = this.history.executors.get(executorId)
      if (executor !== undefined) executor.activeTasks++
    }
    return task
  }

  #taskEnd(event: EventOf<'TaskEnd'>): void {
    const { end, taskMetrics } = event
    const stage = this.#stage(event.stageId, event.jobId, '')
    const task = this.#task(event, event.launchTime)
    if (end.reason === 'Resubmitted') {
      task.resubmitted = true
      stage.completed--
      return
    }
    const executor = this.history.executors.get(event.executorId)
    stage.active--
    if (executor !== undefined) {
      executor.activeTasks--
      executor.totalDuration += event.Timestamp - task.launchTime
    }
    Object.assign(task, { finishTime: event.Timestamp, end }, taskMetrics === undefined ? {} : { metrics: taskMetrics })
    if (end.reason === 'Success') {
      task.status = 'SUCCESS'
      stage.completed++
      stage.metrics = addMetrics(stage.metrics, taskMetrics ?? noMetrics)
      if (executor !== undefined) {
        executor.completedTasks++
        executor.metrics = addMetrics(executor.metrics, taskMetrics ?? noMetrics)
      }
    } else if (end.reason === 'TaskKilled') {
      task.status = 'KILLED'
      if (executor !== undefined) executor.killedTasks++
    } else {
      task.status = 'FAILED'
      stage.failed++
      if (executor !== undefined) executor.failedTasks++
    }
  }
}

function errorOf(event: { readonly error?: unknown }): { error?: ErrorData } {
  return event.error === undefined ? {} : { error: event.error as ErrorData }
}
