/** What is known of a file source before it is read: its schema, its files, their row groups. Made by the kernel, used by the planner. */
import type { FileVersion } from './stage.js'
import type { StructType } from './types.js'

/** What a footer says of one column of one row group. Values are text as DuckDB prints them; those of strings stand apart, as they may be cut short; binaries have none. */
export interface ColumnFooter {
  /** Compressed bytes. */
  readonly bytes: number
  readonly min?: string
  readonly max?: string
  /** Of strings, by the bytes of UTF-8: none comes before `low`; each that comes after `high` begins with it. */
  readonly texts?: { readonly low: string; readonly high: string }
  readonly nulls?: number
  /** Distinct values, where the writer counted them. */
  readonly distinct?: number
  /** Compressed bytes of the dictionary, where there is one; values that came when it was full are not in it. */
  readonly dictionaryBytes?: number
}

export interface RowGroupInfo {
  readonly rows: number
  /** Bytes of the group (compressed), all columns. */
  readonly bytes: number
  /** By name of the column as in the file; of a field inside structs the names on the way to it, with points between them. */
  readonly columns?: ReadonlyMap<string, ColumnFooter>
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
