/** SHOW and DESCRIBE. */
import type { Command } from '../commands.js'
import type { Statement } from '../logical.js'
import type { Cursor } from './cursor.js'
import { isName, multipartName, plainName, strictName } from './names.js'
import { syntaxError } from './parse-error.js'
import { optionalPartition, propertyKey } from './properties.js'
import { isString, stringText } from './strings.js'

const other = (name: string): Command => ({ kind: 'OtherCommand', name })

/** DATABASE, SCHEMA or NAMESPACE. */
export function namespaceWord(c: Cursor): boolean {
  return c.accept('DATABASE') || c.accept('SCHEMA') || c.accept('NAMESPACE')
}

function optionalFrom(c: Cursor): string[] | undefined {
  return c.accept('FROM') || c.accept('IN') ? multipartName(c) : undefined
}

/** `[LIKE] 'pattern'` */
function optionalPattern(c: Cursor): string | undefined {
  if (c.accept('LIKE')) return stringText(c)
  return isString(c) ? stringText(c) : undefined
}

export function show(c: Cursor): Command {
  c.expect('SHOW')
  const key = c.token.key
  switch (key) {
    case 'TABLES':
    case 'VIEWS': {
      c.next()
      const namespace = optionalFrom(c)
      const pattern = optionalPattern(c)
      return {
        kind: 'ShowTables',
        viewsOnly: key === 'VIEWS',
        ...(namespace === undefined ? {} : { namespace }),
        ...(pattern === undefined ? {} : { pattern }),
      }
    }
    case 'COLUMNS': {
      c.next()
      if (!c.accept('FROM')) c.expect('IN')
      const nameParts = multipartName(c)
      const namespace = optionalFrom(c)
      return { kind: 'ShowColumns', nameParts: namespace === undefined ? nameParts : [...namespace, ...nameParts.slice(-1)] }
    }
    case 'TABLE':
      c.next()
      c.expect('EXTENDED')
      optionalFrom(c)
      c.expect('LIKE')
      stringText(c)
      optionalPartition(c)
      return other('SHOW TABLE EXTENDED')
    case 'TBLPROPERTIES':
      c.next()
      multipartName(c)
      if (c.accept('(')) {
        propertyKey(c)
        c.expect(')')
      }
      return other('SHOW TBLPROPERTIES')
    case 'PARTITIONS':
      c.next()
      multipartName(c)
      optionalPartition(c)
      return other('SHOW PARTITIONS')
    case 'CREATE':
      c.next()
      c.expect('TABLE')
      multipartName(c)
      c.acceptAll('AS', 'SERDE')
      return other('SHOW CREATE TABLE')
    case 'CURRENT':
      c.next()
      if (!namespaceWord(c)) c.fail('SCHEMA')
      return other('SHOW CURRENT SCHEMA')
    case 'DATABASES':
    case 'SCHEMAS':
    case 'NAMESPACES':
    case 'CATALOGS':
    case 'COLLATIONS':
    case 'PROCEDURES':
      c.next()
      optionalFrom(c)
      optionalPattern(c)
      return other(`SHOW ${key}`)
    default:
      return showFunctions(c)
  }
}

function showFunctions(c: Cursor): Command {
  if (!c.is('FUNCTIONS') && c.token.kind === 'word' && c.peek().key === 'FUNCTIONS') c.next()
  c.expect('FUNCTIONS')
  optionalFrom(c)
  if (c.accept('LIKE') || !['', ';'].includes(c.token.key) || isString(c) || c.token.kind === 'word') {
    if (isString(c)) stringText(c)
    else if (isName(c)) multipartName(c)
  }
  return other('SHOW FUNCTIONS')
}

export function describe(c: Cursor): Statement {
  c.next()
  const next = c.peek()
  if (c.is('FUNCTION') && next.kind !== 'end' && next.key !== ';') {
    c.next()
    c.accept('EXTENDED')
    if (isString(c)) stringText(c)
    else if (c.token.kind === 'symbol') c.next()
    else multipartName(c)
    return other('DESCRIBE FUNCTION')
  }
  if (['DATABASE', 'SCHEMA', 'NAMESPACE'].includes(c.token.key) && (isName(c, next) || next.key === 'EXTENDED')) {
    c.next()
    if (c.is('EXTENDED') && c.peek().kind !== 'end') c.next()
    multipartName(c)
    return other('DESCRIBE SCHEMA')
  }
  if (c.is('QUERY') && startsQuery(next.key)) c.next()
  if (startsQuery(c.token.key) && !(c.is('TABLE') && !tableIsQuery(c))) return { kind: 'DescribeQuery', plan: c.grammar.query(c) }
  return describeTable(c)
}

function startsQuery(key: string): boolean {
  return ['SELECT', 'WITH', 'VALUES', 'FROM', 'TABLE', '('].includes(key)
}

/** `DESCRIBE TABLE t` describes the table t; only `DESCRIBE QUERY TABLE t` is a query. */
function tableIsQuery(c: Cursor): boolean {
  return c.previous.key === 'QUERY'
}

function describeTable(c: Cursor): Command {
  if (c.is('TABLE') && c.peek().kind !== 'end') c.next()
  const extended = (c.is('EXTENDED') || c.is('FORMATTED')) && c.peek().kind !== 'end' && c.peek().key !== '.'
  if (extended) c.next()
  const nameParts = multipartName(c)
  const partition = optionalPartition(c)
  const column = partition === undefined && isName(c) && !c.is('AS') ? plainName(c) : undefined
  c.acceptAll('AS', 'JSON')
  return { kind: 'DescribeTable', nameParts, extended, ...(column === undefined ? {} : { column }) }
}

export function use(c: Cursor): Command {
  c.expect('USE')
  if (isName(c, c.peek())) namespaceWord(c)
  return { kind: 'UseSchema', nameParts: multipartName(c) }
}

export function commentOn(c: Cursor): Command {
  c.expect('COMMENT')
  c.expect('ON')
  if (!c.accept('TABLE') && !c.accept('COLUMN') && !namespaceWord(c)) c.fail('TABLE')
  multipartName(c)
  c.expect('IS')
  if (!c.accept('NULL')) stringText(c)
  return other('COMMENT ON')
}

/** ANALYZE, CACHE, UNCACHE, CLEAR, REFRESH, TRUNCATE, REPAIR and LOAD. */
export function maintenance(c: Cursor): Command {
  const key = c.next().key
  switch (key) {
    case 'ANALYZE':
      return analyze(c)
    case 'CACHE': {
      c.accept('LAZY')
      c.expect('TABLE')
      const nameParts = multipartName(c)
      if (c.accept('OPTIONS')) {
        c.expect('(')
        c.list(() => {
          propertyKey(c)
          c.accept('=')
          c.grammar.expression(c)
        })
        c.expect(')')
      }
      if (!c.accept('AS') && !startsQuery(c.token.key)) return { kind: 'CacheCommand', action: 'cache', nameParts, ifExists: false }
      return { kind: 'CacheCommand', action: 'cache', nameParts, ifExists: false, plan: c.grammar.query(c) }
    }
    case 'UNCACHE': {
      c.expect('TABLE')
      const ifExists = c.acceptAll('IF', 'EXISTS')
      return { kind: 'CacheCommand', action: 'uncache', nameParts: multipartName(c), ifExists }
    }
    case 'CLEAR':
      c.expect('CACHE')
      return { kind: 'CacheCommand', action: 'clear', ifExists: false }
    case 'REFRESH':
      if (c.accept('TABLE')) return { kind: 'CacheCommand', action: 'refresh', nameParts: multipartName(c), ifExists: false }
      if (c.accept('FUNCTION')) {
        multipartName(c)
        return other('REFRESH FUNCTION')
      }
      while (c.token.kind !== 'end' && !c.is(';')) c.next()
      return { kind: 'CacheCommand', action: 'refresh', ifExists: false }
    case 'TRUNCATE': {
      c.expect('TABLE')
      const nameParts = multipartName(c)
      const partition = optionalPartition(c)
      return { kind: 'TruncateTable', nameParts, ...(partition === undefined ? {} : { partition }) }
    }
    case 'LOAD':
      c.expect('DATA')
      c.accept('LOCAL')
      c.expect('INPATH')
      stringText(c)
      c.accept('OVERWRITE')
      c.expect('INTO')
      c.expect('TABLE')
      multipartName(c)
      optionalPartition(c)
      return other('LOAD DATA')
    default:
      if (key === 'MSCK') c.expect('REPAIR')
      c.expect('TABLE')
      multipartName(c)
      if (c.accept('ADD') || c.accept('DROP') || c.accept('SYNC')) c.expect('PARTITIONS')
      return other('REPAIR TABLE')
  }
}

function analyze(c: Cursor): Command {
  const all = c.accept('TABLES')
  if (!all) c.expect('TABLE')
  const nameParts = all ? optionalFrom(c) : multipartName(c)
  const partition = all ? undefined : optionalPartition(c)
  c.expect('COMPUTE')
  c.expect('STATISTICS')
  if (all) return { kind: 'AnalyzeTables', noScan: noScan(c), ...(nameParts === undefined ? {} : { namespace: nameParts }) }
  const columns = c.accept('FOR') ? analyzedColumns(c) : undefined
  return {
    kind: 'AnalyzeTable',
    nameParts: nameParts ?? [],
    noScan: columns === undefined && noScan(c),
    ...(partition === undefined ? {} : { partition }),
    ...(columns === undefined ? {} : { columns }),
  }
}

function analyzedColumns(c: Cursor): readonly string[] | 'all' {
  if (c.acceptAll('ALL', 'COLUMNS')) return 'all'
  c.expect('COLUMNS')
  return c.list(strictName)
}

function noScan(c: Cursor): boolean {
  if (!isName(c)) return false
  const { text } = c.token
  if (text.toUpperCase() === 'NOSCAN') {
    c.next()
    return true
  }
  throw syntaxError(
    'INVALID_SQL_SYNTAX.ANALYZE_TABLE_UNEXPECTED_NOSCAN',
    `Invalid SQL syntax: ANALYZE TABLE(S) ... COMPUTE STATISTICS ... ${text.toUpperCase()} must be either NOSCAN or empty.`,
    c.place(c.token),
    { ctx: text },
    '42000',
  )
}
