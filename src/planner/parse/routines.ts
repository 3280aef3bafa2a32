/** SQL functions, session variables, EXECUTE IMMEDIATE and CALL: read whole, carried out by nobody yet. */
import type { Command } from '../commands.js'
import { argument } from './calls.js'
import type { Cursor } from './cursor.js'
import { isName, multipartName, optionalAlias, plainName, strictName } from './names.js'
import { ifNotExists } from './properties.js'
import { stringText } from './strings.js'

const other = (name: string): Command => ({ kind: 'OtherCommand', name })

/** After CREATE [OR REPLACE] [TEMPORARY] FUNCTION. */
export function createFunction(c: Cursor): Command {
  ifNotExists(c)
  multipartName(c)
  if (c.accept('AS')) {
    stringText(c)
    if (c.accept('USING')) {
      c.list(() => {
        strictName(c)
        stringText(c)
      })
    }
    return other('CREATE FUNCTION')
  }
  c.expect('(')
  if (!c.is(')')) c.list(() => parameter(c, true))
  c.expect(')')
  if (c.accept('RETURNS')) {
    if (!c.accept('TABLE')) c.grammar.dataType(c)
    else if (c.accept('(')) {
      c.list(() => parameter(c, false))
      c.expect(')')
    }
  }
  while (characteristic(c)) {
    // Each says something about the whole function.
  }
  c.expect('RETURN')
  if (['SELECT', 'WITH', 'VALUES', 'FROM', 'TABLE'].includes(c.token.key)) c.grammar.query(c)
  else c.grammar.expression(c)
  return other('CREATE FUNCTION')
}

function parameter(c: Cursor, withDefault: boolean): void {
  strictName(c)
  c.grammar.dataType(c)
  for (;;) {
    if (c.acceptAll('NOT', 'NULL')) continue
    if (c.accept('COMMENT')) stringText(c)
    else if (withDefault && c.accept('DEFAULT')) c.grammar.expression(c)
    else return
  }
}

const characteristics: readonly (readonly string[])[] = [
  ['LANGUAGE', 'SQL'],
  ['NOT', 'DETERMINISTIC'],
  ['DETERMINISTIC'],
  ['CONTAINS', 'SQL'],
  ['READS', 'SQL', 'DATA'],
  ['MODIFIES', 'SQL', 'DATA'],
  ['SQL', 'SECURITY', 'DEFINER'],
  ['SQL', 'SECURITY', 'INVOKER'],
  ['CALLED', 'ON', 'NULL', 'INPUT'],
  ['RETURNS', 'NULL', 'ON', 'NULL', 'INPUT'],
]

function characteristic(c: Cursor): boolean {
  if (c.accept('COMMENT')) {
    stringText(c)
    return true
  }
  if (c.acceptAll('DEFAULT', 'COLLATION') || c.accept('SPECIFIC')) {
    multipartName(c)
    return true
  }
  return characteristics.some(words => c.acceptAll(...words))
}

/** `DECLARE [OR REPLACE] [VARIABLE] a, b [type] [DEFAULT e | = e]` */
export function declareVariable(c: Cursor): Command {
  c.expect('DECLARE')
  c.acceptAll('OR', 'REPLACE')
  const next = c.peek()
  if ((c.is('VARIABLE') || c.is('VAR')) && isName(c, next) && next.key !== 'DEFAULT') c.next()
  c.list(multipartName)
  if (c.token.kind === 'word' && !c.is('DEFAULT')) c.grammar.dataType(c)
  if (c.accept('DEFAULT') || c.accept('=')) c.grammar.expression(c)
  return other('DECLARE VARIABLE')
}

/** After SET [VARIABLE]: `a = 1, b = DEFAULT`, or `(a, b) = (query)`. */
export function setVariables(c: Cursor): Command {
  if (c.accept('(')) {
    c.list(plainName)
    c.expect(')')
    c.expect('=')
    c.expect('(')
    c.grammar.query(c)
    c.expect(')')
  } else {
    c.list(() => {
      plainName(c)
      c.expect('=')
      c.grammar.expression(c)
    })
  }
  return other('SET VARIABLE')
}

/** `EXECUTE IMMEDIATE text [INTO a, b] [USING 1, x AS y]` */
/** The text with some value in place of each marker, as markers are replaced before it is read. */
function withValues(text: string): string {
  return text.replace(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`[^`]*`|--[^\n]*|::|:[A-Za-z_]\w*|\?/g, part =>
    /^(:[A-Za-z_]|\?)/.test(part) ? "'a'" : part,
  )
}

/** Reads a statement that stands in a text of its own. */
function readNested(c: Cursor, text: string): void {
  const inner = c.nested(withValues(text))
  c.grammar.statement(inner)
  while (inner.accept(';')) {
    // It may end with semicolons.
  }
  if (inner.token.kind !== 'end') inner.fail()
}

export function executeImmediate(c: Cursor): Command {
  c.expect('EXECUTE')
  c.expect('IMMEDIATE')
  const text = c.grammar.expression(c)
  // A text that is known is read at once, so that its errors are told where it stands.
  if (text.kind === 'Literal' && typeof text.value === 'string') readNested(c, text.value)
  if (c.accept('INTO')) c.list(multipartName)
  if (c.accept('USING')) {
    const value = (): void => {
      c.grammar.expression(c)
      optionalAlias(c)
    }
    const inParentheses = c.attempt(() => {
      c.expect('(')
      c.list(value)
      c.expect(')')
      if (c.token.kind !== 'end' && !c.is(';')) c.fail()
      return true
    })
    if (!inParentheses) c.list(value)
  }
  return other('EXECUTE IMMEDIATE')
}

/** `CALL procedure(a, b => 1)` */
export function callProcedure(c: Cursor): Command {
  c.expect('CALL')
  multipartName(c)
  c.expect('(')
  if (!c.is(')')) c.list(argument)
  c.expect(')')
  return other('CALL')
}
