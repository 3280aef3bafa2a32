/** What the planner asks of the world: files. The SDK wires it to the kernel's DuckDB; tests give tables. The planner itself does no I/O. */
import type { FileFormat, FileVersion } from '../core/stage.js'
import type { StructType } from '../core/types.js'

export interface RowGroupInfo {
  readonly rows: number
  /** Bytes of the group (compressed), all columns. */
  readonly bytes: number
}

export interface FileInfo {
  readonly file: FileVersion
  /** Parquet only. */
  readonly rowGroups?: readonly RowGroupInfo[]
}

export interface SourceInfo {
  /** Spark types of the columns: given, declared by Parquet, or inferred. */
  readonly schema: StructType
  readonly files: readonly FileInfo[]
}

/** Resolves paths, folders and globs, reads footers or infers types. Errors: `PATH_NOT_FOUND` (42K03), `UNABLE_TO_INFER_SCHEMA` (42KD9), `SPK_FILE_UNREADABLE`. */
export interface SourcePort {
  describe(
    format: FileFormat,
    paths: readonly string[],
    options: Readonly<Record<string, string>>,
    schema: StructType | undefined,
  ): Promise<SourceInfo>
}
