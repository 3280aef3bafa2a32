/** SELECT and its clauses up to WINDOW and QUALIFY, built inside out as SQL reads it. */
import type { Expr, Window } from '../expr.js'
import type { Relation } from '../logical.js'
import { windowSpec } from './calls.js'
import type { Cursor } from './cursor.js'
import { isName, nameList, optionalAlias, strictName } from './names.js'
import { fromList } from './relations.js'
import { lateralViews, optionalPivot } from './table-clauses.js'
import { transformClause } from './transform.js'

/** SELECT, MAP or REDUCE with its clauses. `input` is given when FROM came first, or a pipe. */
export function select(c: Cursor, input?: Relation): Relation {
  const start = c.next().start
  const hints = c.is('/*+') ? hintList(c) : []
  const script = transformClause(c)
  const distinct = script === undefined && selectQuantifier(c)
  const items = script?.items ?? c.list(namedExpression)
  let plan = input ?? (c.accept('FROM') ? fromClause(c) : { kind: 'OneRowRelation', span: { start, end: start } })
  plan = lateralViews(c, start, plan)
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
  if (c.is('QUALIFY') && c.peek().key !== ',') {
    c.next()
    const condition = c.grammar.expression(c)
    plan = { kind: 'Qualify', input: plan, condition, span: c.spanFrom(start) }
  }
  if (script !== undefined) {
    const { items: _, ...rest } = script
    plan = { kind: 'ScriptTransform', input: plan, ...rest, span: c.spanFrom(start) }
  }
  if (distinct) plan = { kind: 'Deduplicate', input: plan, span: c.spanFrom(start) }
  plan = optionalWindows(c, start, plan)
  return hints.reduceRight<Relation>((inner, hint) => ({ kind: 'Hint', input: inner, ...hint, span: c.spanFrom(start) }), plan)
}

/** Relations of FROM with what follows the last of them. */
export function fromClause(c: Cursor): Relation {
  const start = c.token.start
  let plan = lateralViews(c, start, fromList(c))
  for (let next = optionalPivot(c, start, plan); next !== undefined; next = optionalPivot(c, start, plan)) plan = next
  return plan
}

/** `WINDOW a AS (…), b AS a`, if it stands here. */
export function optionalWindows(c: Cursor, start: number, input: Relation): Relation {
  if (!c.is('WINDOW') || (c.peek(2).key !== 'AS' && c.peek().key !== 'IDENTIFIER')) return input
  c.next()
  const windows = c.list(() => {
    const name = strictName(c)
    c.expect('AS')
    return { name, spec: namedSpec(c) }
  })
  return { kind: 'WithWindowDefinition', input, windows, span: c.spanFrom(start) }
}

function namedSpec(c: Cursor): Pick<Window, 'partitionBy' | 'orderBy' | 'frame' | 'reference'> {
  if (!c.is('(')) return { partitionBy: [], orderBy: [], reference: strictName(c) }
  if (isName(c, c.peek()) && c.peek(2).key === ')') {
    const [reference] = nameList(c)
    return { partitionBy: [], orderBy: [], reference: reference as string }
  }
  return windowSpec(c)
}

function selectQuantifier(c: Cursor): boolean {
  if (c.accept('DISTINCT')) return true
  if (c.is('ALL') && c.peek().key !== ',' && c.peek().key !== 'FROM' && c.peek().key !== '.') c.next()
  return false
}

/** An expression with an optional alias, or with a list of them. */
export function namedExpression(c: Cursor): Expr {
  const start = c.token.start
  const child = c.grammar.expression(c)
  if (c.areNext('AS', '(')) {
    c.next()
    const names = nameList(c)
    return { kind: 'MultiAlias', child, names, span: c.spanFrom(start) }
  }
  if (c.is('(') && child.kind === 'UnresolvedFunction') {
    const names = nameList(c)
    return { kind: 'MultiAlias', child, names, span: c.spanFrom(start) }
  }
  const alias = optionalAlias(c)
  return alias === undefined ? child : { kind: 'Alias', child, name: alias, span: c.spanFrom(start) }
}

interface HintItem {
  readonly name: string
  readonly parameters: readonly Expr[]
}

/** `/*+ BROADCAST(a), REPARTITION(3) *​/`, outermost first. */
function hintList(c: Cursor): HintItem[] {
  const hints: HintItem[] = []
  while (c.accept('/*+')) {
    const inside: HintItem[] = []
    do {
      if (c.is('IDENTIFIER') && c.peek().key === '(') c.fail('<the name of a hint>')
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

/** What follows GROUP BY. */
export function groupBy(c: Cursor, item: (c: Cursor) => Expr = c.grammar.expression): { grouping: Expr[]; groupAll?: boolean } {
  const after = c.peek()
  if (c.is('ALL') && after.kind !== 'backquoted' && !['.', '(', '+', '-', '*', '/', ','].includes(after.key)) {
    c.next()
    return { grouping: [], groupAll: true }
  }
  const start = c.token.start
  const grouping = c.list(() => groupItem(c, item))
  const call = (name: string, args: readonly Expr[]): Expr => ({ kind: 'UnresolvedFunction', name, args, span: c.spanFrom(start) })
  if (c.acceptAll('WITH', 'ROLLUP')) return { grouping: [call('rollup', grouping)] }
  if (c.acceptAll('WITH', 'CUBE')) return { grouping: [call('cube', grouping)] }
  // The keys may be more than the sets name: they come first, as one struct.
  if (c.acceptAll('GROUPING', 'SETS')) return { grouping: [call('grouping_sets_of', [call('struct', grouping), ...setList(c, groupingSet)])] }
  return { grouping }
}

/** `a`, `ROLLUP (a, (b, c))`, `CUBE (…)`, `GROUPING SETS (…)`: a set of several columns is a `struct`, nested analytics are calls. */
function groupItem(c: Cursor, item: (c: Cursor) => Expr): Expr {
  const start = c.token.start
  const call = (name: string, args: readonly Expr[]): Expr => ({ kind: 'UnresolvedFunction', name, args, span: c.spanFrom(start) })
  if ((c.is('ROLLUP') || c.is('CUBE')) && c.peek().key === '(') return call(c.next().key.toLowerCase(), setList(c, groupingSet))
  if (c.acceptAll('GROUPING', 'SETS'))
    return call(
      'grouping_sets',
      setList(c, inner => (isAnalytics(inner) ? groupItem(inner, item) : groupingSet(inner))),
    )
  return item(c)
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
