/** FROM: tables, files by path, subqueries, VALUES, table functions and joins. */
import type { Expr, Literal } from '../expr.js'
import type { Join, JoinType, Relation } from '../logical.js'
import { argument } from './calls.js'
import type { Cursor } from './cursor.js'
import { isName, multipartName, nameList, optionalTableAlias } from './names.js'
import { startsQuery } from './query-start.js'
import { optionalPivot, optionalSample, optionalTimeTravel } from './table-clauses.js'
import { unsupported } from './unsupported.js'

/** `relation, relation …`: a comma is an inner join without condition, as in Spark. */
export function fromList(c: Cursor): Relation {
  const start = c.token.start
  let left = c.accept('LATERAL') ? lateral(c, start, { kind: 'OneRowRelation', span: { start, end: start } }) : joined(c)
  while (c.accept(',')) {
    if (c.accept('LATERAL')) left = lateral(c, start, left)
    else left = { kind: 'Join', left, right: joined(c), type: 'inner', span: c.spanFrom(start) }
  }
  return left
}

function joined(c: Cursor): Relation {
  const start = c.token.start
  return extended(c, start, relationPrimary(c))
}

/** A relation that may use the columns of what stands before the comma; joins that follow are joins of both. */
function lateral(c: Cursor, start: number, left: Relation): Relation {
  const right = relationPrimary(c)
  return extended(c, start, { kind: 'Join', left, right, type: 'inner', lateral: true, span: c.spanFrom(start) })
}

function extended(c: Cursor, start: number, relation: Relation): Relation {
  let left = relation
  for (;;) {
    const next = joinTail(c, left, start) ?? optionalPivot(c, start, left)
    if (next === undefined) return left
    left = next
  }
}

/** `[NATURAL] [type] JOIN [LATERAL] right [ON … | USING (…)]`, if it stands here. */
export function joinTail(c: Cursor, left: Relation, start: number): Join | undefined {
  const mark = c.mark()
  const natural = c.accept('NATURAL')
  const type = joinType(c)
  if (!c.accept('JOIN')) {
    if (natural) c.fail('JOIN')
    c.reset(mark)
    return undefined
  }
  const isLateral = c.accept('LATERAL')
  const right = relationPrimary(c)
  const base = { kind: 'Join', left, right, type, ...(isLateral ? { lateral: true } : {}) } as const
  if (natural) return { ...base, natural, span: c.spanFrom(start) }
  if ((c.is('APPROX') || c.is('EXACT')) && c.peek().key === 'NEAREST') throw unsupported(c, 'NEAREST BY')
  if (c.accept('ON')) {
    const condition = c.grammar.expression(c)
    return { ...base, condition, span: c.spanFrom(start) }
  }
  if (c.accept('USING')) {
    const using = nameList(c)
    return { ...base, using, span: c.spanFrom(start) }
  }
  return { ...base, span: c.spanFrom(start) }
}

function joinType(c: Cursor): JoinType {
  if (c.accept('CROSS')) return 'cross'
  if (c.accept('INNER')) return 'inner'
  if (c.accept('SEMI')) return 'semi'
  if (c.accept('ANTI')) return 'anti'
  if (c.is('RIGHT') || c.is('FULL')) {
    const type = c.next().key === 'RIGHT' ? 'right' : 'full'
    c.accept('OUTER')
    return type
  }
  if (c.accept('LEFT')) {
    if (c.accept('SEMI')) return 'semi'
    if (c.accept('ANTI')) return 'anti'
    c.accept('OUTER')
    return 'left'
  }
  return 'inner'
}

function relationPrimary(c: Cursor): Relation {
  const start = c.token.start
  if (c.is('(')) return aliased(c, start, inParentheses(c))
  if (c.is('VALUES') && c.peek().kind !== 'end' && c.peek().key !== ',') return inlineTable(c)
  if (!isName(c)) c.fail('<a table>')
  const nameParts = multipartName(c)
  if (c.is('(')) return aliased(c, start, tableFunction(c, start, nameParts))
  const asOf = optionalTimeTravel(c)
  return aliased(c, start, { kind: 'UnresolvedRelation', nameParts, ...(asOf === undefined ? {} : { asOf }), span: c.spanFrom(start) })
}

function inParentheses(c: Cursor): Relation {
  c.expect('(')
  const query = (): Relation => {
    const plan = c.grammar.query(c)
    c.expect(')')
    return plan
  }
  const relation = (): Relation => {
    const plan = fromList(c)
    c.expect(')')
    return plan
  }
  if (!startsQuery(c)) return relation()
  // Behind a second parenthesis both are possible: ((SELECT 1) UNION …) and ((SELECT 1) JOIN …).
  // Behind VALUES too: (VALUES (1) AS v JOIN …).
  return c.is('(') || c.is('VALUES') ? (c.attempt(query) ?? relation()) : query()
}

function aliased(c: Cursor, start: number, relation: Relation): Relation {
  const input = optionalSample(c, start, relation)
  const alias = optionalTableAlias(c)
  if (alias === undefined) return input
  const columns = c.is('(') ? nameList(c) : undefined
  return { kind: 'SubqueryAlias', input, alias, ...(columns === undefined ? {} : { columns }), span: c.spanFrom(start) }
}

/** `VALUES (1, 'a'), (2, 'b') [AS t(x, y)]` */
export function inlineTable(c: Cursor): Relation {
  const start = c.expect('VALUES').start
  const rows = c.list(c.grammar.expression).map(row => (isRow(row) ? row.args : [row]))
  return aliased(c, start, { kind: 'InlineTable', rows, span: c.spanFrom(start) })
}

function isRow(e: Expr): e is Expr & { kind: 'UnresolvedFunction' } {
  return e.kind === 'UnresolvedFunction' && e.name.toLowerCase() === 'struct'
}

function tableFunction(c: Cursor, start: number, nameParts: readonly string[]): Relation {
  c.expect('(')
  const args = c.is(')') ? [] : c.list(tableArgument)
  c.expect(')')
  const name = nameParts.join('.')
  const span = c.spanFrom(start)
  if (name.toLowerCase() !== 'range') return { kind: 'UnresolvedTableValuedFunction', name, args, span }
  const numbers = args.map(wholeNumber)
  if (args.length < 1 || args.length > 4 || numbers.some(n => n === undefined)) return { kind: 'UnresolvedTableValuedFunction', name, args, span }
  const [a = 0n, b, step = 1n, partitions] = numbers
  return {
    kind: 'Range',
    start: b === undefined ? 0n : a,
    end: b ?? a,
    step,
    ...(partitions === undefined ? {} : { numPartitions: Number(partitions) }),
    span,
  }
}

/** An argument of a table function. Tables as arguments are refused. */
function tableArgument(c: Cursor): Expr {
  if (c.is('TABLE') && (c.peek().key === '(' || isName(c, c.peek()))) throw unsupported(c, 'A table as an argument')
  return argument(c)
}

function wholeNumber(e: Expr): bigint | undefined {
  const value = (e as Literal).kind === 'Literal' ? (e as Literal).value : undefined
  return typeof value === 'bigint' ? value : typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : undefined
}
