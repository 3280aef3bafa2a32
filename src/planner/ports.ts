/** What the planner asks of the world: files. The SDK wires it to the kernel's DuckDB; tests give tables. The planner itself does no I/O. */
import type { SourceInfo } from '../core/sources.js'
import type { FileFormat } from '../core/stage.js'
import type { StructType } from '../core/types.js'

export type { ColumnFooter, FileInfo, RowGroupInfo, SourceInfo } from '../core/sources.js'

/** What functions tell of the session. */
export interface SessionNames {
  /** Of the current schema. */
  readonly schema: string
  readonly user: string
  /** Of spk. */
  readonly version: string
}

/** Resolves paths, folders and globs, reads footers or infers types. Errors: `PATH_NOT_FOUND` (42K03), `UNABLE_TO_INFER_SCHEMA` (42KD9), `FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER` and `FAILED_READ_FILE.NO_HINT` (KD001). */
export interface SourcePort {
  describe(
    format: FileFormat,
    paths: readonly string[],
    options: Readonly<Record<string, string>>,
    schema: StructType | undefined,
  ): Promise<SourceInfo>
}
