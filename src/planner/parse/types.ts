/** Data types in SQL and in DDL schema strings: `INT`, `decimal(10,2)`, `ARRAY<STRUCT<a: INT>>`, `a INT NOT NULL, b STRING`. */
import { intervalOf } from '../../core/intervals.js'
import { array, type DataType, decimal, field, map, type StructField, struct, types } from '../../core/types.js'
import type { Cursor } from './cursor.js'
import { strictName } from './names.js'

const simple: Readonly<Record<string, DataType>> = {
  BOOLEAN: types.boolean,
  TINYINT: types.byte,
  BYTE: types.byte,
  SMALLINT: types.short,
  SHORT: types.short,
  INT: types.int,
  INTEGER: types.int,
  BIGINT: types.long,
  LONG: types.long,
  FLOAT: types.float,
  REAL: types.float,
  DOUBLE: types.double,
  STRING: types.string,
  BINARY: types.binary,
  DATE: types.date,
  TIMESTAMP_LTZ: types.timestamp,
  TIMESTAMP_NTZ: types.timestampNtz,
  VOID: types.null,
}
const dayTimeUnits = ['DAY', 'HOUR', 'MINUTE', 'SECOND']

/** A data type at the cursor. Errors: `UNSUPPORTED_DATATYPE` (0A000), `DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION` (22003), syntax errors. */
export function dataType(c: Cursor): DataType {
  const start = c.token.start
  if (c.token.kind !== 'word') c.fail('<a data type>')
  switch (c.token.key) {
    case 'ARRAY': {
      c.next()
      c.expect('<')
      const element = dataType(c)
      c.expect('>')
      return array(element)
    }
    case 'MAP': {
      c.next()
      c.expect('<')
      const key = dataType(c)
      c.expect(',')
      const value = dataType(c)
      c.expect('>')
      return map(key, value)
    }
    case 'STRUCT': {
      c.next()
      if (c.accept('<>')) return struct([])
      c.expect('<')
      const fields = c.is('>') ? [] : c.list(structField)
      c.expect('>')
      return struct(fields)
    }
    case 'INTERVAL':
      c.next()
      return intervalType(c)
    case 'DECIMAL':
    case 'DEC':
    case 'NUMERIC':
      c.next()
      return decimalType(c)
    case 'CHAR':
    case 'CHARACTER':
    case 'VARCHAR': {
      const name = c.next().text
      if (!c.is('(')) {
        throw c.error(
          'DATATYPE_MISSING_SIZE',
          `DataType "${name}" requires a length parameter, for example "${name}"(10). Please specify the length.`,
          {
            start,
            end: c.previous.end,
          },
          { type: `"${name}"` },
          '42K01',
        )
      }
      typeParameters(c)
      return types.string
    }
    case 'TIMESTAMP':
      c.next()
      return c.options.timestampNtz ? types.timestampNtz : types.timestamp
    case 'TIME': {
      c.next()
      typeParameters(c)
      if (c.is('WITHOUT')) {
        c.next()
        c.expect('TIME')
        c.expect('ZONE')
      }
      return { kind: 'time' }
    }
    case 'STRING':
      c.next()
      if (c.accept('COLLATE')) strictName(c)
      return types.string
  }
  const known = simple[c.token.key]
  const token = c.next()
  const parameters = typeParameters(c)
  if (known !== undefined && parameters.length === 0) return known
  throw unsupported(c, c.text.slice(token.start, c.previous.end), { start, end: c.previous.end })
}

function unsupported(c: Cursor, text: string, span: { start: number; end: number }): Error {
  const known = 'BOOLEAN, TINYINT, SMALLINT, INT, BIGINT, FLOAT, DOUBLE, DECIMAL(p,s), STRING, BINARY, DATE, TIMESTAMP, ARRAY<…>, MAP<…>, STRUCT<…>'
  const shown = `"${text.toUpperCase()}"`
  return c.error('UNSUPPORTED_DATATYPE', `Unsupported data type ${shown}. Supported are ${known}.`, span, { typeName: shown }, '0A000')
}

/** `(10, 2)`, or nothing. */
function typeParameters(c: Cursor): number[] {
  if (!c.accept('(')) return []
  const numbers = c.list(() => {
    // GEOMETRY(ANY): the type is refused for what it is, not for its parameter.
    if (c.token.kind !== 'integer' && !c.is('ANY')) c.fail('<a number>')
    return Number(c.next().text)
  })
  c.expect(')')
  return numbers
}

function decimalType(c: Cursor): DataType {
  const start = c.previous.start
  const parameters = typeParameters(c)
  const [precision = 10, scale = 0] = parameters
  const span = { start, end: c.previous.end }
  if (parameters.length > 2) throw unsupported(c, c.text.slice(start, span.end), span)
  if (precision > 38) {
    throw c.error('DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION', `Decimal precision ${precision} exceeds max precision 38.`, span, {}, '22003')
  }
  if (scale > precision) throw c.error('INVALID_DECIMAL_SCALE', `Decimal scale ${scale} cannot be greater than precision ${precision}.`, span)
  return decimal(precision, scale)
}

function intervalType(c: Cursor): DataType {
  const from = c.token.key
  for (const kind of ['yearmonth_interval', 'daytime_interval'] as const) {
    const units = kind === 'yearmonth_interval' ? ['YEAR', 'MONTH'] : dayTimeUnits
    const first = units.indexOf(from)
    if (first < 0) continue
    c.next()
    if (!c.accept('TO')) return intervalOf(kind, first, first)
    const last = units.indexOf(c.token.key)
    if (last <= first) c.fail(units[first + 1] ?? '<a smaller unit>')
    c.next()
    return intervalOf(kind, first, last)
  }
  return types.interval
}

/** `name: type [NOT NULL] [COMMENT '…']`; the colon is optional. */
function structField(c: Cursor): StructField {
  const name = strictName(c)
  c.accept(':')
  return fieldOf(c, name)
}

function fieldOf(c: Cursor, name: string): StructField {
  const type = dataType(c)
  const nullable = !c.acceptAll('NOT', 'NULL')
  if (c.accept('COMMENT')) {
    if (c.token.kind !== 'string' && c.token.kind !== 'doubleQuoted') c.fail('<a string>')
    c.next()
  }
  return field(name, type, nullable)
}

/** A table schema: `a INT, b STRING NOT NULL COMMENT 'x'`. */
export function columnDefinitions(c: Cursor): StructField[] {
  return c.list(() => structField(c))
}
