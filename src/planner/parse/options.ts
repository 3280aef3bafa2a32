/** What the meaning of a SQL text depends on besides the text: session settings and parameters. */
import type { Expr } from '../expr.js'

export interface ParseOptions {
  /** `spark.sql.ansi.enforceReservedKeywords` (with ANSI mode): reserved words cannot be names. Default false. */
  readonly reservedKeywords?: boolean
  /** `spark.sql.ansi.doubleQuotedIdentifiers` (with ANSI mode): `"x"` is an identifier. Default false: it is a string. */
  readonly doubleQuotedIdentifiers?: boolean
  /** Session time zone, for TIMESTAMP literals without one. Default UTC. */
  readonly timeZone?: string
  /** `spark.sql.timestampType=TIMESTAMP_NTZ`: what TIMESTAMP means. Default with local time zone. */
  readonly timestampNtz?: boolean
  /** `spark.sql.legacy.identifierClause`: IDENTIFIER() stands for whole names of tables, columns and functions only. Default false. */
  readonly legacyIdentifierClause?: boolean
  /** False: `|` is never a pipe (`spark.sql.parser.singleCharacterPipeOperator.enabled`). Default true. */
  readonly singlePipe?: boolean
  /** Values of `:name` markers. */
  readonly named?: Readonly<Record<string, Expr>>
  /** Values of `?` markers, in order. */
  readonly positional?: readonly Expr[]
}
