/** Queries: WITH, SELECT in clause order, set operations, ORDER BY … LIMIT. The result is the unresolved plan, built inside out as SQL reads it. */
import type { Expr } from '../expr.js'
import type { Relation } from '../logical.js'
import { sortItem } from './calls.js'
import type { Cursor } from './cursor.js'
import { isName, multipartName, nameList, optionalAlias, strictName } from './names.js'
import { fromList, inlineTable } from './relations.js'
import { unsupported } from './unsupported.js'

/** `[WITH …] term [ORDER BY …] [LIMIT …] [OFFSET …]` */
export function query(c: Cursor): Relation {
  const start = c.token.start
  if (!c.is('WITH')) return organized(c, start, setOperations(c))
  c.next()
  if (c.is('RECURSIVE') && isName(c, c.peek())) throw unsupported(c, 'WITH RECURSIVE')
  const ctes = c.list(cte)
  const bodyStart = c.token.start
  const input = organized(c, bodyStart, setOperations(c))
  return { kind: 'WithCTE', ctes, input, span: c.spanFrom(start) }
}

function cte(c: Cursor): { name: string; plan: Relation; columns?: string[] } {
  const name = strictName(c)
  const columns = c.is('(') && !c.areNext('(', 'SELECT') && !c.areNext('(', 'WITH') ? c.attempt(nameList) : undefined
  c.accept('AS')
  c.expect('(')
  const plan = query(c)
  c.expect(')')
  return columns === undefined ? { name, plan } : { name, plan, columns }
}

/** UNION, EXCEPT and MINUS from the left; INTERSECT binds tighter. */
function setOperations(c: Cursor): Relation {
  const start = c.token.start
  let left = intersections(c)
  for (;;) {
    const key = c.is('UNION') ? 'union' : c.is('EXCEPT') || c.is('MINUS') || c.is('SETMINUS') ? 'except' : undefined
    if (key === undefined) return left
    c.next()
    const all = quantifier(c)
    left = { kind: 'SetOperation', left, right: intersections(c), operation: key, all, span: c.spanFrom(start) }
  }
}

function intersections(c: Cursor): Relation {
  const start = c.token.start
  let left = queryPrimary(c)
  while (c.accept('INTERSECT')) {
    const all = quantifier(c)
    left = { kind: 'SetOperation', left, right: queryPrimary(c), operation: 'intersect', all, span: c.spanFrom(start) }
  }
  return left
}

function quantifier(c: Cursor): boolean {
  if (c.accept('ALL')) return true
  c.accept('DISTINCT')
  return false
}

function queryPrimary(c: Cursor): Relation {
  const start = c.token.start
  if (c.is('SELECT')) return select(c)
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
  if (c.accept('FROM')) {
    const input = fromList(c)
    if (!c.is('SELECT')) c.fail('SELECT')
    const plan = select(c, input)
    return organized(c, start, plan)
  }
  return c.fail('SELECT')
}

/** SELECT with its clauses. `input` is given when FROM came first. */
function select(c: Cursor, input?: Relation): Relation {
  const start = c.expect('SELECT').start
  const hints = c.is('/*+') ? hintList(c) : []
  const distinct = selectQuantifier(c)
  const items = c.list(selectItem)
  let plan = input ?? (c.accept('FROM') ? fromList(c) : oneRow(start))
  if (c.is('LATERAL')) throw unsupported(c, 'LATERAL VIEW')
  if (c.accept('WHERE')) {
    const condition = c.grammar.expression(c)
    plan = { kind: 'Filter', input: plan, condition, span: c.spanFrom(start) }
  }
  const groups = c.acceptAll('GROUP', 'BY') ? groupBy(c) : undefined
  const having = c.accept('HAVING') ? c.grammar.expression(c) : undefined
  if (groups !== undefined || having !== undefined) {
    plan = {
      kind: 'Aggregate',
      input: plan,
      grouping: groups?.grouping ?? [],
      aggregates: items,
      ...(groups?.groupAll ? { groupAll: true } : {}),
      ...(having === undefined ? {} : { having }),
      span: c.spanFrom(start),
    }
  } else plan = { kind: 'Project', input: plan, expressions: items, span: c.spanFrom(start) }
  if (c.is('QUALIFY')) throw unsupported(c, 'QUALIFY')
  if (distinct) plan = { kind: 'Deduplicate', input: plan, span: c.spanFrom(start) }
  return hints.reduceRight<Relation>((inner, hint) => ({ kind: 'Hint', input: inner, ...hint, span: c.spanFrom(start) }), plan)
}

function oneRow(start: number): Relation {
  return { kind: 'OneRowRelation', span: { start, end: start } }
}

function selectQuantifier(c: Cursor): boolean {
  if (c.accept('DISTINCT')) return true
  if (c.is('ALL') && c.peek().key !== ',' && c.peek().key !== 'FROM' && c.peek().key !== '.') c.next()
  return false
}

function selectItem(c: Cursor): Expr {
  const start = c.token.start
  const child = c.grammar.expression(c)
  if (c.areNext('AS', '(') || (c.is('(') && child.kind === 'UnresolvedFunction')) throw unsupported(c, 'A list of aliases')
  const alias = optionalAlias(c)
  return alias === undefined ? child : { kind: 'Alias', child, name: alias, span: c.spanFrom(start) }
}

/** A named expression by itself: what `selectExpr` and `expr` take. */
export function namedExpression(c: Cursor): Expr {
  return selectItem(c)
}

/** `/*+ BROADCAST(a), REPARTITION(3) *​/`, outermost first. */
function hintList(c: Cursor): { name: string; parameters: Expr[] }[] {
  const hints: { name: string; parameters: Expr[] }[] = []
  while (c.accept('/*+')) {
    const inside: { name: string; parameters: Expr[] }[] = []
    do {
      const name = strictName(c)
      const parameters: Expr[] = []
      if (c.accept('(')) {
        if (!c.is(')')) parameters.push(...c.list(c.grammar.valueExpression))
        c.expect(')')
      }
      inside.push({ name, parameters })
      c.accept(',')
    } while (!c.is('*/') && isName(c))
    c.expect('*/')
    hints.push(...inside.reverse())
  }
  return hints
}

function groupBy(c: Cursor): { grouping: Expr[]; groupAll?: boolean } {
  const after = c.peek()
  if (c.is('ALL') && after.kind !== 'backquoted' && !['.', '(', '+', '-', '*', '/', ','].includes(after.key)) {
    c.next()
    return { grouping: [], groupAll: true }
  }
  const start = c.token.start
  const grouping = c.list(groupItem)
  const call = (name: string, args: readonly Expr[]): Expr => ({ kind: 'UnresolvedFunction', name, args, span: c.spanFrom(start) })
  if (c.acceptAll('WITH', 'ROLLUP')) return { grouping: [call('rollup', grouping)] }
  if (c.acceptAll('WITH', 'CUBE')) return { grouping: [call('cube', grouping)] }
  if (c.acceptAll('GROUPING', 'SETS')) return { grouping: [call('grouping_sets', setList(c, groupingSet))] }
  return { grouping }
}

/** `a`, `ROLLUP (a, (b, c))`, `CUBE (…)`, `GROUPING SETS (…)`: a set of several columns is a `struct`, nested analytics are calls. */
function groupItem(c: Cursor): Expr {
  const start = c.token.start
  const call = (name: string, args: readonly Expr[]): Expr => ({ kind: 'UnresolvedFunction', name, args, span: c.spanFrom(start) })
  if ((c.is('ROLLUP') || c.is('CUBE')) && c.peek().key === '(') return call(c.next().key.toLowerCase(), setList(c, groupingSet))
  if (c.acceptAll('GROUPING', 'SETS'))
    return call(
      'grouping_sets',
      setList(c, inner => (isAnalytics(inner) ? groupItem(inner) : groupingSet(inner))),
    )
  return c.grammar.expression(c)
}

function isAnalytics(c: Cursor): boolean {
  return ((c.is('ROLLUP') || c.is('CUBE')) && c.peek().key === '(') || c.areNext('GROUPING', 'SETS')
}

function setList(c: Cursor, item: (c: Cursor) => Expr): Expr[] {
  c.expect('(')
  const sets = c.list(item)
  c.expect(')')
  return sets
}

function groupingSet(c: Cursor): Expr {
  const start = c.token.start
  if (c.acceptAll('(', ')')) return { kind: 'UnresolvedFunction', name: 'struct', args: [], span: c.spanFrom(start) }
  return c.grammar.expression(c)
}

/** ORDER BY, CLUSTER BY, DISTRIBUTE BY, SORT BY, LIMIT and OFFSET around a plan. OFFSET skips first, then LIMIT counts. */
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
  if (c.is('WINDOW') && c.peek(2).key === 'AS') throw unsupported(c, 'WINDOW')
  const limit = c.accept('LIMIT') && !(c.is('ALL') && c.accept('ALL')) ? c.grammar.expression(c) : undefined
  if (c.accept('OFFSET')) {
    const offset = c.grammar.expression(c)
    plan = { kind: 'Offset', input: plan, offset, span: c.spanFrom(start) }
  }
  return limit === undefined ? plan : { kind: 'Limit', input: plan, limit, span: c.spanFrom(start) }
}
