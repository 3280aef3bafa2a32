/** Whether a query may start at the cursor, from the next tokens alone. */
import type { Cursor } from './cursor.js'

/** True for SELECT and WITH, and for VALUES, FROM, TABLE, MAP and REDUCE where what follows fits; parentheses are looked through. */
export function startsQuery(c: Cursor): boolean {
  let ahead = 0
  while (c.peek(ahead).key === '(') ahead++
  const next = c.peek(ahead + 1)
  switch (c.peek(ahead).key) {
    case 'SELECT':
    case 'WITH':
      return true
    case 'FROM':
      return (next.kind !== 'symbol' && next.kind !== 'end') || next.key === '('
    case 'VALUES':
    case 'TABLE':
    case 'MAP':
    case 'REDUCE':
      return next.kind !== 'symbol' && next.kind !== 'end' ? true : c.peek(ahead).key === 'VALUES' && next.key === '('
    default:
      return false
  }
}
