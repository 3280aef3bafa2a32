/** SQL scripts, `BEGIN … END`: read whole, carried out by nobody yet. */
import type { Command } from '../commands.js'
import type { Statement } from '../logical.js'
import type { Cursor } from './cursor.js'
import { isName, multipartName, strictName } from './names.js'
import { setVariables } from './routines.js'
import { stringText } from './strings.js'

/** Reads one statement outside scripts; given by `statements.ts`, which imports this file. */
export type StatementReader = (c: Cursor) => Statement

/** Whether a block stands here: `BEGIN`, or `label: BEGIN`. */
export function startsScript(c: Cursor): boolean {
  return (c.is('BEGIN') && c.peek().key !== ';' && c.peek().kind !== 'end') || (isName(c) && c.peek().key === ':' && c.peek(2).key === 'BEGIN')
}

export function script(c: Cursor, statement: StatementReader): Command {
  block(c, statement)
  return { kind: 'OtherCommand', name: 'BEGIN … END' }
}

function optionalLabel(c: Cursor): void {
  if (isName(c) && c.peek().key === ':') {
    c.next()
    c.next()
  }
}

function endLabel(c: Cursor): void {
  if (!c.is(';') && isName(c)) strictName(c)
}

function block(c: Cursor, statement: StatementReader): void {
  optionalLabel(c)
  c.expect('BEGIN')
  c.acceptAll('NOT', 'ATOMIC')
  body(c, statement, ['END'])
  c.expect('END')
  endLabel(c)
}

/** Statements with semicolons behind them, up to one of these words. */
function body(c: Cursor, statement: StatementReader, ends: readonly string[]): void {
  while (!ends.includes(c.token.key)) {
    if (c.token.kind === 'end') c.fail(ends[0])
    part(c, statement)
    // The last statement of a script may go without.
    if (!c.accept(';') && !ends.includes(c.token.key)) c.fail(';')
  }
}

function part(c: Cursor, statement: StatementReader): void {
  const labelled = isName(c) && c.peek().key === ':' ? 2 : 0
  const key = c.peek(labelled).key
  switch (key) {
    case 'BEGIN':
      block(c, statement)
      return
    case 'IF':
      ifStatement(c, statement)
      return
    case 'CASE':
      caseStatement(c, statement)
      return
    case 'WHILE':
      loop(c, statement, 'WHILE', () => {
        c.grammar.expression(c)
        c.expect('DO')
      })
      return
    case 'LOOP':
      loop(c, statement, 'LOOP', () => {})
      return
    case 'FOR':
      loop(c, statement, 'FOR', () => {
        if (isName(c) && c.peek().key === 'AS') {
          c.next()
          c.next()
        }
        c.grammar.query(c)
        c.expect('DO')
      })
      return
    case 'REPEAT':
      repeat(c, statement)
      return
    case 'LEAVE':
    case 'ITERATE':
    case 'OPEN':
    case 'CLOSE':
      c.next()
      strictName(c)
      return
    case 'FETCH':
      fetch(c)
      return
    case 'SIGNAL':
    case 'RESIGNAL':
      signal(c)
      return
    case 'SET':
      if (c.peek().key !== 'TIME' && !c.peek().text.includes('.')) {
        c.next()
        if (c.is('VAR') || c.is('VARIABLE')) c.next()
        setVariables(c)
        return
      }
      statement(c)
      return
    case 'DECLARE':
      declare(c, statement)
      return
    default:
      statement(c)
  }
}

function ifStatement(c: Cursor, statement: StatementReader): void {
  c.expect('IF')
  do {
    c.grammar.expression(c)
    c.expect('THEN')
    body(c, statement, ['ELSEIF', 'ELSE', 'END'])
  } while (c.accept('ELSEIF'))
  if (c.accept('ELSE')) body(c, statement, ['END'])
  c.expect('END')
  c.expect('IF')
}

function caseStatement(c: Cursor, statement: StatementReader): void {
  c.expect('CASE')
  if (!c.is('WHEN')) c.grammar.expression(c)
  if (!c.is('WHEN')) c.fail('WHEN')
  while (c.accept('WHEN')) {
    c.grammar.expression(c)
    c.expect('THEN')
    body(c, statement, ['WHEN', 'ELSE', 'END'])
  }
  if (c.accept('ELSE')) body(c, statement, ['END'])
  c.expect('END')
  c.expect('CASE')
}

function loop(c: Cursor, statement: StatementReader, word: string, head: () => void): void {
  optionalLabel(c)
  c.expect(word)
  head()
  body(c, statement, ['END'])
  c.expect('END')
  c.expect(word)
  endLabel(c)
}

function repeat(c: Cursor, statement: StatementReader): void {
  optionalLabel(c)
  c.expect('REPEAT')
  body(c, statement, ['UNTIL'])
  c.expect('UNTIL')
  c.grammar.expression(c)
  c.expect('END')
  c.expect('REPEAT')
  endLabel(c)
}

function fetch(c: Cursor): void {
  c.expect('FETCH')
  if (c.accept('NEXT')) c.expect('FROM')
  else c.accept('FROM')
  strictName(c)
  c.expect('INTO')
  c.list(multipartName)
}

function signal(c: Cursor): void {
  c.next()
  if (c.is(';')) return
  if (c.accept('SQLSTATE')) {
    c.accept('VALUE')
    stringText(c)
  } else strictName(c)
  if (c.accept('SET')) {
    c.list(() => {
      strictName(c)
      c.expect('=')
      c.grammar.expression(c)
    })
  }
}

/** A variable, a condition, a handler or a cursor. */
function declare(c: Cursor, statement: StatementReader): void {
  const kind = c.peek()
  if ((kind.key === 'EXIT' || kind.key === 'CONTINUE') && c.peek(2).key === 'HANDLER') {
    for (let i = 0; i < 3; i++) c.next()
    c.expect('FOR')
    c.list(() => {
      if (c.accept('SQLSTATE')) {
        c.accept('VALUE')
        stringText(c)
      } else if (!c.acceptAll('NOT', 'FOUND')) strictName(c)
    })
    part(c, statement)
    return
  }
  if (c.peek(2).key === 'CONDITION') {
    for (let i = 0; i < 3; i++) c.next()
    if (c.acceptAll('FOR', 'SQLSTATE')) {
      c.accept('VALUE')
      stringText(c)
    }
    return
  }
  if (c.peek(2).key === 'CURSOR' || c.peek(3).key === 'CURSOR') {
    while (!c.accept('FOR')) if (c.next().kind === 'end') c.fail('FOR')
    c.grammar.query(c)
    return
  }
  statement(c)
}
