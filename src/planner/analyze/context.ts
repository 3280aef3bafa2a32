/** What the analyzer knows beside the plan: settings, fresh ids, files already described, views, and how errors are made. */
import { type QueryContext, SpkError } from '../../core/errors.js'
import type { Attribute, BoundExpr, CastMode } from '../bound.js'
import type { Expr, Span, Window } from '../expr.js'
import type { Relation } from '../logical.js'
import type { SessionNames, SourceInfo } from '../ports.js'
import type { Scoped } from './scope.js'

/** What names mean for an expression. */
export interface Names {
  /** Looked up in order; the first list that knows the name wins: visible columns before hidden ones. */
  readonly lists: readonly (readonly Attribute[])[]
  /** The order inside the arguments of aggregate functions, when it is another one. */
  readonly insideAggregates?: readonly (readonly Attribute[])[]
  /** The names are those above a grouping: an aggregate function inside a subquery may be over its groups. */
  readonly groups?: boolean
  /** What `*` means. */
  readonly star: readonly Attribute[]
  /** What `t.*` means in addition. */
  readonly hidden?: readonly Attribute[]
  /** Parameters of the lambda functions around, the nearest of each name, by lower-case name: they win over columns. */
  readonly variables?: ReadonlyMap<string, BoundExpr>
  /** Earlier aliases of the same select list: used when no column has the name. */
  readonly aliases?: ReadonlyMap<string, BoundExpr>
}

/** Keys, order and frame of a window, or the name of another specification. */
export type WindowSpec = Pick<Window, 'partitionBy' | 'orderBy' | 'frame' | 'reference'>

/** A query around the one being resolved: what its names mean, and which of them were read from inside. */
export interface OuterScope {
  readonly lists: Names['lists']
  readonly used: Map<number, Attribute>
  /** It is grouped there: aggregates of its columns alone belong to it. */
  readonly groups: boolean
  /** Aggregates over the query around that are written inside: the parameter for each, by the aggregate's key. */
  readonly aggregates: Map<string, { readonly parameter: Attribute; readonly value: BoundExpr }>
}

export interface AnalyzerContext {
  readonly caseSensitive: boolean
  readonly ansi: boolean
  /** `spark.sql.decimalOperations.allowPrecisionLoss`. */
  readonly precisionLoss: boolean
  readonly castMode: CastMode
  /** The query's one current time, microseconds since the epoch. */
  readonly now: bigint
  readonly timeZone: string
  /** `spark.sql.timestampType=TIMESTAMP_NTZ`. */
  readonly timestampNtz: boolean
  /** The SQL text that spans point into, when there is one. */
  readonly text: string | undefined
  readonly session: SessionNames
  /** Common table expressions in sight, by lower-case name; each use resolves the plan anew, in the context of its definition. */
  readonly ctes: ReadonlyMap<string, () => Scoped>
  /** Window specifications of the WINDOW clause, by lower-case name. */
  readonly windows: ReadonlyMap<string, WindowSpec>
  /** The queries around a subquery, the nearest first. */
  readonly outer: readonly OuterScope[]
  /** The views being resolved around this place. */
  readonly openViews: ReadonlySet<string>
  /**
   * The column ids of every DataFrame in the plan, by `planId`, each with how deep in the plan it is: what `df.col('a')` may mean. Filled as relations are
   * resolved.
   */
  readonly dataFrames: Map<number, Map<number, number>>
  /** How deep in the plan the relation being resolved is. */
  readonly depth: number
  nextId(): number
  view(nameParts: readonly string[]): Relation | undefined
  /** Names of all temp views, for messages. */
  viewNames(): readonly string[]
  parseExpression(text: string): Expr
  source(read: Extract<Relation, { kind: 'ReadFiles' }>): SourceInfo
  resolve(relation: Relation, context: AnalyzerContext): Scoped
}

/** An analysis error that points at a node of the text: line, position (0-based, as Spark counts) and a caret stand in its message. */
export function fail(
  context: AnalyzerContext,
  node: { readonly span?: Span } | undefined,
  code: string,
  sqlState: string,
  message: string,
): SpkError {
  const where = node?.span === undefined || context.text === undefined ? undefined : queryContext(context.text, node.span)
  const error = new SpkError(code, message, { sqlState, ...(where === undefined ? {} : { context: where }) })
  if (where !== undefined) error.message += placeText(context.text ?? '', where)
  return error
}

/** `; line 2 pos 7`, then the line with the fragment underlined. */
function placeText(text: string, { fragment, line, column }: QueryContext): string {
  const shown = text.split('\n')[line - 1] ?? ''
  const length = Math.max(1, Math.min(fragment.length, shown.length - column + 1))
  return `; line ${line} pos ${column - 1}\n\n== SQL ==\n${shown}\n${' '.repeat(column - 1)}${'^'.repeat(length)}`
}

export function queryContext(text: string, span: Span): QueryContext {
  const before = text.slice(0, span.start)
  const line = before.split('\n').length
  return { fragment: text.slice(span.start, span.end), start: span.start, end: span.end, line, column: span.start - before.lastIndexOf('\n') }
}

export function unsupported(context: AnalyzerContext, node: { readonly span?: Span }, code: string, what: string): SpkError {
  return fail(context, node, `UNSUPPORTED_FEATURE.${code}`, '0A000', `The feature is not supported: ${what}.`)
}

/** Backquoted parts: `a`.`b`. */
export function quoted(parts: readonly string[]): string {
  return parts.map(p => `\`${p.replaceAll('`', '``')}\``).join('.')
}

export function sameName(context: { readonly caseSensitive: boolean }, a: string, b: string): boolean {
  return context.caseSensitive ? a === b : a.toLowerCase() === b.toLowerCase()
}
