/** Function calls: arguments (named ones too), DISTINCT, WITHIN GROUP, FILTER, IGNORE NULLS and OVER. */
import { types } from '../../core/types.js'
import type { Expr, FrameBoundary, SortOrder, UnresolvedFunction, Window, WindowFrame } from '../expr.js'
import type { Cursor } from './cursor.js'
import { literal } from './literals.js'
import { identifier, isName, strictName } from './names.js'

/** `(args) …` after a function's name that began at `start`. */
export function functionCall(c: Cursor, name: string, start: number): Expr {
  c.expect('(')
  const distinct = setQuantifier(c)
  let ignoreNulls: boolean | undefined
  const args: Expr[] = []
  if (!c.is(')')) {
    args.push(...c.list(argument))
    if (c.acceptAll('IGNORE', 'NULLS')) ignoreNulls = true
  }
  c.expect(')')
  checkSchemaText(c, name, args, start)
  const call = (): UnresolvedFunction => ({
    kind: 'UnresolvedFunction',
    name,
    args: isCountStar(name, args, distinct) ? [literal(1, types.int)] : args,
    ...(distinct ? { distinct } : {}),
    ...(filter === undefined ? {} : { filter }),
    ...(ignoreNulls === undefined ? {} : { ignoreNulls }),
    ...(withinGroup === undefined ? {} : { withinGroup }),
    span: c.spanFrom(start),
  })
  let withinGroup: Expr[] | undefined
  if (c.acceptAll('WITHIN', 'GROUP')) {
    c.expect('(')
    c.expect('ORDER')
    c.expect('BY')
    withinGroup = c.list(sortItem)
    c.expect(')')
  }
  let filter: Expr | undefined
  if (c.areNext('FILTER', '(', 'WHERE')) {
    for (let i = 0; i < 3; i++) c.next()
    filter = c.grammar.expression(c)
    c.expect(')')
  }
  if (c.acceptAll('IGNORE', 'NULLS')) ignoreNulls = true
  else if (c.acceptAll('RESPECT', 'NULLS')) ignoreNulls = false
  const made = call()
  if (c.is('OVER') && (c.peek().key === '(' || isName(c, c.peek()))) {
    c.next()
    return windowOver(c, made, start)
  }
  return made
}

/** The schema that `from_json` and its kin are given as a text is SQL too. */
function checkSchemaText(c: Cursor, name: string, args: readonly Expr[], start: number): void {
  const [, schema] = args
  if (!/^from_(json|csv|xml)$/i.test(name) || schema?.kind !== 'Literal' || typeof schema.value !== 'string') return
  const inner = c.nested(schema.value)
  try {
    if (inner.is('STRUCT') || inner.is('ARRAY') || inner.is('MAP')) c.grammar.dataType(inner)
    else c.grammar.tableSchema(inner)
  } catch {
    const text = schema.value
    throw c.syntaxError({ kind: 'word', key: '', text, ...c.spanFrom(start) })
  }
}

/** Spark reads `count(*)` as `count(1)`. */
function isCountStar(name: string, args: readonly Expr[], distinct: boolean): boolean {
  const [only] = args
  return !distinct && args.length === 1 && only?.kind === 'UnresolvedStar' && !only.target && !only.except && name.toLowerCase() === 'count'
}

/** DISTINCT or ALL after the parenthesis, unless it is an argument of that name. */
function setQuantifier(c: Cursor): boolean {
  const next = c.peek()
  const isArgument = next.key === ',' || next.key === ')' || next.key === '(' || next.key === '.' || next.key === '=>'
  if (c.is('DISTINCT') && (!isArgument || next.key === '(')) {
    c.next()
    return true
  }
  if (c.is('ALL') && !isArgument) c.next()
  return false
}

/** An argument: an expression, or `name => expression`. */
export function argument(c: Cursor): Expr {
  if (isName(c) && c.peek().key === '=>') {
    const start = c.token.start
    const name = identifier(c)
    c.expect('=>')
    return { kind: 'NamedArgument', name, value: c.grammar.expression(c), span: c.spanFrom(start) }
  }
  return c.grammar.expression(c)
}

/** `expr [ASC|DESC] [NULLS FIRST|LAST]` */
export function sortItem(c: Cursor): SortOrder {
  const start = c.token.start
  const child = c.grammar.expression(c)
  const ascending = c.accept('ASC') || !c.accept('DESC')
  if (!c.accept('NULLS')) return { kind: 'SortOrder', child, ascending, span: c.spanFrom(start) }
  const nullsFirst = c.accept('FIRST')
  if (!nullsFirst) c.expect('LAST')
  return { kind: 'SortOrder', child, ascending, nullsFirst, span: c.spanFrom(start) }
}

function windowOver(c: Cursor, call: Expr, start: number): Window {
  const done = (spec: Omit<Window, 'kind' | 'function'>): Window => ({ kind: 'Window', function: call, ...spec, span: c.spanFrom(start) })
  if (!c.is('(')) return done({ partitionBy: [], orderBy: [], reference: strictName(c) })
  if (isName(c, c.peek()) && c.peek(2).key === ')') {
    c.next()
    const reference = strictName(c)
    c.expect(')')
    return done({ partitionBy: [], orderBy: [], reference })
  }
  return done(windowSpec(c))
}

export type WindowSpec = Pick<Window, 'partitionBy' | 'orderBy' | 'frame'>

/** `( [PARTITION BY …] [ORDER BY …] [frame] )`; Hive's DISTRIBUTE, SORT and CLUSTER BY mean the same here. */
export function windowSpec(c: Cursor): WindowSpec {
  c.expect('(')
  let partitionBy: Expr[] = []
  let orderBy: Expr[] = []
  if (c.acceptAll('CLUSTER', 'BY')) partitionBy = c.list(c.grammar.expression)
  else {
    if (c.acceptAll('PARTITION', 'BY') || c.acceptAll('DISTRIBUTE', 'BY')) partitionBy = c.list(c.grammar.expression)
    if (c.acceptAll('ORDER', 'BY') || c.acceptAll('SORT', 'BY')) orderBy = c.list(sortItem)
  }
  const frame = windowFrame(c)
  c.expect(')')
  return frame === undefined ? { partitionBy, orderBy } : { partitionBy, orderBy, frame }
}

function windowFrame(c: Cursor): WindowFrame | undefined {
  if (!c.is('ROWS') && !c.is('RANGE')) return undefined
  const type = c.next().key === 'ROWS' ? 'rows' : 'range'
  if (!c.accept('BETWEEN')) return { type, lower: boundary(c, 'PRECEDING'), upper: { kind: 'currentRow' } }
  const lower = boundary(c, 'PRECEDING')
  c.expect('AND')
  return { type, lower, upper: boundary(c, 'FOLLOWING') }
}

/** One edge. `unbounded` is the direction in which this edge may have no bound. */
function boundary(c: Cursor, unbounded: 'PRECEDING' | 'FOLLOWING'): FrameBoundary {
  if (c.acceptAll('CURRENT', 'ROW')) return { kind: 'currentRow' }
  if (c.is('UNBOUNDED') && (c.peek().key === 'PRECEDING' || c.peek().key === 'FOLLOWING')) {
    c.next()
    c.expect(unbounded)
    return { kind: 'unbounded' }
  }
  const value = c.grammar.expression(c)
  if (c.accept('FOLLOWING')) return { kind: 'offset', value }
  c.expect('PRECEDING')
  if (value.kind === 'Literal' && typeof value.value === 'number') return { kind: 'offset', value: { ...value, value: -value.value } }
  return { kind: 'offset', value: { kind: 'UnresolvedFunction', name: 'negative', args: [value] } }
}
