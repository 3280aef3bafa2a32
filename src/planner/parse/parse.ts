/**
 * The parser's entry points: SQL text to unresolved plans, expressions and types. Used by the pipeline, by `spark.read.schema('…')` and `cast('…')`.
 * Every error is an `SpkError` with Spark's condition (`PARSE_SYNTAX_ERROR`, 42601, …), line and position, and a caret under the place.
 */
import { SpkError } from '../../core/errors.js'
import { type DataType, type StructType, struct } from '../../core/types.js'
import type { Expr } from '../expr.js'
import type { Statement } from '../logical.js'
import { Cursor, type Grammar } from './cursor.js'
import { expression, valueExpression } from './expressions.js'
import { multipartName } from './names.js'
import type { ParseOptions } from './options.js'
import { syntaxError } from './parse-error.js'
import { query } from './queries.js'
import { namedExpression } from './select.js'
import { statement } from './statements.js'
import { columnDefinitions, dataType } from './types.js'

const grammar: Grammar = {
  expression,
  valueExpression: c => valueExpression(c),
  query,
  statement: c => statement(c),
  dataType,
  tableSchema: c => struct(columnDefinitions(c)),
}

/** Reads the whole text; after a syntax error reads it again to learn what could have stood there. */
function whole<T>(text: string, options: ParseOptions, read: (c: Cursor) => T): T {
  const run = (record: boolean): T => {
    const c = new Cursor(text, options, grammar, record)
    if (c.peek(0).kind === 'end')
      throw syntaxError('PARSE_EMPTY_STATEMENT', 'Syntax error, unexpected empty statement.', c.place(c.token), {}, '42617')
    const result = read(c)
    while (c.accept(';')) {
      // A statement may end with any number of semicolons.
    }
    if (c.token.kind !== 'end') c.fail()
    return result
  }
  try {
    return run(false)
  } catch (error) {
    if (!(error instanceof SpkError) || error.code !== 'PARSE_SYNTAX_ERROR') throw error
    return run(true)
  }
}

/** One SQL statement. */
export function parseStatement(text: string, options: ParseOptions = {}): Statement {
  return whole(text, options, statement)
}

/** One expression with an optional alias: `sum(a) + 1 AS b`. */
export function parseExpression(text: string, options: ParseOptions = {}): Expr {
  return whole(text, options, namedExpression)
}

/** A type name: `decimal(10,2)`, `array<string>`. */
export function parseDataType(text: string, options: ParseOptions = {}): DataType {
  return whole(text, options, dataType)
}

/** A schema in DDL form: `a INT, b ARRAY<STRUCT<c: STRING>> NOT NULL`. A `struct<…>` type is taken too. */
export function parseTableSchema(text: string, options: ParseOptions = {}): StructType {
  return whole(text, options, c => {
    if (c.is('STRUCT') && (c.peek().key === '<' || c.peek().key === '<>')) return dataType(c) as StructType
    return struct(columnDefinitions(c))
  })
}

/** `a.b.c` or `` `a.b`.c `` as parts. */
export function parseName(text: string, options: ParseOptions = {}): string[] {
  return whole(text, options, multipartName)
}
