/** Lists of keys and values in statements: OPTIONS, TBLPROPERTIES, PARTITION. */
import type { PartitionSpec } from '../commands.js'
import type { Expr } from '../expr.js'
import type { Cursor } from './cursor.js'
import { identifier, multipartName } from './names.js'
import { isString, stringText } from './strings.js'

/** `(key 'value', a.b = 1, 'c' true)`; keys keep their case. */
export function properties(c: Cursor): Record<string, string> {
  c.expect('(')
  const found: Record<string, string> = {}
  c.list(() => {
    const key = propertyKey(c)
    const equals = c.accept('=')
    const value: Expr | undefined = !equals && (c.is(',') || c.is(')')) ? undefined : c.grammar.expression(c)
    if (value !== undefined && value.kind !== 'Literal') c.fail('<a literal>')
    found[key] = value === undefined ? '' : String(value.value)
  })
  c.expect(')')
  return found
}

export function propertyKey(c: Cursor): string {
  return isString(c) ? stringText(c) : multipartName(c).join('.')
}

/** `PARTITION (a = 1, b)`, if it stands here. */
export function optionalPartition(c: Cursor): PartitionSpec | undefined {
  if (!c.areNext('PARTITION', '(')) return undefined
  c.next()
  c.next()
  const spec = c.list(() => {
    const name = identifier(c)
    if (!c.accept('=')) return { name }
    return c.accept('DEFAULT') ? { name } : { name, value: c.grammar.valueExpression(c) }
  })
  c.expect(')')
  return spec
}

/** `IF NOT EXISTS`, if it stands here. */
export function ifNotExists(c: Cursor): boolean {
  return c.acceptAll('IF', 'NOT', 'EXISTS')
}

/** `IF EXISTS`, if it stands here. */
export function ifExists(c: Cursor): boolean {
  return c.acceptAll('IF', 'EXISTS')
}
