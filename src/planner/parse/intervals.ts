/**
 * INTERVAL literals: `INTERVAL 1 DAY 2 HOURS`, `INTERVAL '1-2' YEAR TO MONTH`, `INTERVAL '3 days 4 seconds'`. Years and months give a year-month
 * interval, everything else a day-time interval; the two cannot be mixed, as in Spark 4.
 */
import { intervalOf } from '../../core/intervals.js'
import type { DataType } from '../../core/types.js'
import type { Literal, Span } from '../expr.js'
import type { Cursor } from './cursor.js'
import { marker, markerLength } from './markers.js'
import { isString, unquoteString } from './strings.js'
import type { Token } from './token.js'

/** Microseconds of a day-time unit. */
const micros: Readonly<Record<string, bigint>> = {
  MICROSECOND: 1n,
  MILLISECOND: 1000n,
  SECOND: 1_000_000n,
  MINUTE: 60_000_000n,
  HOUR: 3_600_000_000n,
  DAY: 86_400_000_000n,
  WEEK: 604_800_000_000n,
}
const months: Readonly<Record<string, bigint>> = { MONTH: 1n, YEAR: 12n }

/** `DAY` of DAY, DAYS; undefined for what is no unit. */
function unitOf(word: string): string | undefined {
  const upper = word.toUpperCase()
  const unit = upper.endsWith('S') ? upper.slice(0, -1) : upper
  return unit in micros || unit in months || unit === 'NANOSECOND' ? unit : undefined
}

function startsValue(c: Cursor, token: Token): boolean {
  return isString(c, token) || token.kind === 'integer' || token.kind === 'decimal'
}

/** An interval literal, when the cursor stands on one: `interval` may also be a column. */
export function intervalLiteral(c: Cursor): Literal | undefined {
  if (c.token.key !== 'INTERVAL') return undefined
  const signed = c.peek().key === '-' || c.peek().key === '+'
  const at = signed ? 2 : 1
  const value = c.peek(at)
  const after = c.peek(at + Math.max(1, markerLength(c, at)))
  if (!startsValue(c, value) && markerLength(c, at) === 0) return undefined
  if (after.kind !== 'word' || unitOf(after.text) === undefined) {
    if (isString(c, value) && !signed) return undefined // `INTERVAL '1 day'` is a typed literal
    if (value.kind !== 'integer' && value.kind !== 'decimal') return undefined
  }
  const start = c.next().start
  const first = part(c)
  if (c.is('TO')) return unitToUnit(c, first, start)
  const parts = [first]
  while (
    startsValue(c, c.token) ||
    (markerLength(c) > 0 && unitOf(c.peek(markerLength(c)).text) !== undefined) ||
    ((c.is('-') || c.is('+')) && startsValue(c, c.peek()) && unitOf(c.peek(2).text) !== undefined)
  )
    parts.push(part(c))
  return total(c, parts, c.spanFrom(start))
}

interface Part {
  /** With sign, as written. */
  readonly text: string
  readonly unit: string
  readonly span: Span
}

function part(c: Cursor): Part {
  const start = c.token.start
  const sign = c.accept('-') ? '-' : c.accept('+') ? '+' : ''
  const text = valueText(c)
  const unit = c.token.kind === 'word' ? unitOf(c.token.text) : undefined
  if (unit === undefined) return c.fail('<an interval unit>')
  c.next()
  return { text: negated(sign, text), unit, span: c.spanFrom(start) }
}

function valueText(c: Cursor): string {
  const trimmed = (text: string) => text.trim().replace(/^([+-])\s+/, '$1')
  if (markerLength(c) > 0) {
    const value = marker(c)
    const plain = value.kind === 'Literal' && ['string', 'number', 'bigint'].includes(typeof value.value)
    return plain ? trimmed(String(value.value)) : c.fail('<an interval value>')
  }
  if (!startsValue(c, c.token)) c.fail('<an interval value>')
  const token = c.next()
  return isString(c, token) ? trimmed(unquoteString(token.text)) : token.text
}

function negated(sign: string, text: string): string {
  if (sign !== '-') return text
  return text.startsWith('-') ? text.slice(1) : `-${text.replace(/^\+/, '')}`
}

function bad(c: Cursor, text: string, why: string, span: Span, condition = 'INTERVAL_PARSING'): Error {
  return c.error(`INVALID_INTERVAL_FORMAT.${condition}`, `Error parsing '${text}' to interval. ${why}`, span, { input: text }, '22006')
}

function overflow(c: Cursor, what: string, span: Span): Error {
  return c.error(
    'INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION',
    `Integer overflow while operating with intervals. Try devising appropriate values for the interval parameters. ${what}`,
    span,
    {},
    '22015',
  )
}

const unitNumbers: Readonly<Record<string, number>> = {
  YEAR: 0,
  MONTH: 1,
  DAY: 0,
  HOUR: 1,
  MINUTE: 2,
  SECOND: 3,
  WEEK: 0,
  MILLISECOND: 3,
  MICROSECOND: 3,
}

function total(c: Cursor, parts: readonly Part[], span: Span): Literal {
  let sumMonths = 0n
  let sumMicros = 0n
  const yearMonth = parts.filter(p => p.unit in months)
  if (yearMonth.length > 0 && yearMonth.length < parts.length) {
    throw bad(c, c.text.slice(span.start, span.end), 'Year-month and day-time fields cannot be mixed in one interval.', span)
  }
  for (const { text, unit, span: at } of parts) {
    const match = /^([+-]?)(\d+)(?:\.(\d{0,9}))?$/.exec(text)
    if (match === null)
      throw bad(c, text, `Write a whole number of ${unit.toLowerCase()}s${unit === 'SECOND' ? ', or one with up to 9 decimals' : ''}.`, at)
    const [, sign, whole = '0', fraction] = match
    if (fraction !== undefined && unit !== 'SECOND') throw bad(c, text, 'Only seconds may have a fraction.', at)
    if (unit === 'NANOSECOND') throw bad(c, text, 'The smallest unit is the microsecond.', at, 'INVALID_UNIT')
    const direction = sign === '-' ? -1n : 1n
    const n = direction * BigInt(whole)
    if (unit in months) sumMonths += n * (months[unit] ?? 0n)
    else sumMicros += n * (micros[unit] ?? 0n) + direction * BigInt((fraction ?? '').padEnd(9, '0').slice(0, 6))
  }
  const numbers = parts.map(p => unitNumbers[p.unit] ?? 0)
  const kind = yearMonth.length > 0 ? 'yearmonth_interval' : 'daytime_interval'
  const type = intervalOf(kind, Math.min(...numbers), Math.max(...numbers))
  return kind === 'yearmonth_interval' ? yearMonthLiteral(c, sumMonths, span, type) : dayTimeLiteral(c, sumMicros, span, type)
}

function yearMonthLiteral(c: Cursor, value: bigint, span: Span, type: DataType): Literal {
  if (BigInt.asIntN(32, value) !== value) throw overflow(c, 'It does not fit into 32 bits of months.', span)
  return { kind: 'Literal', value: Number(value), type, span }
}

function dayTimeLiteral(c: Cursor, value: bigint, span: Span, type: DataType): Literal {
  if (BigInt.asIntN(64, value) !== value) throw overflow(c, 'It does not fit into 64 bits of microseconds.', span)
  return { kind: 'Literal', value, type, span }
}

const ranges: Readonly<Record<string, { readonly form: string; readonly pattern: RegExp; readonly fields: readonly string[] }>> = {
  'YEAR TO MONTH': { form: '[+|-]y-m', pattern: /^([+-]?)(\d+)-(\d+)$/, fields: ['YEAR', 'MONTH'] },
  'DAY TO HOUR': { form: '[+|-]d h', pattern: /^([+-]?)(\d+) (\d{1,2})$/, fields: ['DAY', 'HOUR'] },
  'DAY TO MINUTE': { form: '[+|-]d h:m', pattern: /^([+-]?)(\d+) (\d{1,2}):(\d{1,2})$/, fields: ['DAY', 'HOUR', 'MINUTE'] },
  'DAY TO SECOND': {
    form: '[+|-]d h:m:s.n',
    pattern: /^([+-]?)(\d+) (\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,9}))?$/,
    fields: ['DAY', 'HOUR', 'MINUTE', 'SECOND'],
  },
  'HOUR TO MINUTE': { form: '[+|-]h:m', pattern: /^([+-]?)(\d+):(\d{1,2})$/, fields: ['HOUR', 'MINUTE'] },
  'HOUR TO SECOND': { form: '[+|-]h:m:s.n', pattern: /^([+-]?)(\d+):(\d{1,2}):(\d{1,2})(?:\.(\d{1,9}))?$/, fields: ['HOUR', 'MINUTE', 'SECOND'] },
  'MINUTE TO SECOND': { form: '[+|-]m:s.n', pattern: /^([+-]?)(\d+):(\d{1,2})(?:\.(\d{1,9}))?$/, fields: ['MINUTE', 'SECOND'] },
}
/** Largest value of a field that is not the first. */
const most: Readonly<Record<string, number>> = { MONTH: 11, HOUR: 23, MINUTE: 59, SECOND: 59 }

function unitToUnit(c: Cursor, { text, unit, span: valueSpan }: Part, start: number): Literal {
  c.expect('TO')
  const to = c.token.kind === 'word' ? unitOf(c.token.text) : undefined
  const range = ranges[`${unit} TO ${to}`]
  if (to === undefined) c.fail('<an interval unit>')
  c.next()
  const span = c.spanFrom(start)
  if (range === undefined)
    throw bad(c, c.text.slice(span.start, span.end), `There is no interval from ${unit} to ${to}.`, span, 'UNSUPPORTED_FROM_TO_EXPRESSION')
  const match = range.pattern.exec(text)
  if (match === null) {
    const condition = to === 'MONTH' ? 'UNMATCHED_FORMAT_STRING' : 'UNMATCHED_FORMAT_STRING_WITH_NOTICE'
    throw bad(c, text, `An interval ${unit} TO ${to} is written '${range.form}'.`, valueSpan, condition)
  }
  const direction = match[1] === '-' ? -1n : 1n
  let sum = 0n
  for (const [i, name] of range.fields.entries()) {
    const value = Number(match[i + 2])
    if (i > 0 && value > (most[name] ?? 0)) throw bad(c, text, `${name.toLowerCase()} ${value} is outside 0 to ${most[name]}.`, valueSpan)
    sum += BigInt(match[i + 2] ?? 0) * (months[name] ?? micros[name] ?? 0n)
  }
  if (to === 'MONTH') return yearMonthLiteral(c, direction * sum, span, { kind: 'yearmonth_interval' })
  const type = intervalOf('daytime_interval', unitNumbers[unit] ?? 0, unitNumbers[to] ?? 3)
  const fraction = to === 'SECOND' ? match[range.fields.length + 2] : undefined
  return dayTimeLiteral(c, direction * (sum + BigInt((fraction ?? '').padEnd(9, '0').slice(0, 6))), span, type)
}

const spelled = /\s*([+-]?)\s*(\d+(?:\.\d*)?)\s+([a-zA-Z]+)/y

/** `'3 days -4 seconds'`, optionally with `interval` before it; undefined when the text is none. */
export function intervalFromText(c: Cursor, text: string, span: Span): Literal | undefined {
  const body = text.trim().replace(/^interval\s+/i, '')
  const parts: Part[] = []
  spelled.lastIndex = 0
  while (spelled.lastIndex < body.length) {
    const match = spelled.exec(body)
    const unit = match === null ? undefined : unitOf(match[3] ?? '')
    if (match === null || unit === undefined) return undefined
    parts.push({ text: `${match[1]}${match[2]}`, unit, span })
  }
  return parts.length === 0 ? undefined : total(c, parts, span)
}
