/** Reads texts by compiled date patterns, as strictly as java.time does. Pure. */
import { civilOf, daysOf, instantOf, isZone } from '../../core/datetime.js'
import { SpkError } from '../../core/errors.js'
import { dayNames, monthNames } from './datetime-format.js'
import { compilePattern, type Token } from './datetime-pattern.js'

/** In place of a zone: the text's wall clock is wanted, whatever zone it names. */
const wallClock = '-'

interface Fields {
  era?: number
  year?: number
  month?: number
  day?: number
  dayOfYear?: number
  hour?: number
  hourOfHalf?: number
  half?: number
  minute?: number
  second?: number
  micros?: number
  zone?: string
}

/**
 * The instant of a text in microseconds since the epoch; undefined when the text does not fit the pattern. Errors: those of `compilePattern`.
 *
 * @param zone - where the text's wall clock is, unless it names a zone itself; `-` for the wall clock alone
 */
export function parseInstant(text: string, pattern: string, zone: string): bigint | undefined {
  const fields: Fields = {}
  const end = read(compilePattern(pattern, true), 0, text, 0, fields)
  if (end !== text.length) return undefined
  return resolved(fields, zone)
}

/** The error for a text that does not fit. */
export function cannotParse(text: string): SpkError {
  return new SpkError(
    'CANNOT_PARSE_TIMESTAMP',
    `Text '${text}' could not be parsed. Use \`try_to_timestamp\` to tolerate invalid input string and return NULL instead.`,
    { sqlState: '22007' },
  )
}

const numeric: Readonly<Record<string, boolean>> = {
  y: true,
  M: true,
  L: true,
  d: true,
  D: true,
  H: true,
  h: true,
  k: true,
  K: true,
  m: true,
  s: true,
  S: true,
}

/** Number of digits that a field always takes; undefined when it takes as many as there are. */
function fixedWidth(token: Token | undefined): number | undefined {
  if (token?.kind !== 'field' || !numeric[token.letter]) return undefined
  if (token.letter === 'S') return undefined
  return token.count === 2 || (token.letter === 'D' && token.count === 3) ? token.count : undefined
}

function read(tokens: readonly Token[], from: number, text: string, start: number, fields: Fields): number {
  let at = start
  for (let i = from; i < tokens.length; i++) {
    const token = tokens[i] as Token
    if (token.kind === 'text') {
      if (!text.startsWith(token.text, at)) return -1
      at += token.text.length
    } else if (token.kind === 'optional') {
      const copy = { ...fields }
      const end = read(token.tokens, 0, text, at, copy)
      if (end >= 0) {
        Object.assign(fields, copy)
        at = end
      }
    } else {
      // Numbers right behind this one take their digits first.
      let reserved = 0
      for (let next = i + 1; next < tokens.length; next++) {
        const width = fixedWidth(tokens[next])
        if (width === undefined) break
        reserved += width
      }
      at = readField(token.letter, token.count, text, at, reserved, fields)
      if (at < 0) return -1
    }
  }
  return at
}

function digitsAt(text: string, at: number): number {
  let end = at
  while (end < text.length && text.charCodeAt(end) >= 48 && text.charCodeAt(end) <= 57) end++
  return end - at
}

function readField(letter: string, count: number, text: string, at: number, reserved: number, fields: Fields): number {
  switch (letter) {
    case 'G':
      return readEra(text, at, count, fields)
    case 'a': {
      const half = /^(am|pm)/i.exec(text.slice(at))?.[1]
      if (half === undefined) return -1
      fields.half = half.toLowerCase() === 'am' ? 0 : 1
      return at + 2
    }
    case 'M':
    case 'L':
      return count >= 3
        ? readName(monthNames, count, text, at, n => set(fields, 'month', n + 1))
        : readNumber(letter, count, text, at, reserved, fields)
    case 'E':
      return readName(dayNames, count, text, at, () => true)
    case 'S': {
      const digits = Math.min(digitsAt(text, at), count)
      fields.micros = Number(
        text
          .slice(at, at + digits)
          .slice(0, 6)
          .padEnd(6, '0'),
      )
      return at + digits
    }
    case 'V':
    case 'z':
    case 'O':
    case 'X':
    case 'x':
    case 'Z':
      return readZone(letter, text, at, fields)
    default:
      return readNumber(letter, count, text, at, reserved, fields)
  }
}

function readEra(text: string, at: number, count: number, fields: Fields): number {
  const names = count === 4 ? ['Before Christ', 'Anno Domini'] : ['BC', 'AD']
  const found = names.findIndex(n => text.slice(at, at + n.length).toLowerCase() === n.toLowerCase())
  if (found < 0) return -1
  fields.era = found
  return at + (names[found] as string).length
}

function readName(names: readonly string[], count: number, text: string, at: number, take: (index: number) => boolean): number {
  const shown = names.map(n => (count === 4 ? n : n.slice(0, 3)))
  const found = shown.findIndex(n => text.slice(at, at + n.length).toLowerCase() === n.toLowerCase())
  if (found < 0 || !take(found)) return -1
  return at + (shown[found] as string).length
}

function readZone(letter: string, text: string, at: number, fields: Fields): number {
  const rest = text.slice(at)
  const found =
    letter === 'V' || letter === 'z'
      ? /^[A-Za-z][A-Za-z0-9_/+-]*(?::\d\d)*|^[+-]\d\d:?\d\d/.exec(rest)?.[0]
      : /^(?:Z|(?:GMT|UTC)?[+-]\d{1,2}(?::?\d\d(?::?\d\d)?)?|GMT|UTC)/.exec(rest)?.[0]
  if (found === undefined) return -1
  const zone = shortZones[found] ?? found
  if (!isZone(zone)) return -1
  fields.zone = zone
  return at + found.length
}

const shortZones: Readonly<Record<string, string>> = {
  PST: 'America/Los_Angeles',
  PDT: 'America/Los_Angeles',
  MST: 'America/Denver',
  MDT: 'America/Denver',
  CST: 'America/Chicago',
  CDT: 'America/Chicago',
  EST: 'America/New_York',
  EDT: 'America/New_York',
}

const fieldOf: Readonly<Record<string, keyof Fields>> = {
  y: 'year',
  M: 'month',
  L: 'month',
  d: 'day',
  D: 'dayOfYear',
  H: 'hour',
  k: 'hour',
  h: 'hourOfHalf',
  K: 'hourOfHalf',
  m: 'minute',
  s: 'second',
}

/** Sets a field; false when it was set to another value. */
function set(fields: Fields, name: keyof Fields, value: number): boolean {
  const old = fields[name]
  if (old !== undefined && old !== value) return false
  fields[name as 'year'] = value
  return true
}

function readNumber(letter: string, count: number, text: string, start: number, reserved: number, fields: Fields): number {
  let at = start
  const sign = letter === 'y' && count !== 2 && /[+-]/.test(text[at] ?? '') ? text[at] : ''
  if (sign !== '') at++
  const there = digitsAt(text, at)
  const fixed = count === 2 && letter !== 'D' ? 2 : undefined
  const least = letter === 'D' ? count : count
  const most = letter === 'D' ? (count === 1 ? 19 : 3) : (fixed ?? (letter === 'y' && count >= 4 ? (count > 4 ? 19 : 19) : 19))
  const width = fixed ?? Math.min(most, Math.max(least, there - reserved))
  if (there < width || width < least) return -1
  let value = Number(text.slice(at, at + width))
  if (sign === '-') value = -value
  if (letter === 'y' && count === 2) value += 2000
  // More digits than the pattern's need a plus sign, as they are printed.
  if (letter === 'y' && count >= 4 && width > count && sign !== '+') return -1
  if (letter === 'k' && value === 24) value = 0
  if (letter === 'h' && value === 12) value = 0
  else if (letter === 'h' && value > 12) return -1
  return set(fields, fieldOf[letter] as keyof Fields, value) ? at + width : -1
}

function resolved(f: Fields, zone: string): bigint | undefined {
  const given = f.year ?? 1970
  const year = f.era === 0 ? 1 - given : given
  let days: number
  if (f.dayOfYear !== undefined) {
    const length = daysOf(year + 1, 1, 1) - daysOf(year, 1, 1)
    if (f.dayOfYear < 1 || f.dayOfYear > length) return undefined
    days = daysOf(year, 1, 1) + f.dayOfYear - 1
    const civil = civilOf(days)
    if ((f.month ?? civil.month) !== civil.month || (f.day ?? civil.day) !== civil.day) return undefined
  } else {
    const [month, day] = [f.month ?? 1, f.day ?? 1]
    if (month < 1 || month > 12 || day < 1) return undefined
    days = daysOf(year, month, day)
    const civil = civilOf(days)
    if (civil.month !== month || civil.day !== day) return undefined
  }
  const hour = f.hour ?? (f.hourOfHalf ?? 0) + (f.half ?? 0) * 12
  const [minute, second] = [f.minute ?? 0, f.second ?? 0]
  if (hour > 23 || minute > 59 || second > 59 || (f.hourOfHalf ?? 0) > 11) return undefined
  const local = BigInt(days) * 86_400_000_000n + BigInt(hour * 3600 + minute * 60 + second) * 1_000_000n + BigInt(f.micros ?? 0)
  return zone === wallClock ? local : instantOf(local, f.zone ?? zone)
}
