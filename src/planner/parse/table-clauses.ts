/** What may follow a relation in FROM: TABLESAMPLE, PIVOT, UNPIVOT, LATERAL VIEW, time travel. */
import type { Expr } from '../expr.js'
import type { Pivot, Relation, Sample, Unpivot, UnresolvedRelation } from '../logical.js'
import type { Cursor } from './cursor.js'
import { isName, multipartName, nameList, optionalAlias, optionalTableAlias, strictName } from './names.js'
import { isString, stringText } from './strings.js'

/** `TABLESAMPLE (10 PERCENT | 5 ROWS | BUCKET 1 OUT OF 4) [REPEATABLE (seed)]`, if it stands here. */
export function optionalSample(c: Cursor, start: number, input: Relation): Relation {
  if (!c.areNext('TABLESAMPLE', '(')) return input
  c.next()
  c.next()
  const method = sampleMethod(c)
  c.expect(')')
  const seed = c.acceptAll('REPEATABLE', '(') ? wholeNumber(c) : undefined
  if (seed !== undefined) c.expect(')')
  return { kind: 'Sample', input, method, ...(seed === undefined ? {} : { seed }), span: c.spanFrom(start) }
}

function wholeNumber(c: Cursor): number {
  if (c.token.kind !== 'integer') c.fail('<a whole number>')
  return Number(c.next().text)
}

function sampleMethod(c: Cursor): Sample['method'] {
  const start = c.token.start
  if (c.is(')')) throw c.error('INVALID_SAMPLE', 'TABLESAMPLE needs a number of rows, a percentage or a bucket: TABLESAMPLE (10 PERCENT).', c.token)
  if (c.is('BUCKET') && c.peek().kind === 'integer') {
    c.next()
    const bucket = wholeNumber(c)
    c.expect('OUT')
    c.expect('OF')
    const of = wholeNumber(c)
    if (c.is('ON')) throw c.error('INVALID_SAMPLE', 'TABLESAMPLE (BUCKET x OUT OF y ON …) is not supported.', c.token, {}, '0A000')
    if (bucket < 1 || bucket > of) throw c.error('INVALID_SAMPLE', `There is no bucket ${bucket} out of ${of}.`, c.spanFrom(start))
    return { kind: 'bucket', bucket, of }
  }
  const rows = c.grammar.expression(c)
  if (c.accept('ROWS')) return { kind: 'rows', rows }
  const percent = rows.kind === 'Literal' ? Number(rows.value) : Number.NaN
  if (!c.accept('PERCENT')) {
    throw c.error('INVALID_SAMPLE', 'TABLESAMPLE takes ROWS, PERCENT or BUCKET; a number of bytes is not supported.', c.spanFrom(start), {}, '0A000')
  }
  if (!(percent >= 0 && percent <= 100))
    throw c.error('INVALID_SAMPLE', `A percentage is from 0 to 100, not ${c.text.slice(start, c.previous.start)}.`, c.spanFrom(start))
  return { kind: 'percent', percent }
}

/** `[FOR] VERSION|SYSTEM_VERSION AS OF v`, `[FOR] TIMESTAMP|SYSTEM_TIME AS OF t`, if it stands here. */
export function optionalTimeTravel(c: Cursor): UnresolvedRelation['asOf'] {
  const ahead = c.is('FOR') ? 1 : 0
  const key = c.peek(ahead).key
  if (c.peek(ahead + 1).key !== 'AS' || c.peek(ahead + 2).key !== 'OF') return undefined
  const version = key === 'VERSION' || key === 'SYSTEM_VERSION'
  if (!version && key !== 'TIMESTAMP' && key !== 'SYSTEM_TIME') return undefined
  for (let i = 0; i < ahead + 3; i++) c.next()
  if (!version) return { timestamp: c.grammar.valueExpression(c) }
  if (isString(c)) return { version: stringText(c) }
  if (c.token.kind !== 'integer') c.fail('<a version>')
  return { version: c.next().text }
}

/** `PIVOT (…)` or `UNPIVOT (…)`, with an alias, if it stands here. */
export function optionalPivot(c: Cursor, start: number, input: Relation): Relation | undefined {
  if (c.areNext('PIVOT', '(')) return aliased(c, start, pivot(c, start, input))
  if (!c.is('UNPIVOT')) return undefined
  const next = c.peek().key
  if (next !== '(' && next !== 'INCLUDE' && next !== 'EXCLUDE') return undefined
  return aliased(c, start, unpivot(c, start, input))
}

function aliased(c: Cursor, start: number, input: Relation): Relation {
  const alias = optionalTableAlias(c)
  return alias === undefined ? input : { kind: 'SubqueryAlias', input, alias, span: c.spanFrom(start) }
}

function withAlias(c: Cursor): Expr {
  const start = c.token.start
  const child = c.grammar.expression(c)
  const name = optionalAlias(c)
  return name === undefined ? child : { kind: 'Alias', child, name, span: c.spanFrom(start) }
}

function pivot(c: Cursor, start: number, input: Relation): Pivot {
  c.next()
  c.expect('(')
  const aggregates = c.list(withAlias)
  c.expect('FOR')
  const columns = c.is('(') ? nameList(c) : [strictName(c)]
  c.expect('IN')
  c.expect('(')
  const values = c.list(withAlias)
  c.expect(')')
  c.expect(')')
  return { kind: 'Pivot', input, aggregates, columns, values, span: c.spanFrom(start) }
}

function unpivot(c: Cursor, start: number, input: Relation): Unpivot {
  c.next()
  const includeNulls = c.accept('INCLUDE')
  if (includeNulls || c.accept('EXCLUDE')) c.expect('NULLS')
  c.expect('(')
  const several = c.is('(')
  const valueColumns = several ? nameList(c) : [strictName(c)]
  c.expect('FOR')
  const nameColumn = strictName(c)
  c.expect('IN')
  c.expect('(')
  const sets = c.list(() => unpivotSet(c, several))
  c.expect(')')
  c.expect(')')
  return { kind: 'Unpivot', input, includeNulls, valueColumns, nameColumn, sets, span: c.spanFrom(start) }
}

function unpivotSet(c: Cursor, several: boolean): Unpivot['sets'][number] {
  let columns: string[][]
  if (several) {
    c.expect('(')
    columns = c.list(multipartName)
    c.expect(')')
  } else columns = [multipartName(c)]
  const alias = optionalAlias(c)
  return alias === undefined ? { columns } : { columns, alias }
}

/** Any number of `LATERAL VIEW [OUTER] f(…) alias [AS a, b]`. */
export function lateralViews(c: Cursor, start: number, input: Relation): Relation {
  let plan = input
  while (c.acceptAll('LATERAL', 'VIEW')) {
    const outer = c.accept('OUTER')
    const generatorStart = c.token.start
    const name = multipartName(c).join('.')
    c.expect('(')
    const args = c.is(')') ? [] : c.list(c.grammar.expression)
    c.expect(')')
    const generator: Expr = { kind: 'UnresolvedFunction', name, args, span: c.spanFrom(generatorStart) }
    // The view's name comes first, and Spark takes the AS of `LATERAL VIEW f(x) AS a` for it.
    const alias = strictName(c)
    const columns = c.accept('AS') || (isName(c) && !startsClause(c)) ? c.list(strictName) : []
    plan = { kind: 'Generate', input: plan, generator, outer, alias, columns, span: c.spanFrom(start) }
  }
  return plan
}

const clauses = new Set(
  'LATERAL WHERE GROUP HAVING WINDOW QUALIFY ORDER SORT CLUSTER DISTRIBUTE LIMIT OFFSET UNION INTERSECT EXCEPT MINUS SETMINUS PIVOT UNPIVOT SELECT INSERT JOIN LEFT RIGHT INNER FULL CROSS NATURAL SEMI ANTI'.split(
    ' ',
  ),
)

function startsClause(c: Cursor): boolean {
  return c.token.kind === 'word' && clauses.has(c.token.key)
}
