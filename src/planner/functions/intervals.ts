/**
 * Arithmetic of dates, timestamps and intervals: which operation a pair of types means, as Spark's resolver decides, and its DuckDB SQL. Day-time intervals
 * are counted in microseconds, year-month ones in months; both overflow with Spark's conditions.
 */
import { intervalOf, isAnsiInterval, unitRange } from '../../core/intervals.js'
import { type DataType, decimal, types } from '../../core/types.js'
import { type BoundExpr, type Call, isNullable, literal, nullOf } from '../bound.js'
import { castTo, commonType, implicitCast, isIntegral, isNumeric } from '../coercion.js'
import { type BindContext, call, custom, type Pair, type ScalarFunction, takeArgs, unexpectedInput } from './define.js'
import { differentTypes } from './mismatch.js'

const { date, int, long, double, timestamp } = types
const dayTime: DataType = { kind: 'daytime_interval' }
const yearMonth: DataType = { kind: 'yearmonth_interval' }
const daysOnly = intervalOf('daytime_interval', 0, 0)

const isTimestamp = (e: BoundExpr) => e.type.kind === 'timestamp' || e.type.kind === 'timestamp_ntz'
const isDate = (e: BoundExpr) => e.type.kind === 'date'
const isYm = (e: BoundExpr) => e.type.kind === 'yearmonth_interval'
const isDt = (e: BoundExpr) => e.type.kind === 'daytime_interval'
const isCalendar = (e: BoundExpr) => e.type.kind === 'interval'
const isInterval = (e: BoundExpr) => isYm(e) || isDt(e) || isCalendar(e)
const isDays = (e: BoundExpr) => isAnsiInterval(e.type) && e.type.kind === 'daytime_interval' && unitRange(e.type)[1] === 0

const overflowError = (advice: string) =>
  `error('[INTERVAL_ARITHMETIC_OVERFLOW.${advice === '' ? 'WITHOUT_SUGGESTION' : 'WITH_SUGGESTION'}] Integer overflow while operating with intervals. ${advice === '' ? 'Try devising appropriate values for the interval parameters.' : `Use \`${advice}\` to tolerate overflow and return NULL instead.`} SQLSTATE: 22015')`

/** Microseconds of a day-time interval as BIGINT, months of a year-month one as INTEGER. */
export function countOf(sql: string, type: DataType): string {
  return type.kind === 'yearmonth_interval' ? `(year(${sql}) * 12 + month(${sql}))` : `epoch_us(${sql})`
}

/** An interval of a number, exact in HUGEINT or DECIMAL, that must fit; without advice, one that does not is NULL. */
export function intervalSql(count: string, type: DataType, advice: string | undefined): string {
  const [low, high] = type.kind === 'yearmonth_interval' ? ['-2147483648', '2147483647'] : ['-9223372036854775808', '9223372036854775807']
  const made = type.kind === 'yearmonth_interval' ? `to_months(CAST(${count} AS INTEGER))` : `to_microseconds(CAST(${count} AS BIGINT))`
  const otherwise = advice === undefined ? '' : ` WHEN ${count} IS NOT NULL THEN ${overflowError(advice)}`
  return `(CASE WHEN ${count} BETWEEN ${low} AND ${high} THEN ${made}${otherwise} END)`
}

/** `a + b` and `a - b` where a side is a date, a timestamp or an interval; undefined when none is. */
export function dateArithmetic(op: '+' | '-', args: readonly BoundExpr[], context: BindContext): BoundExpr | undefined {
  const [left, right] = args as Pair
  if (![left, right].some(e => isDate(e) || isTimestamp(e) || isInterval(e))) return undefined
  return op === '+' ? add(left, right, context) : subtract(left, right, context)
}

function add(left: BoundExpr, right: BoundExpr, context: BindContext): BoundExpr | undefined {
  if (isInterval(left) && isInterval(right)) {
    if (left.type.kind === right.type.kind) return sum('+', left, right, context)
    if (isYm(left) && isYm(right)) return sum('+', left, right, context)
  }
  if (isYm(left) || isYm(right)) {
    const [moment, interval, at] = isYm(right) ? [left, right, 0] : [right, left, 1]
    if (moment.type.kind === 'null') return sum('+', castTo(moment, interval.type), interval, context)
    if (isDt(moment) || isCalendar(moment)) return plus(moment, interval, at, context, false)
    if (!isDate(moment) && !isTimestamp(moment)) throw differentTypes(context, left.type, right.type)
    return plus(moment, interval, at, context, false)
  }
  if (isDt(right) || isCalendar(right))
    return left.type.kind === 'null' ? sum('+', castTo(left, right.type), right, context) : plus(left, right, 0, context, false)
  if (isDt(left) || isCalendar(left))
    return right.type.kind === 'null' ? sum('+', left, castTo(right, left.type), context) : plus(right, left, 1, context, false)
  // NULL beside a moment is an interval.
  if (right.type.kind === 'null' || left.type.kind === 'null') {
    const moment = right.type.kind === 'null' ? left : right
    const type = isDate(moment) ? timestamp : moment.type
    return call('add_interval', [castTo(moment, type), nullOf(dayTime)], type)
  }
  if (isDate(left)) return context.bind('date_add', [left, days(right, 1, context)])
  if (isDate(right)) return context.bind('date_add', [right, days(left, 0, context)])
  return undefined
}

/** No text is a number of days. */
function days(count: BoundExpr, at: number, context: BindContext): BoundExpr {
  if (count.type.kind === 'string') throw unexpectedInput(context, at, '("INT" or "SMALLINT" or "TINYINT")', count.type)
  return count
}

function subtract(left: BoundExpr, right: BoundExpr, context: BindContext): BoundExpr {
  if (isInterval(left) && isInterval(right) && left.type.kind === right.type.kind) return sum('-', left, right, context)
  if (isInterval(left) && right.type.kind === 'null') return sum('-', left, castTo(right, left.type), context)
  if (isYm(right)) {
    if (left.type.kind === 'null') return sum('-', castTo(left, right.type), right, context)
    if (isDate(left) || isTimestamp(left)) return plus(left, right, 0, context, true)
    throw differentTypes(context, left.type, right.type)
  }
  if (isDt(right) || isCalendar(right)) {
    if (left.type.kind === 'null') return sum('-', castTo(left, right.type), right, context)
    return plus(left, right, 0, context, true)
  }
  if (isInterval(left)) throw differentTypes(context, left.type, right.type)
  if (isTimestamp(left) || isTimestamp(right)) {
    const [a, b] = [left, right].map((e, i) => {
      const moment = e.type.kind === 'string' && !context.ansi ? undefined : implicitCast(e, 'datetime')
      if (moment === undefined || isNumeric(e.type)) throw unexpectedInput(context, i, '(TIMESTAMP OR TIMESTAMP WITHOUT TIME ZONE)', e.type)
      return moment
    }) as [BoundExpr, BoundExpr]
    const type = commonType(a.type, b.type) ?? timestamp
    return call('subtract_timestamps', [castTo(a, isDate(a) && isDate(b) ? timestamp : type), castTo(b, type)], dayTime)
  }
  const other = isDate(left) ? right : left
  if (isDate(other) || other.type.kind === 'null' || (other.type.kind === 'string' && (context.ansi || isDate(right))))
    return call('subtract_dates', [castTo(left, date, context.castMode), castTo(right, date, context.castMode)], daysOnly)
  if (isDate(right) || other.type.kind === 'string') throw unexpectedInput(context, isDate(right) ? 0 : 1, 'DATE', other.type)
  return context.bind('date_sub', [left, right])
}

function sum(op: '+' | '-', left: BoundExpr, right: BoundExpr, context: BindContext): BoundExpr {
  const type = commonType(left.type, right.type)
  if (type === undefined) throw differentTypes(context, left.type, right.type)
  const fn = type.kind === 'interval' ? `calendar_${op}` : `interval_${op}`
  return call(fn, [left, right], type)
}

/** A moment moved by an interval. */
function plus(moment: BoundExpr, interval: BoundExpr, at: number, context: BindContext, back: boolean): BoundExpr {
  const by = back ? negated(interval) : interval
  if (isDate(moment)) {
    if (isYm(interval)) return call('add_months_to_date', [moment, by], date)
    if (isDays(interval)) return call('add_days_to_date', [moment, by], date)
    if (isCalendar(interval)) return call('add_calendar_to_date', [moment, by], date)
    return call('add_interval', [castTo(moment, timestamp), by], timestamp)
  }
  const taken = isTimestamp(moment) ? moment : moment.type.kind === 'string' ? castTo(moment, timestamp, context.castMode) : undefined
  if (taken === undefined) throw unexpectedInput(context, at, '(TIMESTAMP OR TIMESTAMP WITHOUT TIME ZONE)', moment.type)
  const result = call('add_interval', [taken, by], taken.type)
  return moment.type.kind === 'string' ? castTo(result, types.string) : result
}

export function negated(interval: BoundExpr): BoundExpr {
  return call(isCalendar(interval) ? 'calendar_negative' : 'interval_negative', [interval], interval.type)
}

/** `interval * number`, `number * interval`, `interval / number`; undefined when neither side is an interval. */
export function intervalScaling(op: '*' | '/', args: readonly BoundExpr[], context: BindContext, tolerant = false): BoundExpr | undefined {
  const [left, right] = args as Pair
  const [interval, number, at] = isInterval(left) ? [left, right, 1] : [right, left, 0]
  if (!isInterval(interval)) return undefined
  if (op === '/' && at === 0) throw differentTypes(context, left.type, right.type)
  if (isInterval(number)) throw differentTypes(context, left.type, right.type)
  const taken = number.type.kind === 'string' ? castTo(number, double, context.castMode) : implicitCast(number, 'numeric')
  if (taken === undefined) throw differentTypes(context, left.type, right.type)
  const exact = castTo(taken, taken.type.kind === 'null' ? int : taken.type)
  const type = isYm(interval) ? yearMonth : isDt(interval) ? dayTime : types.interval
  const prefix = tolerant || (isCalendar(interval) && !context.ansi) ? 'try_' : ''
  return call(
    `${prefix}${isCalendar(interval) ? 'calendar' : 'interval'}_${op}`,
    [interval, exact],
    type,
    prefix !== '' || isNullable(interval) || isNullable(exact),
  )
}

/** HUGEINT or exact decimal of a number, so that products are exact. */
function wide(sql: string, type: DataType): string {
  return isIntegral(type) ? `CAST(${sql} AS HUGEINT)` : type.kind === 'decimal' ? sql : `CAST(${sql} AS DOUBLE)`
}

function product(args: readonly string[], c: Call): string {
  const [x, n] = args as [string, string]
  const number = c.args[1]?.type ?? int
  const count = countOf(x, c.type)
  if (isIntegral(number)) return `(CAST(${count} AS HUGEINT) * ${wide(n, number)})`
  return `round(CAST(${count} AS DOUBLE) * CAST(${n} AS DOUBLE))`
}

/** Halves round away from zero. */
function quotient(args: readonly string[], c: Call): string {
  const [x, n] = args as [string, string]
  const number = c.args[1]?.type ?? int
  const count = `CAST(${countOf(x, c.type)} AS HUGEINT)`
  if (!isIntegral(number)) return `round(CAST(${count} AS DOUBLE) / CAST(${n} AS DOUBLE))`
  const m = wide(n, number)
  return `((${count} + sign(${count}) * (abs(${m}) // 2)) // ${m})`
}

const byZero = `error('[INTERVAL_DIVIDED_BY_ZERO] Division by zero. Use \`try_divide\` to tolerate divisor being 0 and return NULL instead. SQLSTATE: 22012')`

function hidden(name: string, sql: ScalarFunction['sql']): ScalarFunction {
  return { ...custom(name, [1, 9], (args, context) => call(context.name, args, timestamp), sql), internal: true }
}

const checked = (count: string, c: Call, advice: string) => intervalSql(count, c.type, c.fn.startsWith('try_') ? undefined : advice)

/** Calendar intervals: months, days and microseconds each by themselves. */
const calendarSql = (months: string, days: string, micros: string) =>
  `(to_months(CAST(${months} AS INTEGER)) + to_days(CAST(${days} AS INTEGER)) + to_microseconds(CAST(${micros} AS BIGINT)))`
const calendarParts = (x: string | undefined) =>
  [
    `(year(${x}) * 12 + month(${x}))`,
    `day(${x})`,
    `(epoch_us(${x}) - epoch_us(to_days(CAST(day(${x}) AS INTEGER))) - epoch_us(to_months(CAST(year(${x}) * 12 + month(${x}) AS INTEGER))))`,
  ] as const

function scaledCalendar(args: readonly string[], by: (part: string) => string): string {
  const [m, d, u] = calendarParts(args[0])
  return `(${calendarSql(`trunc(${by(m)})`, `trunc(${by(d)})`, `round(${by(u)} + (${by(d)} - trunc(${by(d)})) * 86400000000)`)})`
}

export const intervals: readonly ScalarFunction[] = [
  hidden('interval_+', ([a, b], c) => checked(`(CAST(${countOf(a ?? '', c.type)} AS HUGEINT) + ${countOf(b ?? '', c.type)})`, c, 'try_add')),
  hidden('interval_-', ([a, b], c) => checked(`(CAST(${countOf(a ?? '', c.type)} AS HUGEINT) - ${countOf(b ?? '', c.type)})`, c, 'try_subtract')),
  hidden('try_interval_+', ([a, b], c) => checked(`(CAST(${countOf(a ?? '', c.type)} AS HUGEINT) + ${countOf(b ?? '', c.type)})`, c, '')),
  hidden('try_interval_-', ([a, b], c) => checked(`(CAST(${countOf(a ?? '', c.type)} AS HUGEINT) - ${countOf(b ?? '', c.type)})`, c, '')),
  hidden('interval_negative', ([a], c) => intervalSql(`(-CAST(${countOf(a ?? '', c.type)} AS HUGEINT))`, c.type, '')),
  hidden('try_interval_negative', ([a], c) => intervalSql(`(-CAST(${countOf(a ?? '', c.type)} AS HUGEINT))`, c.type, undefined)),
  hidden('interval_abs', ([a], c) => intervalSql(`abs(CAST(${countOf(a ?? '', c.type)} AS HUGEINT))`, c.type, '')),
  hidden('interval_*', (args, c) => intervalSql(product(args, c), c.type, isIntegral(c.args[1]?.type ?? int) ? 'try_multiply' : '')),
  hidden('try_interval_*', (args, c) => intervalSql(product(args, c), c.type, undefined)),
  hidden(
    'interval_/',
    (args, c) =>
      `(CASE WHEN ${args[1]} = 0 AND ${args[0]} IS NOT NULL THEN ${byZero} ELSE ${intervalSql(quotient(args, c), c.type, 'try_divide')} END)`,
  ),
  hidden('try_interval_/', (args, c) => `(CASE WHEN ${args[1]} <> 0 THEN ${intervalSql(quotient(args, c), c.type, undefined)} END)`),
  hidden('calendar_+', ([a, b]) => `(${a} + ${b})`),
  hidden('calendar_-', ([a, b]) => `(${a} - ${b})`),
  hidden('calendar_negative', ([a]) => `(-${a})`),
  hidden('calendar_*', args => scaledCalendar(args, part => `(${part} * CAST(${args[1]} AS DOUBLE))`)),
  hidden('try_calendar_*', args => `TRY(${scaledCalendar(args, part => `(${part} * CAST(${args[1]} AS DOUBLE))`)})`),
  hidden(
    'calendar_/',
    args => `(CASE WHEN ${args[1]} = 0 THEN ${byZero} ELSE ${scaledCalendar(args, part => `(${part} / CAST(${args[1]} AS DOUBLE))`)} END)`,
  ),
  hidden('try_calendar_/', args => `(CASE WHEN ${args[1]} <> 0 THEN ${scaledCalendar(args, part => `(${part} / CAST(${args[1]} AS DOUBLE))`)} END)`),
  hidden('add_months_to_date', ([d, i]) => `CAST(${d} + ${i} AS DATE)`),
  hidden('add_days_to_date', ([d, i]) => `(${d} + CAST(epoch_us(${i}) // 86400000000 AS INTEGER))`),
  hidden('add_calendar_to_date', ([d, i]) => `CAST(${d} + ${i} AS DATE)`),
  hidden('add_interval', ([t, i], c) => {
    if (c.args[1]?.type.kind !== 'daytime_interval') return `(${t} + ${i})`
    const n = `epoch_us(${i})`
    // Days are calendar days of the zone, the rest is elapsed time.
    return `(${t} + to_days(CAST(${n} // 86400000000 AS INTEGER)) + to_microseconds(${n} % 86400000000))`
  }),
  hidden('subtract_timestamps', ([a, b]) => `to_microseconds(epoch_us(CAST(${a} AS TIMESTAMP)) - epoch_us(CAST(${b} AS TIMESTAMP)))`),
  hidden('subtract_dates', ([a, b]) => `to_microseconds(CAST(${a} - ${b} AS BIGINT) * 86400000000)`),
  hidden('interval_div', ([a, b], c) => {
    const type = c.args[0]?.type ?? dayTime
    return `(CASE WHEN ${countOf(b ?? '', type)} = 0 AND ${a} IS NOT NULL THEN ${byZero} ELSE CAST(${countOf(a ?? '', type)} // ${countOf(b ?? '', type)} AS BIGINT) END)`
  }),
  hidden('interval_sign', ([a], c) => `CAST(sign(${countOf(a ?? '', c.args[0]?.type ?? dayTime)}) AS DOUBLE)`),
  custom(
    'make_dt_interval',
    [0, 4],
    (args, context) => {
      const taken = takeArgs(args, [int, int, int, decimal(18, 6)], context)
      const all = [0, 1, 2].map(i => taken[i] ?? literal(0, int))
      return call('make_dt_interval', [...all, taken[3] ?? literal('0.000000', decimal(18, 6))], dayTime)
    },
    ([d, h, m, s]) =>
      intervalSql(
        `(CAST(${d} AS HUGEINT) * 86400000000 + CAST(${h} AS HUGEINT) * 3600000000 + CAST(${m} AS HUGEINT) * 60000000 + CAST(CAST(${s} AS DECIMAL(24, 6)) * 1000000 AS HUGEINT))`,
        dayTime,
        '',
      ),
  ),
  custom(
    'make_ym_interval',
    [0, 2],
    (args, context) => {
      const taken = takeArgs(args, [int], context)
      return call('make_ym_interval', [taken[0] ?? literal(0, int), taken[1] ?? literal(0, int)], yearMonth)
    },
    ([y, m]) => intervalSql(`(CAST(${y} AS HUGEINT) * 12 + ${m})`, yearMonth, ''),
  ),
  ...(['make_interval', 'try_make_interval'] as const).map(name =>
    custom(
      name,
      [0, 7],
      (args, context) => {
        const taken = takeArgs(args, [int, int, int, int, int, int, decimal(18, 6)], context)
        const all = [0, 1, 2, 3, 4, 5].map(i => taken[i] ?? literal(0, int))
        return call(name, [...all, taken[6] ?? literal('0.000000', decimal(18, 6))], types.interval)
      },
      ([y, mo, w, d, h, mi, s]) => {
        const micros = `(CAST(${h} AS HUGEINT) * 3600000000 + CAST(${mi} AS HUGEINT) * 60000000 + CAST(CAST(${s} AS DECIMAL(24, 6)) * 1000000 AS HUGEINT))`
        const made = calendarSql(`CAST(${y} AS BIGINT) * 12 + ${mo}`, `CAST(${w} AS BIGINT) * 7 + ${d}`, micros)
        return name === 'make_interval' ? made : `TRY(${made})`
      },
    ),
  ),
]

/** `div` of two intervals of one family; undefined when neither side is an interval. */
export function intervalDiv(args: readonly BoundExpr[], context: BindContext): BoundExpr | undefined {
  const [left, right] = args as Pair
  if (!isAnsiInterval(left.type) && !isAnsiInterval(right.type)) return undefined
  const type = commonType(left.type, right.type)
  if (type === undefined || !isAnsiInterval(type)) throw differentTypes(context, left.type, right.type)
  return call('interval_div', [castTo(left, type), castTo(right, type)], long)
}

/** `-`, `+`, `abs` and `sign` of an interval; undefined when it is none. */
export function intervalUnary(name: 'negative' | 'positive' | 'abs' | 'sign', arg: BoundExpr | undefined): BoundExpr | undefined {
  if (arg === undefined || !isInterval(arg)) return undefined
  if (name === 'positive') return arg
  if (name === 'negative') return negated(arg)
  if (isCalendar(arg)) return undefined
  return name === 'abs' ? call('interval_abs', [arg], arg.type) : call('interval_sign', [arg], double)
}
