/** ALTER TABLE, VIEW and SCHEMA: read whole, carried out by nobody yet. */
import type { Command } from '../commands.js'
import type { Cursor } from './cursor.js'
import { multipartName, plainName, strictName } from './names.js'
import { ifExists, ifNotExists, optionalPartition, properties, propertyKey } from './properties.js'
import { namespaceWord } from './show.js'
import { stringText } from './strings.js'
import { columnDefinition } from './tables.js'
import { schemaBinding } from './views.js'

export function alter(c: Cursor): Command {
  c.expect('ALTER')
  if (namespaceWord(c)) return alterNamespace(c)
  const name = c.is('VIEW') ? 'ALTER VIEW' : 'ALTER TABLE'
  if (!c.accept('VIEW')) c.expect('TABLE')
  multipartName(c)
  optionalPartition(c)
  if (name === 'ALTER VIEW' && schemaBinding(c)) return { kind: 'OtherCommand', name }
  if (name === 'ALTER VIEW' && (c.accept('AS') || ['SELECT', 'WITH', 'VALUES', 'FROM'].includes(c.token.key)) && !c.is('SCHEMA')) c.grammar.query(c)
  else action(c)
  return { kind: 'OtherCommand', name }
}

function alterNamespace(c: Cursor): Command {
  multipartName(c)
  if (c.acceptAll('DEFAULT', 'COLLATION')) strictName(c)
  else {
    c.expect('SET')
    if (c.accept('LOCATION')) stringText(c)
    else {
      if (!c.accept('DBPROPERTIES')) c.expect('PROPERTIES')
      properties(c)
    }
  }
  return { kind: 'OtherCommand', name: 'ALTER SCHEMA' }
}

function action(c: Cursor): void {
  const key = c.token.key
  switch (key) {
    case 'ADD':
      c.next()
      add(c)
      return
    case 'RENAME':
      c.next()
      if (c.accept('COLUMN')) plainName(c)
      c.expect('TO')
      if (optionalPartition(c) === undefined) plainName(c)
      return
    case 'DROP':
      c.next()
      drop(c)
      return
    case 'SET':
      c.next()
      set(c)
      return
    case 'UNSET':
      c.next()
      c.expect('TBLPROPERTIES')
      ifExists(c)
      c.expect('(')
      c.list(propertyKey)
      c.expect(')')
      return
    case 'ALTER':
    case 'CHANGE':
      c.next()
      changeColumn(c)
      return
    case 'REPLACE':
      c.next()
      c.expect('COLUMNS')
      columnList(c)
      return
    case 'RECOVER':
      c.next()
      c.expect('PARTITIONS')
      return
    case 'CLUSTER':
      c.next()
      c.expect('BY')
      if (c.accept('NONE')) return
      c.expect('(')
      c.list(plainName)
      c.expect(')')
      return
    case 'DEFAULT':
      c.next()
      c.expect('COLLATION')
      strictName(c)
      return
    default:
      c.fail('ADD')
  }
}

function columns(c: Cursor): void {
  c.list(() => {
    plainName(c)
    columnDefinition(c, '')
  })
}

function columnList(c: Cursor): void {
  c.expect('(')
  columns(c)
  c.expect(')')
}

function add(c: Cursor): void {
  if (c.accept('COLUMN') || c.accept('COLUMNS')) {
    if (c.is('(')) columnList(c)
    else columns(c)
    return
  }
  if (c.is('CONSTRAINT') || c.is('PRIMARY') || c.is('FOREIGN') || c.is('CHECK') || c.is('UNIQUE')) {
    while (c.token.kind !== 'end' && !c.is(';')) c.next()
    return
  }
  ifNotExists(c)
  if (optionalPartition(c) === undefined) c.fail('COLUMN')
  do {
    if (c.accept('LOCATION')) stringText(c)
  } while (optionalPartition(c) !== undefined)
}

function drop(c: Cursor): void {
  if (c.accept('CONSTRAINT')) {
    ifExists(c)
    strictName(c)
    c.accept('CASCADE') || c.accept('RESTRICT')
    return
  }
  if (c.accept('COLUMN') || c.accept('COLUMNS')) {
    ifExists(c)
    if (!c.accept('(')) {
      c.list(plainName)
      return
    }
    c.list(plainName)
    c.expect(')')
    return
  }
  ifExists(c)
  if (optionalPartition(c) === undefined) c.fail('COLUMN')
  while (c.accept(',')) if (optionalPartition(c) === undefined) c.fail('PARTITION')
  c.accept('PURGE')
}

function set(c: Cursor): void {
  if (c.accept('TBLPROPERTIES') || c.accept('SERDEPROPERTIES')) properties(c)
  else if (c.accept('LOCATION')) stringText(c)
  else {
    c.expect('SERDE')
    stringText(c)
    if (c.acceptAll('WITH', 'SERDEPROPERTIES')) properties(c)
  }
}

/** `ALTER COLUMN a TYPE INT | COMMENT '…' | FIRST | AFTER b | SET NOT NULL | DROP NOT NULL | SET DEFAULT e | DROP DEFAULT`, or Hive's `CHANGE a b INT`. */
function changeColumn(c: Cursor): void {
  c.accept('COLUMN')
  c.list(() => {
    plainName(c)
    if (c.accept('TYPE')) c.grammar.dataType(c)
    else if (c.accept('COMMENT')) stringText(c)
    else if (c.accept('FIRST')) return
    else if (c.accept('AFTER')) strictName(c)
    else if (c.accept('SET')) {
      if (c.accept('DEFAULT')) c.grammar.expression(c)
      else if (!c.acceptAll('NOT', 'NULL')) c.fail('NOT')
    } else if (c.accept('DROP')) {
      if (!c.accept('DEFAULT') && !c.acceptAll('NOT', 'NULL')) c.fail('NOT')
    } else if (c.token.kind === 'word' || c.token.kind === 'backquoted') {
      strictName(c)
      columnDefinition(c, '')
    }
  })
}
