/**
 * Expressions after analysis: every column is an attribute with an id, every node has its type and nullability, every implicit cast is explicit. The
 * analyzer makes them, the optimizer rewrites them, `lower/` turns them into DuckDB SQL. Plain immutable data; aliases and sort orders stand outside the
 * union, because they are legal only at the top of a list.
 */
import type { DataType } from '../core/types.js'
import { types } from '../core/types.js'
import type { Literal, LiteralValue } from './expr.js'

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

export type BoundExpr = Attribute | Literal | Call | BoundCast | AggregateCall

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
