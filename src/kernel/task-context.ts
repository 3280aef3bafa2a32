/** What a slot gives to the steps of a running task. */
import type { Batch } from '../core/batch.js'
import type { BatchScans } from './batch-scan.js'
import type { BroadcastCache } from './broadcast-cache.js'
import type { Connection } from './duckdb.js'
import type { PreparedStatements } from './prepared.js'
import type { RandomStreams } from './random-streams.js'
import type { ScatterLimits } from './scatter.js'
import type { Segment } from './task.js'

export interface TaskContext {
  readonly connection: Connection
  readonly scans: BatchScans
  readonly cache: BroadcastCache
  readonly prepared: PreparedStatements
  readonly random: RandomStreams
  readonly decode: (segment: Segment) => Iterable<Batch>
  readonly limits: ScatterLimits
  /** Bytes of a result that may be made at once. */
  readonly wholeBytes: number
  /** Absolute path of a scratch file of this slot. */
  readonly profilePath: string
  /** Called between steps; throws when the task was cancelled. */
  readonly check: () => void
  /** Called after each chunk with the number so far. */
  readonly onChunk: (chunks: number) => void
}
