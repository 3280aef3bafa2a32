/** The typed failures with which a job ends, as data. Wording follows Spark's where Spark has the case. Pure; used by the stage and job machines. */
import { formatSize } from '../../core/bytes.js'
import { type ErrorData, SpkError, toErrorSummary } from '../../core/errors.js'

interface FailedTask {
  readonly stage: number
  readonly stageAttempt: number
  readonly name: string
  readonly partition: number
  readonly attempt: number
  readonly executorId: string
}

/** Errors that only a new plan cures: no task is tried again, the query is. */
const REPLAN: ReadonlySet<string> = new Set(['SPK_FILE_CHANGED'])

/** Whether the error ends the job at once. */
export function endsJob(error: ErrorData): boolean {
  return REPLAN.has(error.code)
}

/** The task's own error (code, SQLSTATE and all), with where and how often it happened. */
export function taskFailed(task: FailedTask, failures: number, error: ErrorData): ErrorData {
  const where = `task ${task.partition}.${task.attempt} in stage ${task.stage}.${task.stageAttempt} (${task.name}) on executor ${task.executorId}`
  const times = `Task ${task.partition} in stage ${task.stage}.${task.stageAttempt} failed ${failures} time${failures === 1 ? '' : 's'}`
  return { ...error, message: `${error.message}\nJob aborted due to stage failure: ${times}, most recent failure: ${where}.` }
}

export function executorsLost(task: FailedTask, losses: number, reason: string): ErrorData {
  return data(
    'SPK_EXECUTOR_LOST',
    `Job aborted due to stage failure: task ${task.partition} in stage ${task.stage}.${task.stageAttempt} (${task.name}) was running on ${losses} executors ` +
      `that were lost, most recently executor ${task.executorId}: ${reason}. It may need more memory than an executor has: see spark.executor.memory.`,
  )
}

export function resultTooLarge(tasks: number, bytes: number, limit: number): ErrorData {
  return data(
    'SPK_MAX_RESULT_SIZE',
    `Job aborted due to stage failure: Total size of serialized results of ${tasks} tasks (${formatSize(bytes)}) is bigger than ` +
      `spark.driver.maxResultSize (${formatSize(limit)}). Write the result to files, aggregate it further, or raise the limit.`,
  )
}

export function fetchFailedTooOften(stage: number, name: string, attempts: number, message: string): ErrorData {
  return data(
    'SPK_FETCH_FAILED',
    `Job aborted due to stage failure: stage ${stage} (${name}) has failed the maximum allowable number of times: ${attempts}. ` +
      `Most recent failure reason: ${message}`,
  )
}

export function jobCancelled(job: number, reason: string): ErrorData {
  return toErrorSummary(new SpkError('SPARK_JOB_CANCELLED', `Job ${job} cancelled${reason === '' ? '' : `: ${reason}`}.`, { sqlState: 'XXKDA' }))
}

/** Registration was refused for good. */
export function applicationRefused(reason: string): ErrorData {
  return data('SPK_APPLICATION_REFUSED', `The master refused the application: ${reason}`)
}

/** The application is over: stopped by the user, or ended by the master. */
export function applicationEnded(state: string, reason: string): ErrorData {
  return data('SPK_APPLICATION_ENDED', `The application is over (${state}): ${reason}. Start a new one to run more queries.`)
}

function data(code: string, message: string): ErrorData {
  return toErrorSummary(new SpkError(code, message))
}
