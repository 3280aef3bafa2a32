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

/** An error that points into a SQL text. */
export function parseError(
  code: string,
  message: string,
  place: ErrorPlace,
  options: { readonly sqlState?: string; readonly params?: Readonly<Record<string, string>> } = {},
): SpkError {
  const { line, position } = lineAndPosition(place.text, place.start)
  const error = new SpkError(code, message, {
    sqlState: options.sqlState ?? '42601',
    params: options.params ?? {},
    context: { fragment: place.text.slice(place.start, place.end), start: place.start, end: place.end, line, column: position + 1 },
  })
  error.message = `${error.message} (line ${line}, pos ${position})\n\n== SQL ==\n${withCaret(place.text, line, position)}`
  return error
}

function withCaret(text: string, line: number, position: number): string {
  const lines = text.split('\n')
  return [...lines.slice(0, line), `${'-'.repeat(position)}^^^`, ...lines.slice(line)].join('\n')
}

/** `a`, `a or b`, `a, b or c`, shortened when long. */
export function alternatives(names: Iterable<string>, most = 8): string {
  const all = [...names]
  const shown = all.slice(0, most)
  if (all.length > most) return `${shown.join(', ')} or ${all.length - most} more`
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} or ${shown[shown.length - 1]}`
}
