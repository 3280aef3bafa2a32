/** Dates and timestamps made of their parts, moved between zones, and counted in units. */
import { type DataType, decimal, types } from '../../core/types.js'
import { type BoundExpr, isNullable, literal, nullOf } from '../bound.js'
import { castTo, implicitCast } from '../coercion.js'
import { momentSql } from './datetime-text.js'
import { type BindContext, call, custom, raise, rewritten, type ScalarFunction, scalar, takeArgs, unexpectedInput } from './define.js'

const { date, int, long, string, timestamp, timestampNtz } = types
const seconds = decimal(16, 6)

const texts = (args: readonly string[]) => args.map(a => `CAST(${a} AS VARCHAR)`).join(', ')

/** `make_timestamp(year, month, day, hour, minute, seconds[, zone])`, or of a date. */
function making(name: string, typeOf: (context: BindContext) => DataType, zoned: boolean, tolerant: boolean): ScalarFunction {
  return custom(
    name,
    [1, zoned ? 7 : 6],
    (args, context) => {
      const type = typeOf(context)
      if (args.length <= 3)
        return ofDateAndTime(name, args, name.endsWith('_ntz') ? timestampNtz : timestamp, zoned, tolerant || !context.ansi, context)
      if (args.length < 6)
        throw context.fail(
          'WRONG_NUM_ARGS.WITHOUT_SUGGESTION',
          '42605',
          `The \`${name}\` requires [6, 7] parameters but the actual number is ${args.length}.`,
        )
      const taken = takeArgs(args, [int, int, int, int, int, seconds, string], context)
      const given = taken[6]
      // A wall clock has no use for a zone, except that NULL makes NULL.
      const zone =
        type.kind === 'timestamp'
          ? (given ?? literal(context.timeZone, string))
          : given === undefined || !isNullable(given)
            ? literal('UTC', string)
            : context.bind('when', [context.bind('isnotnull', [given]), literal('UTC', string)])
      const fn = tolerant || !context.ansi ? 'try_make_timestamp_of' : 'make_timestamp_of'
      const nullable = tolerant || !context.ansi || taken.some(isNullable)
      return call(fn, [...taken.slice(0, 6), zone], type, nullable)
    },
    () => '',
  )
}

/** `make_timestamp(date[, time[, zone]])`: an instant whatever TIMESTAMP means, unless the name says otherwise. */
function ofDateAndTime(name: string, args: readonly BoundExpr[], type: DataType, zoned: boolean, tolerant: boolean, context: BindContext): BoundExpr {
  const [day, time, zone] = args as readonly [BoundExpr, BoundExpr?, BoundExpr?]
  if (zone !== undefined && !zoned)
    throw context.fail(
      'WRONG_NUM_ARGS.WITHOUT_SUGGESTION',
      '42605',
      `The \`${name}\` requires [1, 2, 6] parameters but the actual number is ${args.length}.`,
    )
  if (day.type.kind !== 'date' && day.type.kind !== 'null') throw unexpectedInput(context, 0, 'DATE', day.type)
  if (time !== undefined && time.type.kind !== 'time' && time.type.kind !== 'null') throw unexpectedInput(context, 1, 'TIME', time.type)
  const at = time ?? literal(0n, types.time)
  const zoneArg =
    zone === undefined ? literal(type.kind === 'timestamp' ? context.timeZone : 'UTC', string) : (takeArgs([zone], [string], context)[0] as BoundExpr)
  return call('timestamp_of', [castTo(day, date), castTo(at, types.time), zoneArg], type, tolerant || args.some(isNullable))
}

const makeSql = (fn: string) => (args: readonly string[], c: { readonly type: DataType }) => momentSql(`${fn}(${texts(args)})`, c.type)
const internal = (name: string, sql: ScalarFunction['sql']): ScalarFunction => ({
  ...custom(name, [1, 9], (args, context) => call(context.name, args, timestamp), sql),
  internal: true,
})

const timestampOf = (context: BindContext) => (context.timestampNtz ? timestampNtz : timestamp)

/** Units of `timestampadd` and `timestampdiff`; months first, then microseconds. */
const monthUnits: Readonly<Record<string, number>> = { MONTH: 1, QUARTER: 3, YEAR: 12 }
const microUnits: Readonly<Record<string, bigint>> = {
  MICROSECOND: 1n,
  MILLISECOND: 1_000n,
  SECOND: 1_000_000n,
  MINUTE: 60_000_000n,
  HOUR: 3_600_000_000n,
}
const dayUnits: Readonly<Record<string, number>> = { DAY: 1, DAYOFYEAR: 1, WEEK: 7 }

function unitOf(arg: BoundExpr | undefined, context: BindContext): string {
  const text = arg?.kind === 'Literal' && typeof arg.value === 'string' ? arg.value.toUpperCase() : ''
  if (text in monthUnits || text in microUnits || text in dayUnits) return text
  throw context.fail(
    'INVALID_PARAMETER_VALUE.DATETIME_UNIT',
    '22023',
    `The value of parameter(s) \`unit\` in \`${context.name.toLowerCase()}\` is invalid: expects one of the units without quotes YEAR, QUARTER, MONTH, WEEK, DAY, DAYOFYEAR, HOUR, MINUTE, SECOND, MILLISECOND, MICROSECOND, but got the string literal '${text}'.`,
  )
}

function added(args: readonly BoundExpr[], context: BindContext): BoundExpr {
  const unit = unitOf(args[0], context)
  const [count, moment] = takeArgs(args.slice(1), [long, 'datetime'], context) as [BoundExpr, BoundExpr]
  const day = moment.type.kind === 'date'
  // A date stays one only where no time is added; Spark makes timestamps of all.
  const value = day ? castTo(moment, timestamp) : moment
  return call('timestamp_plus', [literal(unit, string), count, value], value.type)
}

function addSql(args: readonly string[], c: { readonly args: readonly BoundExpr[]; readonly type: DataType }): string {
  const [, count, moment] = args
  const unit = c.args[0]?.kind === 'Literal' ? String(c.args[0].value) : ''
  const months = monthUnits[unit]
  if (months !== undefined) return `(${moment} + to_months(CAST(${count} * ${months} AS INTEGER)))`
  const days = dayUnits[unit]
  if (days !== undefined) return `(${moment} + to_days(CAST(${count} * ${days} AS INTEGER)))`
  return `(${moment} + to_microseconds(${count} * ${microUnits[unit]}))`
}

function differenceSql(args: readonly string[], c: { readonly args: readonly BoundExpr[] }): string {
  const [, from, to] = args
  const unit = c.args[0]?.kind === 'Literal' ? String(c.args[0].value) : ''
  // Wall clocks count: a day is a day, whatever the clocks did.
  const wall = (x: string | undefined) => `CAST(${x} AS TIMESTAMP)`
  const months = monthUnits[unit]
  if (months !== undefined) return `CAST(${monthsSql(wall(from), wall(to))} // ${months} AS BIGINT)`
  const days = dayUnits[unit]
  if (days !== undefined) return `CAST(trunc((epoch_us(${wall(to)}) - epoch_us(${wall(from)})) // ${BigInt(days) * 86_400_000_000n}) AS BIGINT)`
  return `((epoch_us(${to}) - epoch_us(${from})) // ${microUnits[unit]})`
}

/** Whole months as Java counts them: a last day that is not over by the clock does not count, and the end of a short month does not stand for a later day. */
function monthsSql(from: string, to: string): string {
  const [day, end, clock, until] = [`CAST(${from} AS DATE)`, `CAST(${to} AS DATE)`, `CAST(${from} AS TIME)`, `CAST(${to} AS TIME)`]
  const last = `CASE WHEN ${end} > ${day} AND ${until} < ${clock} THEN ${end} - 1 WHEN ${end} < ${day} AND ${until} > ${clock} THEN ${end} + 1 ELSE ${end} END`
  const packed = (d: string) => `((year(${d}) * 12 + month(${d})) * 32 + day(${d}))`
  return `((${packed(`(${last})`)} - ${packed(day)}) // 32)`
}

/** The branches that number a day of the week, Monday 0. */
function daysOfWeek(upper: string): string {
  const full = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY']
  return full.map((name, i) => `WHEN ${upper} IN ('${name.slice(0, 2)}', '${name.slice(0, 3)}', '${name}') THEN ${i}`).join(' ')
}

const roundingNecessary = raise(
  'ARITHMETIC_OVERFLOW',
  '22003',
  'A timestamp of seconds with more than six digits after the point: Rounding necessary.',
)

/** Microseconds of a day, each part within its bounds. */
function timeSql([h, m, s]: readonly string[]): string {
  const bad = (name: string, value: string | undefined, range: string) =>
    `error('[DATETIME_FIELD_OUT_OF_BOUNDS.WITHOUT_SUGGESTION] Invalid value for ${name} (valid values ${range}): ' || ${value} || '. SQLSTATE: 22023')`
  const micros = `${h} * 3600000000::BIGINT + ${m} * 60000000::BIGINT + CAST(${s} * 1000000 AS BIGINT)`
  return (
    `CAST(make_timestamp(CASE WHEN ${h} NOT BETWEEN 0 AND 23 THEN ${bad('HourOfDay', h, '0 - 23')} WHEN ${m} NOT BETWEEN 0 AND 59 THEN ${bad('MinuteOfHour', m, '0 - 59')} ` +
    `WHEN ${s} < 0 OR ${s} >= 60 THEN ${bad('SecondOfMinute', s, '0 - 59')} ELSE ${micros} END) AS TIME)`
  )
}

export const datetimeParts: readonly ScalarFunction[] = [
  scalar('make_time', [int, int, seconds], types.time, timeSql),
  making('make_timestamp', timestampOf, true, false),
  making('try_make_timestamp', timestampOf, true, true),
  making('make_timestamp_ltz', () => timestamp, true, false),
  making('try_make_timestamp_ltz', () => timestamp, true, true),
  making('make_timestamp_ntz', () => timestampNtz, false, false),
  making('try_make_timestamp_ntz', () => timestampNtz, false, true),
  internal('timestamp_of', ([d, t, zone], c) => momentSql(`spk_shift_zone(CAST(epoch_us(${d} + ${t}) AS VARCHAR), 'UTC', ${zone})`, c.type)),
  internal('make_timestamp_of', makeSql('spk_make_timestamp')),
  internal('try_make_timestamp_of', makeSql('spk_try_make_timestamp')),
  custom(
    'make_date',
    3,
    (args, context) =>
      call('make_date', [...takeArgs(args, [int], context), literal(context.ansi, types.boolean)], date, !context.ansi || args.some(isNullable)),
    ([y, m, d, ansi]) => {
      const ok = `(${m} BETWEEN 1 AND 12 AND ${d} BETWEEN 1 AND 28)`
      const slow =
        ansi === 'true'
          ? `(DATE '1970-01-01' + CAST(spk_make_date(${texts([y ?? '', m ?? '', d ?? ''])}) AS INTEGER))`
          : `TRY(make_date(${y}, ${m}, ${d}))`
      return `(CASE WHEN ${ok} THEN make_date(${y}, ${m}, ${d}) ELSE ${slow} END)`
    },
  ),
  custom('timestampadd', 3, added, addSql, ['timestamp_add']),
  internal('timestamp_plus', addSql),
  custom(
    'timestampdiff',
    3,
    (args, context) => {
      const unit = unitOf(args[0], context)
      const [from, to] = takeArgs(args.slice(1), ['datetime'], context) as [BoundExpr, BoundExpr]
      return call('timestampdiff', [literal(unit, string), castTo(from, timestamp), castTo(to, timestamp)], long)
    },
    differenceSql,
    ['timediff', 'timestamp_diff'],
  ),
  custom(
    'next_day',
    2,
    (args, context) => {
      const taken = takeArgs(args, [date, string], context)
      return call(context.ansi ? 'next_day' : 'try_next_day', taken, date, true)
    },
    ([d, name]) => nextDay(d ?? '', name ?? '', true),
  ),
  internal('try_next_day', ([d, name]) => nextDay(d ?? '', name ?? '', false)),
  scalar(
    'months_between',
    [timestamp, timestamp, types.boolean],
    types.double,
    ([a, b, rounded]) => {
      const [x, y] = [`CAST(${a} AS TIMESTAMP)`, `CAST(${b} AS TIMESTAMP)`]
      const months = `((year(${x}) - year(${y})) * 12 + month(${x}) - month(${y}))`
      const last = (t: string) => `(day(${t}) = day(last_day(${t})))`
      const rest = `((day(${x}) - day(${y})) * 86400 + (epoch_us(${x} - date_trunc('day', ${x})) - epoch_us(${y} - date_trunc('day', ${y}))) / 1000000) / 2678400.0`
      const raw = `CAST(CASE WHEN day(${x}) = day(${y}) OR (${last(x)} AND ${last(y)}) THEN ${months} ELSE ${months} + ${rest} END AS DOUBLE)`
      return rounded === undefined || rounded === 'true' ? `round(${raw}, 8)` : `(CASE WHEN ${rounded} THEN round(${raw}, 8) ELSE ${raw} END)`
    },
    { required: 2 },
  ),
  ...(['from_utc_timestamp', 'to_utc_timestamp'] as const).map(name =>
    custom(
      name,
      2,
      (args, context) => call(name, [...takeArgs(args, [timestamp, string], context)], timestamp),
      ([x, zone]) => {
        const micros = `CAST(epoch_us(${x}) AS VARCHAR)`
        const [from, to] = name === 'from_utc_timestamp' ? [zone, "'UTC'"] : ["'UTC'", zone]
        return momentSql(`spk_shift_zone(${micros}, ${from}, ${to})`, timestamp)
      },
    ),
  ),
  rewritten('convert_timezone', [2, 3], (args, context) => {
    const all = args.length === 2 ? [literal(context.timeZone, string), ...args] : args
    const taken = takeArgs(all, [string, string, timestampNtz], context)
    return call('convert_zone', taken, timestampNtz)
  }),
  internal('convert_zone', ([from, to, x]) =>
    // An NTZ of one zone is the instant that shows as the result in the other.
    momentSql(`spk_shift_zone(spk_shift_zone(CAST(epoch_us(${x}) AS VARCHAR), 'UTC', ${from}), ${to}, 'UTC')`, timestampNtz),
  ),
  ...(
    [
      ['unix_date', date, int, (x: string) => `CAST(${x} - DATE '1970-01-01' AS INTEGER)`],
      ['unix_seconds', timestamp, long, (x: string) => `CAST(floor(epoch_us(${x}) / 1000000) AS BIGINT)`],
      ['unix_millis', timestamp, long, (x: string) => `CAST(floor(epoch_us(${x}) / 1000) AS BIGINT)`],
      ['unix_micros', timestamp, long, (x: string) => `epoch_us(${x})`],
    ] as const
  ).map(([name, from, to, sql]) => scalar(name, [from], to, ([x]) => sql(x ?? ''))),
  scalar('date_from_unix_date', [int], date, ([n]) => `(DATE '1970-01-01' + ${n})`),
  scalar('timestamp_millis', ['integral'], timestamp, ([n]) => `make_timestamptz(CAST(${n} AS BIGINT) * 1000)`),
  scalar('timestamp_micros', ['integral'], timestamp, ([n]) => `make_timestamptz(CAST(${n} AS BIGINT))`),
  custom(
    'timestamp_seconds',
    1,
    (args, context) => {
      const value = implicitCast(args[0] as BoundExpr, 'numeric')
      if (value === undefined || args[0]?.type.kind === 'string') throw unexpectedInput(context, 0, 'NUMERIC', args[0]?.type ?? types.null)
      return value.kind === 'Literal' && value.value === null ? nullOf(timestamp) : call('timestamp_seconds', [value], timestamp)
    },
    ([x], c) => {
      const kind = c.args[0]?.type.kind
      const type = c.args[0]?.type
      if (type?.kind === 'decimal') {
        const micros = `${x} * 1000000`
        if (type.scale <= 6) return `make_timestamptz(CAST(${micros} AS BIGINT))`
        return `make_timestamptz(CASE WHEN ${micros} <> trunc(${micros}) THEN ${roundingNecessary} ELSE CAST(${micros} AS BIGINT) END)`
      }
      if (kind === 'float' || kind === 'double') return `make_timestamptz(CAST(trunc(CAST(${x} AS DOUBLE) * 1000000) AS BIGINT))`
      return `make_timestamptz(CAST(${x} AS BIGINT) * 1000000)`
    },
  ),
  rewritten('monthname', 1, (args, context) =>
    context.bind('date_format', [castTo(takeArgs(args, [date], context)[0] as BoundExpr, timestamp), literal('MMM', string)]),
  ),
  rewritten('dayname', 1, (args, context) =>
    context.bind('date_format', [castTo(takeArgs(args, [date], context)[0] as BoundExpr, timestamp), literal('E', string)]),
  ),
]

function nextDay(d: string, name: string, ansi: boolean): string {
  const upper = `upper(trim(${name}))`
  const wrong = ansi ? `error('[ILLEGAL_DAY_OF_WEEK] Illegal input for day of week: ' || ${name} || '. SQLSTATE: 22009')` : 'NULL'
  const day = `(CASE WHEN ${name} IS NULL OR ${d} IS NULL THEN NULL ${daysOfWeek(upper)} ELSE ${wrong} END)`
  return `(${d} + CAST(7 - (isodow(${d}) + 6 - ${day} ) % 7 AS INTEGER))`
}
