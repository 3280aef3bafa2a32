/**
 * Statements other than queries as plain data. Those with a kind of their own hold all that the text says; `OtherCommand` is a statement that the parser
 * checked and that nobody carries out yet: the session refuses it by name.
 */
import type { DataType } from '../core/types.js'
import type { BucketSpec } from './bucket-spec.js'
import type { Expr } from './expr.js'
import type { Relation } from './logical.js'

export interface ColumnDefinition {
  readonly name: string
  readonly type: DataType
  readonly nullable: boolean
  readonly comment?: string
  readonly default?: Expr
}

/** `PARTITION (a = 1, b)`; without a value the partition is dynamic. */
export type PartitionSpec = readonly { readonly name: string; readonly value?: Expr }[]

export interface CreateTable {
  readonly kind: 'CreateTable'
  readonly nameParts: readonly string[]
  readonly columns: readonly ColumnDefinition[]
  /** `USING format`. */
  readonly provider?: string
  readonly options: Readonly<Record<string, string>>
  /** Columns and transforms (`days(ts)`) by which files are laid out. */
  readonly partitioning: readonly Expr[]
  /** `CLUSTERED BY (a) SORTED BY (b) INTO 4 BUCKETS`. */
  readonly buckets?: BucketSpec
  readonly location?: string
  readonly comment?: string
  readonly properties: Readonly<Record<string, string>>
  readonly ifNotExists: boolean
  readonly replace: boolean
  /** `AS query`. */
  readonly plan?: Relation
}

export interface DropTable {
  readonly kind: 'DropTable'
  readonly nameParts: readonly string[]
  readonly ifExists: boolean
}

/** A view that outlives the session, or a global temp view. */
export interface CreateView {
  readonly kind: 'CreateView'
  readonly nameParts: readonly string[]
  readonly global: boolean
  readonly columns?: readonly { readonly name: string; readonly comment?: string }[]
  readonly comment?: string
  readonly properties: Readonly<Record<string, string>>
  readonly plan: Relation
  readonly ifNotExists: boolean
  readonly replace: boolean
}

export interface Insert {
  readonly kind: 'Insert'
  readonly nameParts: readonly string[]
  readonly overwrite: boolean
  readonly byName: boolean
  readonly columns?: readonly string[]
  readonly partition?: PartitionSpec
  readonly ifNotExists: boolean
  /** `REPLACE WHERE condition`. */
  readonly replaceWhere?: Expr
  readonly plan: Relation
}

/** `DESCRIBE [QUERY] query`. */
export interface DescribeQuery {
  readonly kind: 'DescribeQuery'
  readonly plan: Relation
}

/** `DESCRIBE [TABLE] [EXTENDED] name [column]`. */
export interface DescribeTable {
  readonly kind: 'DescribeTable'
  readonly nameParts: readonly string[]
  readonly extended: boolean
  readonly column?: readonly string[]
}

export interface ShowTables {
  readonly kind: 'ShowTables'
  /** SHOW VIEWS. */
  readonly viewsOnly: boolean
  readonly namespace?: readonly string[]
  readonly pattern?: string
}

export interface ShowColumns {
  readonly kind: 'ShowColumns'
  readonly nameParts: readonly string[]
}

export interface CreateSchema {
  readonly kind: 'CreateSchema'
  readonly nameParts: readonly string[]
  readonly ifNotExists: boolean
}

export interface DropSchema {
  readonly kind: 'DropSchema'
  readonly nameParts: readonly string[]
  readonly ifExists: boolean
  /** Its tables go too. */
  readonly cascade: boolean
}

/** `USE schema`. */
export interface UseSchema {
  readonly kind: 'UseSchema'
  readonly nameParts: readonly string[]
}

export interface TruncateTable {
  readonly kind: 'TruncateTable'
  readonly nameParts: readonly string[]
  readonly partition?: PartitionSpec
}

/** `CACHE TABLE name [AS query]`, `UNCACHE TABLE`, `CLEAR CACHE`, `REFRESH TABLE`: what has no effect on answers, but for the view that a query names. */
export interface CacheCommand {
  readonly kind: 'CacheCommand'
  readonly action: 'cache' | 'uncache' | 'clear' | 'refresh'
  readonly nameParts?: readonly string[]
  readonly ifExists: boolean
  readonly plan?: Relation
}

/** `ANALYZE TABLE name [PARTITION …] COMPUTE STATISTICS [NOSCAN | FOR COLUMNS a, b | FOR ALL COLUMNS]`. */
export interface AnalyzeTable {
  readonly kind: 'AnalyzeTable'
  readonly nameParts: readonly string[]
  readonly partition?: PartitionSpec
  /** Bytes alone. */
  readonly noScan: boolean
  /** The columns to look into; absent: rows and bytes alone. */
  readonly columns?: readonly string[] | 'all'
}

/** `ANALYZE TABLES [IN schema] COMPUTE STATISTICS [NOSCAN]`. */
export interface AnalyzeTables {
  readonly kind: 'AnalyzeTables'
  readonly namespace?: readonly string[]
  readonly noScan: boolean
}

export interface OtherCommand {
  readonly kind: 'OtherCommand'
  /** Its keywords: `ALTER TABLE`. */
  readonly name: string
}

export type Command =
  | CreateTable
  | DropTable
  | CreateView
  | Insert
  | DescribeQuery
  | DescribeTable
  | ShowTables
  | ShowColumns
  | CreateSchema
  | DropSchema
  | UseSchema
  | TruncateTable
  | CacheCommand
  | AnalyzeTable
  | AnalyzeTables
  | OtherCommand
