/** SQL functions, session variables and CALL, read whole and carried out by nobody yet; EXECUTE IMMEDIATE. */
import { SpkError } from '../../core/errors.js'
import { sqlTypeName } from '../coercion.js'
import type { Command } from '../commands.js'
import type { Expr, Span } from '../expr.js'
import type { Statement } from '../logical.js'
import { argument } from './calls.js'
import type { Cursor } from './cursor.js'
import { constantText } from './identifier-clause.js'
import { mixedParameters } from './markers.js'
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

/** A value of USING, and the name it was given. */
interface Argument {
  readonly value: Expr
  readonly name?: string
  readonly text: string
}

/**
 * `EXECUTE IMMEDIATE text [INTO a, b] [USING 1, x AS y]`: a constant text is read at once, with the values in place of its markers. What depends on
 * session variables is read and carried out by nobody.
 */
export function executeImmediate(c: Cursor): Statement {
  const start = c.token.start
  try {
    return immediate(c)
  } catch (error) {
    if (!(error instanceof SpkError) || error.code.startsWith('PARSE_')) throw error
    // What is wrong with the values or the text is no error of this statement's syntax, and is told when it runs.
    while (c.token.kind !== 'end' && !c.is(';')) c.next()
    return c.token.start > start ? { kind: 'Failing', error } : other('EXECUTE IMMEDIATE')
  }
}

function immediate(c: Cursor): Statement {
  c.expect('EXECUTE')
  c.expect('IMMEDIATE')
  const start = c.token.start
  const given = c.grammar.expression(c)
  const span = c.spanFrom(start)
  const into = c.accept('INTO') && c.list(multipartName).length > 0
  const values = c.accept('USING') ? argumentsOf(c) : []
  if (given.kind === 'Literal' && typeof given.value !== 'string') {
    const message = `Expression type must be string type but got "${sqlTypeName(given.type)}".`
    throw c.error('INVALID_EXPR_TYPE_FOR_QUERY_EXECUTE_IMMEDIATE', message, span, {}, '42K09')
  }
  const text = constantText(given)
  if (text === undefined) return other('EXECUTE IMMEDIATE')
  const statement = readNested(c, text, values)
  return into ? other('EXECUTE IMMEDIATE INTO') : { kind: 'ExecuteImmediate', statement, text }
}

function argumentsOf(c: Cursor): readonly Argument[] {
  const value = (): Argument => {
    const start = c.token.start
    const expr = c.grammar.expression(c)
    const { end } = c.spanFrom(start)
    checkConstant(expr, c, { start, end })
    const name = optionalAlias(c)
    return { value: expr, text: c.text.slice(start, end), ...(name === undefined ? {} : { name }) }
  }
  const inParentheses = c.attempt(() => {
    c.expect('(')
    const all = c.list(value)
    c.expect(')')
    if (c.token.kind !== 'end' && !c.is(';')) c.fail()
    return all
  })
  return inParentheses ?? c.list(value)
}

/** Values are computed of constants: they mean the same wherever their marker stands. */
function checkConstant(expr: Expr, c: Cursor, span: Span): void {
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null || ArrayBuffer.isView(node)) return
    const inner = node as Expr
    if (inner.kind === 'SubqueryExpression') {
      throw c.error('UNSUPPORTED_EXPR_FOR_PARAMETER', 'A query parameter contains unsupported expression: a subquery.', span, {}, '42K0E')
    }
    if (inner.kind === 'UnresolvedAttribute') {
      const name = inner.nameParts.map(p => `\`${p}\``).join('.')
      const message = `A column, variable, or function parameter with name ${name} cannot be resolved. Values of USING are constants.`
      throw c.error('UNRESOLVED_COLUMN.WITHOUT_SUGGESTION', message, span, {}, '42703')
    }
    if (inner.kind === 'LambdaFunction') return
    Object.values(inner).forEach(visit)
  }
  visit(expr)
}

/** Reads a statement that stands in a text of its own. */
function readNested(c: Cursor, text: string, values: readonly Argument[]): Statement {
  const named = Object.fromEntries(values.flatMap(v => (v.name === undefined ? [] : [[v.name, v.value]])))
  const inner = c.nested(text, { named, positional: values.map(v => v.value) })
  const check = (): void => {
    if (!inner.named) return
    if (inner.markers > 0 || inner.has('?')) throw mixedParameters(inner, 0)
    const unnamed = values.filter(v => v.name === undefined).map(v => `"${v.text}"`)
    if (unnamed.length === 0) return
    const message = `Using name parameterized queries requires all parameters to be named. Parameters missing names: ${unnamed.join(', ')}.`
    throw c.error('ALL_PARAMETERS_MUST_BE_NAMED', message, c.spanFrom(0), { exprs: unnamed.join(', ') }, '07001')
  }
  try {
    const statement = inner.grammar.statement(inner)
    while (inner.accept(';')) {
      // It may end with semicolons.
    }
    if (inner.token.kind !== 'end') inner.fail()
    check()
    return statement
  } catch (error) {
    if (error instanceof SpkError && error.code === 'UNBOUND_SQL_PARAMETER') check()
    throw error
  }
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
