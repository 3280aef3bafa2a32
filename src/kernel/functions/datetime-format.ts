/** Prints instants by compiled date patterns. Pure. */
import { civilOf, daysOf, zoneOffset } from '../../core/datetime.js'
import { compilePattern, type Token } from './datetime-pattern.js'

export const monthNames = 'January February March April May June July August September October November December'.split(' ')
export const dayNames = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')
const ordinals = ['1st', '2nd', '3rd', '4th']
const microsPerDay = 86_400_000_000n

/** A wall clock time and how it relates to UTC. */
interface Local {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly days: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly micros: number
  /** Seconds east of UTC. */
  readonly offset: number
  readonly zone: string
  readonly instant: bigint
}

function localOf(instant: bigint, zone: string): Local {
  const offset = Math.round(zoneOffset(zone, Number(instant / 1000n)) / 1000)
  const wall = instant + BigInt(offset) * 1_000_000n
  let days = wall / microsPerDay
  if (wall < 0n && days * microsPerDay !== wall) days -= 1n
  const rest = wall - days * microsPerDay
  const seconds = Number(rest / 1_000_000n)
  return {
    ...civilOf(Number(days)),
    days: Number(days),
    hour: Math.floor(seconds / 3600),
    minute: Math.floor(seconds / 60) % 60,
    second: seconds % 60,
    micros: Number(rest % 1_000_000n),
    offset,
    zone,
    instant,
  }
}

/** Text of an instant (microseconds since the epoch) in a zone. Errors: those of `compilePattern`. */
export function formatInstant(instant: bigint, pattern: string, zone: string): string {
  const tokens = compilePattern(pattern, false)
  return textOf(tokens, localOf(instant, zone))
}

function textOf(tokens: readonly Token[], at: Local): string {
  return tokens.map(t => (t.kind === 'text' ? t.text : t.kind === 'optional' ? textOf(t.tokens, at) : fieldText(t.letter, t.count, at))).join('')
}

function pad(n: number, width: number): string {
  return `${n < 0 ? '-' : ''}${String(Math.abs(n)).padStart(width, '0')}`
}

function named(names: readonly string[], index: number, count: number): string {
  const name = names[index] ?? ''
  return count === 4 ? name : name.slice(0, 3)
}

function fieldText(letter: string, count: number, at: Local): string {
  const quarter = Math.floor((at.month - 1) / 3) + 1
  switch (letter) {
    case 'G':
      return at.year > 0 ? (count === 4 ? 'Anno Domini' : 'AD') : count === 4 ? 'Before Christ' : 'BC'
    case 'y':
      return yearText(at.year, count)
    case 'M':
    case 'L':
      return count <= 2 ? pad(at.month, count) : named(monthNames, at.month - 1, count)
    case 'Q':
    case 'q':
      return count <= 2 ? pad(quarter, count) : count === 3 ? `Q${quarter}` : `${ordinals[quarter - 1]} quarter`
    case 'd':
      return pad(at.day, count)
    case 'D':
      return pad(at.days - daysOf(at.year, 1, 1) + 1, count)
    case 'E':
      return named(dayNames, (((at.days + 4) % 7) + 7) % 7, count)
    case 'F':
      return String(((at.day - 1) % 7) + 1)
    case 'a':
      return at.hour < 12 ? 'AM' : 'PM'
    case 'H':
      return pad(at.hour, count)
    case 'k':
      return pad(at.hour === 0 ? 24 : at.hour, count)
    case 'K':
      return pad(at.hour % 12, count)
    case 'h':
      return pad(at.hour % 12 === 0 ? 12 : at.hour % 12, count)
    case 'm':
      return pad(at.minute, count)
    case 's':
      return pad(at.second, count)
    case 'S':
      return pad(at.micros, 6).padEnd(9, '0').slice(0, count)
    case 'V':
      return at.zone
    case 'z':
      return zoneName(at, count)
    case 'O':
      return at.offset === 0 ? 'GMT' : `GMT${count === 1 ? shortOffset(at.offset) : offsetText(at.offset, true, at.offset % 60 !== 0)}`
    case 'X':
      return at.offset === 0 ? 'Z' : isoOffset(at.offset, count)
    case 'x':
      return isoOffset(at.offset, count)
    case 'Z':
      if (count <= 3) return offsetText(at.offset, false, false)
      if (count === 4) return at.offset === 0 ? 'GMT' : `GMT${offsetText(at.offset, true, at.offset % 60 !== 0)}`
      return at.offset === 0 ? 'Z' : offsetText(at.offset, true, at.offset % 60 !== 0)
    default:
      return ''
  }
}

/** Years of era: Spark shows the year before 1 with its sign only when there is no era in the pattern. */
function yearText(year: number, count: number): string {
  if (count === 2) return pad(((year % 100) + 100) % 100, 2)
  const digits = pad(year, count === 3 ? 3 : count === 1 ? 1 : count)
  return count >= 4 && year > 10 ** count - 1 ? `+${digits}` : digits
}

function offsetText(offset: number, colon: boolean, seconds: boolean): string {
  const size = Math.abs(offset)
  const parts = [pad(Math.floor(size / 3600), 2), pad(Math.floor(size / 60) % 60, 2)]
  if (seconds) parts.push(pad(size % 60, 2))
  return `${offset < 0 ? '-' : '+'}${parts.join(colon ? ':' : '')}`
}

function shortOffset(offset: number): string {
  const size = Math.abs(offset)
  const minutes = Math.floor(size / 60) % 60
  const seconds = size % 60
  return `${offset < 0 ? '-' : '+'}${Math.floor(size / 3600)}${minutes + seconds > 0 ? `:${pad(minutes, 2)}` : ''}${seconds > 0 ? `:${pad(seconds, 2)}` : ''}`
}

function isoOffset(offset: number, count: number): string {
  const hasMinutes = Math.floor(Math.abs(offset) / 60) % 60 !== 0
  if (count === 1) return hasMinutes ? offsetText(offset, false, false) : offsetText(offset, false, false).slice(0, 3)
  return offsetText(offset, count === 3 || count === 5, count >= 4 && offset % 60 !== 0)
}

const zoneFormats = new Map<string, Intl.DateTimeFormat>()

function zoneName(at: Local, count: number): string {
  if (/^(Z|UTC|GMT|UT)$/.test(at.zone)) return count === 4 ? 'Coordinated Universal Time' : at.zone
  const key = `${at.zone} ${count === 4}`
  let format = zoneFormats.get(key)
  if (format === undefined) {
    try {
      format = new Intl.DateTimeFormat('en-US', { timeZone: at.zone, timeZoneName: count === 4 ? 'long' : 'short' })
    } catch {
      return at.zone
    }
    zoneFormats.set(key, format)
  }
  const ms = Math.max(-8.64e15, Math.min(8.64e15, Number(at.instant / 1000n)))
  const named = format.formatToParts(ms).find(p => p.type === 'timeZoneName')?.value ?? at.zone
  // Before zones had names Java uses the standard one.
  return /^GMT[+-]\d+:\d\d:\d\d$/.test(named) ? (format.formatToParts(0).find(p => p.type === 'timeZoneName')?.value ?? at.zone) : named
}
