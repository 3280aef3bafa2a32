/** Statements that change rows: INSERT, DELETE, UPDATE, MERGE. */
import type { Command } from '../commands.js'
import type { Relation, WithCTE } from '../logical.js'
import type { Cursor } from './cursor.js'
import { multipartName, nameList, optionalTableAlias } from './names.js'
import { ifNotExists, optionalPartition, properties } from './properties.js'
import { select } from './select.js'
import { stringText } from './strings.js'
import { rowFormat } from './tables.js'

/** INSERT …; CTEs that stood before it go around its query. */
export function insert(c: Cursor, ctes?: Pick<WithCTE, 'ctes' | 'recursive'>): Command {
  c.expect('INSERT')
  const target = insertTarget(c)
  if (target === undefined) {
    c.grammar.query(c)
    return { kind: 'OtherCommand', name: 'INSERT OVERWRITE DIRECTORY' }
  }
  const query = c.grammar.query(c)
  const plan: Relation = ctes === undefined ? query : { kind: 'WithCTE', ...ctes, input: query }
  return { kind: 'Insert', ...target, plan }
}

type Target = Omit<Extract<Command, { kind: 'Insert' }>, 'kind' | 'plan'>

/** What INSERT writes to; undefined for a folder. */
function insertTarget(c: Cursor): Target | undefined {
  const overwrite = c.accept('OVERWRITE')
  if (!overwrite) c.expect('INTO')
  if (overwrite && (c.is('DIRECTORY') || c.areNext('LOCAL', 'DIRECTORY'))) return directory(c)
  if (c.is('TABLE') && c.peek().kind !== 'symbol') c.next()
  const nameParts = multipartName(c)
  const partition = optionalPartition(c)
  const missing = ifNotExists(c)
  if (c.accept('REPLACE')) {
    c.expect('WHERE')
    const replaceWhere = c.grammar.expression(c)
    return { nameParts, overwrite: true, byName: false, ifNotExists: false, replaceWhere }
  }
  const byName = c.acceptAll('BY', 'NAME')
  const columns = !byName && c.is('(') && !startsQueryHere(c) ? c.attempt(nameList) : undefined
  return {
    nameParts,
    overwrite,
    byName,
    ifNotExists: missing,
    ...(columns === undefined ? {} : { columns }),
    ...(partition === undefined ? {} : { partition }),
  }
}

function startsQueryHere(c: Cursor): boolean {
  return ['SELECT', 'WITH', 'VALUES', 'TABLE', 'FROM', '('].includes(c.peek().key)
}

function directory(c: Cursor): undefined {
  c.accept('LOCAL')
  c.expect('DIRECTORY')
  if (!c.is('USING')) stringText(c)
  rowFormat(c)
  if (c.acceptAll('STORED', 'AS')) multipartName(c)
  if (c.accept('USING')) {
    multipartName(c)
    if (c.accept('OPTIONS')) properties(c)
  }
  return undefined
}

/** `FROM t INSERT INTO a SELECT … INSERT INTO b SELECT …`: several targets from one source. */
export function multiInsert(c: Cursor, input: Relation): Command {
  while (c.accept('INSERT')) {
    insertTarget(c)
    select(c, input)
  }
  return { kind: 'OtherCommand', name: 'INSERT from FROM' }
}

function optionalWhere(c: Cursor): void {
  if (c.accept('WHERE')) c.grammar.expression(c)
}

export function deleteFrom(c: Cursor): Command {
  c.expect('DELETE')
  c.expect('FROM')
  multipartName(c)
  optionalTableAlias(c)
  optionalWhere(c)
  return { kind: 'OtherCommand', name: 'DELETE' }
}

function assignments(c: Cursor): void {
  c.list(() => {
    multipartName(c)
    c.expect('=')
    c.grammar.expression(c)
  })
}

export function update(c: Cursor): Command {
  c.expect('UPDATE')
  multipartName(c)
  if (!c.is('SET')) optionalTableAlias(c)
  c.expect('SET')
  assignments(c)
  optionalWhere(c)
  return { kind: 'OtherCommand', name: 'UPDATE' }
}

export function merge(c: Cursor): Command {
  c.expect('MERGE')
  c.acceptAll('WITH', 'SCHEMA', 'EVOLUTION')
  c.expect('INTO')
  multipartName(c)
  if (!c.is('USING')) optionalTableAlias(c)
  c.expect('USING')
  if (c.accept('(')) {
    c.grammar.query(c)
    c.expect(')')
  } else multipartName(c)
  if (!c.is('ON')) optionalTableAlias(c)
  c.expect('ON')
  c.grammar.expression(c)
  while (c.accept('WHEN')) {
    c.accept('NOT')
    c.expect('MATCHED')
    if (c.accept('BY') && !c.accept('SOURCE')) c.expect('TARGET')
    if (c.accept('AND')) c.grammar.expression(c)
    c.expect('THEN')
    mergeAction(c)
  }
  return { kind: 'OtherCommand', name: 'MERGE' }
}

function mergeAction(c: Cursor): void {
  if (c.accept('DELETE')) return
  if (c.accept('UPDATE')) {
    c.expect('SET')
    if (!c.accept('*')) assignments(c)
    return
  }
  c.expect('INSERT')
  if (c.accept('*')) return
  c.expect('(')
  c.list(multipartName)
  c.expect(')')
  c.expect('VALUES')
  c.expect('(')
  c.list(c.grammar.expression)
  c.expect(')')
}
