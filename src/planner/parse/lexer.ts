/**
 * Spark's lexical rules: SQL text to tokens that cover it, blanks and comments left out. Never fails: what starts no token becomes `unrecognized`, and
 * the parser says so. A `>` is always a token of its own, so that `array<array<int>>` needs no special case; the parser joins `>>` and `>>>`.
 */
import { keywords } from './keywords.js'
import type { Token, TokenKind } from './token.js'

const number = /(\d+\.\d*|\.\d+|\d+)([eE][+-]?\d+)?([bB][dD]|[lLsSyYdDfF])?/y
const wordRun = /[\p{L}\p{M}\d_]+/uy
const uriRun = /\p{L}+:\/\/[\p{L}\d_/\-.?=&#%]+/uy
const symbols3 = new Set(['<=>'])
const symbols2 = new Set(['->', '=>', '::', '||', '|>', '<=', '>=', '!=', '<>', '==', '<<', '!<', '!>', '/*', '*/'])
const symbols1 = new Set([...'()[]{}.,;?:=<>!+-*/%~&|^$'])

const blanks = /[\u00A0\u1680\u2000-\u200A\u2028\u202F\u205F\u3000]/

function isWordStart(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95 || code > 127
}
function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}
function isWordPart(code: number): boolean {
  return isWordStart(code) || isDigit(code)
}

const keywordCache = new Map<string, string>()
/** The keyword in capitals, or ''. */
function keywordOf(text: string): string {
  let key = keywordCache.get(text)
  if (key === undefined) {
    const upper = text.toUpperCase()
    key = keywords.has(upper) ? upper : ''
    if (keywordCache.size < 5000) keywordCache.set(text, key)
  }
  return key
}

/** Tokens of the text, closed by one of kind `end`. With `comments`, comments are kept (for highlighting). */
export function tokenize(text: string, options: { readonly comments?: boolean } = {}): Token[] {
  const tokens: Token[] = []
  const length = text.length
  let at = 0
  const push: Push = (kind, end, key = '') => {
    tokens.push({ kind, text: text.slice(at, end), key, start: at, end })
    at = end
    return end
  }
  while (at < length) {
    const code = text.charCodeAt(at)
    if (code === 32 || (code >= 9 && code <= 13)) at++
    else if (code > 127 && blanks.test(text[at] ?? '')) at++
    else if (isWordStart(code)) word(text, at, push)
    else if (isDigit(code) || (code === 46 && isDigit(text.charCodeAt(at + 1)))) numeral(text, at, push)
    else if (code === 39 || code === 34) quoted(text, at, at, push)
    else if (code === 96) backquoted(text, at, push)
    else if (code === 45 && text.charCodeAt(at + 1) === 45) comment(lineCommentEnd(text, at))
    else if (code === 47 && text.charCodeAt(at + 1) === 42 && text[at + 2] !== '+') comment(blockCommentEnd(text, at))
    else symbol(text, at, push)
  }
  tokens.push({ kind: 'end', text: '', key: '', start: length, end: length })
  return tokens

  function comment(end: number | undefined): void {
    if (end === undefined) push('unrecognized', length)
    else if (options.comments) push('comment', end)
    else at = end
  }
}

/** Adds the token from the current place to `end` and goes there. */
type Push = (kind: TokenKind, end: number, key?: string) => number

function word(text: string, at: number, push: Push): number {
  const first = text.charCodeAt(at)
  const next = text.charCodeAt(at + 1)
  if ((first === 114 || first === 82) && (next === 39 || next === 34)) return quoted(text, at, at + 1, push)
  let end = at + 1
  while (end < text.length && isWordPart(text.charCodeAt(end))) end++
  if (text.charCodeAt(end) === 58 && text.startsWith('://', end)) {
    uriRun.lastIndex = at
    const uri = uriRun.exec(text)
    if (uri !== null) return push('word', uriRun.lastIndex)
  }
  return push('word', end, keywordOf(text.slice(at, end)))
}

function numeral(text: string, at: number, push: Push): number {
  number.lastIndex = at
  const match = number.exec(text)
  if (match !== null) {
    const [, digits = '', exponent, suffix] = match
    const whole = !digits.includes('.')
    const suffixFits = suffix === undefined || (whole && exponent === undefined) || /^(bd|d|f)$/i.test(suffix)
    if (suffixFits && !isWordPart(text.charCodeAt(number.lastIndex))) {
      const kind = suffix !== undefined ? 'suffixed' : exponent !== undefined ? 'exponent' : whole ? 'integer' : 'decimal'
      return push(kind, number.lastIndex)
    }
  }
  // `1a` is an identifier; `1.a` is a number, a dot and a name.
  let end = at
  while (isDigit(text.charCodeAt(end))) end++
  if (end === at) return push('symbol', at + 1, '.')
  if (!isWordPart(text.charCodeAt(end))) return push('integer', end)
  wordRun.lastIndex = at
  wordRun.exec(text)
  return push('word', Math.max(wordRun.lastIndex, end))
}

/** A string that starts with the quote at `open`; raw when a prefix stands before it. A doubled quote stands for one, but not in raw strings. */
function quoted(text: string, at: number, open: number, push: Push): number {
  const quote = text.charCodeAt(open)
  const raw = open > at
  let end = open + 1
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end)
    if (code === 92 && !raw) end++
    else if (code === quote) {
      if (!raw && text.charCodeAt(end + 1) === quote) end++
      else return push(quote === 39 ? 'string' : 'doubleQuoted', end + 1)
    }
  }
  return push('unrecognized', text.length)
}

function backquoted(text: string, at: number, push: Push): number {
  let end = at + 1
  for (; end < text.length; end++) {
    if (text.charCodeAt(end) !== 96) continue
    if (text.charCodeAt(end + 1) === 96) end++
    else return push('backquoted', end + 1)
  }
  return push('unrecognized', text.length)
}

/** A backslash at the end of the line continues the comment, as in Spark's shell. */
function lineCommentEnd(text: string, at: number): number {
  let end = at + 2
  while (end < text.length) {
    const code = text.charCodeAt(end)
    if (code === 92 && text.charCodeAt(end + 1) === 10) end += 2
    else if (code === 10 || code === 13) break
    else end++
  }
  return end
}

/** Block comments nest. Undefined when it does not end. */
function blockCommentEnd(text: string, at: number): number | undefined {
  let depth = 0
  for (let i = at; i < text.length - 1; i++) {
    if (text[i] === '/' && text[i + 1] === '*') {
      depth++
      i++
    } else if (text[i] === '*' && text[i + 1] === '/') {
      depth--
      i++
      if (depth === 0) return i + 1
    }
  }
  return undefined
}

function symbol(text: string, at: number, push: Push): number {
  const three = text.slice(at, at + 3)
  if (symbols3.has(three) || three === '/*+') return push('symbol', at + 3, three)
  const two = text.slice(at, at + 2)
  if (symbols2.has(two)) return push('symbol', at + 2, two)
  const one = text.slice(at, at + 1)
  if (symbols1.has(one)) return push('symbol', at + 1, one)
  return push('unrecognized', at + 1)
}
