/** Literals: numbers with Spark's types, typed literals (`DATE '…'`, `X'…'`). */
import { instantOf, parseDate, parseTimestamp } from '../../core/datetime.js'
import { type DataType, decimal, types } from '../../core/types.js'
import type { Expr, Literal, LiteralValue, Span } from '../expr.js'
import type { Cursor } from './cursor.js'
import { intervalFromText } from './intervals.js'
import { isString, stringText } from './strings.js'
import type { Token } from './token.js'

export function literal(value: LiteralValue, type: DataType, span?: Span): Literal {
  return span === undefined ? { kind: 'Literal', value, type } : { kind: 'Literal', value, type, span }
}

export function isNumber(token: Token): boolean {
  return token.kind === 'integer' || token.kind === 'decimal' || token.kind === 'exponent' || token.kind === 'suffixed'
}

/** A number, with the minus before it when `negative`. Errors: `INVALID_NUMERIC_LITERAL_RANGE`, `DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION` (22003). */
export function numberLiteral(c: Cursor, negative: boolean, start: number): Literal {
  const token = c.next()
  const span = { start, end: token.end }
  const sign = negative ? '-' : ''
  switch (token.kind) {
    case 'integer': {
      const value = BigInt(sign + token.text)
      if (fits(value, 32)) return literal(Number(value), types.int, span)
      if (fits(value, 64)) return literal(value, types.long, span)
      return decimalLiteral(c, sign + token.text, span)
    }
    case 'decimal':
      return decimalLiteral(c, sign + token.text, span)
    case 'exponent':
      return floating(c, sign + token.text, types.double, span)
    default:
      return suffixed(c, sign + token.text, span)
  }
}

function fits(value: bigint, bits: number): boolean {
  return BigInt.asIntN(bits, value) === value
}

const integerSuffixes: Readonly<Record<string, readonly [DataType, number]>> = {
  L: [types.long, 64],
  S: [types.short, 16],
  Y: [types.byte, 8],
}

function suffixed(c: Cursor, text: string, span: Span): Literal {
  const upper = text.toUpperCase()
  if (upper.endsWith('BD')) return decimalLiteral(c, text.slice(0, -2), span)
  const body = text.slice(0, -1)
  const suffix = upper.slice(-1)
  if (suffix === 'D') return floating(c, body, types.double, span)
  if (suffix === 'F') return floating(c, body, types.float, span)
  const [type, bits] = integerSuffixes[suffix] as readonly [DataType, number]
  const value = BigInt(body)
  if (!fits(value, bits)) {
    const limit = 1n << BigInt(bits - 1)
    throw outOfRange(c, text, type, String(-limit), String(limit - 1n), span)
  }
  return literal(type.kind === 'long' ? value : Number(value), type, span)
}

function floating(c: Cursor, text: string, type: DataType, span: Span): Literal {
  const value = type.kind === 'float' ? Math.fround(Number(text)) : Number(text)
  if (!Number.isFinite(value)) {
    const most = type.kind === 'float' ? '3.4028234663852886E+38' : '1.7976931348623157E+308'
    throw outOfRange(c, text, type, `-${most}`, most, span)
  }
  return literal(value, type, span)
}

function outOfRange(c: Cursor, text: string, type: DataType, least: string, most: string, span: Span): Error {
  const name = type.kind === 'long' ? 'bigint' : type.kind === 'short' ? 'smallint' : type.kind === 'byte' ? 'tinyint' : type.kind
  const message = `Numeric literal ${text} is outside the valid range for ${name} with minimum value of ${least} and maximum value of ${most}. Please adjust the value accordingly.`
  return c.error('INVALID_NUMERIC_LITERAL_RANGE', message, span, { rawStrippedQualifier: text, typeName: name }, '22003')
}

/** A decimal from digits, point and exponent, by the digits written: `1.50` is decimal(3,2), `0.01` decimal(2,2). */
function decimalLiteral(c: Cursor, text: string, span: Span): Literal {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text) ?? []
  let scale = fraction.length - Number(exponent)
  let digits = (whole + fraction).replace(/^0+(?=\d)/, '')
  if (scale < 0 && scale > -1000) {
    digits = digits === '0' ? '0' : digits + '0'.repeat(-scale)
    scale = 0
  }
  const precision = Math.max(digits.length, scale)
  if (precision > 38 || scale < 0) {
    throw c.error('DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION', `Decimal precision ${precision} exceeds max precision 38.`, span, {}, '22003')
  }
  const padded = digits.padStart(scale + 1, '0')
  const value = scale === 0 ? padded : `${padded.slice(0, -scale)}.${padded.slice(-scale)}`
  return literal(/[1-9]/.test(value) ? sign.replace('+', '') + value : value, decimal(precision, scale), span)
}

const typedLiterals = new Set(['DATE', 'TIMESTAMP', 'TIMESTAMP_LTZ', 'TIMESTAMP_NTZ', 'X', 'INTERVAL', 'TIME'])

/** `DATE '2026-01-31'` and the like, when the cursor stands on one. Errors: `INVALID_TYPED_LITERAL` (42604). */
export function typedLiteral(c: Cursor): Expr | undefined {
  const token = c.token
  if (!typedLiterals.has(token.key) || !isString(c, c.peek())) return undefined
  c.next()
  const text = stringText(c)
  const span = c.spanFrom(token.start)
  const value = typedValue(c, token.key, text, span)
  if (value === undefined) {
    const message = `The value of the typed literal "${token.key}" is invalid: '${text}'.`
    throw c.error('INVALID_TYPED_LITERAL', message, span, { valueType: `"${token.key}"`, value: `'${text}'` }, '42604')
  }
  return value
}

function typedValue(c: Cursor, key: string, text: string, span: Span): Expr | undefined {
  switch (key) {
    case 'X':
      return hexLiteral(text, span)
    case 'INTERVAL':
      return intervalFromText(c, text, span)
    case 'TIME': {
      const micros = timeOfDay(text)
      return micros === undefined ? undefined : literal(micros, { kind: 'time' }, span)
    }
    case 'DATE': {
      const days = parseDate(text)
      return days === undefined ? specialDate(text, span) : literal(days, types.date, span)
    }
    default:
      return timestampLiteral(c, key, text, span)
  }
}

/** `12:34:56.5`, `1:02 PM`; undefined when it is no time. */
function timeOfDay(text: string): bigint | undefined {
  const [, clock = '', half] = /^(.*?)\s*([ap]m)?$/i.exec(text.trim()) ?? []
  const parsed = parseTimestamp(`1970-01-01 ${clock}`)
  if (parsed === undefined || parsed.zone !== undefined) return undefined
  if (half === undefined) return parsed.micros
  const noon = 43_200_000_000n
  const hours = parsed.micros / 3_600_000_000n
  if (hours < 1n || hours > 12n) return undefined
  return (parsed.micros % noon) + (half.toLowerCase() === 'pm' ? noon : 0n)
}

function hexLiteral(text: string, span: Span): Literal | undefined {
  if (!/^[0-9a-fA-F]*$/.test(text)) return undefined
  return literal(new Uint8Array(Buffer.from(text.length % 2 === 0 ? text : `0${text}`, 'hex')), types.binary, span)
}

function timestampLiteral(c: Cursor, key: string, text: string, span: Span): Expr | undefined {
  const parsed = parseTimestamp(text)
  if (parsed === undefined) return specialTimestamp(text, span)
  const local = key === 'TIMESTAMP_NTZ' || (key === 'TIMESTAMP' && c.options.timestampNtz === true && parsed.zone === undefined)
  if (local) return literal(parsed.micros, types.timestampNtz, span)
  return literal(instantOf(parsed.micros, parsed.zone ?? c.options.timeZone ?? 'UTC'), types.timestamp, span)
}

function call(name: string, args: readonly Expr[], span: Span): Expr {
  return { kind: 'UnresolvedFunction', name, args, span }
}

/** `DATE 'today'` and its like: what they mean is known when the query runs. */
function specialDate(text: string, span: Span): Expr | undefined {
  const today = call('current_date', [], span)
  switch (text.trim().toLowerCase()) {
    case 'epoch':
      return literal(0, types.date, span)
    case 'now':
    case 'today':
      return today
    case 'tomorrow':
      return call('date_add', [today, literal(1, types.int, span)], span)
    case 'yesterday':
      return call('date_sub', [today, literal(1, types.int, span)], span)
    default:
      return undefined
  }
}

function specialTimestamp(text: string, span: Span): Expr | undefined {
  const word = text.trim().toLowerCase()
  if (word === 'epoch') return literal(0n, types.timestamp, span)
  if (word === 'now') return call('current_timestamp', [], span)
  const date = specialDate(text, span)
  return date === undefined ? undefined : { kind: 'Cast', child: date, to: types.timestamp, span }
}
