/** What a driver's effects need beside transport and clock: result blocks and the output folder. The simulator has its own. */
import type { Batch } from '../../core/batch.js'
import type { WriteSpec } from '../../core/stage.js'

export interface BlockSource {
  readonly workerId: string
  readonly hostId: string
  readonly blockUrl: string
  readonly blocksDir: string
}

export interface DriverPorts {
  /** Fetches a whole result block (partition 0 of `file`), checksum verified. Rejects with a retryable `SPK_FETCH_FAILED`. */
  fetchResult(source: BlockSource, appId: string, token: string, file: string): Promise<Uint8Array>
  /** Decodes an Arrow IPC stream; `[]` for an empty one. */
  decode(ipc: Uint8Array): Batch[]
  /**
   * Checks the target by save mode (`options.mode`: append, overwrite, ignore, error) and makes the job's temporary folder below it; returns its path, or
   * undefined when mode `ignore` finds the target there: nothing is to be written. Errors: `PATH_ALREADY_EXISTS` (42K04).
   */
  prepareWrite(write: WriteSpec, job: number): Promise<string | undefined>
  /** Moves the accepted files (in task order) into place, writes `_SUCCESS`, removes the temporary folder. Returns final paths, in the same order. */
  commitWrite(write: WriteSpec, temporary: string, files: readonly string[]): Promise<string[]>
  abortWrite(write: WriteSpec, temporary: string): Promise<void>
}
