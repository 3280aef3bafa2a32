/** Identifiers: which tokens may be a name where, and how a name is unquoted. */
import type { Cursor } from './cursor.js'
import { identifierClause } from './identifier-clause.js'
import { ansiReserved, notBareAlias, notColumn, notTableAlias } from './keywords.js'
import type { Token } from './token.js'

/** The name a token of kind word, backquoted or doubleQuoted stands for. */
export function nameOf(token: Token): string {
  switch (token.kind) {
    case 'backquoted':
      return token.text.slice(1, -1).replaceAll('``', '`')
    case 'doubleQuoted':
      return token.text.slice(1, -1).replaceAll('""', '"')
    default:
      return token.text
  }
}

/** Whether the token may be a name at all (after AS, after a dot, …). */
export function isName(c: Cursor, token: Token = c.token): boolean {
  switch (token.kind) {
    case 'word':
      return !(c.options.reservedKeywords && ansiReserved.has(token.key))
    case 'backquoted':
      return true
    case 'doubleQuoted':
      return c.options.doubleQuotedIdentifiers === true && token.text[0] === '"'
    default:
      return false
  }
}

/** An identifier. `a-b` without quotes is refused as Spark refuses it (INVALID_IDENTIFIER). */
export function identifier(c: Cursor): string {
  const clause = c.options.legacyIdentifierClause === true ? undefined : namesOfClause(c)
  if (clause !== undefined) return onlyName(c, clause)
  if (!isName(c)) c.fail('<a name>')
  return unquoted(c, c.next())
}

/** The same, for places where a hyphen cannot be a minus. */
export function strictName(c: Cursor): string {
  const start = c.token.start
  const name = identifier(c)
  if (c.token.key === '-' && c.token.start === c.previous.end && c.peek().kind === 'word') {
    while (c.token.key === '-' && c.peek().kind === 'word') {
      c.next()
      c.next()
    }
    const span = c.spanFrom(start)
    throw invalidIdentifier(c, c.text.slice(span.start, span.end), span)
  }
  return name
}

/** `a.b.c` as parts. */
export function multipartName(c: Cursor): string[] {
  const clause = namesOfClause(c)
  if (clause !== undefined && c.options.legacyIdentifierClause === true) return clause.names
  const parts = clause?.names ?? [strictName(c)]
  while (c.accept('.')) {
    refuseClause(c)
    parts.push(strictName(c))
  }
  return parts
}

/** The same where IDENTIFIER() may not stand under `spark.sql.legacy.identifierClause`: columns, variables, new names. */
export function plainName(c: Cursor): string[] {
  refuseClause(c)
  return multipartName(c)
}

function refuseClause(c: Cursor): void {
  if (c.options.legacyIdentifierClause === true && c.is('IDENTIFIER') && c.peek().key === '(') c.fail('<a name>')
}

interface ClauseNames {
  readonly names: string[]
  readonly span: { readonly start: number; readonly end: number }
}

/** The parts of the name in `IDENTIFIER('a.b')`, when the cursor stands on one. */
export function namesOfClause(c: Cursor): ClauseNames | undefined {
  const clause = identifierClause(c)
  if (clause === undefined) return undefined
  const span = c.spanFrom(clause.start)
  const inner = c.nested(clause.text)
  if (isName(inner)) {
    const names = multipartName(inner)
    if (inner.peek(0).kind === 'end') return { names, span }
  }
  throw c.syntaxError({ kind: 'word', key: '', text: clause.text, ...span })
}

function onlyName(c: Cursor, { names, span }: ClauseNames): string {
  const [name] = names
  if (names.length === 1 && name !== undefined) return name
  throw c.error(
    'IDENTIFIER_TOO_MANY_NAME_PARTS',
    `\`${names.join('`.`')}\` is not a valid identifier as it has more than 1 name part.`,
    span,
    {},
    '42601',
  )
}

/** `(a, b, c)` */
export function nameList(c: Cursor): string[] {
  c.expect('(')
  const names = c.list(strictName)
  c.expect(')')
  return names
}

function unquoted(c: Cursor, token: Token): string {
  const name = nameOf(token)
  if (token.kind === 'word' && token.key === '' && !/^[A-Za-z0-9_]+$/.test(name)) throw invalidIdentifier(c, name, token)
  if (token.kind !== 'word' && name === '')
    throw c.error('PARSE_SYNTAX_ERROR', `Syntax error at or near '${token.text}': a name cannot be empty.`, token)
  return name
}

function invalidIdentifier(c: Cursor, name: string, span: { start: number; end: number }): Error {
  return c.error(
    'INVALID_IDENTIFIER',
    `The unquoted identifier ${name} is invalid and must be back quoted as: \`${name}\`. Unquoted identifiers hold only ASCII letters, digits and underscores.`,
    span,
    { ident: name },
    '42602',
  )
}

/** Whether the current token, standing alone, can be a column or the first part of one. */
export function startsColumn(c: Cursor): boolean {
  if (!isName(c)) return false
  return c.token.kind !== 'word' || !notColumn.has(c.token.key)
}

/** Takes the alias of a select item, if one stands here: `AS name`, or a name that begins nothing else. */
export function optionalAlias(c: Cursor): string | undefined {
  if (c.is('AS')) {
    c.next()
    return strictName(c)
  }
  if (isName(c) && !(c.token.kind === 'word' && beginsNext(c))) return strictName(c)
  return undefined
}

/** Whether a word begins the next clause rather than being an alias. Those that people use as names are clauses only in front of what a clause needs. */
function beginsNext(c: Cursor): boolean {
  const key = c.token.key
  if (!notBareAlias.has(key)) return false
  const next = c.peek().key
  switch (key) {
    case 'SORT':
    case 'CLUSTER':
    case 'DISTRIBUTE':
    case 'ORDER':
    case 'GROUP':
      return next === 'BY'
    case 'INSERT':
      return next === 'INTO' || next === 'OVERWRITE'
    case 'WINDOW':
      return c.peek(2).key === 'AS' || c.peek().key === 'IDENTIFIER'
    case 'VALUES':
    case 'SELECT':
    case 'SET':
      return next !== ',' && next !== 'FROM' && next !== ')' && c.peek().kind !== 'end'
    case 'LIMIT':
    case 'OFFSET':
      return next !== ',' && next !== 'FROM' && next !== ')' && c.peek().kind !== 'end'
    case 'APPROX':
    case 'EXACT':
      return next === 'NEAREST'
    case 'PIVOT':
    case 'UNPIVOT':
    case 'TABLESAMPLE':
      return next === '(' || next === 'INCLUDE' || next === 'EXCLUDE'
    default:
      return true
  }
}

/** Takes the alias of a relation, if one stands here. */
export function optionalTableAlias(c: Cursor): string | undefined {
  const explicit = c.accept('AS')
  if (!isName(c) || (c.token.kind === 'word' && notTableAlias.has(c.token.key))) {
    // In `VALUES (1) AS (a)` Spark takes AS itself for the alias.
    if (explicit && c.is('(')) return nameOf(c.previous)
    if (explicit) c.fail('<a table alias>')
    return undefined
  }
  if (!explicit && c.token.kind === 'word' && beginsNext(c)) return undefined
  return strictName(c)
}
