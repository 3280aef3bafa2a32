/** String tokens: which tokens are strings, and what they hold once quotes, escapes and doubled quotes are resolved. */
import type { Cursor } from './cursor.js'
import type { Token } from './token.js'

export function isString(c: Cursor, token: Token = c.token): boolean {
  return token.kind === 'string' || (token.kind === 'doubleQuoted' && !(c.options.doubleQuotedIdentifiers && token.text[0] === '"'))
}

/** One or more string tokens side by side: their texts joined. */
export function stringText(c: Cursor): string {
  if (!isString(c)) c.fail('<a string>')
  let text = unquoteString(c.next().text)
  while (isString(c)) text += unquoteString(c.next().text)
  return text
}

const escapes: Readonly<Record<string, string>> = { '0': '\0', b: '\b', n: '\n', r: '\r', t: '\t', Z: '\x1a', '%': '\\%', _: '\\_' }
const escapeSequence = /\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[01][0-7]{2}|[\s\S])|''|""/g

/** The value of a string token: prefix, quotes and escapes taken away. */
export function unquoteString(token: string): string {
  const raw = token[0] === 'r' || token[0] === 'R'
  const quote = token[raw ? 1 : 0]
  const body = token.slice(raw ? 2 : 1, -1)
  if (raw || !/['"\\]/.test(body)) return body
  return body.replace(escapeSequence, (whole, code: string | undefined) => {
    if (code === undefined) return whole[0] === quote ? whole.slice(1) : whole
    if (code.length === 5 && code[0] === 'u') return String.fromCharCode(Number.parseInt(code.slice(1), 16))
    if (code.length === 9) return codePoint(Number.parseInt(code.slice(1), 16))
    if (code.length === 3) return String.fromCharCode(Number.parseInt(code, 8))
    return escapes[code] ?? code
  })
}

function codePoint(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd'
}
