/**
 * Expressions after analysis: every column is an attribute with an id, every node has its type and nullability, every implicit cast is explicit. The
 * analyzer makes them, the optimizer rewrites them, `lower/` turns them into DuckDB SQL. Plain immutable data; aliases and sort orders stand outside the
 * union, because they are legal only at the top of a list.
 */
import type { DataType } from '../core/types.js'
import { types } from '../core/types.js'
import type { Literal, LiteralValue } from './expr.js'
import type { Plan } from './plan.js'

/** A column of some plan's output, known by its id alone; name and qualifier are for people and for name resolution. */
export interface Attribute {
  readonly kind: 'Attribute'
  readonly id: number
  readonly name: string
  readonly type: DataType
  readonly nullable: boolean
  /** What the name may be prefixed with: `t` in `t.a`. */
  readonly qualifier: readonly string[]
  /** The id of the column of the same list that this one repeats (`SELECT a, a`): a name that means both is not ambiguous. */
  readonly repeats?: number
}

/** A scalar call. `fn` is the canonical name in the table of functions, arguments already have the types it wants. */
export interface Call {
  readonly kind: 'Call'
  readonly fn: string
  readonly args: readonly BoundExpr[]
  readonly type: DataType
  readonly nullable: boolean
}

/** `ansi` fails, `try` gives NULL, `legacy` follows Spark's rules with ANSI off. */
export type CastMode = 'ansi' | 'try' | 'legacy'

export interface BoundCast {
  readonly kind: 'Cast'
  readonly child: BoundExpr
  readonly type: DataType
  readonly mode: CastMode
  readonly nullable: boolean
}

/** An aggregate function over the rows of a group; only below the output list of an aggregate. */
export interface AggregateCall {
  readonly kind: 'AggregateCall'
  readonly fn: string
  readonly args: readonly BoundExpr[]
  readonly distinct: boolean
  readonly filter?: BoundExpr
  readonly type: DataType
  readonly nullable: boolean
}

/**
 * A query as a value, a test for rows or a test for membership. Only between the analyzer and the first rule of the optimizer, which makes joins of it.
 * What the plan reads of the query around it are attributes that none of its relations gives: the parameters. `outer` binds each to a value there.
 */
export interface Subquery {
  readonly kind: 'Subquery'
  readonly id: number
  readonly subquery: 'scalar' | 'exists' | 'in'
  readonly plan: Plan
  /** What is looked for in the plan's columns, for `in`; already of their types. */
  readonly values: readonly BoundExpr[]
  readonly outer: readonly { readonly parameter: Attribute; readonly value: BoundExpr }[]
  readonly type: DataType
  readonly nullable: boolean
}

/** A parameter of a lambda function, inside its body. */
export interface LambdaVariable {
  readonly kind: 'LambdaVariable'
  readonly id: number
  readonly name: string
  readonly type: DataType
  readonly nullable: boolean
}
/** `x -> body`: an argument of a function that calls it. Its type is the body's. */
export interface Lambda {
  readonly kind: 'Lambda'
  readonly parameters: readonly LambdaVariable[]
  readonly body: BoundExpr
  readonly type: DataType
  readonly nullable: boolean
}

/** A function that only exists over a window: `row_number`, `lag`, … */
export interface WindowCall {
  readonly kind: 'WindowCall'
  readonly fn: string
  readonly args: readonly BoundExpr[]
  readonly ignoreNulls: boolean
  readonly type: DataType
  readonly nullable: boolean
}
/** An offset is a number of rows or a distance; negative distances are written as `preceding`. */
export type BoundFrameEdge =
  | { readonly kind: 'currentRow' }
  | { readonly kind: 'unbounded' }
  | { readonly kind: 'offset'; readonly value: BoundExpr; readonly preceding: boolean }
export interface BoundFrame {
  readonly type: 'rows' | 'range'
  readonly lower: BoundFrameEdge
  readonly upper: BoundFrameEdge
}
/** A function over the rows around each row. Only below the list of a Window node, once analysis is over. */
export interface WindowExpr {
  readonly kind: 'Window'
  readonly function: AggregateCall | WindowCall
  readonly partitionBy: readonly BoundExpr[]
  readonly orderBy: readonly BoundSortOrder[]
  readonly frame?: BoundFrame
  readonly type: DataType
  readonly nullable: boolean
}

export type BoundExpr = Attribute | Literal | Call | BoundCast | AggregateCall | Subquery | WindowCall | WindowExpr | Lambda | LambdaVariable

/** Gives an expression a name and an id: how it is seen from above. */
export interface BoundAlias {
  readonly kind: 'Alias'
  readonly id: number
  readonly name: string
  readonly child: BoundExpr
  readonly qualifier: readonly string[]
  readonly repeats?: number
}

export type NamedExpr = Attribute | BoundAlias

export interface BoundSortOrder {
  readonly child: BoundExpr
  readonly ascending: boolean
  readonly nullsFirst: boolean
}

export function literal(value: LiteralValue, type: DataType): Literal {
  return { kind: 'Literal', value, type }
}
export const trueLiteral: Literal = literal(true, types.boolean)
export const falseLiteral: Literal = literal(false, types.boolean)
export function nullOf(type: DataType): Literal {
  return literal(null, type)
}

export function isNullable(expr: BoundExpr): boolean {
  return expr.kind === 'Literal' ? expr.value === null : expr.nullable
}

/** The attribute under which a named expression is seen from above. */
export function toAttribute(expr: NamedExpr): Attribute {
  if (expr.kind === 'Attribute') return expr
  return {
    kind: 'Attribute',
    id: expr.id,
    name: expr.name,
    type: expr.child.type,
    nullable: isNullable(expr.child),
    qualifier: expr.qualifier,
    ...(expr.repeats === undefined ? {} : { repeats: expr.repeats }),
  }
}

/** The expression that a named expression stands for. */
export function unaliased(expr: NamedExpr): BoundExpr {
  return expr.kind === 'Alias' ? expr.child : expr
}
