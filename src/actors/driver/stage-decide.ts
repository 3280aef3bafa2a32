/**
 * What a stage does about an event: a pure function from context and event to the next context and commands. `stage.ts` makes a machine of it. Reports of
 * executors are merged in `stage-reports.ts`.
 */
import { unreachable } from '../../core/errors.js'
import { consolidate } from './consolidate.js'
import { executorsLost } from './failures.js'
import { StageDraft } from './stage-draft.js'
import { countFailure, mergeReport } from './stage-reports.js'
import type { LaunchedTask, StageCommand, StageContext, StageEvent } from './stage-state.js'
import { type AcceptedAttempt, isPending, type TaskAttempt, taskAt } from './task-table.js'

export interface StageDecision {
  readonly next: StageContext
  readonly commands: readonly StageCommand[]
}

/** A task whose executors die under it this often is taken for their killer: the job ends instead of going on for ever. */
const MOST_LOSSES = 16

/** `merge` is the consolidate table; a test harness may plant a wrong one. */
export function decideStage(context: StageContext, event: StageEvent, merge: typeof consolidate = consolidate): StageDecision {
  const draft = new StageDraft(context)
  handle(draft, event, merge)
  settle(draft, 'now' in event ? event.now : context.submittedAt)
  return { next: draft.done(), commands: draft.commands }
}

function handle(draft: StageDraft, event: StageEvent, merge: typeof consolidate): void {
  const { now: state } = draft
  switch (event.type) {
    case 'launched':
      launch(draft, event)
      return
    case 'reports':
      for (const report of event.reports) mergeReport(draft, event, report, merge)
      return
    case 'executorLost':
      executorLost(draft, event)
      return
    case 'attemptsLost':
      for (const { partition, attempt: number } of event.keys) {
        const task = draft.tasks.get(partition)
        const attempt = task?.attempts.find(a => a.attempt === number && a.executorId === event.executorId)
        if (task === undefined || attempt === undefined) continue
        draft.put(partition, task, draft.end(partition, task, attempt, { reason: 'TaskKilled', killReason: event.reason }))
      }
      return
    case 'outputLost':
      draft.drop(
        (a, partition) => a.workerId === event.workerId && (event.wholeWorker || (partition === event.map && a.attempt === event.mapAttempt)),
      )
      return
    case 'workerLost':
      if (state.kind === 'shuffle') draft.drop(a => a.workerId === event.workerId)
      return
    case 'resultFetched':
    case 'resultLost':
      settleResult(draft, event)
      return
    case 'spread':
      if (state.phase === 'running') spread(draft, event)
      return
    case 'pause':
      if (state.phase === 'running') draft.enter('paused')
      return
    case 'resume':
      if (state.phase !== 'paused' && state.phase !== 'running') return
      if (state.attempt < 0) state.submittedAt = event.now
      draft.enter('running')
      Object.assign(state, { attempt: event.attempt, cursors: new Map(), locality: { level: 0, since: event.now }, completedAt: undefined })
      return
    case 'rollback':
      rollback(draft, event.reason)
      return
    case 'stop':
      if (state.phase === 'stopped') return
      draft.enter('stopping')
      draft.killAll(event.reason)
      return
    default:
      unreachable(event)
  }
}

function launch(draft: StageDraft, event: Extract<StageEvent, { type: 'launched' }>): void {
  const { now: state } = draft
  if (state.phase !== 'running') return
  const perExecutor = new Map<string, LaunchedTask[]>()
  event.assignments.forEach(({ partition, executorId, locality }, index) => {
    const task = draft.tasks.get(partition)
    if (task === undefined || !isPending(task)) return
    const taskId = event.firstTaskId + index
    const attempt: TaskAttempt = { attempt: task.nextAttempt, stageAttempt: state.attempt, taskId, executorId, launchedAt: event.now, killing: false }
    draft.put(partition, task, { ...task, attempts: [...task.attempts, attempt], nextAttempt: task.nextAttempt + 1 })
    draft.occupy(executorId)
    const launched = perExecutor.get(executorId) ?? []
    launched.push({ key: draft.key(partition, attempt), taskId, locality })
    perExecutor.set(executorId, launched)
  })
  state.cursors = event.cursors
  state.locality = event.locality
  for (const [executorId, tasks] of perExecutor) draft.commands.push({ type: 'launch', params: { executorId, tasks } })
}

function executorLost(draft: StageDraft, event: Extract<StageEvent, { type: 'executorLost' }>): void {
  if (!draft.slots.has(event.executorId)) return
  for (const [partition, task] of draft.all()) {
    let record = task
    for (const attempt of task.attempts) {
      if (attempt.executorId !== event.executorId) continue
      const losses = record.losses + Number(!attempt.killing)
      record = { ...draft.end(partition, record, attempt, { reason: 'ExecutorLostFailure', message: event.reason }), losses }
      if (losses < MOST_LOSSES) continue
      const { stage, name } = draft.now
      draft.failure ??= executorsLost({ ...attempt, stage, name, partition }, losses, event.reason)
    }
    if (record !== task) draft.put(partition, task, record)
  }
}

/** What waits on an executor while others have nothing to do goes back to the queue. What did begin meanwhile is killed, as any attempt that is not wanted. */
function spread(draft: StageDraft, event: Extract<StageEvent, { type: 'spread' }>): void {
  const held = new Map(event.executors.map(({ executorId }): [string, [number, TaskAttempt][]] => [executorId, []]))
  for (const [partition, task] of draft.all()) {
    for (const attempt of task.attempts) if (!attempt.killing) held.get(attempt.executorId)?.push([partition, attempt])
  }
  for (const { executorId, cores } of event.executors) {
    // They run in the order of their launch.
    const behind = (held.get(executorId) ?? []).sort(([, a], [, b]) => a.taskId - b.taskId).slice(cores)
    for (const [partition, attempt] of behind) {
      const task = draft.tasks.get(partition)
      if (task !== undefined && attempt.launchedAt <= event.before)
        draft.put(partition, task, draft.kill(partition, task, 'a slot is free elsewhere'))
    }
  }
}

/** A result block has arrived, or could not be fetched: then the task runs again, and that counts as its failure, as in Spark. */
function settleResult(draft: StageDraft, event: Extract<StageEvent, { type: 'resultFetched' | 'resultLost' }>): void {
  const { partition } = event
  const task = draft.tasks.get(partition)
  const output = task?.fetching?.output
  if (task?.fetching === undefined || task.fetching.attempt !== event.attempt || output?.kind !== 'resultBlock') return
  if (event.type === 'resultFetched') {
    draft.accept(partition, task, task, { ...task.fetching, output: { kind: 'result', rows: output.rows, ipc: event.ipc } })
    return
  }
  const { fetching, ...rest } = task
  draft.now.resultBytes -= output.bytes
  draft.now.results--
  draft.now.failed++
  draft.ended.push({ partition, task: fetching, end: { reason: 'TaskResultLost', message: event.message } })
  draft.put(partition, task, { ...rest, failures: task.failures + 1 })
  countFailure(draft, partition, fetching, task.failures + 1, { code: 'SPK_FETCH_FAILED', message: event.message, retryable: true })
}

/** Everything runs again; attempts go on counting, so that no old file or report is taken for a new one. */
function rollback(draft: StageDraft, reason: string): void {
  const { now: state } = draft
  draft.killAll(reason)
  for (const [partition, task] of draft.all()) {
    const { accepted, fetching, ...rest } = task
    if (accepted !== undefined) draft.ended.push({ partition, task: accepted, end: { reason: 'Resubmitted' } })
    if (fetching !== undefined) draft.ended.push({ partition, task: fetching, end: { reason: 'TaskKilled', killReason: reason } })
    if (accepted !== undefined || fetching !== undefined) draft.put(partition, task, rest)
  }
  Object.assign(state, { resultBytes: 0, results: 0 })
  if (state.phase === 'running' || state.phase === 'complete') draft.enter('paused')
}

/** What follows from the counters, whatever the event was. */
function settle(draft: StageDraft, at: number): void {
  const { now: state, ended, commands } = draft
  if (ended.length > 0) commands.unshift({ type: 'tasksEnded', params: { ended } })
  if (draft.lost > 0) {
    if (state.phase === 'complete') draft.enter('paused')
    commands.push({ type: 'outputsLost', params: { count: draft.lost } })
  }
  if (draft.failure !== undefined && (state.phase === 'running' || state.phase === 'paused')) {
    draft.enter('failed')
    commands.push({ type: 'fail', params: { error: draft.failure } })
  }
  // what ran on while the stage was paused may have been its last
  if ((state.phase === 'running' || (state.phase === 'paused' && state.accepted > 0)) && satisfied(draft)) {
    draft.enter('complete')
    state.completedAt = at
    draft.killAll('not needed any more')
    commands.push({ type: 'complete', params: { attempt: state.attempt } })
  }
  if (state.phase === 'stopping' && draft.slots.size === 0) {
    draft.enter('stopped')
    commands.push({ type: 'drained', params: {} })
  }
}

/** All partitions have an output, or the first ones hold enough rows for the limit. */
function satisfied({ now: state, tasks }: StageDraft): boolean {
  if (state.accepted === state.tasks) return true
  if (state.rowLimit === undefined) return false
  let rows = 0
  for (let partition = 0; rows < state.rowLimit; partition++) {
    const output = tasks.get(partition)?.accepted?.output
    if (output?.kind !== 'result') return false
    rows += output.rows
  }
  return true
}

/** Outputs in task order, as far as they are accepted without a gap (all of them unless a row limit ended the stage early). */
export function acceptedInOrder(context: StageContext): AcceptedAttempt[] {
  const outputs: AcceptedAttempt[] = []
  for (let partition = 0; partition < context.tasks; partition++) {
    const accepted = taskAt(context.table, partition)?.accepted
    if (accepted === undefined) break
    outputs.push(accepted)
  }
  return outputs
}
