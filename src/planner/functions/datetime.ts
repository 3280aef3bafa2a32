/** Dates and timestamps. `timestamp` is DuckDB's TIMESTAMPTZ under the session's time zone, `timestamp_ntz` its TIMESTAMP. */
import { type DataType, types } from '../../core/types.js'
import { type BoundExpr, literal, nullOf } from '../bound.js'
import { castTo } from '../coercion.js'
import { type BindContext, call, custom, rewritten, type ScalarFunction, scalar, takeArgs } from './define.js'

const { date, int, string, timestamp } = types

/** A part of a date or timestamp as int. */
function part(name: string, sql: (x: string) => string, aliases: readonly string[] = []): ScalarFunction {
  return scalar(name, ['datetime'], int, ([x]) => `CAST(${sql(x ?? '')} AS INTEGER)`, { aliases })
}

/** A literal text argument, upper case. */
function constantText(arg: BoundExpr | undefined): string | undefined {
  return arg?.kind === 'Literal' && typeof arg.value === 'string' ? arg.value.toUpperCase() : undefined
}

const units: Readonly<Record<string, string>> = {
  YEAR: 'year',
  YYYY: 'year',
  YY: 'year',
  QUARTER: 'quarter',
  MONTH: 'month',
  MON: 'month',
  MM: 'month',
  WEEK: 'week',
  DAY: 'day',
  DD: 'day',
  HOUR: 'hour',
  MINUTE: 'minute',
  SECOND: 'second',
  MILLISECOND: 'millisecond',
  MICROSECOND: 'microsecond',
}

function unsupportedUnit(context: BindContext) {
  return context.fail(
    'UNSUPPORTED_FEATURE.COMPUTED_DATE_UNIT',
    '0A000',
    `The feature is not supported: "${context.callText}" with a computed unit. Write the unit as a text literal.`,
  )
}

function bindTruncate(
  name: string,
  unitArg: BoundExpr | undefined,
  value: BoundExpr,
  type: DataType,
  allowed: (unit: string) => boolean,
  context: BindContext,
): BoundExpr {
  const text = constantText(unitArg)
  if (text === undefined) throw unsupportedUnit(context)
  const unit = units[text]
  if (unit === undefined || !allowed(unit)) return nullOf(type)
  return call(name, [literal(unit, string), value], type)
}

const extracted: Readonly<Record<string, string>> = {
  YEAR: 'year',
  YEARS: 'year',
  Y: 'year',
  YR: 'year',
  QUARTER: 'quarter',
  QTR: 'quarter',
  MONTH: 'month',
  MON: 'month',
  MONTHS: 'month',
  WEEK: 'weekofyear',
  WEEKS: 'weekofyear',
  W: 'weekofyear',
  DAY: 'day',
  DAYS: 'day',
  D: 'day',
  DAYOFWEEK: 'dayofweek',
  DOW: 'dayofweek',
  DOW_ISO: 'dayofweek_iso',
  DAYOFWEEK_ISO: 'dayofweek_iso',
  DOY: 'dayofyear',
  HOUR: 'hour',
  HOURS: 'hour',
  H: 'hour',
  MINUTE: 'minute',
  MINUTES: 'minute',
  MIN: 'minute',
  M: 'minute',
}

export const datetimes: readonly ScalarFunction[] = [
  part('year', x => `year(${x})`),
  part('quarter', x => `quarter(${x})`),
  part('month', x => `month(${x})`),
  part('day', x => `day(${x})`, ['dayofmonth']),
  part('dayofweek', x => `dayofweek(${x}) + 1`),
  part('weekday', x => `isodow(${x}) - 1`),
  part('dayofweek_iso', x => `isodow(${x})`),
  part('dayofyear', x => `dayofyear(${x})`),
  part('weekofyear', x => `weekofyear(${x})`),
  part('hour', x => `hour(${x})`),
  part('minute', x => `minute(${x})`),
  part('second', x => `second(${x})`),
  rewritten(
    'extract',
    2,
    (args, context) => {
      const [field, value] = args as readonly [BoundExpr, BoundExpr]
      const text = constantText(field)
      const name = text === undefined ? undefined : extracted[text]
      if (name !== undefined) return context.bind(name, [value])
      if (text === 'SECOND' || text === 'SECONDS' || text === 'S' || text === 'SEC')
        return call('second_fraction', takeArgs([value], ['datetime'], context), { kind: 'decimal', precision: 8, scale: 6 })
      throw context.fail('INVALID_EXTRACT_FIELD', '42601', `Cannot extract \`${text ?? ''}\` from "${context.argText(1)}".`)
    },
    ['date_part', 'datepart'],
  ),
  scalar(
    'second_fraction',
    ['datetime'],
    { kind: 'decimal', precision: 8, scale: 6 },
    ([x]) => `CAST(CAST(microsecond(${x}) AS DECIMAL(8, 0)) * 0.000001 AS DECIMAL(8, 6))`,
  ),
  scalar('date_add', [date, 'upToInt'], date, ([d, n]) => `(${d} + ${n})`, { aliases: ['dateadd'] }),
  scalar('date_sub', [date, 'upToInt'], date, ([d, n]) => `(${d} - ${n})`),
  scalar('datediff', [date, date], int, ([a, b]) => `CAST(${a} - ${b} AS INTEGER)`, { aliases: ['date_diff'] }),
  scalar('add_months', [date, int], date, ([d, n]) => `CAST(${d} + to_months(${n}) AS DATE)`),
  scalar('last_day', [date], date, ([d]) => `last_day(${d})`),
  custom(
    'date_trunc',
    2,
    (args, context) => {
      const value = takeArgs(args.slice(1), ['datetime'], context)[0] as BoundExpr
      const moment = value.type.kind === 'date' ? castTo(value, timestamp) : value
      return bindTruncate('date_trunc', args[0], moment, moment.type, () => true, context)
    },
    ([unit, x]) => `date_trunc(${unit}, ${x})`,
  ),
  custom(
    'trunc',
    2,
    (args, context) => {
      const value = takeArgs(args.slice(0, 1), [date], context)[0] as BoundExpr
      return bindTruncate('trunc', args[1], value, date, u => ['year', 'quarter', 'month', 'week'].includes(u), context)
    },
    ([unit, x]) => `CAST(date_trunc(${unit}, ${x}) AS DATE)`,
  ),
  rewritten('current_timestamp', 0, (_, context) => literal(context.now, timestamp), ['now']),
  rewritten('current_date', 0, (_, context) => castTo(literal(context.now, timestamp), date), ['curdate']),
  rewritten('localtimestamp', 0, (_, context) => castTo(literal(context.now, timestamp), types.timestampNtz)),
  rewritten('current_timezone', 0, (_, context) => literal(context.timeZone, string)),
]
