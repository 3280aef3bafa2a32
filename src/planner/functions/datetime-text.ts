/** Dates and timestamps from and to text by Spark's patterns: DuckDB's own functions where they mean the same, JavaScript for the rest. */
import { type DataType, types } from '../../core/types.js'
import { type BoundExpr, type Call, isNullable, literal } from '../bound.js'
import { castTo, implicitCast, isNumeric } from '../coercion.js'
import { quoteText } from '../duck-type.js'
import { datePattern } from './date-pattern.js'
import { type BindContext, call, custom, rewritten, type ScalarFunction, takeArgs } from './define.js'

const { date, string, timestamp, timestampNtz } = types

/** Microseconds as text to a moment of a type. */
export function momentSql(micros: string, type: DataType): string {
  const number = `CAST(${micros} AS BIGINT)`
  if (type.kind === 'timestamp') return `make_timestamptz(${number})`
  return type.kind === 'date' ? `CAST(make_timestamp(${number}) AS DATE)` : `make_timestamp(${number})`
}

/** A literal text that is there. */
function constant(arg: BoundExpr | undefined): string | undefined {
  return arg?.kind === 'Literal' && typeof arg.value === 'string' ? arg.value : undefined
}

/** Wall clocks without a zone are read in UTC; instants in the session's. */
function zoneOf(type: DataType, context: BindContext): BoundExpr {
  return literal(type.kind === 'timestamp' ? context.timeZone : '-', string)
}

function parseSql(args: readonly string[], c: Call): string {
  const [text, pattern, zone] = args
  const fn = c.fn.startsWith('try_') ? 'spk_try_parse_instant' : 'spk_parse_instant'
  const slow = momentSql(`${fn}(${text}, ${pattern}, ${zone})`, c.type)
  const known = constant(c.args[1])
  const fast = known === undefined ? undefined : datePattern(known)
  if (fast?.regex === undefined) return slow
  const wall = `try_strptime(${text}, ${quoteText(fast.format)})`
  const type = c.type.kind === 'timestamp' ? 'TIMESTAMPTZ' : c.type.kind === 'date' ? 'DATE' : 'TIMESTAMP'
  return `coalesce(CASE WHEN regexp_full_match(${text}, ${quoteText(fast.regex)}) THEN CAST(${wall} AS ${type}) END, ${slow})`
}

/** `to_date` and `to_timestamp` and their kin: a cast, or parsing by a pattern. */
function parsing(name: string, typeOf: (context: BindContext) => DataType, tolerant: boolean): ScalarFunction {
  return custom(
    name,
    [1, 2],
    (args, context) => {
      const type = typeOf(context)
      const [value, pattern] = args as readonly [BoundExpr, BoundExpr?]
      const isText = value.type.kind === 'string'
      if (pattern === undefined || !isText) {
        if (pattern !== undefined) takeArgs([value, pattern], ['any', string], context)
        // Anything that is no moment is read as a text.
        const known = implicitCast(value, 'datetime') === value || (isNumeric(value.type) && type.kind === 'timestamp' && pattern === undefined)
        const moment = known ? value : (takeArgs([value], [string], context)[0] as BoundExpr)
        return castTo(moment, type, tolerant ? 'try' : context.castMode)
      }
      const taken = takeArgs([value, pattern], [string], context)
      const fn = tolerant || !context.ansi ? `try_${base(name)}` : base(name)
      return call(fn, [...taken, zoneOf(type, context)], type, true)
    },
    parseSql,
  )
}

function base(name: string): string {
  return name.replace(/^try_/, '')
}

const timestampOf = (context: BindContext) => (context.timestampNtz ? timestampNtz : timestamp)

export const datetimeTexts: readonly ScalarFunction[] = [
  parsing('to_date', () => date, false),
  parsing('try_to_date', () => date, true),
  parsing('to_timestamp', timestampOf, false),
  parsing('try_to_timestamp', timestampOf, true),
  parsing('to_timestamp_ltz', () => timestamp, false),
  parsing('try_to_timestamp_ltz', () => timestamp, true),
  parsing('to_timestamp_ntz', () => timestampNtz, false),
  parsing('try_to_timestamp_ntz', () => timestampNtz, true),
  custom(
    'date_format',
    2,
    (args, context) => {
      const [value, pattern] = takeArgs(args, ['datetime', string], context) as [BoundExpr, BoundExpr]
      return call(
        'date_format',
        [castTo(value, timestamp), pattern, literal(context.timeZone, string)],
        string,
        isNullable(value) || isNullable(pattern),
      )
    },
    ([x, pattern, zone], c) => {
      const known = constant(c.args[1])
      const fast = known === undefined ? undefined : datePattern(known)
      return fast === undefined
        ? `spk_format_instant(CAST(epoch_us(${x}) AS VARCHAR), ${pattern}, ${zone})`
        : `strftime(${x}, ${quoteText(fast.format)})`
    },
  ),
  custom(
    'unix_timestamp',
    [0, 2],
    (args, context) => {
      if (args.length === 0) return literal(context.now / 1_000_000n, types.long)
      const [value, pattern] = args as readonly [BoundExpr, BoundExpr?]
      const moment =
        value.type.kind === 'string'
          ? context.bind(context.ansi ? 'to_timestamp_ltz' : 'try_to_timestamp_ltz', [value, pattern ?? literal('yyyy-MM-dd HH:mm:ss', string)])
          : (takeArgs([value], ['datetime'], context)[0] as BoundExpr)
      return call('unix_timestamp', [castTo(moment, timestamp)], types.long)
    },
    ([x]) => `CAST(floor(epoch_us(${x}) / 1000000) AS BIGINT)`,
    ['to_unix_timestamp'],
  ),
  rewritten('from_unixtime', [1, 2], (args, context) => {
    const [seconds, pattern] = takeArgs([args[0] as BoundExpr, args[1] ?? literal('yyyy-MM-dd HH:mm:ss', string)], [types.long, string], context)
    return context.bind('date_format', [context.bind('timestamp_seconds', [seconds as BoundExpr]), pattern as BoundExpr])
  }),
]
