/** What a stage does about one report of an executor: the consolidate table gives the verdict, this file carries it out on the draft. Pure. */
import { type ErrorData, unreachable } from '../../core/errors.js'
import type { TaskKey } from '../../core/ids.js'
import { noMetrics } from '../../protocol/task-metrics.js'
import type { TaskFailure, TaskMetrics, TaskOutput, TaskReport } from '../../protocol/tasks.js'
import type { consolidate, Known } from './consolidate.js'
import { endsJob, resultTooLarge, taskFailed } from './failures.js'
import type { StageDraft } from './stage-draft.js'
import type { StageEvent } from './stage-state.js'
import type { AcceptedAttempt, TaskAttempt, TaskRecord } from './task-table.js'

type Reports = Extract<StageEvent, { type: 'reports' }>

function internal(message: string): TaskFailure {
  return { kind: 'ExceptionFailure', error: { code: 'INTERNAL_ERROR', message: `[INTERNAL_ERROR] ${message}` } }
}

export function mergeReport(draft: StageDraft, from: Reports, report: TaskReport, merge: typeof consolidate): void {
  const { key, state, output, failure, metrics } = report
  const { partition } = key
  const task = key.job === draft.now.job && key.stage === draft.now.stage ? draft.tasks.get(partition) : undefined
  if (task === undefined) return
  const attempt = task.attempts.find(a => a.attempt === key.attempt && a.stageAttempt === key.stageAttempt && a.executorId === from.executorId)
  const verdict = merge(knownAs(task, key, attempt), state, task.accepted !== undefined || task.fetching !== undefined)
  switch (verdict) {
    case 'ignore':
      return
    case 'accept':
      if (output !== undefined && fits(draft.now.kind, output)) take(draft, from, key, task, attempt, output, metrics ?? noMetrics)
      else if (attempt !== undefined)
        fail(draft, partition, task, attempt, internal('The executor reported no output of the kind the stage has.'), metrics)
      return
    case 'fail':
      if (attempt !== undefined)
        fail(draft, partition, task, attempt, failure ?? internal('The executor reported a failure without its cause.'), metrics)
      return
    case 'surplus':
    case 'stopped':
      if (attempt === undefined) return
      draft.put(
        partition,
        task,
        draft.end(
          partition,
          task,
          attempt,
          { reason: 'TaskKilled', killReason: verdict === 'surplus' ? 'another attempt succeeded' : 'killed' },
          metrics,
        ),
      )
      return
    default:
      unreachable(verdict)
  }
}

function knownAs(task: TaskRecord, key: TaskKey, attempt: TaskAttempt | undefined): Known {
  if (attempt !== undefined) return attempt.killing ? 'killing' : 'running'
  return key.attempt < task.nextAttempt ? 'ended' : 'unknown'
}

function fits(kind: StageDraft['now']['kind'], output: TaskOutput): boolean {
  switch (output.kind) {
    case 'shuffle':
      return kind === 'shuffle'
    case 'result':
    case 'resultBlock':
      return kind === 'result'
    case 'files':
      return kind === 'write'
    case 'discarded':
      return kind === 'noop'
    default:
      return unreachable(output)
  }
}

/** The attempt's output becomes the partition's; a result block is fetched first. */
function take(
  draft: StageDraft,
  from: Reports,
  key: TaskKey,
  task: TaskRecord,
  attempt: TaskAttempt | undefined,
  output: TaskOutput,
  metrics: TaskMetrics,
): void {
  const { partition, stageAttempt } = key
  const { executorId, workerId } = from
  const { taskId, launchedAt } = attempt ?? { taskId: -1, launchedAt: from.now }
  const taken: AcceptedAttempt = { attempt: key.attempt, stageAttempt, taskId, executorId, workerId, launchedAt, output, metrics }
  const ended = draft.kill(partition, attempt === undefined ? task : draft.release(task, attempt), 'another attempt succeeded')
  if (output.kind === 'result' || output.kind === 'resultBlock') {
    draft.now.resultBytes += output.kind === 'result' ? output.ipc.length : output.bytes
    draft.now.results++
    const { resultBytes, results, maxResultSize } = draft.now
    if (maxResultSize > 0 && resultBytes > maxResultSize) draft.failure ??= resultTooLarge(results, resultBytes, maxResultSize)
  }
  if (output.kind !== 'resultBlock') {
    draft.accept(partition, task, ended, taken)
    return
  }
  draft.put(partition, task, { ...ended, fetching: taken })
  if (draft.failure === undefined) draft.commands.push({ type: 'fetchResult', params: { partition, accepted: taken } })
}

function fail(draft: StageDraft, partition: number, task: TaskRecord, attempt: TaskAttempt, cause: TaskFailure, metrics?: TaskMetrics): void {
  switch (cause.kind) {
    case 'ExceptionFailure': {
      const failures = task.failures + 1
      const error = cause.error as ErrorData
      draft.put(partition, task, { ...draft.end(partition, task, attempt, { reason: 'ExceptionFailure', error: cause.error }, metrics), failures })
      countFailure(draft, partition, attempt, failures, error)
      return
    }
    case 'FetchFailed': {
      const { stage: mapStage, map, mapAttempt, workerId } = cause
      const { message } = cause.error as ErrorData
      const end = { reason: 'FetchFailed', shuffleStageId: mapStage, mapIndex: map, workerId, message } as const
      draft.put(partition, task, draft.end(partition, task, attempt, end, metrics))
      draft.commands.push({ type: 'fetchFailed', params: { stageAttempt: attempt.stageAttempt, mapStage, map, mapAttempt, workerId, message } })
      return
    }
    case 'TaskKilled':
      draft.put(partition, task, draft.end(partition, task, attempt, { reason: 'TaskKilled', killReason: cause.reason }, metrics))
      return
    default:
      unreachable(cause)
  }
}

/** Fails the stage when the task has failed often enough, or in a way that trying again does not cure. */
export function countFailure(draft: StageDraft, partition: number, attempt: TaskAttempt | AcceptedAttempt, failures: number, error: ErrorData): void {
  if (failures < draft.now.maxFailures && !endsJob(error)) return
  const { stage, name } = draft.now
  const { stageAttempt, executorId } = attempt
  draft.failure ??= taskFailed({ stage, stageAttempt, name, partition, attempt: attempt.attempt, executorId }, failures, error)
}
