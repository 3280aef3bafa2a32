/** Intervals from and to text. Day-time intervals are microseconds, year-month ones months, calendar ones `months,days,micros`. */
import { type IntervalKind, intervalOf, intervalText, unitRange } from '../../core/intervals.js'
import { type JsFunction, problem, strict } from './js-function.js'

const units = { yearmonth_interval: ['year', 'month'], daytime_interval: ['day', 'hour', 'minute', 'second'] } as const

function typeOf(kind: string, text: string) {
  const names: readonly string[] = units[kind as IntervalKind]
  const [from = '', to = from] = text.split(' to ')
  return intervalOf(kind as IntervalKind, names.indexOf(from), names.indexOf(to))
}

const micros = [86_400_000_000n, 3_600_000_000n, 60_000_000n, 1_000_000n]
const most = [Number.POSITIVE_INFINITY, 23, 59, 59]

/** `1-2`, `1 02:03:04.5` or the same as a literal; undefined when the text is no interval of these units. */
function parseAnsi(input: string, kind: string, unitsText: string): bigint | undefined {
  const type = typeOf(kind, unitsText)
  const literal = /^\s*interval\s+([+-]?)\s*'(.*)'\s+(\w+(?:\s+to\s+\w+)?)\s*$/i.exec(input)
  if (literal !== null && literal[3]?.toLowerCase().replace(/\s+/g, ' ') !== unitsText) return undefined
  const outer = literal?.[1] === '-' ? -1n : 1n
  const [, sign = '', body = ''] = /^([+-]?)(.*)$/s.exec((literal?.[2] ?? input).trim()) ?? []
  const direction = outer * (sign === '-' ? -1n : 1n)
  const [from, to] = unitRange(type)
  if (kind === 'yearmonth_interval') {
    const match = from !== to ? /^(\d+)-(\d+)$/.exec(body) : /^(\d+)$/.exec(body)
    if (match === null) return undefined
    const value = from !== to ? BigInt(match[1] as string) * 12n + BigInt(match[2] as string) : BigInt(match[1] as string) * (from === 0 ? 12n : 1n)
    if (from !== to && Number(match[2]) > 11) return undefined
    return BigInt.asIntN(32, direction * value) === direction * value ? direction * value : undefined
  }
  const pattern = Array.from({ length: to - from + 1 }, (_, i) => {
    const unit = from + i
    const digits = i === 0 ? '(\\d+)' : '(\\d{1,2})'
    return (i === 0 ? '' : unit === 1 ? '\\s+' : ':') + digits
  }).join('')
  const match = new RegExp(`^${pattern}${to === 3 ? '(?:\\.(\\d{1,9}))?' : ''}$`).exec(body)
  if (match === null) return undefined
  let value = 0n
  for (let unit = from; unit <= to; unit++) {
    const n = match[unit - from + 1] as string
    if (unit > from && Number(n) > (most[unit] as number)) return undefined
    value += BigInt(n) * (micros[unit] as bigint)
  }
  if (to === 3) value += BigInt((match[to - from + 2] ?? '').padEnd(9, '0').slice(0, 6))
  const result = direction * value
  return BigInt.asIntN(64, result) === result ? result : undefined
}

const calendarUnits: Readonly<Record<string, readonly [months: number, days: number, micros: bigint]>> = {
  year: [12, 0, 0n],
  month: [1, 0, 0n],
  week: [0, 7, 0n],
  day: [0, 1, 0n],
  hour: [0, 0, 3_600_000_000n],
  minute: [0, 0, 60_000_000n],
  second: [0, 0, 1_000_000n],
  millisecond: [0, 0, 1000n],
  microsecond: [0, 0, 1n],
}

/** `1 year 2 days -3.5 seconds`, with or without `interval` before it. */
function parseCalendar(input: string): string | undefined {
  const body = input.trim().replace(/^interval\s+/i, '')
  let [months, days, total] = [0, 0, 0n]
  const part = /\s*([+-]?)\s*(\d+)(?:\.(\d{0,9}))?\s+([a-z]+)/iy
  let seen = false
  while (part.lastIndex < body.length) {
    const at = part.lastIndex
    const match = part.exec(body)
    if (match === null) {
      if (body.slice(at).trim() === '' && seen) break
      return undefined
    }
    const [, sign, whole = '', fraction, word = ''] = match
    const unit = calendarUnits[word.toLowerCase().replace(/s$/, '')]
    if (unit === undefined || (fraction !== undefined && unit[2] !== 1_000_000n)) return undefined
    const n = sign === '-' ? -Number(whole) : Number(whole)
    months += n * unit[0]
    days += n * unit[1]
    const size = BigInt(whole) * unit[2] + BigInt((fraction ?? '').padEnd(6, '0').slice(0, 6))
    if (unit[2] !== 0n) total += sign === '-' ? -size : size
    seen = true
  }
  if (!seen || Math.abs(months) > 2 ** 31 || Math.abs(days) > 2 ** 31) return undefined
  return `${months},${days},${total}`
}

/** As Spark prints calendar intervals. */
function calendarText(months: string, days: string, rest: string): string {
  const m = Number(months)
  const parts: string[] = []
  const add = (n: number | bigint, unit: string) => {
    if (Number(n) !== 0) parts.push(`${n} ${unit}`)
  }
  add(Math.trunc(m / 12), 'years')
  add(m % 12, 'months')
  add(Number(days), 'days')
  const total = BigInt(rest)
  add(total / 3_600_000_000n, 'hours')
  add((total / 60_000_000n) % 60n, 'minutes')
  const seconds = total % 60_000_000n
  if (seconds !== 0n) {
    const size = seconds < 0n ? -seconds : seconds
    const fraction = (size % 1_000_000n).toString().padStart(6, '0').replace(/0+$/, '')
    parts.push(`${seconds < 0n ? '-' : ''}${size / 1_000_000n}${fraction === '' ? '' : `.${fraction}`} seconds`)
  }
  return parts.length === 0 ? '0 seconds' : parts.join(' ')
}

function malformed(text: string, type: string) {
  return problem(
    'CAST_INVALID_INPUT',
    '22018',
    `The value '${text}' of the type "STRING" cannot be cast to "${type}" because it is malformed. Correct the value as per the syntax, or change its target type. Use \`try_cast\` to tolerate malformed input and return NULL instead.`,
  )
}

export const intervalFunctions: readonly JsFunction[] = [
  strict('spk_interval_text', (count, kind, unitsText) => intervalText(BigInt(count), typeOf(kind, unitsText))),
  strict('spk_ansi_interval', (text, kind, unitsText) => {
    const value = parseAnsi(text, kind, unitsText)
    if (value !== undefined) return value.toString()
    throw problem(
      `INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING${kind === 'daytime_interval' ? '_WITH_NOTICE' : ''}`,
      '22006',
      `Error parsing '${text}' to interval. The format doesn't match the expected format of INTERVAL ${unitsText.toUpperCase()}.`,
    )
  }),
  strict('spk_try_ansi_interval', (text, kind, unitsText) => parseAnsi(text, kind, unitsText)?.toString() ?? null),
  strict('spk_calendar_interval', text => {
    const value = parseCalendar(text)
    if (value !== undefined) return value
    throw malformed(text, 'INTERVAL')
  }),
  strict('spk_try_calendar_interval', text => parseCalendar(text) ?? null),
  strict('spk_calendar_text', calendarText),
]
