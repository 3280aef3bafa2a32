/** Guesses which keyword a misspelt word stands for: `FORM` for FROM. */
import { editDistance } from '../../core/config.js'
import type { Token } from './token.js'

const candidates =
  'SELECT FROM WHERE GROUP HAVING ORDER LIMIT OFFSET UNION INTERSECT EXCEPT JOIN INNER LEFT RIGHT CROSS DISTINCT BETWEEN VALUES WITH CREATE EXPLAIN'.split(
    ' ',
  )

/** `FROM and not FORM` when the word at the error, or the one before it, is nearly a keyword. */
export function nearKeyword(...words: readonly Token[]): string | undefined {
  for (const { kind, key, text } of words) {
    if (kind !== 'word' || key !== '' || text.length < 4) continue
    const upper = text.toUpperCase()
    const meant = candidates.find(k => swapped(upper, k) || editDistance(upper, k) === 1)
    if (meant !== undefined) return `${meant} and not ${text}`
  }
  return undefined
}

/** Whether two neighbouring letters have changed places. */
function swapped(a: string, b: string): boolean {
  if (a.length !== b.length) return false
  const at = [...a].findIndex((c, i) => c !== b[i])
  return at >= 0 && a[at] === b[at + 1] && a[at + 1] === b[at] && a.slice(at + 2) === b.slice(at + 2)
}
