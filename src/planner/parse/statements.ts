/** Statements: queries, temp views, EXPLAIN, SET and RESET. Every other statement of Spark's is refused by name. */
import type { Expr } from '../expr.js'
import type { Relation, Statement } from '../logical.js'
import type { Cursor } from './cursor.js'
import { multipartName, strictName } from './names.js'
import { query } from './queries.js'
import { isString, stringText } from './strings.js'
import { unsupported } from './unsupported.js'

/** Words that begin statements that Spark has and spk has not. */
const others = new Set(
  'ADD ALTER ANALYZE BEGIN CACHE CALL CLEAR COMMENT DECLARE DELETE DESC DESCRIBE EXECUTE INSERT LIST LOAD MERGE MSCK REFRESH REPAIR REPLACE SHOW TRUNCATE UNCACHE UPDATE USE'.split(
    ' ',
  ),
)

/** One statement up to, not including, the end of the text and semicolons before it. */
export function statement(c: Cursor): Statement {
  switch (c.token.key) {
    case 'EXPLAIN':
      return explain(c)
    case 'CREATE':
      return create(c)
    case 'DROP':
      return drop(c)
    case 'SET':
      return set(c)
    case 'RESET':
      return reset(c)
    default:
      if (others.has(c.token.key)) throw unsupported(c, `The statement ${c.token.key}`)
      return { kind: 'Query', plan: query(c) }
  }
}

const modes = { EXTENDED: 'extended', FORMATTED: 'formatted', COST: 'cost', CODEGEN: 'codegen' } as const

function explain(c: Cursor): Statement {
  c.next()
  const mode = modes[c.token.key as keyof typeof modes]
  if (mode === undefined) return { kind: 'Explain', mode: 'simple', statement: statement(c) }
  c.next()
  return { kind: 'Explain', mode, statement: statement(c) }
}

function create(c: Cursor): Statement {
  c.next()
  const replace = c.acceptAll('OR', 'REPLACE')
  if (c.is('GLOBAL')) throw unsupported(c, 'CREATE GLOBAL TEMPORARY VIEW')
  if (!c.accept('TEMPORARY') && !c.accept('TEMP')) throw unsupported(c, `CREATE ${c.token.text.toUpperCase()}`)
  if (!c.is('VIEW')) throw unsupported(c, `CREATE TEMPORARY ${c.token.text.toUpperCase()}`)
  c.next()
  const name = viewName(c)
  if (c.accept('USING')) return { kind: 'CreateTempView', name, plan: source(c), replace }
  const columns = c.is('(') ? viewColumns(c) : undefined
  for (;;) {
    if (c.accept('COMMENT')) stringText(c)
    else if (c.accept('TBLPROPERTIES')) properties(c)
    else break
  }
  c.expect('AS')
  const plan = query(c)
  return columns === undefined ? { kind: 'CreateTempView', name, plan, replace } : { kind: 'CreateTempView', name, plan, replace, columns }
}

/** The name of a temp view has one part. */
function viewName(c: Cursor): string {
  const start = c.token.start
  const parts = multipartName(c)
  if (parts.length > 1) {
    const objName = `\`${parts[parts.length - 1]}\``
    const qualifier = parts
      .slice(0, -1)
      .map(p => `\`${p}\``)
      .join('.')
    const message = `Temporary VIEW ${objName} cannot be qualified with ${qualifier}. Give a name without dots.`
    throw c.error('INVALID_TEMP_OBJ_QUALIFIER', message, c.spanFrom(start), { objName, qualifier }, '42602')
  }
  return parts[0] as string
}

function viewColumns(c: Cursor): string[] {
  c.expect('(')
  const names = c.list(() => {
    const name = strictName(c)
    if (c.accept('COMMENT')) stringText(c)
    return name
  })
  c.expect(')')
  return names
}

/** `parquet OPTIONS (path '…', header true)` */
function source(c: Cursor): Relation {
  const start = c.token.start
  const format = multipartName(c).join('.').toLowerCase()
  if (format !== 'parquet' && format !== 'csv' && format !== 'json') {
    const message = `Failed to find the data source: ${format}. Known are parquet, csv and json.`
    throw c.error('DATA_SOURCE_NOT_FOUND', message, c.spanFrom(start), { provider: format }, '42K02')
  }
  const { path, ...options } = c.accept('OPTIONS') ? properties(c) : {}
  return { kind: 'ReadFiles', format, paths: path === undefined ? [] : [path], options, span: c.spanFrom(start) }
}

/** `(key 'value', a.b = 1, 'c' true)` */
function properties(c: Cursor): Record<string, string> {
  c.expect('(')
  const found: Record<string, string> = {}
  c.list(() => {
    const key = isString(c) ? stringText(c) : multipartName(c).join('.')
    c.accept('=')
    const value: Expr | undefined = c.is(',') || c.is(')') ? undefined : c.grammar.expression(c)
    if (value !== undefined && value.kind !== 'Literal') c.fail('<a literal>')
    found[key.toLowerCase()] = value === undefined ? '' : String(value.value)
  })
  c.expect(')')
  return found
}

function drop(c: Cursor): Statement {
  c.next()
  if (!c.accept('VIEW')) throw unsupported(c, `DROP ${c.token.text.toUpperCase()}`)
  const ifExists = c.acceptAll('IF', 'EXISTS')
  return { kind: 'DropView', name: multipartName(c).join('.'), ifExists }
}

/** Takes everything up to the end, as it stands in the text. */
function rest(c: Cursor): string {
  const start = c.token.start
  let end = start
  while (c.token.kind !== 'end') end = c.next().end
  return c.text.slice(start, end).replace(/[;\s]+$/, '')
}

/** `SET`, `SET key`, `SET key = value`, `SET TIME ZONE …`. A value is raw text: it needs no quotes. */
function set(c: Cursor): Statement {
  c.next()
  if (c.areNext('TIME', 'ZONE')) return timeZone(c)
  const start = c.token.start
  const body = rest(c)
  if (body === '' || body === '-v') return { kind: 'Set' }
  const match = /^(?:`((?:[^`]|``)+)`|([\w.:-]+))\s*(?:=\s*([\s\S]*))?$/.exec(body)
  if (match === null) {
    const message =
      "Expected format is 'SET', 'SET key', or 'SET key=value'. If you want to include special characters in key, or include semicolon in value, please use backquotes, e.g., SET `key`=`value`."
    throw c.error('INVALID_SET_SYNTAX', message, c.spanFrom(start), {}, '42000')
  }
  const key = match[1]?.replaceAll('``', '`') ?? match[2] ?? ''
  const value = match[3]?.trim()
  if (value === undefined) return { kind: 'Set', key }
  return { kind: 'Set', key, value: /^`[^`]*`$/.test(value) ? value.slice(1, -1) : value }
}

function timeZone(c: Cursor): Statement {
  c.next()
  c.next()
  const key = 'spark.sql.session.timeZone'
  if (c.accept('LOCAL')) return { kind: 'Reset', key }
  if (isString(c)) return { kind: 'Set', key, value: stringText(c) }
  const start = c.token.start
  const interval = c.is('INTERVAL') ? c.grammar.expression(c) : c.fail('<a string>')
  if (interval.kind !== 'Literal' || typeof interval.value !== 'bigint')
    throw c.error('INVALID_SET_SYNTAX', 'SET TIME ZONE takes LOCAL, a string or a day-time interval.', c.spanFrom(start), {}, '42000')
  const seconds = Number(interval.value / 1_000_000n)
  const sign = seconds < 0 ? '-' : '+'
  const two = (n: number): string => String(Math.floor(n)).padStart(2, '0')
  const size = Math.abs(seconds)
  return { kind: 'Set', key, value: `${sign}${two(size / 3600)}:${two((size / 60) % 60)}${size % 60 === 0 ? '' : `:${two(size % 60)}`}` }
}

function reset(c: Cursor): Statement {
  c.next()
  const key = rest(c).replace(/^`(.*)`$/, '$1')
  return key === '' ? { kind: 'Reset' } : { kind: 'Reset', key }
}
