/** Whether the `|` at the cursor is a pipe rather than a bitwise OR, from the next tokens alone. */
import type { Cursor } from './cursor.js'

/** Words that cannot be an operand, and words that can but are not in front of what an operator needs. */
const always = new Set('SELECT WHERE ORDER UNION INTERSECT EXCEPT JOIN CROSS INNER FULL NATURAL LIMIT AS'.split(' '))
const beforeOperand = new Set('EXTEND AGGREGATE SET DROP OFFSET PIVOT UNPIVOT TABLESAMPLE LEFT RIGHT SEMI ANTI SORT CLUSTER DISTRIBUTE'.split(' '))

export function startsPipe(c: Cursor): boolean {
  if (c.options.singlePipe === false) return false
  const { key } = c.peek()
  if (always.has(key)) return true
  const after = c.peek(2)
  return beforeOperand.has(key) && after.kind !== 'symbol' && after.kind !== 'end'
}
