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

/** Spellings of the fields that EXTRACT takes. */
const fieldNames: Readonly<Record<string, string>> = {
  year: 'YEAR Y YEARS YR YRS',
  yearofweek: 'YEAROFWEEK',
  quarter: 'QUARTER QTR',
  month: 'MONTH MON MONS MONTHS',
  weekofyear: 'WEEK W WEEKS',
  day: 'DAY D DAYS',
  dayofweek: 'DAYOFWEEK DOW',
  dayofweek_iso: 'DAYOFWEEK_ISO DOW_ISO',
  dayofyear: 'DOY',
  hour: 'HOUR H HOURS HR HRS',
  minute: 'MINUTE M MIN MINS MINUTES',
  second_fraction: 'SECOND S SEC SECONDS SECS',
}
const extracted = new Map(Object.entries(fieldNames).flatMap(([fn, names]) => names.split(' ').map(name => [name, fn] as const)))

const secondsType: DataType = { kind: 'decimal', precision: 8, scale: 6 }

/** A part of an interval; undefined when intervals of the type do not have it. */
function intervalPart(fn: string, value: BoundExpr): BoundExpr | undefined {
  const kind = value.type.kind
  const months = fn === 'year' || fn === 'month'
  const time = fn === 'day' || fn === 'hour' || fn === 'minute' || fn === 'second_fraction'
  if ((months && kind === 'daytime_interval') || (time && kind === 'yearmonth_interval') || (!months && !time)) return undefined
  const type =
    fn === 'second_fraction'
      ? secondsType
      : fn === 'day' || (fn === 'year' && kind !== 'yearmonth_interval') || fn === 'year'
        ? int
        : fn === 'hour' && kind === 'interval'
          ? types.long
          : types.byte
  return call(`interval_${fn}`, [value], type)
}

function intervalPartSql(fn: string, x: string, type: DataType | undefined): string {
  const months = `(year(${x}) * 12 + month(${x}))`
  const micros =
    type?.kind === 'interval'
      ? `(epoch_us(${x}) - epoch_us(to_days(CAST(day(${x}) AS INTEGER))) - epoch_us(to_months(CAST(${months} AS INTEGER))))`
      : `epoch_us(${x})`
  switch (fn) {
    case 'year':
      return `CAST(${months} // 12 AS INTEGER)`
    case 'month':
      return `CAST(${months} % 12 AS TINYINT)`
    case 'day':
      return type?.kind === 'interval' ? `CAST(day(${x}) AS INTEGER)` : `CAST(${micros} // 86400000000 AS INTEGER)`
    case 'hour':
      return type?.kind === 'interval' ? `CAST(${micros} // 3600000000 AS BIGINT)` : `CAST(${micros} // 3600000000 % 24 AS TINYINT)`
    case 'minute':
      return `CAST(${micros} // 60000000 % 60 AS TINYINT)`
    default:
      return `CAST(CAST(${micros} % 60000000 AS DECIMAL(18, 0)) * 0.000001 AS DECIMAL(8, 6))`
  }
}

/** A number of days in a text is read as one. */
function daysAdded(name: string, op: '+' | '-', aliases: readonly string[]): ScalarFunction {
  return custom(
    name,
    2,
    (args, context) => {
      const [day, count] = args as readonly [BoundExpr, BoundExpr]
      const number = count.type.kind === 'string' ? castTo(count, int, context.castMode) : count
      return call(name, takeArgs([day, number], [date, 'upToInt'], context), date)
    },
    ([d, n]) => `(${d} ${op} ${n})`,
    aliases,
  )
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
  ...['year', 'month', 'day', 'hour', 'minute', 'second_fraction'].map(fn => ({
    ...custom(
      `interval_${fn}`,
      1,
      args => args[0] as BoundExpr,
      ([x], c) => intervalPartSql(fn, x ?? '', c.args[0]?.type),
    ),
    internal: true,
  })),
  part('yearofweek', x => `isoyear(${x})`),
  part('hour', x => `hour(${x})`),
  part('minute', x => `minute(${x})`),
  part('second', x => `second(${x})`),
  rewritten(
    'extract',
    2,
    (args, context) => {
      const [field, value] = args as readonly [BoundExpr, BoundExpr]
      if (field.kind !== 'Literal') {
        throw context.fail(
          'NON_FOLDABLE_ARGUMENT',
          '42K08',
          `The function \`${context.name}\` requires the parameter \`field\` to be a foldable expression of the type "STRING", but the actual argument is a non-foldable.`,
        )
      }
      if (field.value === null) return nullOf(types.double)
      const text = constantText(field)
      const fn = text === undefined ? undefined : extracted.get(text)
      const isInterval = value.type.kind.endsWith('interval')
      const part =
        fn === undefined
          ? undefined
          : isInterval
            ? intervalPart(fn, value)
            : fn === 'second_fraction'
              ? call(fn, takeArgs([value], ['datetime'], context), secondsType)
              : context.bind(fn, [value])
      if (part !== undefined) return part
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
  daysAdded('date_add', '+', ['dateadd']),
  daysAdded('date_sub', '-', []),
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
  rewritten('current_catalog', 0, () => literal('spark_catalog', string)),
  rewritten('current_database', 0, (_, context) => literal(context.session.schema, string), ['current_schema']),
  rewritten('version', 0, (_, context) => literal(context.session.version, string)),
  rewritten('current_user', 0, (_, context) => literal(context.session.user, string), ['session_user', 'user']),
]
