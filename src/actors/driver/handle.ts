/**
 * What user APIs (sql, rdd, streaming) see of a cluster: run a planned query, follow its progress, stop. Local mode and a real cluster give the same
 * handle. This is the only door from the user APIs to the actors.
 */
import type { Batch } from '../../core/batch.js'
import type { Adapt, LaidOut, StageGraph } from '../../core/stage.js'
import type { StageSummary } from '../../history/application-history.js'

/** The same from the driver's machines and from a replay of the event log. */
export type { StageSummary }

export interface JobProgress {
  readonly job: number
  readonly stages: readonly StageSummary[]
}

export interface RunOptions {
  /** Shown in events and bars, e.g. `collect at examples/x.ts:12`. */
  readonly description: string
  readonly signal?: AbortSignal
  /** At most every 100 ms and once at the end. */
  readonly onProgress?: (progress: JobProgress) => void
  /** Physical plan as text: with it the event log tells the query as a SQL execution. */
  readonly plan?: string
  /** Plans stages that have not started again, by the sizes of those that are complete; see `Adapt`. */
  readonly adapt?: Adapt
  /** Called when a stage starts, with how its tasks share what they read. */
  readonly laidOut?: LaidOut
  /** The plan as text, when `adapt` has changed it since. */
  readonly finalPlan?: () => string | undefined
  /** Session conf of this query. */
  readonly conf: Readonly<Record<string, string>>
}

export interface JobResult {
  readonly job: number
  readonly stages: readonly StageSummary[]
  /**
   * Result rows as Arrow IPC streams, in task order (empty for writes). With `rowLimit` they are those of the first tasks that together have enough rows,
   * whole: the caller cuts to the limit.
   */
  readonly ipc: readonly Uint8Array[]
  /** The same, decoded. */
  batches(): Batch[]
  /** Files committed by a write. */
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly rows: number }[]
}

export interface ClusterHandle {
  readonly appId: string
  /** Slots over all executors now, at least 1: what `spark.default.parallelism` falls back to. In client mode waits for nothing. */
  defaultParallelism(): number
  /** Rejects with the job's one typed failure. A job waits for executors without limit, and warns every 15 s while it has none. */
  run(graph: StageGraph, options: RunOptions): Promise<JobResult>
  /** Ends the application with FINISHED (or FAILED with the reason), stops executors, closes the connection. Idempotent. */
  stop(failure?: string): Promise<void>
}
