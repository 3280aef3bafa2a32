/**
 * Expressions as text: unresolved ones as Spark names columns and quotes them in messages (`sum(sales)`, `(a + 1)`), bound ones as EXPLAIN shows them
 * (`(age#3 > 25)`).
 */
import { unreachable } from '../core/errors.js'
import { intervalText, isAnsiInterval } from '../core/intervals.js'
import { doubleText, floatText } from '../core/java-number.js'
import type { BoundExpr, BoundFrameEdge, BoundSortOrder, NamedExpr, WindowExpr } from './bound.js'
import { sqlTypeName } from './coercion.js'
import type { Expr, FrameBoundary, Literal, LiteralValue, Window } from './expr.js'

/** Functions that Spark shows in capitals. */
const capitals = new Set(
  (
    'sqrt exp expm1 floor ceil ceiling log log10 log2 log1p signum cbrt sin cos tan asin acos atan atan2 sinh cosh tanh degrees radians ' +
    'hypot pi e power regexp_like rlike regexp spark_partition_id rank dense_rank percent_rank'
  ).split(' '),
)

/** `int(x)`: a cast that Spark's names do not show. */
const castFunctions = new Set('boolean tinyint smallint int bigint float double decimal string binary date timestamp'.split(' '))

/** Arguments that Spark adds to a name when they are left out, by the number of those given. */
const shownDefaults: Readonly<Record<string, Readonly<Record<number, readonly string[]>>>> = {
  round: { 1: ['0'] },
  bround: { 1: ['0'] },
  substring: { 2: ['2147483647'] },
  substr: { 2: ['2147483647'] },
  locate: { 2: ['1'] },
  position: { 2: ['1'] },
  charindex: { 2: ['1'] },
  lpad: { 2: [' '] },
  rpad: { 2: [' '] },
  split: { 2: ['-1'] },
  replace: { 2: [''] },
  regexp_replace: { 3: ['1'] },
  regexp_extract: { 2: ['1'] },
  percentile: { 2: ['1'] },
  percentile_approx: { 2: ['10000'] },
  approx_percentile: { 2: ['10000'] },
  lag: { 1: ['1', 'NULL'], 2: ['NULL'] },
  lead: { 1: ['1', 'NULL'], 2: ['NULL'] },
  unix_timestamp: { 1: ['yyyy-MM-dd HH:mm:ss'] },
}

/** Functions that are shown under another of their names. */
const shownAs: Readonly<Record<string, string>> = { current_database: 'current_schema', session_user: 'current_user', user: 'current_user' }

const infix = new Set(['+', '-', '*', '/', '%', 'div', '=', '<', '<=', '>', '>=', '<=>', 'and', 'or', '&', '|', '^', '<<', '>>', '>>>'])

function callText(name: string, args: readonly string[]): string {
  const fn = shownAs[name.toLowerCase()] ?? name.toLowerCase()
  const [a, b] = args
  if (args.length === 1 && castFunctions.has(fn)) return a ?? ''
  if (args.length === 2 && infix.has(fn)) return `(${a} ${/^[a-z]/.test(fn) && fn !== 'div' ? fn.toUpperCase() : fn} ${b})`
  if (args.length === 2 && fn === '||') return `concat(${a}, ${b})`
  switch (fn) {
    case 'not':
      return `(NOT ${a})`
    case 'negative':
      return args.length === 1 ? `(- ${a})` : `negative(${args.join(', ')})`
    case 'positive':
      return `(+ ${a})`
    case '~':
      return `~${a}`
    case 'isnull':
      return `(${a} IS NULL)`
    case 'isnotnull':
      return `(${a} IS NOT NULL)`
    case 'in':
      return `(${a} IN (${args.slice(1).join(', ')}))`
    case 'like':
      return args.length === 2 ? `${a} LIKE ${b}` : `${a} LIKE ${b} ESCAPE ${args[2]}`
    case 'if':
      return `(IF(${args.join(', ')}))`
    case 'log':
      return args.length === 1 ? `LOG(E(), ${a})` : `LOG(${args.join(', ')})`
    case 'extract':
      return `extract(${a} FROM ${b})`
    case 'position':
      return `locate(${[...args, ...(shownDefaults['position']?.[args.length] ?? [])].join(', ')})`
    case 'when':
      return caseText(args)
    default:
      return `${capitals.has(fn) ? fn.toUpperCase() : fn}(${[...args, ...(shownDefaults[fn]?.[args.length] ?? [])].join(', ')})`
  }
}

function caseText(args: readonly string[]): string {
  const branches: string[] = []
  for (let i = 0; i + 1 < args.length; i += 2) branches.push(`WHEN ${args[i]} THEN ${args[i + 1]}`)
  return `CASE ${branches.join(' ')}${args.length % 2 === 1 ? ` ELSE ${args[args.length - 1]}` : ''} END`
}

/**
 * The text of an unresolved expression. `attribute` says how a name is shown (the analyzer knows which parts are qualifiers); by default all parts.
 */
export function prettyText(expr: Expr, attribute: (nameParts: readonly string[]) => string = parts => parts.join('.')): string {
  const show = (e: Expr): string => prettyText(e, attribute)
  switch (expr.kind) {
    case 'Literal':
      return literalText(expr)
    case 'UnresolvedAttribute':
      return attribute(expr.nameParts)
    case 'UnresolvedStar':
      return expr.target === undefined ? '*' : `${expr.target.join('.')}.*`
    case 'UnresolvedFunction': {
      const isCount = expr.name.toLowerCase() === 'count'
      const args = expr.args.map(a => (isCount && a.kind === 'UnresolvedStar' && a.target === undefined ? '1' : show(a)))
      const plain = expr.distinct ? `${expr.name.toLowerCase()}(DISTINCT ${args.join(', ')})` : callText(expr.name, args)
      const text =
        expr.withinGroup === undefined
          ? plain
          : `${plain} WITHIN GROUP (ORDER BY ${expr.withinGroup.map(o => withinText(expr.name, o, show)).join(', ')})`
      return expr.filter === undefined ? text : `${text} FILTER (WHERE ${show(expr.filter)})`
    }
    case 'Cast':
      // As in Spark, a cast to a nested type is not shown.
      if (expr.to.kind === 'array' || expr.to.kind === 'map' || expr.to.kind === 'struct') return show(expr.child)
      return `${expr.mode === 'try' ? 'TRY_CAST' : 'CAST'}(${show(expr.child)} AS ${sqlTypeName(expr.to)})`
    case 'Alias':
      return `${show(expr.child)} AS ${expr.name}`
    case 'UnresolvedExtractValue': {
      const name = expr.extraction.kind === 'Literal' && typeof expr.extraction.value === 'string' ? expr.extraction.value : undefined
      return name === undefined ? `${show(expr.child)}[${show(expr.extraction)}]` : `${show(expr.child)}.${name}`
    }
    case 'MultiAlias':
      return `${show(expr.child)} AS (${expr.names.join(', ')})`
    case 'SortOrder':
      return `${show(expr.child)} ${expr.ascending ? 'ASC' : 'DESC'} NULLS ${(expr.nullsFirst ?? expr.ascending) ? 'FIRST' : 'LAST'}`
    case 'ExpressionString':
      return expr.text
    case 'SubqueryExpression':
      return expr.subquery === 'scalar'
        ? 'scalarsubquery()'
        : expr.subquery === 'exists'
          ? 'exists()'
          : `(${(expr.values ?? []).map(show).join(', ')} IN (listquery()))`
    case 'NamedArgument':
      return `${expr.name} => ${show(expr.value)}`
    case 'LambdaFunction':
      return lambdaText(expr, attribute)
    case 'Window':
      return `${show(expr.function)} OVER (${specText(expr, show)})`
    default:
      return unreachable(expr)
  }
}

/** Of a percentile the order is ascending unless it says DESC. */
function withinText(name: string, order: Expr, show: (e: Expr) => string): string {
  const { child, ascending } = order.kind === 'SortOrder' ? order : { child: order, ascending: true }
  if (name.toLowerCase().startsWith('percentile')) return ascending ? show(child) : `${show(child)} DESC`
  return order.kind === 'SortOrder' ? show(order) : `${show(order)} ASC NULLS FIRST`
}

/** As Spark names it: parameters have lost their names. */
function lambdaText(expr: Expr & { kind: 'LambdaFunction' }, attribute: (nameParts: readonly string[]) => string): string {
  const own = new Set(expr.parameters.map(p => p.toLowerCase()))
  const variable = 'namedlambdavariable()'
  const body = prettyText(expr.body, parts => (own.has(parts[0]?.toLowerCase() ?? '') ? [variable, ...parts.slice(1)].join('.') : attribute(parts)))
  return `lambdafunction(${[body, ...expr.parameters.map(() => variable)].join(', ')})`
}

/** A window as Spark names it: the frame is always there, also the one that goes without saying. */
function specText(expr: Window, show: (e: Expr) => string): string {
  const name = expr.function.kind === 'UnresolvedFunction' ? expr.function.name.toLowerCase() : ''
  const parts = [
    ...(expr.partitionBy.length === 0 ? [] : [`PARTITION BY ${expr.partitionBy.map(show).join(', ')}`]),
    ...(expr.orderBy.length === 0
      ? []
      : [`ORDER BY ${expr.orderBy.map(o => (o.kind === 'SortOrder' ? show(o) : `${show(o)} ASC NULLS FIRST`)).join(', ')}`]),
  ]
  const edge = (e: FrameBoundary, side: string) => {
    if (e.kind === 'unbounded') return `UNBOUNDED ${side}`
    if (e.kind === 'currentRow') return 'CURRENT ROW'
    const before = negated(e.value)
    return before === undefined ? `${show(e.value)} FOLLOWING` : `${show(before)} PRECEDING`
  }
  if (expr.frame !== undefined) {
    parts.push(`${expr.frame.type.toUpperCase()} BETWEEN ${edge(expr.frame.lower, 'PRECEDING')} AND ${edge(expr.frame.upper, 'FOLLOWING')}`)
  } else if (name === 'lag' || name === 'lead') {
    const given = expr.function.kind === 'UnresolvedFunction' ? expr.function.args[1] : undefined
    const n = `${name === 'lag' ? '-' : ''}${given === undefined ? '1' : show(given)}`
    parts.push(`ROWS BETWEEN ${n} FOLLOWING AND ${n} FOLLOWING`)
  } else if (numbering.has(name)) parts.push('ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW')
  else if (expr.orderBy.length === 0) parts.push('ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING')
  else parts.push('RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW')
  return parts.join(' ')
}

/** What a distance that is written as negative is the negative of. */
function negated(e: Expr): Expr | undefined {
  if (e.kind === 'UnresolvedFunction' && e.name === 'negative') return e.args[0]
  if (e.kind !== 'Literal' || (typeof e.value !== 'number' && typeof e.value !== 'bigint') || e.value >= 0) return undefined
  return { ...e, value: -e.value }
}

const numbering = new Set(['row_number', 'rank', 'dense_rank', 'percent_rank', 'ntile'])

function literalText(expr: Literal): string {
  if (typeof expr.value === 'string' && expr.type.kind === 'string') return expr.value
  if (isAnsiInterval(expr.type) && (typeof expr.value === 'bigint' || typeof expr.value === 'number'))
    return intervalText(BigInt(expr.value), expr.type)
  return valueText(expr.value, expr.type.kind)
}

function valueText(value: LiteralValue, kind: string): string {
  if (value === null) return 'NULL'
  if (value instanceof Uint8Array) return `X'${Buffer.from(value).toString('hex').toUpperCase()}'`
  if (kind === 'date' && typeof value === 'number') return `DATE '${dateText(value)}'`
  if (kind === 'timestamp' && typeof value === 'bigint') return `TIMESTAMP '${timestampText(value)}'`
  if (kind === 'timestamp_ntz' && typeof value === 'bigint') return `TIMESTAMP_NTZ '${timestampText(value)}'`
  if (kind === 'double' && typeof value === 'number') return doubleText(value)
  if (kind === 'float' && typeof value === 'number') return floatText(value)
  if (typeof value === 'object') return `INTERVAL '${value.months} months ${value.days} days ${value.micros} microseconds'`
  return String(value)
}

/** `2026-01-31` from days since the epoch. */
export function dateText(days: number): string {
  // Howard Hinnant's civil-from-days, which covers all of Spark's years.
  const z = days + 719468
  const era = Math.floor(z / 146097)
  const doe = z - era * 146097
  const yoe = Math.floor((doe - Math.floor(doe / 1460) + Math.floor(doe / 36524) - Math.floor(doe / 146096)) / 365)
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100))
  const mp = Math.floor((5 * doy + 2) / 153)
  const month = mp < 10 ? mp + 3 : mp - 9
  const year = yoe + era * 400 + (month <= 2 ? 1 : 0)
  const digits = String(Math.abs(year)).padStart(4, '0')
  return `${year < 0 ? '-' : ''}${digits}-${String(month).padStart(2, '0')}-${String(doy - Math.floor((153 * mp + 2) / 5) + 1).padStart(2, '0')}`
}

/** `2026-01-31 12:00:00.5` (UTC) from microseconds since the epoch. */
export function timestampText(micros: bigint): string {
  const day = 86_400_000_000n
  const days = micros >= 0n ? micros / day : -((-micros + day - 1n) / day)
  const rest = Number(micros - days * day)
  const two = (n: number) => String(Math.floor(n)).padStart(2, '0')
  const seconds = Math.floor(rest / 1_000_000)
  const fraction = String(rest % 1_000_000)
    .padStart(6, '0')
    .replace(/0+$/, '')
  return `${dateText(Number(days))} ${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}${fraction === '' ? '' : `.${fraction}`}`
}

/** A bound expression as EXPLAIN shows it. */
export function exprText(expr: BoundExpr): string {
  switch (expr.kind) {
    case 'Attribute':
      return `${expr.name}#${expr.id}`
    case 'Literal':
      return literalText(expr)
    case 'Cast':
      return `${expr.mode === 'try' ? 'try_cast' : 'cast'}(${exprText(expr.child)} as ${sqlTypeName(expr.type).toLowerCase()})`
    case 'Call':
      // The canonical call, without the defaults that names show.
      if (expr.fn === 'getfield') return `${exprText(expr.args[0] as BoundExpr)}.${expr.args[1] === undefined ? '' : exprText(expr.args[1])}`
      return callText(expr.fn, expr.args.map(exprText))
    case 'AggregateCall': {
      const args = expr.args.length === 0 ? '1' : expr.args.map(exprText).join(', ')
      return `${expr.fn}(${expr.distinct ? 'distinct ' : ''}${args})${expr.filter === undefined ? '' : ` FILTER (WHERE ${exprText(expr.filter)})`}`
    }
    case 'Subquery': {
      const outer = expr.outer.map(o => exprText(o.value)).join(', ')
      if (expr.subquery === 'in') return `(${expr.values.map(exprText).join(', ')} IN (list#${expr.id} [${outer}]))`
      return `${expr.subquery === 'scalar' ? 'scalar-subquery' : 'exists'}#${expr.id} [${outer}]`
    }
    case 'LambdaVariable':
      return `lambda ${expr.name}#${expr.id}`
    case 'Lambda':
      return `lambdafunction(${[expr.body, ...expr.parameters].map(exprText).join(', ')})`
    case 'WindowCall':
      return `${expr.fn}(${expr.args.map(exprText).join(', ')})${expr.ignoreNulls ? ' ignore nulls' : ''}`
    case 'Window':
      return windowText(expr)
    default:
      return unreachable(expr)
  }
}

function windowText(expr: WindowExpr): string {
  const parts = [
    ...(expr.partitionBy.length === 0 ? [] : [expr.partitionBy.map(exprText).join(', ')]),
    ...(expr.orderBy.length === 0 ? [] : [expr.orderBy.map(orderText).join(', ')]),
    ...(expr.frame === undefined
      ? []
      : [`specifiedwindowframe(${expr.frame.type}, ${edgeText(expr.frame.lower, 'preceding')}, ${edgeText(expr.frame.upper, 'following')})`]),
  ]
  return `${exprText(expr.function)} windowspecdefinition(${parts.join(', ')})`
}

function edgeText(edge: BoundFrameEdge, side: string): string {
  if (edge.kind === 'offset') return `${edge.preceding ? '-' : ''}${exprText(edge.value)}`
  return edge.kind === 'currentRow' ? 'currentrow' : `unbounded ${side}`
}

export function namedText(named: NamedExpr): string {
  return named.kind === 'Attribute' ? exprText(named) : `${exprText(named.child)} AS ${named.name}#${named.id}`
}

export function orderText(order: BoundSortOrder): string {
  return `${exprText(order.child)} ${order.ascending ? 'ASC' : 'DESC'} NULLS ${order.nullsFirst ? 'FIRST' : 'LAST'}`
}
