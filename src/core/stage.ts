/**
 * The contract between planner, driver, executor and kernel: a query cut into stages, each stage one DuckDB statement per fragment. Plain data that
 * crosses processes. The planner makes it, the driver schedules it, the kernel runs one task of it.
 */
import type { StructType } from './types.js'

/** A file at planning time. Run-time size or modification time that differ mean the file changed: a typed, retryable error (`SPK_FILE_CHANGED`). */
export interface FileVersion {
  /** Absolute path (later: any URI). */
  readonly uri: string
  /** Bytes. */
  readonly size: number
  /** Modification time, epoch milliseconds (may be fractional as `stat` gives it). */
  readonly mtimeMs: number
}

/** A part of a file read by one task: for Parquet one contiguous range of row groups, else the whole file. */
export interface ScanSplit {
  readonly file: FileVersion
  /** First row group and one past the last; with their row range, so that the reader can prune by `file_row_number`. Absent = whole file. */
  readonly rowGroups?: { readonly from: number; readonly to: number; readonly rowFrom: number; readonly rowTo: number }
  /**
   * Only rows whose key lies in [from, to) belong to this split; the others are another task's. The ends are whole numbers as text, in the unit of the
   * column's type: itself, days, microseconds. Rows without a key belong to it when `nulls`.
   */
  readonly keyRange?: { readonly column: string; readonly from?: string; readonly to?: string; readonly nulls: boolean }
  /** Bytes this split reads, for packing and progress. */
  readonly bytes: number
  readonly rows?: number
}

export type FileFormat = 'parquet' | 'csv' | 'json'

/**
 * How adaptive execution may share the partitions of a shuffle among tasks. Absent: neighbours may be read by one task. each: every partition has its own
 * task, as was asked for. split: as absent, and a partition much larger than the others may be read by several tasks, each of which reads what some of the
 * map tasks wrote, and the whole partition of the fragment's other inputs. rebalance: as split, for every partition that is larger than wished. product: a task for each pair of partitions
 * of the fragment's two such inputs.
 */
export type ShuffleCut = 'each' | 'split' | 'rebalance' | 'product'

/** How a stage input is read. `name` is the relation name the fragment's SQL uses. */
export type StageInput =
  /** Files. `schema` holds the columns wanted, in order; `fileSchema` is what the reader is told the files hold (csv and json need all of it). `tasks[i]` are the splits of task i; with `everyTask`, `tasks[0]` are those of each task. `fields`: columns that are fields inside structs of the files, by name: the names on the way to each, outermost first. */
  | {
      readonly kind: 'scan'
      readonly name: string
      readonly format: FileFormat
      readonly options: Readonly<Record<string, string>>
      readonly schema: StructType
      readonly fileSchema: StructType
      readonly fields?: Readonly<Record<string, readonly string[]>>
      readonly tasks: readonly (readonly ScanSplit[])[]
      readonly everyTask?: boolean
    }
  /** Output of an earlier stage. partition: task i reads partition i of every map output (or a coalesced range of partitions); all: one task reads everything; forward: task i reads all of map output i. */
  | {
      readonly kind: 'shuffle'
      readonly name: string
      readonly stage: number
      readonly schema: StructType
      readonly read: 'partition' | 'all' | 'forward'
      /** Of read 'partition'. */
      readonly cut?: ShuffleCut
    }
  /** All output of an earlier stage, whole in every task, fetched once per executor. */
  | { readonly kind: 'broadcast'; readonly name: string; readonly stage: number; readonly schema: StructType }
  /** Rows held by the driver: `partitions[i]` is an Arrow IPC stream for task i. */
  | { readonly kind: 'rows'; readonly name: string; readonly schema: StructType; readonly partitions: readonly Uint8Array[] }
  /** `range(start, end, step)` as column `id` (long), cut into `partitions` even parts. Decimal text, since values are 64-bit. */
  | {
      readonly kind: 'range'
      readonly name: string
      readonly start: string
      readonly end: string
      readonly step: string
      readonly partitions: number
    }

/** One SELECT over its inputs. A stage has several only for UNION ALL: tasks are numbered fragment after fragment. */
export interface Fragment {
  readonly inputs: readonly StageInput[]
  /** DuckDB SQL, one statement, no trailing semicolon; its output columns have exactly the names and types of the stage's schema. */
  readonly sql: string
  /** Statement-level DuckDB settings, e.g. disabled_optimizers. */
  readonly settings?: Readonly<Record<string, string>>
  /** It gives no more rows than its inputs have, so that a task knows how large its result can be. */
  readonly bounded?: boolean
}

export interface SortKey {
  /** An output column of the fragment. */
  readonly column: string
  readonly ascending: boolean
  readonly nullsFirst: boolean
}

export interface WriteSpec {
  readonly format: FileFormat
  /** Absolute target folder. */
  readonly path: string
  readonly options: Readonly<Record<string, string>>
  /** Task i writes the rows of bucket i, and its file says so. */
  readonly bucketed?: true
}

/** Where the rows of a query that writes go. */
export type WriteTarget =
  /** Files, committed by the driver when the job succeeds. The task's own result is empty. */
  | { readonly kind: 'write'; readonly write: WriteSpec }
  /** Nowhere: every row is made, and dropped (Spark's `noop` data source). */
  | { readonly kind: 'noop' }

/** What a task does with its rows. */
export type StageOutput =
  /** Shuffle write by `hash(keys)`. Keys are output columns, already cast to a type common to both sides of a join. Columns in `drop` are not written. */
  | { readonly kind: 'hash'; readonly keys: readonly string[]; readonly partitions: number }
  /** Shuffle write by bounds sampled from the output of stage `sampleFrom` (a `single` output with `sample`), which the driver puts into the task. */
  | {
      readonly kind: 'range'
      readonly keys: readonly SortKey[]
      readonly partitions: number
      readonly sampleFrom: number
      /** So many partitions were asked for: small ones stay. */
      readonly exact?: boolean
    }
  /** Shuffle write into one partition. With `sample`, the task also reports up to `sample.size` rows of the key columns (evenly spaced in a random sample). */
  | { readonly kind: 'single'; readonly sample?: { readonly keys: readonly SortKey[]; readonly size: number } }
  /** Round robin over partitions. */
  | { readonly kind: 'roundRobin'; readonly partitions: number }
  /** Like single; read by `broadcast` inputs. With `ends`, tasks also report the smallest and the largest value of that column. */
  | { readonly kind: 'broadcast'; readonly ends?: string }
  /** Rows for the driver, in task order. */
  | { readonly kind: 'result' }
  | WriteTarget

export interface StageSpec {
  /** Number within the graph; producers come before consumers. */
  readonly id: number
  /** Short description for progress bars and events, e.g. `Scan parquet customers → HashAggregate(partial)`. */
  readonly name: string
  readonly fragments: readonly Fragment[]
  readonly schema: StructType
  readonly output: StageOutput
  /** Stages whose output this one reads. */
  readonly parents: readonly number[]
  /** Stages that end first, where they run: their size may make this stage needless. */
  readonly after?: readonly number[]
  /** False when running a task again may give other rows (rand(), limit without order): a lost map output then rolls the whole stage back. */
  readonly deterministic: boolean
  /** The result stage stops early when this many rows have arrived (LIMIT without ORDER BY); what more there is, the caller of `ClusterHandle.run` cuts off. */
  readonly rowLimit?: number
}

/** What a complete stage wrote, over all partitions. */
export interface StageSize {
  readonly bytes: number
  readonly rows: number
  /** Bytes per partition. */
  readonly partitions?: readonly number[]
  /** Tasks that wrote it. */
  readonly tasks?: number
  /** The smallest and the largest value of the column that the output names (`ends`), as memory-comparable keys. */
  readonly ends?: { readonly low: Uint8Array; readonly high: Uint8Array }
}

/**
 * Plans what is left of a query again, by the sizes of the stages that are complete. Gives other plans, under their numbers, for stages that have not
 * started; stages that none of them reads any more need not run. Called by the driver each time a stage is complete.
 */
export type Adapt = (complete: ReadonlyMap<number, StageSize>, started: ReadonlySet<number>) => readonly StageSpec[]

/** How the tasks of a stage that starts read the output of stage `stage`: some of them several partitions, or parts of one. */
export interface ShuffleReading {
  readonly stage: number
  readonly coalesced: boolean
  readonly skewed: boolean
}

/** Told what a stage's tasks read, each time one starts. */
export type LaidOut = (stage: number, readings: readonly ShuffleReading[]) => void

/** A planned query. The last stage is the result stage (`result`, `write` or `noop`). */
export interface StageGraph {
  readonly stages: readonly StageSpec[]
  /** Column names may repeat here (as in SQL results); inside stages they are unique. */
  readonly schema: StructType
}

/** Name of one map task's shuffle file (without extension) in an application's block folder. */
export function shuffleFileName(shuffle: number, map: number, attempt: number): string {
  return `shuffle_${shuffle}_${map}_${attempt}`
}
