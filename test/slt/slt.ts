/**
 * Tables of cases (`*.slt`): SQL expressions with the type and the value, or the condition of the error, that Spark gives. A file opens with comments,
 * `set key = value` lines and at most one `from relation` line; then come pairs of lines: an expression, and below it `type: value` or `error: CONDITION`.
 */
import { readFileSync } from 'node:fs'

export interface SltCase {
  readonly sql: string
  readonly line: number
  readonly expected:
    | { readonly kind: 'value'; readonly type: string; readonly value: string }
    | { readonly kind: 'error'; readonly condition: string }
}

export interface SltTable {
  readonly settings: Readonly<Record<string, string>>
  readonly from?: string
  readonly cases: readonly SltCase[]
}

export function readSlt(path: string): SltTable {
  return parseSlt(readFileSync(path, 'utf8'))
}

/** In values a line break is `\n` and a backslash `\\`. */
export function parseSlt(text: string): SltTable {
  const settings: Record<string, string> = {}
  const cases: SltCase[] = []
  let from: string | undefined
  let sql: { text: string; line: number } | undefined
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const set = /^set (\S+) = (.*)$/.exec(line)
    if (line.startsWith('  ')) {
      if (sql === undefined) throw new Error(`line ${i + 1}: a result without an expression`)
      cases.push({ sql: sql.text, line: sql.line, expected: expectation(line.slice(2), i + 1) })
      sql = undefined
    } else if (sql !== undefined) throw new Error(`line ${i + 1}: the expression above has no result`)
    else if (set !== null) settings[set[1] as string] = set[2] as string
    else if (line.startsWith('from ')) from = line.slice(5)
    else sql = { text: line, line: i + 1 }
  }
  if (sql !== undefined) throw new Error(`line ${sql.line}: the expression has no result`)
  return { settings, cases, ...(from === undefined ? {} : { from }) }
}

function expectation(text: string, line: number): SltCase['expected'] {
  const match = /^(.+?): ?(.*)$/.exec(text.replace(/^(struct<.*>|array<.*>|map<.*>): /, (_, t: string) => `${t.replaceAll(':', '\0')}: `))
  if (match === null) throw new Error(`line ${line}: neither "type: value" nor "error: CONDITION"`)
  const [, type = '', value = ''] = match
  if (type === 'error') return { kind: 'error', condition: value }
  return { kind: 'value', type: type.replaceAll('\0', ':'), value: value.replace(/\\(n|\\)/g, (_, c: string) => (c === 'n' ? '\n' : '\\')) }
}
