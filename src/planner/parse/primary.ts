/** What operators stand between: literals, columns, calls, parentheses, CASE, casts, and what may follow them (`.field`, `[i]`, `::type`). */
import { types } from '../../core/types.js'
import type { Expr } from '../expr.js'
import { functionCall } from './calls.js'
import type { Cursor } from './cursor.js'
import { intervalLiteral } from './intervals.js'
import { isNumber, literal, numberLiteral, typedLiteral } from './literals.js'
import { isGiven, marker } from './markers.js'
import { identifier, isName, multipartName, namesOfClause, optionalAlias, startsColumn } from './names.js'
import { startsQuery } from './query-start.js'
import { specialForms } from './special-forms.js'
import { isString, stringText } from './strings.js'

/** The expression at the cursor with its postfixes, or undefined when none starts here. A minus counts only in front of a number. */
export function primary(c: Cursor): Expr | undefined {
  const start = c.token.start
  let base = simple(c)
  if (base === undefined) return undefined
  for (;;) {
    if (c.is('.') && isName(c, c.peek())) {
      c.next()
      base = { kind: 'UnresolvedExtractValue', child: base, extraction: fieldName(c), span: c.spanFrom(start) }
    } else if (c.accept('[')) {
      const extraction = c.grammar.valueExpression(c)
      c.expect(']')
      base = { kind: 'UnresolvedExtractValue', child: base, extraction, span: c.spanFrom(start) }
    } else if (c.is(':') && startsPath(c)) {
      base = { kind: 'UnresolvedFunction', name: 'variant_get', args: [base, path(c)], span: c.spanFrom(start) }
    } else if (c.accept('::')) {
      base = { kind: 'Cast', child: base, to: c.grammar.dataType(c), span: c.spanFrom(start) }
    } else if (c.is('COLLATE') && isName(c, c.peek())) {
      c.next()
      const collation = multipartName(c).join('.')
      base = { kind: 'UnresolvedFunction', name: 'collate', args: [base, literal(collation, types.string)], span: c.spanFrom(start) }
    } else return base
  }
}

/** `v:a.b[0]`, `v:['a']`: a path into a variant. */
function startsPath(c: Cursor): boolean {
  return c.peek().key === '[' || isName(c, c.peek())
}

/** The path as JSON path text. */
function path(c: Cursor): Expr {
  const start = c.expect(':').start
  let text = '$'
  const bracket = (): void => {
    c.expect('[')
    text += isString(c) ? `[${JSON.stringify(stringText(c))}]` : `[${c.token.kind === 'integer' ? c.next().text : c.fail('<a position or a name>')}]`
    c.expect(']')
  }
  if (c.is('[')) bracket()
  else text += member(identifier(c))
  for (;;) {
    if (c.is('[')) bracket()
    else if (c.is('.') && isName(c, c.peek())) {
      c.next()
      text += member(identifier(c))
    } else return literal(text, types.string, c.spanFrom(start))
  }
}

function member(name: string): string {
  return /^\w+$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`
}

function fieldName(c: Cursor): Expr {
  const token = c.token
  return literal(identifier(c), types.string, { start: token.start, end: token.end })
}

function simple(c: Cursor): Expr | undefined {
  const token = c.token
  switch (token.kind) {
    case 'integer':
    case 'decimal':
    case 'exponent':
    case 'suffixed':
      return numberLiteral(c, false, token.start)
    case 'string':
      return withMarkers(c, token.start)
    case 'doubleQuoted':
      return isString(c) ? withMarkers(c, token.start) : named(c)
    case 'backquoted':
      return named(c)
    case 'word':
      return word(c)
    case 'symbol':
      return symbol(c)
    default:
      return undefined
  }
}

function symbol(c: Cursor): Expr | undefined {
  const start = c.token.start
  switch (c.token.key) {
    case '-':
      if (!isNumber(c.peek())) return undefined
      c.next()
      return numberLiteral(c, true, start)
    case '(':
      return parenthesized(c)
    case '*':
      c.next()
      return star(c, start, undefined)
    case '?':
      return sideBySide(c, marker(c), start)
    case ':':
      return isName(c, c.peek()) ? sideBySide(c, marker(c), start) : undefined
    default:
      return undefined
  }
}

/** A string, and what is one text with it. */
function withMarkers(c: Cursor, start: number): Expr {
  const text = literal(stringText(c), types.string, c.spanFrom(start))
  return isGiven(c) ? sideBySide(c, text, start) : text
}

/** A text that a marker stands for is one with the strings and markers of texts right after it, as strings side by side are. */
function sideBySide(c: Cursor, value: Expr, start: number): Expr {
  if (value.kind !== 'Literal' || typeof value.value !== 'string' || value.type.kind !== 'string') return value
  if (!isString(c) && !(c.token.key === ':' && isName(c, c.peek()))) return value
  const next = simple(c)
  const joined = next?.kind === 'Literal' && typeof next.value === 'string' && next.type.kind === 'string'
  if (!joined) return c.fail()
  return sideBySide(c, literal(value.value + next.value, types.string, c.spanFrom(start)), start)
}

function word(c: Cursor): Expr | undefined {
  const key = c.token.key
  if (key !== '') {
    const special = specialForms.get(key)?.(c)
    if (special !== undefined) return special
    const interval = intervalLiteral(c) ?? typedLiteral(c)
    if (interval !== undefined) return interval
  }
  return named(c)
}

/** A column, `t.*`, a call, or a lambda of one parameter. */
function named(c: Cursor): Expr | undefined {
  const start = c.token.start
  if (!startsColumn(c) && !(c.peek().key === '(' && callable.has(c.token.key))) return undefined
  const parts = namesOfClause(c)?.names ?? [callable.has(c.token.key) ? c.next().text : identifier(c)]
  if (c.is('->')) return lambda(c, start, parts)
  while (c.is('.')) {
    if (c.peek().key === '*') {
      c.next()
      c.next()
      return star(c, start, parts)
    }
    if (!isName(c, c.peek())) break
    c.next()
    parts.push(identifier(c))
  }
  if (c.is('(')) return functionCall(c, parts.join('.'), start)
  return { kind: 'UnresolvedAttribute', nameParts: parts, span: c.spanFrom(start) }
}

/** Reserved words that are function names all the same. */
const callable = new Set([
  'LIKE',
  'ILIKE',
  'RLIKE',
  'REGEXP',
  'LEFT',
  'RIGHT',
  'FILTER',
  'IF',
  'ANY',
  'SOME',
  'USER',
  'CURRENT_DATE',
  'CURRENT_TIMESTAMP',
  'CURRENT_USER',
  'CURRENT_TIME',
  'SESSION_USER',
])

function lambda(c: Cursor, start: number, parameters: readonly string[]): Expr {
  c.expect('->')
  const body = c.grammar.expression(c)
  return { kind: 'LambdaFunction', parameters, body, span: c.spanFrom(start) }
}

function star(c: Cursor, start: number, target: readonly string[] | undefined): Expr {
  let except: string[][] | undefined
  // `* EXCEPT (SELECT …)` is the set operation.
  if (c.areNext('EXCEPT', '(') && isName(c, c.peek(2)) && !['SELECT', 'WITH', 'VALUES', 'FROM', 'TABLE'].includes(c.peek(2).key)) {
    c.next()
    c.next()
    except = c.list(multipartName)
    c.expect(')')
  }
  return {
    kind: 'UnresolvedStar',
    ...(target === undefined ? {} : { target }),
    ...(except === undefined ? {} : { except }),
    span: c.spanFrom(start),
  }
}

function parenthesized(c: Cursor): Expr {
  const start = c.token.start
  if (isLambdaHead(c)) {
    c.next()
    const parameters = c.list(identifier)
    c.expect(')')
    return lambda(c, start, parameters)
  }
  c.expect('(')
  if (startsQuery(c)) {
    const read = (): Expr => {
      const plan = c.grammar.query(c)
      c.expect(')')
      return { kind: 'SubqueryExpression', subquery: 'scalar', plan, span: c.spanFrom(start) }
    }
    // After another parenthesis it may still be an expression: ((SELECT 1) + 1).
    if (!c.is('(')) return read()
    const found = c.attempt(read)
    if (found !== undefined) return found
  }
  const first = c.grammar.expression(c)
  if (c.accept(')')) return first
  const items = [rowItem(c, first)]
  if (!c.is(',')) c.fail(')')
  while (c.accept(',')) items.push(rowItem(c, c.grammar.expression(c)))
  c.expect(')')
  return { kind: 'UnresolvedFunction', name: 'struct', args: items, span: c.spanFrom(start) }
}

function rowItem(c: Cursor, child: Expr): Expr {
  const alias = optionalAlias(c)
  return alias === undefined ? child : { kind: 'Alias', child, name: alias, span: c.spanFrom(child.span?.start ?? 0) }
}

/** `(x, y) ->` */
function isLambdaHead(c: Cursor): boolean {
  let ahead = 1
  while (isName(c, c.peek(ahead)) && c.peek(ahead + 1).key === ',') ahead += 2
  return ahead > 1 && isName(c, c.peek(ahead)) && c.peek(ahead + 1).key === ')' && c.peek(ahead + 2).key === '->'
}
