/**
 * Statements: which one stands here, by its first words. Queries, temp views, EXPLAIN, SET and RESET have all they need; of the others those in
 * `commands.ts` are told whole, the rest by name.
 */
import type { Command } from '../commands.js'
import type { Statement } from '../logical.js'
import { alter } from './alter.js'
import { deleteFrom, insert, merge, multiInsert, update } from './changes.js'
import type { Cursor } from './cursor.js'
import { isName, multipartName, strictName } from './names.js'
import { ifExists, ifNotExists, properties } from './properties.js'
import { query, queryWith, withClause } from './queries.js'
import { callProcedure, createFunction, declareVariable, executeImmediate, setVariables } from './routines.js'
import { script, startsScript } from './scripts.js'
import { fromClause } from './select.js'
import { commentOn, describe, maintenance, namespaceWord, show, use } from './show.js'
import { isString, stringText } from './strings.js'
import { createTable } from './tables.js'
import { createView } from './views.js'

const other = (name: string): Command => ({ kind: 'OtherCommand', name })

/** One statement up to, not including, the end of the text and semicolons before it. */
export function statement(c: Cursor): Statement {
  if (startsScript(c)) return script(c, statement)
  return readers.get(c.token.key)?.(c) ?? queryOrInsert(c)
}

const readers: ReadonlyMap<string, (c: Cursor) => Statement> = new Map<string, (c: Cursor) => Statement>([
  ['EXPLAIN', explain],
  ['CREATE', create],
  ['REPLACE', replaceTable],
  ['DROP', drop],
  ['SET', set],
  ['RESET', reset],
  ['INSERT', c => insert(c)],
  ['DELETE', deleteFrom],
  ['UPDATE', update],
  ['MERGE', merge],
  ['ALTER', alter],
  ['SHOW', show],
  ['DESC', describe],
  ['DESCRIBE', describe],
  ['USE', use],
  ['COMMENT', commentOn],
  ['DECLARE', declareVariable],
  ['EXECUTE', executeImmediate],
  ['CALL', callProcedure],
  ['ADD', resource],
  ['LIST', resource],
  ...['ANALYZE', 'CACHE', 'UNCACHE', 'CLEAR', 'REFRESH', 'TRUNCATE', 'LOAD', 'MSCK', 'REPAIR'].map(k => [k, maintenance] as const),
])

/** A query; or one that INSERT follows, behind WITH or FROM. */
function queryOrInsert(c: Cursor): Statement {
  if (c.is('WITH')) {
    const start = c.token.start
    const ctes = withClause(c)
    if (c.is('INSERT')) return insert(c, ctes)
    if (!c.is('FROM')) return { kind: 'Query', plan: queryWith(c, start, ctes) }
    return fromInsert(c) ?? { kind: 'Query', plan: queryWith(c, start, ctes) }
  }
  return (c.is('FROM') ? fromInsert(c) : undefined) ?? { kind: 'Query', plan: query(c) }
}

/** `FROM t INSERT INTO …`, if it stands here. */
function fromInsert(c: Cursor): Command | undefined {
  const mark = c.mark()
  c.expect('FROM')
  const input = c.attempt(fromClause)
  if (input !== undefined && c.is('INSERT')) return multiInsert(c, input)
  c.reset(mark)
  return undefined
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
  const global = c.accept('GLOBAL')
  const temporary = c.accept('TEMPORARY') || c.accept('TEMP')
  if (global && !temporary) c.fail('TEMPORARY')
  if (c.accept('VIEW')) return createView(c, temporary ? (global ? 'global' : 'session') : 'catalog', replace)
  if (c.accept('FUNCTION')) return createFunction(c)
  c.accept('EXTERNAL')
  if (c.accept('TABLE')) return createTable(c, replace)
  if (c.accept('INDEX')) return createIndex(c)
  if (temporary || replace || !namespaceWord(c)) c.fail('TABLE')
  const missing = ifNotExists(c)
  const nameParts = multipartName(c)
  for (;;) {
    if (c.accept('COMMENT') || c.accept('LOCATION')) stringText(c)
    else if (c.acceptAll('DEFAULT', 'COLLATION')) strictName(c)
    else if (c.acceptAll('WITH', 'DBPROPERTIES') || c.acceptAll('WITH', 'PROPERTIES')) properties(c)
    else return { kind: 'CreateSchema', nameParts, ifNotExists: missing }
  }
}

function replaceTable(c: Cursor): Statement {
  c.next()
  c.expect('TABLE')
  return createTable(c, true)
}

function createIndex(c: Cursor): Command {
  ifNotExists(c)
  strictName(c)
  c.expect('ON')
  c.accept('TABLE')
  multipartName(c)
  if (c.accept('USING')) strictName(c)
  c.expect('(')
  c.list(() => {
    multipartName(c)
    if (c.accept('OPTIONS')) properties(c)
  })
  c.expect(')')
  if (c.accept('OPTIONS')) properties(c)
  return other('CREATE INDEX')
}

function drop(c: Cursor): Statement {
  c.next()
  if (c.accept('VIEW')) {
    const missing = ifExists(c)
    return { kind: 'DropView', nameParts: multipartName(c), ifExists: missing }
  }
  if (c.accept('TABLE')) {
    const missing = ifExists(c)
    const nameParts = multipartName(c)
    c.accept('PURGE')
    return { kind: 'DropTable', nameParts, ifExists: missing }
  }
  const temporary = c.accept('TEMPORARY') || c.accept('TEMP')
  if (c.accept('FUNCTION')) return dropped(c, 'DROP FUNCTION')
  if (temporary) {
    if (!c.accept('VARIABLE')) c.expect('VAR')
    ifExists(c)
    c.list(multipartName)
    return other('DROP VARIABLE')
  }
  if (c.accept('INDEX')) {
    ifExists(c)
    strictName(c)
    c.expect('ON')
    c.accept('TABLE')
    multipartName(c)
    return other('DROP INDEX')
  }
  if (!namespaceWord(c)) c.fail('TABLE')
  const missing = ifExists(c)
  const nameParts = multipartName(c)
  const cascade = !c.accept('RESTRICT') && c.accept('CASCADE')
  return { kind: 'DropSchema', nameParts, ifExists: missing, cascade }
}

function dropped(c: Cursor, name: string): Command {
  ifExists(c)
  multipartName(c)
  return other(name)
}

/** `ADD JAR …`, `LIST FILES`: what follows is not SQL. */
function resource(c: Cursor): Command {
  const name = c.next().key
  if (!isName(c)) c.fail('<a kind of resource>')
  rest(c)
  return other(name)
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
  if ((c.is('VAR') || c.is('VARIABLE')) && (isName(c, c.peek()) || c.peek().key === '(')) {
    c.next()
    return setVariables(c)
  }
  if (c.is('CATALOG') && c.peek().key !== '=') {
    c.next()
    if (isString(c)) stringText(c)
    else strictName(c)
    return other('SET CATALOG')
  }
  if (c.is('COLLATION') && isName(c, c.peek())) {
    c.next()
    strictName(c)
    return other('SET COLLATION')
  }
  if (c.is('PATH') && c.peek().key === '=') {
    rest(c)
    return other('SET PATH')
  }
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
