/**
 * Dates and timestamps as Spark stores them (days and microseconds since the epoch, proleptic Gregorian) to text and back, and time zones. Pure: zone
 * rules come from the runtime's own ICU. Used for literals in SQL texts and for printing rows.
 */

const microsPerDay = 86_400_000_000n

/** Days since 1970-01-01 of a civil date; the month may be out of range and is carried. */
export function daysOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

export function civilOf(days: number): { year: number; month: number; day: number } {
  const z = days + 719_468
  const era = Math.floor(z / 146_097)
  const dayOfEra = z - era * 146_097
  const yearOfEra = Math.floor((dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365)
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const mp = Math.floor((5 * dayOfYear + 2) / 153)
  const month = mp < 10 ? mp + 3 : mp - 9
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day: dayOfYear - Math.floor((153 * mp + 2) / 5) + 1 }
}

function daysInMonth(year: number, month: number): number {
  return daysOf(month === 12 ? year + 1 : year, month === 12 ? 1 : month + 1, 1) - daysOf(year, month, 1)
}

/** Days of `yyyy`, `yyyy-m`, `yyyy-m-d`, the last with anything after a blank or a T; undefined when it is not a date. */
export function parseDate(text: string): number | undefined {
  const match = /^([+-]?\d{4,7})(?:-(\d{1,2})(?:-(\d{1,2})(?:[ T].*)?)?)?$/s.exec(text.trim())
  if (match === null) return undefined
  return validDate(Number(match[1]), Number(match[2] ?? 1), Number(match[3] ?? 1))
}

function validDate(year: number, month: number, day: number): number | undefined {
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined
  return daysOf(year, month, day)
}

export interface ParsedTimestamp {
  /** Microseconds since the epoch; local ones when the text names no zone. */
  readonly micros: bigint
  readonly zone?: string
}

const timestampPattern =
  /^([+-]?\d{4,7})(?:-(\d{1,2})(?:-(\d{1,2})(?:(?:\s+|T)(?:(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:\.(\d*))?)?)?)?\s*(\S.*)?)?)?)?$/s

/** Spark's string to timestamp: a date, optionally a time to the microsecond (more digits are cut), optionally a zone. Undefined when it is none. */
export function parseTimestamp(text: string): ParsedTimestamp | undefined {
  const match = timestampPattern.exec(text.trim())
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second, fraction, zone] = match
  const days = validDate(Number(year), Number(month ?? 1), Number(day ?? 1))
  const h = Number(hour ?? 0)
  const m = Number(minute ?? 0)
  const s = Number(second ?? 0)
  if (days === undefined || h > 23 || m > 59 || s > 59) return undefined
  if (zone !== undefined && (hour === undefined || !isZone(zone))) return undefined
  const micros = BigInt(days) * microsPerDay + BigInt(h * 3600 + m * 60 + s) * 1_000_000n + BigInt((fraction ?? '').slice(0, 6).padEnd(6, '0'))
  return zone === undefined ? { micros } : { micros, zone }
}

const fixedZone = /^(?:UTC|GMT|UT)?([+-])(\d{1,2})(?::?(\d{1,2})(?::?(\d{2}))?)?$/

function fixedOffset(zone: string): number | undefined {
  if (/^(Z|UTC|GMT|UT)$/.test(zone)) return 0
  const match = fixedZone.exec(zone)
  if (match === null) return undefined
  const seconds = Number(match[2]) * 3600 + Number(match[3] ?? 0) * 60 + Number(match[4] ?? 0)
  return seconds > 18 * 3600 ? undefined : (match[1] === '-' ? -seconds : seconds) * 1000
}

/** Whether this names a time zone: `Z`, `UTC+8`, `+01:00`, `Europe/Zurich`. */
export function isZone(zone: string): boolean {
  return fixedOffset(zone) !== undefined || formatterOf(zone) !== undefined
}

const formatters = new Map<string, Intl.DateTimeFormat | undefined>()
function formatterOf(zone: string): Intl.DateTimeFormat | undefined {
  if (!formatters.has(zone)) {
    // Texts that are no zones are kept as well, and there is no end of them.
    if (formatters.size >= 1000) formatters.clear()
    let made: Intl.DateTimeFormat | undefined
    try {
      made = new Intl.DateTimeFormat('en-US-u-ca-iso8601', {
        timeZone: zone,
        hourCycle: 'h23',
        era: 'short',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      })
    } catch {
      made = undefined
    }
    formatters.set(zone, made)
  }
  return formatters.get(zone)
}

const firstRules = Date.UTC(1800, 0, 1)

let ownZone: string | undefined

/** This process's time zone, as it was when first asked: asking the runtime costs milliseconds. */
export function processTimeZone(): string {
  ownZone ??= Intl.DateTimeFormat().resolvedOptions().timeZone
  return ownZone
}

/** Milliseconds to add to UTC to get the zone's wall clock at an instant (epoch milliseconds). An unknown zone counts as UTC. */
export function zoneOffset(zone: string, epochMs: number): number {
  const fixed = fixedOffset(zone)
  if (fixed !== undefined) return fixed
  const formatter = formatterOf(zone)
  if (formatter === undefined) return 0
  // Before 1800 every zone keeps its local mean time; the runtime's calendar would be Julian before 1582.
  const second = Math.floor(Math.max(firstRules, Math.min(8.64e15, epochMs)) / 1000) * 1000
  const part: Record<string, string> = {}
  for (const { type, value } of formatter.formatToParts(second)) part[type] = value
  const year = part['era'] === 'B' || part['era'] === 'BC' ? 1 - Number(part['year']) : Number(part['year'])
  const wall =
    daysOf(year, Number(part['month']), Number(part['day'])) * 86_400_000 +
    (Number(part['hour']) * 3600 + Number(part['minute']) * 60 + Number(part['second'])) * 1000
  return wall - second
}

/** The instant of a wall clock time in a zone. A time that a clock change skips moves on by what was skipped; of two the earlier is meant, as in Java. */
export function instantOf(localMicros: bigint, zone: string): bigint {
  const localMs = Number(localMicros / 1000n)
  const before = zoneOffset(zone, localMs - 86_400_000)
  const after = zoneOffset(zone, localMs + 86_400_000)
  const offset =
    before === after || zoneOffset(zone, localMs - before) === before ? before : zoneOffset(zone, localMs - after) === after ? after : before
  return localMicros - BigInt(offset) * 1000n
}

/** `2026-01-31`; years beyond 9999 with a plus, as Spark prints them. */
export function formatDate(days: number): string {
  const { year, month, day } = civilOf(days)
  return `${formatYear(year)}-${two(month)}-${two(day)}`
}

/** `2026-01-31 12:00:00.5`: fraction without trailing zeros. With a zone, the wall clock there. */
export function formatTimestamp(micros: bigint, zone?: string): string {
  const local = zone === undefined ? micros : micros + BigInt(zoneOffset(zone, Number(micros / 1000n))) * 1000n
  let days = local / microsPerDay
  let rest = local % microsPerDay
  if (rest < 0n) {
    rest += microsPerDay
    days -= 1n
  }
  const seconds = Number(rest / 1_000_000n)
  const fraction = String(rest % 1_000_000n)
    .padStart(6, '0')
    .replace(/0+$/, '')
  const time = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  return `${formatDate(Number(days))} ${time}${fraction === '' ? '' : `.${fraction}`}`
}

function two(n: number): string {
  return n < 10 ? `0${n}` : String(n)
}
function formatYear(year: number): string {
  if (year > 9999) return `+${year}`
  return year < 0 ? `-${String(-year).padStart(4, '0')}` : String(year).padStart(4, '0')
}
