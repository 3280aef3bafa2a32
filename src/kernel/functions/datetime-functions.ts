/** Dates and timestamps by pattern, zone or parts. Instants cross as microseconds since the epoch. */
import { daysOf, instantOf, isZone, parseDate, parseTimestamp, zoneOffset } from '../../core/datetime.js'
import { formatInstant } from './datetime-format.js'
import { cannotParse, parseInstant } from './datetime-parse.js'
import { type JsFunction, problem, strict } from './js-function.js'

function outOfBounds(field: string, low: number, high: number, value: string, advice: string) {
  return problem(
    'DATETIME_FIELD_OUT_OF_BOUNDS.WITH_SUGGESTION',
    '22023',
    `The value of a datetime field is out of bounds. Invalid value for ${field} (valid values ${low} - ${high}): ${value}. Use \`${advice}\` to tolerate this error and return NULL instead.`,
  )
}

/** Wall clock microseconds of year, month, day, hour, minute and seconds with a fraction; 60 seconds without one are the next minute. */
function wallClock(parts: readonly string[], advice: string): bigint {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = parts.slice(0, 5).map(Number)
  const [whole = '0', fraction = ''] = (parts[5] ?? '0').split('.')
  const micros = Number(fraction.slice(0, 6).padEnd(6, '0'))
  let second = Number(whole)
  let carry = 0
  if (second === 60) {
    if (micros !== 0)
      throw problem(
        'INVALID_FRACTION_OF_SECOND',
        '22023',
        `Valid range for seconds is [0, 60] (inclusive), but the provided value is ${parts[5]}. To avoid this error, use \`${advice}\`, which returns NULL on error.`,
      )
    second = 0
    carry = 60
  }
  const check = (field: string, value: number, low: number, high: number) => {
    if (!(value >= low && value <= high)) throw outOfBounds(field, low, high, String(value), advice)
  }
  check('Year', year, -999_999_999, 999_999_999)
  check('MonthOfYear', month, 1, 12)
  const length = daysOf(month === 12 ? year + 1 : year, month === 12 ? 1 : month + 1, 1) - daysOf(year, month, 1)
  check('DayOfMonth', day, 1, Math.max(28, length))
  check('HourOfDay', hour, 0, 23)
  check('MinuteOfHour', minute, 0, 59)
  check('SecondOfMinute', second, 0, 59)
  return BigInt(daysOf(year, month, day)) * 86_400_000_000n + BigInt(hour * 3600 + minute * 60 + second + carry) * 1_000_000n + BigInt(micros)
}

function knownZone(zone: string): string {
  if (isZone(zone)) return zone
  throw problem('INVALID_TIMEZONE', '22009', `The timezone: ${zone} is invalid. The timezone must be either a region-based zone ID or a zone offset.`)
}

/** Errors of wrong fields become NULL. */
function tolerant(run: () => string): string | null {
  try {
    return run()
  } catch {
    return null
  }
}

function pattern(name: string, whenBad: (text: string) => string | null): JsFunction {
  return strict(name, (text, format, zone) => parseInstant(text, format, zone)?.toString() ?? whenBad(text))
}

const fail = (text: string): never => {
  throw cannotParse(text)
}

/** Specials like `now` are no timestamps of text any more; a text without a zone is in the session's. */
function instantOfText(text: string, zone: string): bigint | undefined {
  const parsed = parseTimestamp(text)
  return parsed === undefined ? undefined : instantOf(parsed.micros, parsed.zone ?? zone)
}

export const datetimeFunctions: readonly JsFunction[] = [
  strict('spk_format_instant', (micros, format, zone) => formatInstant(BigInt(micros), format, zone)),
  pattern('spk_parse_instant', fail),
  pattern('spk_try_parse_instant', () => null),
  // Wall clock to instant in a zone; `UTC` leaves it as it is.
  strict('spk_make_timestamp', (y, mo, d, h, mi, s, zone) =>
    instantOf(wallClock([y, mo, d, h, mi, s], 'try_make_timestamp'), knownZone(zone)).toString(),
  ),
  strict('spk_try_make_timestamp', (y, mo, d, h, mi, s, zone) =>
    tolerant(() => instantOf(wallClock([y, mo, d, h, mi, s], ''), knownZone(zone)).toString()),
  ),
  strict('spk_make_date', (y, m, d) => String(wallClock([y, m, d, '0', '0', '0'], 'try_make_date') / 86_400_000_000n)),
  // An instant seen in one zone, taken for a wall clock of another.
  strict('spk_shift_zone', (micros, from, to) => {
    const wall = BigInt(micros) + BigInt(zoneOffset(knownZone(from), Number(BigInt(micros) / 1000n))) * 1000n
    return instantOf(wall, knownZone(to)).toString()
  }),
  // Casts of text: microseconds, or NULL.
  strict('spk_text_instant', (text, zone) => instantOfText(text, zone)?.toString() ?? null),
  strict('spk_text_wall_clock', text => parseTimestamp(text)?.micros.toString() ?? null),
  strict('spk_text_days', text => parseDate(text)?.toString() ?? null),
]
