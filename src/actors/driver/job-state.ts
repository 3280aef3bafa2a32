/** What the job machine knows, hears and orders. It decides which stages run; their tasks are the stage machines' business. */
import type { ErrorData } from '../../core/errors.js'
import type { StageGraph, StageSpec } from '../../core/stage.js'
import type { FetchFailure } from './stage-state.js'

/**
 * preparing: the write's target is being checked. running. committing: all tasks are done, the write's files move into place; there is no way back.
 * draining, aborting: a failed write waits for its tasks to stop, then removes what they wrote. succeeded, failed: the end.
 */
export type JobPhase = 'preparing' | 'running' | 'committing' | 'draining' | 'aborting' | 'succeeded' | 'failed'

export interface JobStage {
  /** The application's number of the stage. */
  readonly id: number
  readonly name: string
  /** Positions in the job's list of stages of those whose output this one needs. */
  readonly parents: readonly number[]
  /** Positions of those that end first, as long as something needs them. */
  readonly after: readonly number[]
  readonly deterministic: boolean
  /** idle: never started. paused: started, and not complete, and it must wait. dropped: started, and not needed any more. */
  readonly state: 'idle' | 'running' | 'paused' | 'complete' | 'dropped'
  /** Newest attempt; -1 before the first. */
  readonly attempt: number
  /** Ends of attempts before this one do not count: it was rolled back since. */
  readonly firstValid: number
  /** Attempts since it was last complete that were lost to fetch failures. */
  readonly failedAttempts: readonly number[]
}

/** A stage that has not started gets another plan. */
export type StageChange = Pick<JobStage, 'name' | 'parents' | 'deterministic'> & { readonly stage: number }

export interface JobInput {
  readonly job: number
  readonly graph: StageGraph
  /** The application's number of the first stage. */
  readonly firstStage: number
  /** `spark.stage.maxConsecutiveAttempts` */
  readonly maxStageAttempts: number
}

export interface JobContext {
  readonly job: number
  readonly stages: readonly JobStage[]
  readonly phase: JobPhase
  readonly maxStageAttempts: number
  /** The result stage writes files. */
  readonly writes: boolean
  readonly temporary?: string
  /** Stages that lost inputs wait a moment, so that more losses are seen at once. */
  readonly held: boolean
  /** Reader attempts (`stage.attempt`) that failed to fetch from a worker, by worker. */
  readonly strikes: ReadonlyMap<string, readonly string[]>
  readonly failure?: ErrorData
}

/** `stage` is the position in the job's list of stages. */
export type JobEvent =
  | { readonly type: 'start' }
  /** Without `temporary` there is nothing to write. */
  | { readonly type: 'prepared'; readonly temporary?: string }
  /** `changes`: plans made anew by what is known of its size. */
  | { readonly type: 'stageCompleted'; readonly stage: number; readonly attempt: number; readonly changes?: readonly StageChange[] }
  | { readonly type: 'outputsLost'; readonly stage: number }
  | ({ readonly type: 'fetchFailed'; readonly stage: number } & FetchFailure)
  /** A stage gave up, the user cancelled, the application ended, or an effect failed. */
  | { readonly type: 'fail'; readonly error: ErrorData }
  | { readonly type: 'resubmit' }
  | { readonly type: 'drained' }
  | { readonly type: 'committed' }
  | { readonly type: 'commitFailed'; readonly error: ErrorData }
  | { readonly type: 'aborted' }

export type JobCommand =
  | { readonly type: 'prepareWrite'; readonly params: Record<string, never> }
  | { readonly type: 'startStage'; readonly params: { readonly stage: number } }
  | { readonly type: 'pauseStage'; readonly params: { readonly stage: number } }
  | { readonly type: 'dropStage'; readonly params: { readonly stage: number } }
  | { readonly type: 'resumeStage'; readonly params: { readonly stage: number; readonly attempt: number } }
  | { readonly type: 'rollbackStage'; readonly params: { readonly stage: number; readonly reason: string } }
  | {
      readonly type: 'loseOutput'
      readonly params: {
        readonly stage: number
        readonly map: number
        readonly mapAttempt: number
        readonly workerId: string
        readonly wholeWorker: boolean
      }
    }
  | { readonly type: 'stopStages'; readonly params: { readonly reason: string } }
  | { readonly type: 'commitWrite'; readonly params: { readonly temporary: string } }
  | { readonly type: 'abortWrite'; readonly params: { readonly temporary: string } }
  | { readonly type: 'end'; readonly params: { readonly error?: ErrorData } }

/** Stages whose output a stage reads, by their numbers in the graph. */
export function neededBy(spec: StageSpec): readonly number[] {
  return spec.output.kind === 'range' ? [...spec.parents, spec.output.sampleFrom] : spec.parents
}

export function newJob({ job, graph, firstStage, maxStageAttempts }: JobInput): JobContext {
  const position = new Map(graph.stages.map((spec, index) => [spec.id, index]))
  return {
    job,
    phase: 'preparing',
    maxStageAttempts,
    writes: graph.stages.at(-1)?.output.kind === 'write',
    held: false,
    strikes: new Map(),
    stages: graph.stages.map((spec, index) => {
      const places = (ids: readonly number[]) => [...new Set(ids.map(id => position.get(id) ?? -1))].filter(at => at >= 0)
      return {
        id: firstStage + index,
        name: spec.name,
        parents: places(neededBy(spec)),
        after: places(spec.after ?? []),
        deterministic: spec.deterministic,
        state: 'idle',
        attempt: -1,
        firstValid: 0,
        failedAttempts: [],
      }
    }),
  }
}
