/**
 * A text of several SQL statements, cut at the semicolons that end them: not those in strings, names, comments, hints and `BEGIN … END` blocks. Works on
 * the parser's own tokens, never fails: what is no SQL is left for the parser to refuse. Used by `spk sql`.
 */
import { tokenize } from '../planner/parse/lexer.js'
import type { Token } from '../planner/parse/token.js'

export interface StatementText {
  /** From its first token to its last: without the semicolon, and without comments around it. */
  readonly text: string
  /** Line of its first token in the whole text, 1-based. */
  readonly line: number
}

export interface SplitText {
  readonly statements: readonly StatementText[]
  /** What stands after the last semicolon; undefined when that is only blanks and comments. */
  readonly rest?: StatementText
  /** Whether the text ends inside a string or comment: more lines are to come. */
  readonly open: boolean
}

const closersOfOthers = new Set(['IF', 'WHILE', 'LOOP', 'FOR', 'REPEAT'])

export function splitStatements(sql: string): SplitText {
  const tokens = tokenize(sql)
  const statements: StatementText[] = []
  let first: Token | undefined
  let last: Token | undefined
  let script = false
  let depth = 0
  let hint = false
  let line = 1
  let counted = 0
  const take = (): StatementText | undefined => {
    if (first === undefined || last === undefined) return undefined
    for (; counted < first.start; counted++) if (sql.charCodeAt(counted) === 10) line++
    return { text: sql.slice(first.start, last.end), line }
  }
  for (const [i, token] of tokens.entries()) {
    if (token.kind === 'end') break
    if (token.key === '/*+') hint = true
    else if (token.key === '*/') hint = false
    if (token.key === ';' && !hint && depth === 0) {
      const statement = take()
      if (statement !== undefined) statements.push(statement)
      first = last = undefined
      script = false
      continue
    }
    if (first === undefined) {
      first = token
      script = startsScript(tokens, i)
    }
    if (script) depth += scriptDepth(tokens, i)
    last = token
  }
  const rest = take()
  const end = tokens.at(-2)
  return { statements, ...(rest === undefined ? {} : { rest }), open: end?.kind === 'unrecognized' && /^(r?['"]|`|\/\*)/i.test(end.text) }
}

/** `BEGIN` with something behind it, or `label: BEGIN`. */
function startsScript(tokens: readonly Token[], at: number): boolean {
  const key = (n: number): string => tokens[at + n]?.key ?? ''
  return (key(0) === 'BEGIN' && key(1) !== ';' && tokens[at + 1]?.kind !== 'end') || (key(1) === ':' && key(2) === 'BEGIN')
}

/** What a word of a script opens (`BEGIN`, `CASE`) or closes. `END IF`, `END LOOP` and their like close what is not counted. */
function scriptDepth(tokens: readonly Token[], at: number): number {
  const key = tokens[at]?.key
  const before = tokens[at - 1]?.key
  if (key === 'BEGIN' || (key === 'CASE' && before !== 'END')) return 1
  return key === 'END' && !closersOfOthers.has(tokens[at + 1]?.key ?? '') ? -1 : 0
}
