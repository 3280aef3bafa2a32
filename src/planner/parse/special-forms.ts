/** Forms that start with a keyword and have a grammar of their own: CASE, CAST, EXTRACT, TRIM, … Each gives undefined when the word is just a name here. */
import { types } from '../../core/types.js'
import type { Cast, Expr } from '../expr.js'
import type { Cursor } from './cursor.js'
import { literal } from './literals.js'
import { optionalAlias } from './names.js'
import { isString } from './strings.js'

type Form = (c: Cursor) => Expr | undefined

function call(c: Cursor, start: number, name: string, args: readonly Expr[]): Expr {
  return { kind: 'UnresolvedFunction', name, args, span: c.spanFrom(start) }
}

/** A form `NAME(…)`: `read` gets the cursor inside the parenthesis and must leave it before the closing one. */
function inParentheses(read: (c: Cursor, start: number) => Expr | undefined): Form {
  return c => {
    if (c.peek().key !== '(') return undefined
    const mark = c.mark()
    const start = c.next().start
    c.next()
    const made = read(c, start)
    if (made === undefined) {
      c.reset(mark)
      return undefined
    }
    c.expect(')')
    return { ...made, span: c.spanFrom(start) }
  }
}

const value = (c: Cursor): Expr => c.grammar.valueExpression(c)

function caseWhen(c: Cursor): Expr | undefined {
  const start = c.token.start
  if (c.peek().kind === 'end' || c.peek().key === ',' || c.peek().key === ')') return undefined
  c.next()
  const subject = c.is('WHEN') ? undefined : c.grammar.expression(c)
  const args: Expr[] = []
  c.is('WHEN') || c.fail('WHEN')
  while (c.accept('WHEN')) {
    const condition = c.grammar.expression(c)
    args.push(subject === undefined ? condition : call(c, condition.span?.start ?? start, '=', [subject, condition]))
    c.expect('THEN')
    args.push(c.grammar.expression(c))
  }
  if (c.accept('ELSE')) args.push(c.grammar.expression(c))
  c.expect('END')
  return call(c, start, 'when', args)
}

const cast = (mode: Cast['mode'] | undefined): Form =>
  inParentheses(c => {
    const child = c.grammar.expression(c)
    c.expect('AS')
    const to = c.grammar.dataType(c)
    return mode === undefined ? { kind: 'Cast', child, to } : { kind: 'Cast', child, to, mode }
  })

const constant =
  (v: boolean | null): Form =>
  c => {
    const { start, end } = c.next()
    return literal(v, v === null ? types.null : types.boolean, { start, end })
  }

function exists(c: Cursor): Expr | undefined {
  if (c.peek().key !== '(' || !['SELECT', 'WITH', 'VALUES', 'FROM', 'TABLE', '('].includes(c.peek(2).key)) return undefined
  return c.attempt(() => {
    const start = c.next().start
    c.next()
    const plan = c.grammar.query(c)
    c.expect(')')
    return { kind: 'SubqueryExpression', subquery: 'exists', plan, span: c.spanFrom(start) } as const
  })
}

/** `EXTRACT(field FROM source)` */
const extract = inParentheses((c, start) => {
  if (c.peek().key !== 'FROM' || (c.token.kind !== 'word' && c.token.kind !== 'backquoted')) return undefined
  const field = c.next()
  c.next()
  return call(c, start, 'extract', [literal(field.text.replaceAll('`', ''), types.string, { start: field.start, end: field.end }), value(c)])
})

/** `POSITION(a IN b)`; with a comma it is a plain call. */
const position = inParentheses((c, start) => {
  const substring = c.grammar.valueExpression(c)
  if (!c.accept('IN')) return undefined
  return call(c, start, 'position', [substring, value(c)])
})

/** `SUBSTRING(s FROM a [FOR b])`; with commas it is a plain call. */
const substring = inParentheses((c, start) => {
  if (c.is(')')) return undefined
  const text = c.grammar.expression(c)
  if (!c.accept('FROM')) return undefined
  const from = value(c)
  return call(c, start, 'substring', c.accept('FOR') ? [text, from, value(c)] : [text, from])
})

/** `TRIM([BOTH|LEADING|TRAILING] [characters] FROM s)`; anything else is a plain call. */
const trim = inParentheses((c, start) => {
  const side = c.token.key
  const explicit = (side === 'BOTH' || side === 'LEADING' || side === 'TRAILING') && c.peek().key !== ',' && c.peek().key !== ')'
  if (explicit) c.next()
  const characters = c.is('FROM') || c.is(')') ? undefined : c.grammar.expression(c)
  if (!c.accept('FROM')) return undefined
  const name = side === 'LEADING' ? 'ltrim' : side === 'TRAILING' ? 'rtrim' : 'trim'
  const text = value(c)
  return call(c, start, name, characters === undefined ? [text] : [characters, text])
})

/** `OVERLAY(a PLACING b FROM n [FOR m])` */
const overlay = inParentheses((c, start) => {
  const text = c.grammar.expression(c)
  if (!c.accept('PLACING')) return undefined
  const replacement = value(c)
  c.expect('FROM')
  const from = value(c)
  return call(c, start, 'overlay', c.accept('FOR') ? [text, replacement, from, value(c)] : [text, replacement, from])
})

const units = new Set(['YEAR', 'QUARTER', 'MONTH', 'WEEK', 'DAY', 'DAYOFYEAR', 'HOUR', 'MINUTE', 'SECOND', 'MILLISECOND', 'MICROSECOND'])

/** A unit in quotes is no unit, when three arguments say that one is meant. */
function quotedUnit(c: Cursor): undefined {
  const unit = c.next()
  c.next()
  value(c)
  if (!c.is(',')) return undefined
  const message = `The value of parameter(s) \`unit\` is invalid: expects one of the units without quotes YEAR, QUARTER, MONTH, WEEK, DAY, DAYOFYEAR, HOUR, MINUTE, SECOND, MILLISECOND, MICROSECOND, but got the string literal ${unit.text}.`
  throw c.error('INVALID_PARAMETER_VALUE.DATETIME_UNIT', message, unit, {}, '22023')
}

/** `TIMESTAMPADD(unit, n, t)` and `TIMESTAMPDIFF(unit, a, b)` under all their names; without a unit it is a plain call. */
const withUnit = (name: string): Form =>
  inParentheses((c, start) => {
    if (isString(c, c.token) && c.peek().key === ',') return quotedUnit(c)
    if (!units.has(c.token.key) || c.peek().key !== ',') return undefined
    const unit = c.next()
    c.next()
    const first = value(c)
    if (!c.accept(',')) return undefined
    return call(c, start, name, [literal(unit.key, types.string, { start: unit.start, end: unit.end }), first, value(c)])
  })

/** `STRUCT(a, b AS c)`: a call whose arguments may have aliases. */
const struct = inParentheses((c, start) => {
  const item = (): Expr => {
    const child = c.grammar.expression(c)
    const alias = optionalAlias(c)
    return alias === undefined ? child : { kind: 'Alias', child, name: alias, span: c.spanFrom(child.span?.start ?? start) }
  }
  return call(c, start, 'struct', c.is(')') ? [] : c.list(item))
})

export const specialForms: ReadonlyMap<string, Form> = new Map<string, Form>([
  ['CASE', caseWhen],
  ['CAST', cast(undefined)],
  ['TRY_CAST', cast('try')],
  ['NULL', constant(null)],
  ['TRUE', constant(true)],
  ['FALSE', constant(false)],
  ['EXISTS', exists],
  ['EXTRACT', extract],
  ['POSITION', position],
  ['SUBSTR', substring],
  ['SUBSTRING', substring],
  ['TRIM', trim],
  ['OVERLAY', overlay],
  ['STRUCT', struct],
  ['TIMESTAMPADD', withUnit('timestampadd')],
  ['DATEADD', withUnit('timestampadd')],
  ['DATE_ADD', withUnit('timestampadd')],
  ['TIMESTAMPDIFF', withUnit('timestampdiff')],
  ['DATEDIFF', withUnit('timestampdiff')],
  ['DATE_DIFF', withUnit('timestampdiff')],
  ['TIMEDIFF', withUnit('timestampdiff')],
])
