/** What the lexer makes: tokens with their place in the text. The parser reads them; highlighting and completion may too. */

export type TokenKind =
  /** An unquoted word: keyword or identifier. */
  | 'word'
  /** `` `x` `` */
  | 'backquoted'
  /** `'x'`, `r'x'` */
  | 'string'
  /** `"x"`, `r"x"`: a string, or an identifier under `spark.sql.ansi.doubleQuotedIdentifiers`. */
  | 'doubleQuoted'
  /** `12` */
  | 'integer'
  /** `1.5`, `.5`, `1.` */
  | 'decimal'
  /** `1e3`, `1.5e-3` */
  | 'exponent'
  /** A number with a type suffix: `1L`, `1.5D`, `10BD`. */
  | 'suffixed'
  | 'symbol'
  /** Only when asked for. */
  | 'comment'
  /** Characters that start no token, or a string that does not end. */
  | 'unrecognized'
  | 'end'

export interface Token {
  readonly kind: TokenKind
  /** As written. */
  readonly text: string
  /** A keyword in capitals, a symbol as written; empty for everything else. What the grammar compares with. */
  readonly key: string
  readonly start: number
  readonly end: number
}
