/**
 * Expressions as plain data. The unresolved kinds follow Spark Connect's expressions one to one; SQL parser and DataFrame API both make them, and only
 * the analyzer turns them into resolved ones. Nodes are immutable; `span` points into the SQL text they came from, when they did.
 */
import type { DataType } from '../core/types.js'
import type { Relation } from './logical.js'

/** Offsets in UTF-16 code units into the query's text, end exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}

interface Node {
  readonly span?: Span
}

/** A literal's JavaScript value by type: null; boolean; number for byte, short, int, float, double; bigint for long; decimal text for decimal; string; Uint8Array for binary; int days for date; bigint microseconds for timestamps and day-time intervals; `{months, days, micros}` for interval. */
export type LiteralValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | { readonly months: number; readonly days: number; readonly micros: bigint }

export interface Literal extends Node {
  readonly kind: 'Literal'
  readonly value: LiteralValue
  readonly type: DataType
}
/** `a.b.c`; each part already unquoted. */
export interface UnresolvedAttribute extends Node {
  readonly kind: 'UnresolvedAttribute'
  readonly nameParts: readonly string[]
  /** From `df.col('a')`: only the output of the relation with this `planId` is meant, so that `a.join(b, a.col('id').eq(b.col('id')))` is not ambiguous. */
  readonly planId?: number
}
export interface UnresolvedStar extends Node {
  readonly kind: 'UnresolvedStar'
  readonly target?: readonly string[]
  readonly except?: readonly (readonly string[])[]
}
/**
 * A call by name: functions and operators alike, operators under their SQL spelling (`+`, `=`, `<=>`, `and`, `or`, `not`, `||`, `in`, `like`, `rlike`,
 * `between`, `isnull`, `isnotnull`, `negative`, `positive`, `when` (cond, value, …, else?)), as in Spark Connect. `a <> b` is `not(=)`, `IS DISTINCT
 * FROM` is `not(<=>)`, `x IS TRUE` is `<=>(x, true)`, `EXTRACT(f FROM x)` is `extract('f', x)`. `current_date` and its like without parentheses are
 * attributes that the analyzer turns into calls when no column has the name. A function's name stands as written: compare without regard to case.
 */
export interface UnresolvedFunction extends Node {
  readonly kind: 'UnresolvedFunction'
  readonly name: string
  readonly args: readonly Expr[]
  readonly distinct?: boolean
  readonly filter?: Expr
  /** `IGNORE NULLS` (true) or `RESPECT NULLS` (false), when written. */
  readonly ignoreNulls?: boolean
  /** `WITHIN GROUP (ORDER BY …)`. */
  readonly withinGroup?: readonly Expr[]
  /** Made by spk itself, which may call functions that users do not see. */
  readonly internal?: boolean
}
/** `f(name => value)`. */
export interface NamedArgument extends Node {
  readonly kind: 'NamedArgument'
  readonly name: string
  readonly value: Expr
}
/** `(x, y) -> body`; inside the body the parameters are plain `UnresolvedAttribute`s. */
export interface LambdaFunction extends Node {
  readonly kind: 'LambdaFunction'
  readonly parameters: readonly string[]
  readonly body: Expr
}
/** An edge of a window frame: `offset` rows (or units) from the current row, negative = preceding. */
export type FrameBoundary = { readonly kind: 'currentRow' } | { readonly kind: 'unbounded' } | { readonly kind: 'offset'; readonly value: Expr }
export interface WindowFrame {
  readonly type: 'rows' | 'range'
  readonly lower: FrameBoundary
  readonly upper: FrameBoundary
}
/** `f(…) OVER (…)`. With `reference`, the rest is empty and a `WithWindowDefinition` above names the specification. */
export interface Window extends Node {
  readonly kind: 'Window'
  readonly function: Expr
  readonly partitionBy: readonly Expr[]
  readonly orderBy: readonly Expr[]
  readonly frame?: WindowFrame
  readonly reference?: string
}
export interface Cast extends Node {
  readonly kind: 'Cast'
  readonly child: Expr
  readonly to: DataType
  /** ansi: fail; try: NULL; legacy: Spark's non-ANSI rules. Default by `spark.sql.ansi.enabled`. */
  readonly mode?: 'ansi' | 'try' | 'legacy'
}
export interface Alias extends Node {
  readonly kind: 'Alias'
  readonly child: Expr
  readonly name: string
}
/** `child AS (a, b)`: names for all columns that a generator gives. */
export interface MultiAlias extends Node {
  readonly kind: 'MultiAlias'
  readonly child: Expr
  readonly names: readonly string[]
}
/** `child.field`, `child[ordinal]`, `child[key]`. */
export interface UnresolvedExtractValue extends Node {
  readonly kind: 'UnresolvedExtractValue'
  readonly child: Expr
  readonly extraction: Expr
}
export interface SortOrder extends Node {
  readonly kind: 'SortOrder'
  readonly child: Expr
  readonly ascending: boolean
  /** Absent: Spark's default, first when ascending, last when descending. */
  readonly nullsFirst?: boolean
}
/** A SQL text that the analyzer parses (`expr('a + 1')`). */
export interface ExpressionString extends Node {
  readonly kind: 'ExpressionString'
  readonly text: string
}
/** `(SELECT …)` as a value, `EXISTS (…)`, `x IN (SELECT …)`. Refused with a typed error until subqueries are planned. */
export interface SubqueryExpression extends Node {
  readonly kind: 'SubqueryExpression'
  readonly subquery: 'scalar' | 'exists' | 'in'
  readonly plan: Relation
  readonly values?: readonly Expr[]
}

export type UnresolvedExpr =
  | Literal
  | UnresolvedAttribute
  | UnresolvedStar
  | UnresolvedFunction
  | Cast
  | Alias
  | MultiAlias
  | UnresolvedExtractValue
  | SortOrder
  | ExpressionString
  | SubqueryExpression
  | NamedArgument
  | LambdaFunction
  | Window

/** Resolved expressions are a union of their own: `BoundExpr` in `bound.ts`. */
export type Expr = UnresolvedExpr
