/** Errors of the parser in Spark's form: condition, SQLSTATE, line and position (0-based, as Spark counts), the text with a caret under the place. */
import { SpkError } from '../../core/errors.js'

export interface ErrorPlace {
  readonly text: string
  readonly start: number
  readonly end: number
}

/** Line (1-based) and position in the line (0-based) of an offset. */
export function lineAndPosition(text: string, offset: number): { line: number; position: number } {
  const before = text.slice(0, offset)
  const lastBreak = before.lastIndexOf('\n')
  return { line: before.split('\n').length, position: offset - lastBreak - 1 }
}

interface ErrorFacts {
  readonly sqlState: string
  readonly params: Readonly<Record<string, string>>
}

function located(
  code: string,
  message: string,
  { text, start, end }: ErrorPlace,
  facts: ErrorFacts,
): { error: SpkError; line: number; position: number } {
  const { line, position } = lineAndPosition(text, start)
  const context = { fragment: text.slice(start, end), start, end, line, column: position + 1 }
  return { error: new SpkError(code, message, { ...facts, context }), line, position }
}

/** What cannot be read: the whole text with a caret below the place. */
export function syntaxError(
  code: string,
  message: string,
  place: ErrorPlace,
  params: Readonly<Record<string, string>>,
  sqlState = '42601',
): SpkError {
  const { error, line, position } = located(code, message, place, { sqlState, params })
  const lines = place.text.split('\n')
  const marked = [...lines.slice(0, line), `${'-'.repeat(position)}^^^`, ...lines.slice(line)].join('\n')
  error.message = `${error.message} (line ${line}, pos ${position})\n\n== SQL ==\n${marked}`
  return error
}

/** What can be read but is wrong: the lines concerned, the fragment underlined. */
export function semanticError(code: string, message: string, place: ErrorPlace, facts: ErrorFacts): SpkError {
  const { error, line, position } = located(code, message, place, facts)
  const width = Math.max(1, place.end - place.start)
  let left = width
  const marked: string[] = []
  for (const [i, text] of place.text.split('\n').entries()) {
    if (i < line - 1 || left <= 0) continue
    const from = i === line - 1 ? position : 0
    const here = Math.min(left, Math.max(1, text.length - from))
    marked.push(text, `${' '.repeat(from)}${'^'.repeat(here)}`)
    left -= here + 1
  }
  error.message = `${error.message}\n== SQL (line ${line}, position ${position + 1}) ==\n${marked.join('\n')}`
  return error
}

/** `a`, `a or b`, `a, b or c`, shortened when long. */
export function alternatives(names: Iterable<string>, most = 8): string {
  const all = [...names]
  const shown = all.slice(0, most)
  if (all.length > most) return `${shown.join(', ')} or ${all.length - most} more`
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} or ${shown[shown.length - 1]}`
}
