/**
 * Physical plans: how a query runs, with every exchange explicit. `physical/` makes them, `stages/` cuts them at exchanges, `lower/` writes the SQL of
 * the parts between. Plain immutable data.
 */
import { unreachable } from '../core/errors.js'
import type { FileFormat, ScanSplit } from '../core/stage.js'
import type { StructType } from '../core/types.js'
import { type Attribute, type BoundAlias, type BoundExpr, type BoundSortOrder, type NamedExpr, toAttribute } from './bound.js'
import type { BucketSpec } from './bucket-spec.js'
import type { JoinType } from './logical.js'
import type { RankFunction } from './plan.js'
import type { FileInfo } from './ports.js'

/** Row estimates are upper bounds; undefined = nothing known. */
export interface Estimate {
  readonly bytes: number
  readonly rows?: number
}

export interface FileScan {
  readonly kind: 'FileScan'
  readonly format: FileFormat
  readonly paths: readonly string[]
  readonly options: Readonly<Record<string, string>>
  readonly fileSchema: StructType
  readonly output: readonly Attribute[]
  /** As in the logical node. */
  readonly fields?: Readonly<Record<string, readonly string[]>>
  readonly files: readonly FileInfo[]
  readonly tasks: readonly (readonly ScanSplit[])[]
  /** Of a bucketed table. */
  readonly buckets?: BucketSpec
  /** Set when task i reads the files of bucket i. */
  readonly byBucket?: true
  /** Set when task i reads the rows whose column `key` lies in [bounds[i - 1], bounds[i]); NULLs are the first task's. */
  readonly ranges?: { readonly key: number; readonly bounds: readonly bigint[] }
  /** Set when each task of the stage reads all of it, which is one list of splits. */
  readonly everyTask?: boolean
  /** Row groups that a broadcast's ends have left of all. */
  readonly pruned?: { readonly kept: number; readonly all: number }
}
/** Whether the tasks of a scan lie as another part of the plan wants them. */
export function isPlaced(scan: FileScan): boolean {
  return scan.ranges !== undefined || scan.byBucket === true
}
export interface RowsScan {
  readonly kind: 'RowsScan'
  readonly schema: StructType
  readonly partitions: readonly Uint8Array[]
  readonly output: readonly Attribute[]
}
export interface RangeScan {
  readonly kind: 'RangeScan'
  readonly start: bigint
  readonly end: bigint
  readonly step: bigint
  readonly partitions: number
  readonly output: readonly [Attribute]
}
export interface ValuesScan {
  readonly kind: 'ValuesScan'
  readonly rows: readonly (readonly BoundExpr[])[]
  readonly output: readonly Attribute[]
}
export interface PhysicalProject {
  readonly kind: 'Project'
  readonly input: Physical
  readonly expressions: readonly NamedExpr[]
}
export interface PhysicalFilter {
  readonly kind: 'Filter'
  readonly input: Physical
  readonly condition: BoundExpr
}
/** `results` is the whole output list; in it, grouping expressions are written as they are in `grouping`. */
export interface HashAggregate {
  readonly kind: 'HashAggregate'
  readonly mode: 'complete' | 'partial' | 'merge' | 'final'
  readonly input: Physical
  readonly grouping: readonly BoundExpr[]
  readonly results: readonly NamedExpr[]
}
/**
 * broadcast: the build side is whole in every task. ShuffledHashJoin, SortMergeJoin: both sides lie alike by the keys; a hash table of the build side, or
 * both sides sorted and merged. CartesianProduct: a task for each pair of partitions. NestedLoopJoin: in one task.
 */
export type JoinStrategy =
  | 'BroadcastHashJoin'
  | 'ShuffledHashJoin'
  | 'SortMergeJoin'
  | 'BroadcastNestedLoopJoin'
  | 'CartesianProduct'
  | 'NestedLoopJoin'

/** Whether rows of both sides meet where their keys brought them. */
export function isShuffled(join: PhysicalJoin): boolean {
  return join.strategy === 'ShuffledHashJoin' || join.strategy === 'SortMergeJoin'
}

/** The build side is the right input of the SQL join; `type` is seen with the probe side on the left, which a right join's is not: it is turned round. */
export interface PhysicalJoin {
  readonly kind: 'Join'
  readonly strategy: JoinStrategy
  readonly type: Exclude<JoinType, 'right'>
  readonly probe: Physical
  readonly build: Physical
  /** Equality keys, pairwise; already of one type. Empty for nested loops. */
  readonly probeKeys: readonly BoundExpr[]
  readonly buildKeys: readonly BoundExpr[]
  readonly condition?: BoundExpr
  readonly output: readonly Attribute[]
  /** Likely bytes of the build side, of a hash join. */
  readonly buildBytes?: number
  /** Likely rows of both sides, of a shuffled join. */
  readonly probeRows?: number
  readonly buildRows?: number
  /** The strategy was asked for. */
  readonly hinted?: boolean
  /** Some of its partitions were split. */
  readonly skew?: boolean
}
export interface PhysicalSort {
  readonly kind: 'Sort'
  readonly input: Physical
  readonly order: readonly BoundSortOrder[]
  readonly global: boolean
}
/** The first rows by an order, per task. */
export interface TopN {
  readonly kind: 'TopN'
  readonly input: Physical
  readonly order: readonly BoundSortOrder[]
  readonly limit: number
  readonly offset: number
}
/** Any `limit` rows per task, after skipping `offset`. */
export interface PhysicalLimit {
  readonly kind: 'Limit'
  readonly input: Physical
  readonly limit?: number
  readonly offset: number
}
/** Only at the top: the driver stops when it has `limit` rows. Every task gives at most that many. */
export interface CollectLimit {
  readonly kind: 'CollectLimit'
  readonly input: Physical
  readonly limit: number
}
export interface PhysicalUnion {
  readonly kind: 'Union'
  readonly inputs: readonly Physical[]
  readonly output: readonly Attribute[]
  /** Set when one task reads all inputs; else each has tasks of its own. */
  readonly inOneTask?: boolean
}
/** INTERSECT ALL and EXCEPT ALL over inputs that are partitioned alike on all columns. */
export interface PhysicalSetOperation {
  readonly kind: 'SetOperation'
  readonly operation: 'intersect' | 'except'
  readonly left: Physical
  readonly right: Physical
}
/** The input's columns and functions over windows; the rows of each partition of the windows are in one task. */
export interface PhysicalWindow {
  readonly kind: 'Window'
  readonly input: Physical
  readonly windows: readonly BoundAlias[]
}
/** Before an exchange: of the rows of each group that a task has, those of which the logical node speaks. */
export interface PhysicalWindowGroupLimit {
  readonly kind: 'WindowGroupLimit'
  readonly input: Physical
  readonly partitionBy: readonly BoundExpr[]
  readonly orderBy: readonly BoundSortOrder[]
  readonly fn: RankFunction
  readonly limit: number
  /** The column that holds the rank, which is not of the output. */
  readonly rank: Attribute
}
/** Each row once per projection. */
export interface PhysicalExpand {
  readonly kind: 'Expand'
  readonly input: Physical
  readonly projections: readonly (readonly BoundExpr[])[]
  readonly output: readonly Attribute[]
}
/**
 * Partial states of several groupings of the input, which are groups with their states already, as an Expand and an aggregation over it would give them. Each
 * grouping is made of the smallest one before it that has its keys.
 */
export interface PhysicalGroupingSets {
  readonly kind: 'GroupingSets'
  readonly input: Physical
  /** In the order in which they are made. `from`: the one before that it is made of; absent: the input. `keys`: columns of the input. */
  readonly sets: readonly { readonly from?: number; readonly keys: readonly Attribute[]; readonly values: readonly BoundExpr[] }[]
  /** How states become one, each under the id of the input's column that it is made of. */
  readonly states: readonly BoundAlias[]
  /** What `values` of each grouping give, keys and literals, then the states. */
  readonly output: readonly Attribute[]
}
/** Each row once per element of an array; see the logical node. */
export interface PhysicalGenerate {
  readonly kind: 'Generate'
  readonly input: Physical
  readonly array: BoundExpr
  readonly outer: boolean
  readonly position: boolean
  readonly fields: boolean
  readonly generated: readonly Attribute[]
}
/** A recursion in one task: the left side's rows, then the right side's over the round before. No exchange lies between it and its references. */
export interface PhysicalRecursion {
  readonly kind: 'RecursiveCte'
  readonly ref: number
  readonly left: Physical
  readonly right: Physical
  readonly output: readonly Attribute[]
}
export interface PhysicalRecursiveRef {
  readonly kind: 'RecursiveRef'
  readonly ref: number
  readonly rounds: number | undefined
  readonly output: readonly Attribute[]
}
/** Why the user asked for an exchange, in Spark's words. With BY_NUM the number of partitions stands. */
export type ExchangeOrigin = 'REPARTITION_BY_NUM' | 'REPARTITION_BY_COL' | 'REBALANCE_PARTITIONS_BY_NONE' | 'REBALANCE_PARTITIONS_BY_COL'

export type ExchangeTarget =
  | { readonly kind: 'hash'; readonly keys: readonly Attribute[]; readonly partitions: number; readonly origin?: ExchangeOrigin }
  | { readonly kind: 'range'; readonly order: readonly BoundSortOrder[]; readonly partitions: number; readonly origin?: ExchangeOrigin }
  | { readonly kind: 'single' }
  | { readonly kind: 'roundRobin'; readonly partitions: number; readonly origin?: ExchangeOrigin }
  /** `ends`: its tasks report the smallest and the largest value of that column. */
  | { readonly kind: 'broadcast'; readonly ends?: Attribute }
/** Rows move between tasks: a stage ends below, another begins above. */
export interface Exchange {
  readonly kind: 'Exchange'
  readonly input: Physical
  readonly target: ExchangeTarget
  /** How tasks share what they read of it, once that is known. local: each reads what one task wrote, where it lies, and rows lie as they were written. */
  readonly reading?: 'coalesced' | 'skewed' | 'coalesced and skewed' | 'local'
  /** Rows lie right already: it is there so that the partitions of a skewed join below may be split. */
  readonly forSkew?: true
}

export type Physical =
  | FileScan
  | RowsScan
  | RangeScan
  | ValuesScan
  | PhysicalProject
  | PhysicalFilter
  | HashAggregate
  | PhysicalJoin
  | PhysicalSort
  | TopN
  | PhysicalLimit
  | CollectLimit
  | PhysicalUnion
  | PhysicalSetOperation
  | PhysicalWindow
  | PhysicalWindowGroupLimit
  | PhysicalExpand
  | PhysicalGroupingSets
  | PhysicalGenerate
  | PhysicalRecursion
  | PhysicalRecursiveRef
  | Exchange

export function physicalOutput(plan: Physical): readonly Attribute[] {
  switch (plan.kind) {
    case 'FileScan':
    case 'RowsScan':
    case 'RangeScan':
    case 'ValuesScan':
    case 'Join':
    case 'Union':
    case 'Expand':
    case 'GroupingSets':
    case 'RecursiveCte':
    case 'RecursiveRef':
      return plan.output
    case 'Window':
      return [...physicalOutput(plan.input), ...plan.windows.map(toAttribute)]
    case 'Generate':
      return [...physicalOutput(plan.input), ...plan.generated]
    case 'Project':
      return plan.expressions.map(toAttribute)
    case 'HashAggregate':
      return plan.results.map(toAttribute)
    case 'SetOperation':
      return physicalOutput(plan.left)
    case 'Filter':
    case 'Sort':
    case 'TopN':
    case 'Limit':
    case 'CollectLimit':
    case 'WindowGroupLimit':
    case 'Exchange':
      return physicalOutput(plan.input)
    default:
      return unreachable(plan)
  }
}

export function physicalChildren(plan: Physical): readonly Physical[] {
  const children: Physical[] = []
  mapPhysicalChildren(plan, child => {
    children.push(child)
    return child
  })
  return children
}

/** The exchanges that a stage reads: the nearest ones below. */
export function exchangesBelow(plan: Physical): Exchange[] {
  return plan.kind === 'Exchange' ? [plan] : physicalChildren(plan).flatMap(exchangesBelow)
}

/** The same node over other inputs. */
export function mapPhysicalChildren(plan: Physical, f: (child: Physical) => Physical): Physical {
  switch (plan.kind) {
    case 'FileScan':
    case 'RowsScan':
    case 'RangeScan':
    case 'ValuesScan':
    case 'RecursiveRef':
      return plan
    case 'Join':
      return { ...plan, probe: f(plan.probe), build: f(plan.build) }
    case 'Union':
      return { ...plan, inputs: plan.inputs.map(f) }
    case 'SetOperation':
    case 'RecursiveCte':
      return { ...plan, left: f(plan.left), right: f(plan.right) }
    case 'Project':
    case 'Filter':
    case 'HashAggregate':
    case 'Sort':
    case 'TopN':
    case 'Limit':
    case 'CollectLimit':
    case 'Window':
    case 'WindowGroupLimit':
    case 'Expand':
    case 'GroupingSets':
    case 'Generate':
    case 'Exchange':
      return { ...plan, input: f(plan.input) }
    default:
      return unreachable(plan)
  }
}
