/**
 * Logical plans after analysis: what the optimizer rewrites and the physical planner reads. A node's output is a list of attributes, computed by
 * `outputOf`; ids are unique over a whole query, so that no two relations in it share one. Plain immutable data.
 */
import { unreachable } from '../core/errors.js'
import type { FileFormat } from '../core/stage.js'
import type { StructType } from '../core/types.js'
import { type Attribute, type BoundAlias, type BoundExpr, type BoundSortOrder, type NamedExpr, toAttribute } from './bound.js'
import type { BucketSpec } from './bucket-spec.js'
import type { JoinType } from './logical.js'
import type { FileInfo } from './ports.js'
import type { TableStatistics } from './table-statistics.js'

/** Files. `output` are the columns wanted, named as in the files but for `fields`. */
export interface ScanPlan {
  readonly kind: 'Scan'
  readonly format: FileFormat
  readonly paths: readonly string[]
  readonly options: Readonly<Record<string, string>>
  readonly files: readonly FileInfo[]
  readonly fileSchema: StructType
  readonly output: readonly Attribute[]
  /** Columns that are fields inside structs of the files: the names on the way to each, outermost first, by the column's name. */
  readonly fields?: Readonly<Record<string, readonly string[]>>
  /** Of a table whose files are known to be its buckets. */
  readonly buckets?: BucketSpec
  /** What ANALYZE TABLE has found out. */
  readonly statistics?: TableStatistics
}
/** Rows held by the driver, Arrow IPC streams; `schema` is what the streams hold, `output` the columns wanted, by name. */
export interface LocalRowsPlan {
  readonly kind: 'LocalRows'
  readonly schema: StructType
  readonly partitions: readonly Uint8Array[]
  readonly rows: number
  readonly output: readonly Attribute[]
}
/** Rows of constant expressions. One row of no columns is SELECT without FROM; no rows is the empty relation. */
export interface ValuesPlan {
  readonly kind: 'Values'
  readonly rows: readonly (readonly BoundExpr[])[]
  readonly output: readonly Attribute[]
}
export interface RangePlan {
  readonly kind: 'Range'
  readonly start: bigint
  readonly end: bigint
  readonly step: bigint
  readonly partitions?: number
  readonly output: readonly [Attribute]
}
export interface ProjectPlan {
  readonly kind: 'Project'
  readonly input: Plan
  readonly expressions: readonly NamedExpr[]
}
export interface FilterPlan {
  readonly kind: 'Filter'
  readonly input: Plan
  readonly condition: BoundExpr
}
/** What hints ask of a join's physical form. */
export type JoinStrategyHint = 'broadcast' | 'merge' | 'shuffle_hash' | 'shuffle_replicate_nl'
export interface JoinPlan {
  readonly kind: 'Join'
  readonly left: Plan
  readonly right: Plan
  readonly type: JoinType
  readonly condition?: BoundExpr
  readonly leftHint?: JoinStrategyHint
  readonly rightHint?: JoinStrategyHint
}
/** Every output expression is made of grouping expressions, aggregate calls and constants. No grouping: one row, also over no rows. */
export interface AggregatePlan {
  readonly kind: 'Aggregate'
  readonly input: Plan
  readonly grouping: readonly BoundExpr[]
  readonly aggregates: readonly NamedExpr[]
  /** Each task makes groups of the rows it has: a group may be there several times, for an aggregation above that combines them. */
  readonly partial?: true
}
export interface SortPlan {
  readonly kind: 'Sort'
  readonly input: Plan
  readonly order: readonly BoundSortOrder[]
  /** False: within partitions. */
  readonly global: boolean
}
export interface LimitPlan {
  readonly kind: 'Limit'
  readonly input: Plan
  readonly limit: number
}
export interface OffsetPlan {
  readonly kind: 'Offset'
  readonly input: Plan
  readonly offset: number
}
export interface DistinctPlan {
  readonly kind: 'Distinct'
  readonly input: Plan
}
/** UNION ALL. Inputs have the same number of columns and the same types; `output` has ids of its own. */
export interface UnionPlan {
  readonly kind: 'Union'
  readonly inputs: readonly Plan[]
  readonly output: readonly Attribute[]
}
/** Row-wise INTERSECT and EXCEPT; `output` are the left input's columns with nullability of their own. */
export interface SetOperationPlan {
  readonly kind: 'SetOperation'
  readonly operation: 'intersect' | 'except'
  readonly all: boolean
  readonly left: Plan
  readonly right: Plan
}
export interface SubqueryAliasPlan {
  readonly kind: 'SubqueryAlias'
  readonly input: Plan
  readonly alias: string
  /** The full name, where it has more parts than the alias. */
  readonly qualifier?: readonly string[]
}
/** A join hint on a relation, until it reaches the join above. */
export interface HintPlan {
  readonly kind: 'Hint'
  readonly input: Plan
  readonly hint: JoinStrategyHint
}
/** The right side reads columns of the left one: attributes that nothing in it gives. Until the first rule makes a join of it. */
export interface LateralJoinPlan {
  readonly kind: 'LateralJoin'
  readonly left: Plan
  readonly right: Plan
  readonly type: 'inner' | 'cross' | 'left'
  readonly condition?: BoundExpr
}
/** WITH RECURSIVE: the rows of the left side, then of the right one over the rows of the round before, until there are none. Runs in one task. */
export interface RecursiveCtePlan {
  readonly kind: 'RecursiveCte'
  /** What its references have in common. */
  readonly ref: number
  readonly left: Plan
  readonly right: Plan
  readonly output: readonly Attribute[]
}
/** The rows of the round before. The last column counts the rounds; more than `rounds` of them are an error. */
export interface RecursiveRefPlan {
  readonly kind: 'RecursiveRef'
  readonly ref: number
  readonly rounds: number | undefined
  readonly output: readonly Attribute[]
}
/** The input's columns and functions over windows, which all have the same partitions and order. Each child is a `WindowExpr`. */
export interface WindowPlan {
  readonly kind: 'Window'
  readonly input: Plan
  readonly windows: readonly BoundAlias[]
}
/** Functions whose values a window gives in ascending order, from 1. */
export type RankFunction = 'row_number' | 'rank' | 'dense_rank'
/** Of each group the rows of which `fn` over `partitionBy` and `orderBy` would be at most `limit`, or more: a window with this order above drops the others. */
export interface WindowGroupLimitPlan {
  readonly kind: 'WindowGroupLimit'
  readonly input: Plan
  readonly partitionBy: readonly BoundExpr[]
  readonly orderBy: readonly BoundSortOrder[]
  readonly fn: RankFunction
  readonly limit: number
}
/** Each row once per projection; `output` has ids of its own. */
export interface ExpandPlan {
  readonly kind: 'Expand'
  readonly input: Plan
  readonly projections: readonly (readonly BoundExpr[])[]
  readonly output: readonly Attribute[]
}
/** Each row once per element of an array: the input's columns, then `generated`. */
export interface GeneratePlan {
  readonly kind: 'Generate'
  readonly input: Plan
  readonly array: BoundExpr
  /** Rows without elements stay, with NULLs. */
  readonly outer: boolean
  /** The first generated column is the element's position, from 0. */
  readonly position: boolean
  /** The elements are structs, and their fields the columns. */
  readonly fields: boolean
  readonly generated: readonly Attribute[]
}
/** By hash of `keys`, or round robin when there are none. `partitions` absent: the planner's choice. */
export interface RepartitionPlan {
  readonly kind: 'Repartition'
  readonly input: Plan
  /** None: evenly. */
  readonly keys: readonly BoundExpr[]
  readonly partitions?: number
  /** range: by ranges of the keys. rebalance: into partitions of a good size. coalesce: into fewer, tasks taking over what others would have done. */
  readonly by?: 'range' | 'rebalance' | 'coalesce'
}

export type Plan =
  | ScanPlan
  | LocalRowsPlan
  | ValuesPlan
  | RangePlan
  | ProjectPlan
  | FilterPlan
  | JoinPlan
  | AggregatePlan
  | SortPlan
  | LimitPlan
  | OffsetPlan
  | DistinctPlan
  | UnionPlan
  | SetOperationPlan
  | SubqueryAliasPlan
  | HintPlan
  | RepartitionPlan
  | LateralJoinPlan
  | WindowPlan
  | WindowGroupLimitPlan
  | ExpandPlan
  | GeneratePlan
  | RecursiveCtePlan
  | RecursiveRefPlan

const outputs = new WeakMap<Plan, readonly Attribute[]>()

/** The columns a plan gives, in order. Remembered per node, since nodes never change. */
export function outputOf(plan: Plan): readonly Attribute[] {
  let output = outputs.get(plan)
  if (output === undefined) {
    output = computeOutput(plan)
    outputs.set(plan, output)
  }
  return output
}

function computeOutput(plan: Plan): readonly Attribute[] {
  switch (plan.kind) {
    case 'Scan':
    case 'LocalRows':
    case 'Values':
    case 'Range':
    case 'Union':
    case 'Expand':
    case 'RecursiveCte':
    case 'RecursiveRef':
      return plan.output
    case 'Window':
      return [...outputOf(plan.input), ...plan.windows.map(toAttribute)]
    case 'Generate':
      return [...outputOf(plan.input), ...plan.generated]
    case 'Project':
      return plan.expressions.map(toAttribute)
    case 'Aggregate':
      return plan.aggregates.map(toAttribute)
    case 'Join':
    case 'LateralJoin':
      return joinOutput(plan.type, outputOf(plan.left), outputOf(plan.right))
    case 'SubqueryAlias':
      return outputOf(plan.input).map(a => ({ ...a, qualifier: plan.qualifier ?? [plan.alias] }))
    case 'SetOperation':
      return outputOf(plan.left)
    case 'Filter':
    case 'Sort':
    case 'Limit':
    case 'Offset':
    case 'Distinct':
    case 'Hint':
    case 'Repartition':
    case 'WindowGroupLimit':
      return outputOf(plan.input)
    default:
      return unreachable(plan)
  }
}

/** A join's columns: the outer side's become nullable; semi and anti joins keep the left side only. */
export function joinOutput(type: JoinType, left: readonly Attribute[], right: readonly Attribute[]): readonly Attribute[] {
  const maybe = (side: readonly Attribute[]) => side.map(a => (a.nullable ? a : { ...a, nullable: true }))
  switch (type) {
    case 'inner':
    case 'cross':
      return [...left, ...right]
    case 'left':
      return [...left, ...maybe(right)]
    case 'right':
      return [...maybe(left), ...right]
    case 'full':
      return [...maybe(left), ...maybe(right)]
    case 'semi':
    case 'anti':
      return left
    default:
      return unreachable(type)
  }
}
