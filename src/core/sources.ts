/** What is known of a file source before it is read: its schema, its files, their row groups. Made by the kernel, used by the planner. */
import type { FileVersion } from './stage.js'
import type { StructType } from './types.js'

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
