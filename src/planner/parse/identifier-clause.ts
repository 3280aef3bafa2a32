/** `IDENTIFIER('a' || :b)`: a name given as a constant text, so that a parameter may name a table or a column without being parsed as SQL. */
import type { Expr } from '../expr.js'
import type { Cursor } from './cursor.js'

/** The text of the clause, when the cursor stands on one. Error: `NOT_A_CONSTANT_STRING.NOT_CONSTANT` (42601). */
export function identifierClause(c: Cursor): { readonly text: string; readonly start: number } | undefined {
  if (c.token.key !== 'IDENTIFIER' || c.peek().key !== '(') return undefined
  const mark = c.mark()
  const start = c.next().start
  c.next()
  const value = c.is(')') ? undefined : c.grammar.expression(c)
  if (value === undefined || !c.accept(')')) {
    // A function of that name.
    c.reset(mark)
    return undefined
  }
  const text = constantText(value)
  if (text === undefined) {
    const message = 'The expression used for the routine or clause IDENTIFIER must be a constant STRING which is NOT NULL.'
    throw c.error('NOT_A_CONSTANT_STRING.NOT_CONSTANT', message, c.spanFrom(start), { name: 'IDENTIFIER' })
  }
  return { text, start }
}

/** The value of a string literal, or of literals joined by `||`, `concat` or side by side. */
export function constantText(e: Expr): string | undefined {
  if (e.kind === 'Literal') return typeof e.value === 'string' && e.type.kind === 'string' ? e.value : undefined
  if (e.kind !== 'UnresolvedFunction' || (e.name !== '||' && e.name.toLowerCase() !== 'concat')) return undefined
  const parts = e.args.map(constantText)
  return parts.includes(undefined) ? undefined : parts.join('')
}
