/** Parameter markers, `?` and `:name`: they are read as the values given for them. */
import type { SpkError } from '../../core/errors.js'
import type { Expr } from '../expr.js'
import type { Cursor } from './cursor.js'
import { identifier, isName } from './names.js'

/** How many tokens the marker `n` tokens ahead has; 0 when none stands there. */
export function markerLength(c: Cursor, n = 0): number {
  const { key } = c.peek(n)
  return key === '?' ? 1 : key === ':' && isName(c, c.peek(n + 1)) ? 2 : 0
}

/** Whether the cursor stands on a `:name` for which a value was given: after a string the same may be a path into it. */
export function isGiven(c: Cursor): boolean {
  return c.token.key === ':' && c.options.named !== undefined && Object.hasOwn(c.options.named, c.peek().text)
}

/** The value of the marker at the cursor. Fails with `UNBOUND_SQL_PARAMETER`. */
export function marker(c: Cursor): Expr {
  const { start, key } = c.next()
  if (key === '?') {
    const value = c.options.positional?.[c.markers++]
    if (value === undefined) throw unbound(c, `_${start}`, start)
    return value
  }
  const name = identifier(c)
  c.named = true
  const { named } = c.options
  const value = named !== undefined && Object.hasOwn(named, name) ? named[name] : undefined
  if (value === undefined) throw unbound(c, name, start)
  return value
}

function unbound(c: Cursor, name: string, start: number): SpkError {
  const { named } = c.options
  if (c.has('?') && (c.named || (named !== undefined && c.has(':', word => Object.hasOwn(named, word))))) throw mixedParameters(c, start)
  const known = Object.keys(c.options.named ?? {})
  const given = known.length > 0 ? ` Given are: ${known.join(', ')}.` : ` ${c.options.positional?.length ?? 0} values are given.`
  const message = `Found the unbound parameter: ${name}. Pass its value as the second argument of sql().${given}`
  return c.error('UNBOUND_SQL_PARAMETER', message, c.spanFrom(start), { name }, '42P02')
}

/** Both kinds of markers in one text. */
export function mixedParameters(c: Cursor, start: number): SpkError {
  const message = 'Parameterized query must either use positional, or named parameters, but not both.'
  return c.error('INVALID_QUERY_MIXED_QUERY_PARAMETERS', message, c.spanFrom(start), {}, '42613')
}
