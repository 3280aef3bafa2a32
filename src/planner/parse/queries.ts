/** Queries: WITH, set operations, pipes, ORDER BY … LIMIT around the SELECTs of `select.ts`. */
import type { Relation, WithCTE } from '../logical.js'
import { sortItem } from './calls.js'
import type { Cursor } from './cursor.js'
import { multipartName, nameList, strictName } from './names.js'
import { startsPipe } from './pipe-start.js'
import { pipeOperator } from './pipes.js'
import { inlineTable } from './relations.js'
import { fromClause, optionalWindows, select } from './select.js'

/** `[WITH …] term [ORDER BY …] [LIMIT …] [OFFSET …]` */
export function query(c: Cursor): Relation {
  const start = c.token.start
  return c.is('WITH') ? queryWith(c, start, withClause(c)) : organized(c, start, queryTerm(c))
}

/** The query behind a WITH clause that began at `start`. */
export function queryWith(c: Cursor, start: number, ctes: Pick<WithCTE, 'ctes' | 'recursive'>): Relation {
  const bodyStart = c.token.start
  const input = organized(c, bodyStart, queryTerm(c))
  return { kind: 'WithCTE', ...ctes, input, span: c.spanFrom(start) }
}

/** `WITH [RECURSIVE] a AS (…), …` */
export function withClause(c: Cursor): Pick<WithCTE, 'ctes' | 'recursive'> {
  c.expect('WITH')
  const recursive = c.is('RECURSIVE') && c.peek().key !== 'AS' && c.peek().key !== '('
  if (recursive) c.next()
  const ctes = c.list(cte)
  return recursive ? { recursive, ctes } : { ctes }
}

function cte(c: Cursor): WithCTE['ctes'][number] {
  const name = strictName(c)
  const columns = c.is('(') && !c.areNext('(', 'SELECT') && !c.areNext('(', 'WITH') ? c.attempt(nameList) : undefined
  const maxRecursion = c.acceptAll('MAX', 'RECURSION', 'LEVEL') ? c.grammar.valueExpression(c) : undefined
  c.accept('AS')
  c.expect('(')
  const plan = query(c)
  c.expect(')')
  return { name, plan, ...(columns === undefined ? {} : { columns }), ...(maxRecursion === undefined ? {} : { maxRecursion }) }
}

/** UNION, EXCEPT and MINUS from the left, then pipes; INTERSECT binds tighter. */
function queryTerm(c: Cursor): Relation {
  const start = c.token.start
  let left = intersections(c)
  for (;;) {
    const next = setOperationTail(c, start, left, intersections)
    if (next === undefined) break
    left = next
  }
  while (takePipe(c)) left = pipeOperator(c, start, left, { setOperationTail: pipedSetOperation, organized })
  return left
}

/** `|>`, or a single `|` in front of a word that starts a pipe operator. */
function takePipe(c: Cursor): boolean {
  return c.accept('|>') || (c.is('|') && startsPipe(c) && c.accept('|'))
}

function setOperationTail(c: Cursor, start: number, left: Relation, operand: (c: Cursor) => Relation): Relation | undefined {
  const operation = c.is('UNION') ? 'union' : c.is('EXCEPT') || c.is('MINUS') || c.is('SETMINUS') ? 'except' : undefined
  if (operation === undefined) return undefined
  c.next()
  const all = quantifier(c)
  const right = operand(c)
  return { kind: 'SetOperation', left, right, operation, all, span: c.spanFrom(start) }
}

/** After a pipe, the other side is one SELECT, VALUES, TABLE or query in parentheses. */
function pipedSetOperation(c: Cursor, start: number, left: Relation): Relation | undefined {
  return intersectionTail(c, start, left) ?? setOperationTail(c, start, left, queryPrimary)
}

function intersections(c: Cursor): Relation {
  const start = c.token.start
  let left = queryPrimary(c)
  for (let next = intersectionTail(c, start, left); next !== undefined; next = intersectionTail(c, start, left)) left = next
  return left
}

function intersectionTail(c: Cursor, start: number, left: Relation): Relation | undefined {
  if (!c.accept('INTERSECT')) return undefined
  const all = quantifier(c)
  const right = queryPrimary(c)
  return { kind: 'SetOperation', left, right, operation: 'intersect', all, span: c.spanFrom(start) }
}

function quantifier(c: Cursor): boolean {
  if (c.accept('ALL')) return true
  c.accept('DISTINCT')
  return false
}

/** SELECT, or Hive's MAP and REDUCE. */
function startsSelect(c: Cursor): boolean {
  return (
    c.is('SELECT') || ((c.token.key === 'MAP' || c.token.key === 'REDUCE') && c.peek().kind !== 'end' && c.peek().key !== '(' && c.peek().key !== '.')
  )
}

function queryPrimary(c: Cursor): Relation {
  const start = c.token.start
  if (startsSelect(c)) return select(c)
  if (c.accept('(')) {
    const plan = query(c)
    c.expect(')')
    return plan
  }
  if (c.is('VALUES')) return inlineTable(c)
  if (c.accept('TABLE')) {
    const nameParts = multipartName(c)
    return { kind: 'UnresolvedRelation', nameParts, span: c.spanFrom(start) }
  }
  if (!c.accept('FROM')) return c.fail('SELECT')
  const input = fromClause(c)
  // FROM alone is a query too: of all columns.
  if (!startsSelect(c)) return input
  let plan = organized(c, start, select(c, input))
  // `FROM t SELECT a SELECT b`: the rows of both.
  while (startsSelect(c)) {
    const right = organized(c, c.token.start, select(c, input))
    plan = { kind: 'SetOperation', left: plan, right, operation: 'union', all: true, span: c.spanFrom(start) }
  }
  return plan
}

/** ORDER BY, CLUSTER BY, DISTRIBUTE BY, SORT BY, WINDOW, LIMIT and OFFSET around a plan. OFFSET skips first, then LIMIT counts. */
function organized(c: Cursor, start: number, inner: Relation): Relation {
  let plan = inner
  if (c.acceptAll('ORDER', 'BY')) {
    const order = c.list(sortItem)
    plan = { kind: 'Sort', input: plan, order, global: true, span: c.spanFrom(start) }
  }
  if (c.acceptAll('CLUSTER', 'BY')) {
    const columns = c.list(c.grammar.expression)
    const order = columns.map(child => ({ kind: 'SortOrder', child, ascending: true }) as const)
    plan = { kind: 'Sort', input: { kind: 'Repartition', input: plan, columns }, order, global: false, span: c.spanFrom(start) }
  }
  if (c.acceptAll('DISTRIBUTE', 'BY')) {
    const columns = c.list(c.grammar.expression)
    plan = { kind: 'Repartition', input: plan, columns, span: c.spanFrom(start) }
  }
  if (c.acceptAll('SORT', 'BY')) {
    const order = c.list(sortItem)
    plan = { kind: 'Sort', input: plan, order, global: false, span: c.spanFrom(start) }
  }
  plan = optionalWindows(c, start, plan)
  const limit = c.accept('LIMIT') && !(c.is('ALL') && c.accept('ALL')) ? c.grammar.expression(c) : undefined
  if (c.accept('OFFSET')) {
    const offset = c.grammar.expression(c)
    plan = { kind: 'Offset', input: plan, offset, span: c.spanFrom(start) }
  }
  return limit === undefined ? plan : { kind: 'Limit', input: plan, limit, span: c.spanFrom(start) }
}
