/** Hive's script transformation: `TRANSFORM (a, b) … USING 'script' AS (c, d)`, with MAP and REDUCE in place of SELECT TRANSFORM. */
import type { Expr } from '../expr.js'
import type { ScriptTransform } from '../logical.js'
import type { Cursor } from './cursor.js'
import { strictName } from './names.js'
import { stringText } from './strings.js'
import { rowFormat } from './tables.js'

interface TransformClause extends Pick<ScriptTransform, 'script' | 'output'> {
  readonly items: Expr[]
}

/** What stands behind SELECT (or MAP, REDUCE), when it is a transformation: `transform(xs, f)` is a function too. */
export function transformClause(c: Cursor): TransformClause | undefined {
  if (c.previous.key === 'MAP' || c.previous.key === 'REDUCE') return script(c, c.list(c.grammar.expression))
  if (!c.areNext('TRANSFORM', '(')) return undefined
  return c.attempt(() => {
    c.next()
    c.next()
    if (!c.accept('ALL')) c.accept('DISTINCT')
    const items = c.list(c.grammar.expression)
    c.expect(')')
    return script(c, items)
  })
}

function script(c: Cursor, items: Expr[]): TransformClause {
  rowFormat(c)
  if (c.accept('RECORDWRITER')) stringText(c)
  c.expect('USING')
  const text = stringText(c)
  const output = c.accept('AS') ? columns(c) : undefined
  rowFormat(c)
  if (c.accept('RECORDREADER')) stringText(c)
  return output === undefined ? { items, script: text } : { items, script: text, output }
}

function columns(c: Cursor): NonNullable<ScriptTransform['output']> {
  const bracketed = c.accept('(')
  const list = c.list(() => {
    const name = strictName(c)
    const ends = c.is(',') || c.is(')') || c.token.kind !== 'word' || (!bracketed && c.is('FROM'))
    if (ends) return { name }
    const type = c.grammar.dataType(c)
    if (c.accept('COMMENT')) stringText(c)
    return { name, type }
  })
  if (bracketed) c.expect(')')
  return list
}
