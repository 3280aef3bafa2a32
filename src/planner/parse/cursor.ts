/**
 * The parser's place in the token list: look, take, go back, fail. Every grammar file is functions over a cursor. An attempt that fails records what
 * could have stood there only in a second run over the same text, so that the first, successful one pays nothing for it.
 */
import type { SpkError } from '../../core/errors.js'
import type { DataType, StructType } from '../../core/types.js'
import type { Expr, Span } from '../expr.js'
import type { Relation, Statement } from '../logical.js'
import { tokenize } from './lexer.js'
import { nearKeyword } from './near-keyword.js'
import type { ParseOptions } from './options.js'
import { alternatives, semanticError, syntaxError } from './parse-error.js'
import type { Token } from './token.js'

/** The grammar's entry points that its files need of one another: the files would import in circles otherwise. */
export interface Grammar {
  expression(c: Cursor): Expr
  /** What binds tighter than AND, OR, NOT and predicates. */
  valueExpression(c: Cursor): Expr
  query(c: Cursor): Relation
  statement(c: Cursor): Statement
  dataType(c: Cursor): DataType
  /** Columns of a schema, without parentheses. */
  tableSchema(c: Cursor): StructType
}

export class Cursor {
  readonly text: string
  readonly options: ParseOptions
  readonly grammar: Grammar
  readonly #tokens: readonly Token[]
  /** The current token. */
  token: Token
  #pos = 0
  /** `?` markers seen so far. */
  markers = 0
  /** Whether a `:name` marker was seen. */
  named = false
  readonly #expected: Set<string> | undefined
  #furthest = 0

  constructor(text: string, options: ParseOptions, grammar: Grammar, record = false) {
    this.text = text
    this.options = options
    this.grammar = grammar
    this.#tokens = tokenize(text)
    this.token = this.#tokens[0] as Token
    this.#expected = record ? new Set() : undefined
  }

  /** A cursor over another text with the same options, or with other parameters. */
  nested(text: string, parameters: Pick<ParseOptions, 'named' | 'positional'> = {}): Cursor {
    return new Cursor(text, { ...this.options, ...parameters }, this.grammar)
  }

  /** Whether a token of the whole text is this symbol, followed by a word that `word` accepts. */
  has(symbol: string, word: (text: string) => boolean = () => true): boolean {
    return this.#tokens.some((token, i) => token.key === symbol && word(this.#tokens[i + 1]?.text ?? ''))
  }

  /** The token `n` places ahead; past the end, the end token. */
  peek(n = 1): Token {
    return this.#tokens[this.#pos + n] ?? (this.#tokens[this.#tokens.length - 1] as Token)
  }

  /** The token before the current one. */
  get previous(): Token {
    return this.#tokens[this.#pos - 1] ?? this.token
  }

  /** Whether the current token is this keyword or symbol. */
  is(key: string): boolean {
    if (this.token.key === key) return true
    if (this.#expected !== undefined) this.#expect(key)
    return false
  }

  isAny(keys: ReadonlySet<string>): boolean {
    return this.token.key !== '' && keys.has(this.token.key)
  }

  /** Whether these keywords or symbols come next, one after the other. */
  areNext(...keys: readonly string[]): boolean {
    return keys.every((key, i) => (i === 0 ? this.is(key) : this.peek(i).key === key))
  }

  /** Takes the current token. */
  next(): Token {
    const taken = this.token
    if (this.#pos < this.#tokens.length - 1) this.#pos++
    this.token = this.#tokens[this.#pos] as Token
    return taken
  }

  /** Takes the current token when it is this keyword or symbol. */
  accept(key: string): boolean {
    if (!this.is(key)) return false
    this.next()
    return true
  }

  /** Takes several tokens when all of them come next. */
  acceptAll(...keys: readonly string[]): boolean {
    if (!this.areNext(...keys)) return false
    for (let i = 0; i < keys.length; i++) this.next()
    return true
  }

  /** Takes the current token, which must be this keyword or symbol. */
  expect(key: string): Token {
    if (!this.is(key)) this.fail(key)
    return this.next()
  }

  /** Items with commas between them, at least one. */
  list<T>(item: (c: Cursor) => T): T[] {
    const items = [item(this)]
    while (this.accept(',')) items.push(item(this))
    return items
  }

  mark(): number {
    return this.#pos
  }
  reset(mark: number): void {
    this.#pos = mark
    this.token = this.#tokens[mark] as Token
  }

  /** Tries a reading; when it fails with a syntax error the cursor is where it was, and the answer undefined. */
  attempt<T>(read: (c: Cursor) => T): T | undefined {
    const mark = this.#pos
    const markers = this.markers
    try {
      return read(this)
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'PARSE_SYNTAX_ERROR') throw error
      this.reset(mark)
      this.markers = markers
      return undefined
    }
  }

  /** From `start` (an offset) to the end of the last token taken. */
  spanFrom(start: number): Span {
    return { start, end: this.previous.end }
  }

  /** Fails at the current token, naming what could stand there: `what` (a keyword, a symbol or words in brackets) and all that was asked for here. */
  fail(what?: string): never {
    if (what !== undefined) this.#expect(what)
    throw this.syntaxError()
  }

  syntaxError(token: Token = this.token): SpkError {
    if (token.kind === 'unrecognized' && token.text.startsWith('/*')) {
      const message = 'Found an unclosed bracketed comment. Please, append */ at the end of the comment.'
      return syntaxError('UNCLOSED_BRACKETED_COMMENT', message, this.place(token), {})
    }
    const near = token.kind === 'end' ? 'end of input' : `'${token.kind === 'unrecognized' ? token.text.slice(0, 1) : token.text}'`
    return syntaxError('PARSE_SYNTAX_ERROR', `Syntax error at or near ${near}${this.#hint(token)}.`, this.place(token), { error: near })
  }

  #hint(token: Token): string {
    if (token.kind === 'unrecognized') return /^[r'"`]/i.test(token.text) ? `: the quote is not closed` : ''
    const names = this.#expected === undefined ? [] : [...this.#expected].sort((a, b) => rank(a) - rank(b)).map(shown)
    const meant = nearKeyword(token, this.previous)
    return `${names.length === 0 ? '' : `: expected ${alternatives(names)}`}${meant === undefined ? '' : `; perhaps ${meant} is meant`}`
  }

  place(span: Span): { text: string; start: number; end: number } {
    return { text: this.text, start: span.start, end: span.end }
  }

  /** A typed error other than a syntax error, at a span. */
  error(code: string, message: string, span: Span, params: Readonly<Record<string, string>> = {}, sqlState = '42601'): SpkError {
    return semanticError(code, message, this.place(span), { params, sqlState })
  }

  #expect(what: string): void {
    if (this.#expected === undefined) return
    if (this.#pos > this.#furthest) {
      this.#furthest = this.#pos
      this.#expected.clear()
    }
    if (this.#pos === this.#furthest) this.#expected.add(what)
  }
}

/** What is worth telling first: closing brackets and commas, then descriptions, then keywords, then other symbols. */
function rank(what: string): number {
  return what === ')' || what === ',' ? 0 : what.startsWith('<a') ? 1 : /^\w/.test(what) ? 2 : 3
}

function shown(what: string): string {
  return what.startsWith('<') && what.endsWith('>') && what.length > 3 ? what.slice(1, -1) : /^\w+$/.test(what) ? what : `'${what}'`
}
