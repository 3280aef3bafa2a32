/**
 * Relations as plain data: the unresolved plan. Kinds follow Spark Connect's relations one to one, so that SQL, the TypeScript API and, later, a Connect
 * endpoint are front ends of one planner. Immutable; `span` points into the SQL text.
 */
import type { SpkError } from '../core/errors.js'
import type { FileFormat } from '../core/stage.js'
import type { DataType, StructType } from '../core/types.js'
import type { BucketSpec } from './bucket-spec.js'
import type { Command } from './commands.js'
import type { Expr, Span, Window } from './expr.js'
import type { TableStatistics } from './table-statistics.js'

interface Node {
  readonly span?: Span
  /** Set on the root of every DataFrame's plan: what an attribute's `planId` refers to. */
  readonly planId?: number
}

/** Files by path, folder or glob. */
export interface ReadFiles extends Node {
  readonly kind: 'ReadFiles'
  readonly format: FileFormat
  readonly paths: readonly string[]
  readonly options: Readonly<Record<string, string>>
  readonly schema?: StructType
  /** Of a table whose files are known to be its buckets. */
  readonly buckets?: BucketSpec
  /** What ANALYZE TABLE has found out. */
  readonly statistics?: TableStatistics
}
/** A temp view (later: a table) by name. `parquet.\`/path\`` is `['parquet', '/path']`. */
export interface UnresolvedRelation extends Node {
  readonly kind: 'UnresolvedRelation'
  readonly nameParts: readonly string[]
  /** `VERSION AS OF …`, `TIMESTAMP AS OF …`. */
  readonly asOf?: { readonly version: string } | { readonly timestamp: Expr }
}
/** Rows held by the driver: Arrow IPC streams, one per partition. */
export interface LocalRelation extends Node {
  readonly kind: 'LocalRelation'
  readonly schema: StructType
  readonly partitions: readonly Uint8Array[]
  readonly rows: number
}
/** `VALUES (…), (…)`. */
export interface InlineTable extends Node {
  readonly kind: 'InlineTable'
  readonly rows: readonly (readonly Expr[])[]
}
/** `SELECT 1` without FROM. */
export interface OneRowRelation extends Node {
  readonly kind: 'OneRowRelation'
}
export interface Range extends Node {
  readonly kind: 'Range'
  readonly start: bigint
  readonly end: bigint
  readonly step: bigint
  readonly numPartitions?: number
}
/** A table function in FROM other than `range` of literals. */
export interface UnresolvedTableValuedFunction extends Node {
  readonly kind: 'UnresolvedTableValuedFunction'
  readonly name: string
  readonly args: readonly Expr[]
}
/** From SQL a select list with aggregate functions is a Project too when there is neither GROUP BY nor HAVING: the analyzer makes it an Aggregate. */
export interface Project extends Node {
  readonly kind: 'Project'
  readonly input: Relation
  readonly expressions: readonly Expr[]
}
export interface Filter extends Node {
  readonly kind: 'Filter'
  readonly input: Relation
  readonly condition: Expr
}
export type JoinType = 'inner' | 'left' | 'right' | 'full' | 'semi' | 'anti' | 'cross'
export interface Join extends Node {
  readonly kind: 'Join'
  readonly left: Relation
  readonly right: Relation
  readonly type: JoinType
  readonly condition?: Expr
  /** USING columns; with `natural` they are found by the analyzer. */
  readonly using?: readonly string[]
  readonly natural?: boolean
  /** The right side may use columns of the left one. */
  readonly lateral?: boolean
}
export interface Aggregate extends Node {
  readonly kind: 'Aggregate'
  readonly input: Relation
  readonly grouping: readonly Expr[]
  /** Output columns. From the DataFrame API: grouping expressions first, then aggregates; from SQL: the select list as written. */
  readonly aggregates: readonly Expr[]
  /** `GROUP BY ALL`. */
  readonly groupAll?: boolean
  /** `HAVING`: may hold aggregate functions and columns that the output does not have. A SELECT with HAVING is an Aggregate even without GROUP BY. */
  readonly having?: Expr
}
/** An integer literal is an ordinal; one attribute `ALL` stands for all output columns. What the input's output lacks is looked up below its Project or Aggregate. */
export interface Sort extends Node {
  readonly kind: 'Sort'
  readonly input: Relation
  readonly order: readonly Expr[]
  /** False: within partitions. */
  readonly global: boolean
}
export interface Limit extends Node {
  readonly kind: 'Limit'
  readonly input: Relation
  readonly limit: Expr
}
export interface Offset extends Node {
  readonly kind: 'Offset'
  readonly input: Relation
  readonly offset: Expr
}
export interface Deduplicate extends Node {
  readonly kind: 'Deduplicate'
  readonly input: Relation
  /** Absent: all columns. */
  readonly columns?: readonly string[]
}
export interface SetOperation extends Node {
  readonly kind: 'SetOperation'
  readonly left: Relation
  readonly right: Relation
  readonly operation: 'union' | 'intersect' | 'except'
  readonly all: boolean
  readonly byName?: boolean
  readonly allowMissingColumns?: boolean
}
export interface SubqueryAlias extends Node {
  readonly kind: 'SubqueryAlias'
  readonly input: Relation
  readonly alias: string
  readonly columns?: readonly string[]
  /** Of a table or view of the catalog: catalog, schema and name, any end of which may qualify its columns. */
  readonly qualifier?: readonly string[]
}
export interface WithColumns extends Node {
  readonly kind: 'WithColumns'
  readonly input: Relation
  readonly columns: readonly { readonly name: string; readonly expr: Expr }[]
}
export interface WithColumnsRenamed extends Node {
  readonly kind: 'WithColumnsRenamed'
  readonly input: Relation
  readonly renames: Readonly<Record<string, string>>
}
export interface Drop extends Node {
  readonly kind: 'Drop'
  readonly input: Relation
  readonly columns: readonly string[]
}
export interface ToDF extends Node {
  readonly kind: 'ToDF'
  readonly input: Relation
  readonly columns: readonly string[]
}
export interface Repartition extends Node {
  readonly kind: 'Repartition'
  readonly input: Relation
  readonly numPartitions?: number
  readonly columns: readonly Expr[]
}
/** `WITH a AS (…), b AS (…) …`; a later one may use an earlier one. */
export interface WithCTE extends Node {
  readonly kind: 'WithCTE'
  /** `WITH RECURSIVE`: a query may use its own name. */
  readonly recursive?: boolean
  readonly ctes: readonly {
    readonly name: string
    readonly plan: Relation
    readonly columns?: readonly string[]
    /** `MAX RECURSION LEVEL n` */
    readonly maxRecursion?: Expr
  }[]
  readonly input: Relation
}
/** `/*+ BROADCAST(a) *​/` and `df.hint('broadcast')`. */
export interface Hint extends Node {
  readonly kind: 'Hint'
  readonly input: Relation
  readonly name: string
  readonly parameters: readonly Expr[]
}

/** `LATERAL VIEW [OUTER] generator AS alias(columns)`: each row with each row that the generator makes of it. */
export interface Generate extends Node {
  readonly kind: 'Generate'
  readonly input: Relation
  readonly generator: Expr
  /** Rows for which the generator gives nothing stay, with NULLs. */
  readonly outer: boolean
  readonly alias: string
  readonly columns: readonly string[]
}
/** `WINDOW w AS (…)`: what `Window.reference` in the input's select list refers to. A specification may be another one's name. */
export interface WithWindowDefinition extends Node {
  readonly kind: 'WithWindowDefinition'
  readonly input: Relation
  readonly windows: readonly { readonly name: string; readonly spec: Pick<Window, 'partitionBy' | 'orderBy' | 'frame' | 'reference'> }[]
}
/** `QUALIFY condition`: a filter that may hold window functions and columns that the input's output does not have. */
export interface Qualify extends Node {
  readonly kind: 'Qualify'
  readonly input: Relation
  readonly condition: Expr
}
/** `PIVOT (aggregates FOR columns IN (values))`; a value for several columns is a `struct`, a name for it an alias. */
export interface Pivot extends Node {
  readonly kind: 'Pivot'
  readonly input: Relation
  readonly aggregates: readonly Expr[]
  readonly columns: readonly string[]
  readonly values: readonly Expr[]
}
/** `UNPIVOT [INCLUDE NULLS] (values FOR name IN (sets))`. */
export interface Unpivot extends Node {
  readonly kind: 'Unpivot'
  readonly input: Relation
  readonly includeNulls: boolean
  readonly valueColumns: readonly string[]
  readonly nameColumn: string
  readonly sets: readonly { readonly columns: readonly (readonly string[])[]; readonly alias?: string }[]
}
/** `SELECT TRANSFORM (…) USING 'script' [AS (…)]`: rows through a program's standard input and output. */
export interface ScriptTransform extends Node {
  readonly kind: 'ScriptTransform'
  /** Gives the script's input columns. */
  readonly input: Relation
  readonly script: string
  /** Names of the output columns; with types when they were given. */
  readonly output?: readonly { readonly name: string; readonly type?: DataType }[]
}
/** `TABLESAMPLE (…) [REPEATABLE (seed)]`. */
export interface Sample extends Node {
  readonly kind: 'Sample'
  readonly input: Relation
  readonly method:
    | { readonly kind: 'percent'; readonly percent: number }
    | { readonly kind: 'rows'; readonly rows: Expr }
    | { readonly kind: 'bucket'; readonly bucket: number; readonly of: number }
  readonly seed?: number
}

export type Relation =
  | ReadFiles
  | UnresolvedRelation
  | LocalRelation
  | InlineTable
  | OneRowRelation
  | Range
  | UnresolvedTableValuedFunction
  | Project
  | Filter
  | Join
  | Aggregate
  | Sort
  | Limit
  | Offset
  | Deduplicate
  | SetOperation
  | SubqueryAlias
  | WithColumns
  | WithColumnsRenamed
  | Drop
  | ToDF
  | Repartition
  | WithCTE
  | Hint
  | Generate
  | WithWindowDefinition
  | Qualify
  | Pivot
  | Unpivot
  | Sample
  | ScriptTransform

/** What a SQL text may be. */
export type Statement =
  | Command
  | { readonly kind: 'Query'; readonly plan: Relation }
  | {
      readonly kind: 'CreateTempView'
      readonly name: string
      readonly plan: Relation
      readonly replace: boolean
      readonly columns?: readonly string[]
    }
  | { readonly kind: 'DropView'; readonly nameParts: readonly string[]; readonly ifExists: boolean }
  | { readonly kind: 'Explain'; readonly mode: 'simple' | 'extended' | 'formatted' | 'cost' | 'codegen'; readonly statement: Statement }
  /** `EXECUTE IMMEDIATE`: spans of the statement point into `text`. */
  | { readonly kind: 'ExecuteImmediate'; readonly statement: Statement; readonly text: string }
  /** Read without an error of syntax; running it fails so. */
  | { readonly kind: 'Failing'; readonly error: SpkError }
  | { readonly kind: 'Set'; readonly key?: string; readonly value?: string }
  | { readonly kind: 'Reset'; readonly key?: string }
