/**
 * Expressions by precedence climbing: OR, AND, NOT, one predicate (BETWEEN, IN, LIKE, IS), then the operators of `operators.ts`, unary signs, and what
 * `primary.ts` reads. Operators become calls by name, as in Spark Connect.
 */
import { types } from '../../core/types.js'
import type { Expr, UnresolvedFunction } from '../expr.js'
import type { Cursor } from './cursor.js'
import { literal } from './literals.js'
import { binaryOperators, comparison } from './operators.js'
import { startsPipe } from './pipe-start.js'
import { primary } from './primary.js'
import { startsQuery } from './query-start.js'
import { isString, unquoteString } from './strings.js'

/** A boolean, or any, expression. */
export function expression(c: Cursor): Expr {
  return disjunction(c)
}

function call(c: Cursor, start: number, name: string, args: readonly Expr[]): UnresolvedFunction {
  return { kind: 'UnresolvedFunction', name, args, span: c.spanFrom(start) }
}

function disjunction(c: Cursor): Expr {
  const start = c.token.start
  let left = conjunction(c)
  while (c.accept('OR')) left = call(c, start, 'or', [left, conjunction(c)])
  return left
}

function conjunction(c: Cursor): Expr {
  const start = c.token.start
  let left = negation(c)
  while (c.accept('AND')) left = call(c, start, 'and', [left, negation(c)])
  return left
}

function negation(c: Cursor): Expr {
  const start = c.token.start
  if (c.accept('NOT') || c.accept('!')) return call(c, start, 'not', [negation(c)])
  return predicated(c)
}

function predicated(c: Cursor): Expr {
  const start = c.token.start
  const left = valueExpression(c)
  if (c.accept('IS')) return is(c, start, left)
  const negated = (c.is('NOT') || c.is('!')) && predicateKeywords.has(c.peek().key)
  if (negated) c.next()
  const found = predicate(c, start, left, negated)
  if (found === undefined) return left
  return negated ? call(c, start, 'not', [found]) : found
}

const predicateKeywords = new Set(['BETWEEN', 'IN', 'LIKE', 'ILIKE', 'RLIKE', 'REGEXP'])

function predicate(c: Cursor, start: number, left: Expr, negated: boolean): Expr | undefined {
  switch (c.token.key) {
    case 'BETWEEN': {
      c.next()
      const lower = valueExpression(c)
      c.expect('AND')
      return call(c, start, 'between', [left, lower, valueExpression(c)])
    }
    case 'IN':
      c.next()
      return inList(c, start, left)
    case 'RLIKE':
    case 'REGEXP':
      c.next()
      return call(c, start, 'rlike', [left, valueExpression(c)])
    case 'LIKE':
    case 'ILIKE': {
      const name = c.next().key.toLowerCase()
      const quantifier = c.peek(0).key
      if ((quantifier === 'ANY' || quantifier === 'SOME' || quantifier === 'ALL') && c.peek().key === '(')
        return quantified(c, start, left, name, negated)
      return like(c, start, left, name)
    }
    default:
      if (negated) c.fail()
      return undefined
  }
}

function is(c: Cursor, start: number, left: Expr): Expr {
  const negated = c.accept('NOT') || c.accept('!')
  const result = (name: string, args: readonly Expr[]): Expr => {
    const found = call(c, start, name, args)
    return negated ? call(c, start, 'not', [found]) : found
  }
  if (c.accept('NULL') || c.accept('UNKNOWN')) return call(c, start, negated ? 'isnotnull' : 'isnull', [left])
  if (c.accept('TRUE')) return result('<=>', [left, literal(true, types.boolean)])
  if (c.accept('FALSE')) return result('<=>', [left, literal(false, types.boolean)])
  c.expect('DISTINCT')
  c.expect('FROM')
  const right = valueExpression(c)
  const same = call(c, start, '<=>', [left, right])
  return negated ? same : call(c, start, 'not', [same])
}

function inList(c: Cursor, start: number, left: Expr): Expr {
  c.expect('(')
  if (c.is(')'))
    throw c.error(
      'INVALID_SQL_SYNTAX.EMPTY_IN_PREDICATE',
      "Invalid SQL syntax: IN predicate requires at least one value. Empty IN clauses like 'IN ()' are not allowed. Consider using 'WHERE FALSE' if you need an always-false condition.",
      c.spanFrom(start),
      {},
      '42000',
    )
  if (startsQuery(c)) {
    const plan = c.attempt(() => {
      const query = c.grammar.query(c)
      c.expect(')')
      return query
    })
    if (plan !== undefined) {
      const values = left.kind === 'UnresolvedFunction' && left.name === 'struct' ? left.args : [left]
      return { kind: 'SubqueryExpression', subquery: 'in', plan, values, span: c.spanFrom(start) }
    }
  }
  const values = c.list(expression)
  c.expect(')')
  return call(c, start, 'in', [left, ...values])
}

function like(c: Cursor, start: number, left: Expr, name: string): Expr {
  const pattern = valueExpression(c)
  if (!c.accept('ESCAPE')) return call(c, start, name, [left, pattern])
  if (!isString(c)) c.fail('<a string>')
  const token = c.next()
  const escapeText = unquoteString(token.text)
  if (escapeText.length !== 1) {
    const message = `Found an invalid escape string: ${token.text}. The escape string must contain only one character.`
    throw c.error('INVALID_ESC', message, token, { invalidEscape: token.text }, '42604')
  }
  return call(c, start, name, [left, pattern, literal(escapeText, types.string, { start: token.start, end: token.end })])
}

/** `x LIKE ANY (a, b)`: one LIKE per pattern, each negated when the whole is `NOT LIKE ANY`. */
function quantified(c: Cursor, start: number, left: Expr, name: string, negated: boolean): Expr {
  const joined = (c.next().key === 'ALL') !== negated ? 'and' : 'or'
  c.expect('(')
  if (c.is(')')) c.fail('<a pattern>')
  const patterns = c.list(expression)
  c.expect(')')
  // The caller negates the result: by De Morgan NOT (a OR b) is what NOT LIKE ALL means, and NOT (a AND b) what NOT LIKE ANY means.
  return patterns.map(p => call(c, start, name, [left, p])).reduce((a, b) => call(c, start, joined, [a, b]))
}

/** Arithmetic, bit operations and comparisons: everything that binds tighter than a predicate. */
export function valueExpression(c: Cursor, least = comparison): Expr {
  const start = c.token.start
  let left = unary(c)
  for (;;) {
    const symbol = c.token.key === '>' ? shiftOrGreater(c) : c.token.key
    const operator = binaryOperators.get(symbol)
    if (operator === undefined || operator.precedence < least || (symbol === '|' && startsPipe(c))) return left
    for (let i = symbol.startsWith('>>') ? symbol.length : 1; i > 0; i--) c.next()
    const right = valueExpression(c, operator.precedence + 1)
    left = call(c, start, operator.name, [left, right])
    if (operator.negated) left = call(c, start, 'not', [left])
  }
}

/** `>`, or `>>` and `>>>` from tokens without a blank between them. */
function shiftOrGreater(c: Cursor): string {
  const second = c.peek()
  if (second.key !== '>' || second.start !== c.token.end) return '>'
  const third = c.peek(2)
  return third.key === '>' && third.start === second.end ? '>>>' : '>>'
}

function unary(c: Cursor): Expr {
  const start = c.token.start
  switch (c.token.key) {
    case '-': {
      const number = primary(c)
      if (number !== undefined) return number
      c.next()
      return call(c, start, 'negative', [unary(c)])
    }
    case '+':
      c.next()
      return call(c, start, 'positive', [unary(c)])
    case '~':
      c.next()
      return call(c, start, '~', [unary(c)])
    default: {
      const found = primary(c)
      return found === undefined ? c.fail('<an expression>') : found
    }
  }
}
