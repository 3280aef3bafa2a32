/**
 * Evaluates constant expressions of simple kinds without DuckDB: what LIMIT needs and what constant folding may fold. Gives undefined for everything it
 * does not know exactly, also for what would fail at run time (overflow, zero divisors): those stay in the plan and fail there.
 */
import { type DataType, types } from '../core/types.js'
import { type BoundExpr, literal } from './bound.js'
import type { Literal, LiteralValue } from './expr.js'

const bounds: Readonly<Record<string, readonly [bigint, bigint]>> = {
  byte: [-128n, 127n],
  short: [-32768n, 32767n],
  int: [-(2n ** 31n), 2n ** 31n - 1n],
  long: [-(2n ** 63n), 2n ** 63n - 1n],
}

/** The literal that an expression of literals stands for. */
export function evaluate(expr: BoundExpr): Literal | undefined {
  switch (expr.kind) {
    case 'Literal':
      return expr
    case 'Cast': {
      const child = evaluate(expr.child)
      return child === undefined ? undefined : evaluateCast(child, expr.type)
    }
    case 'Call': {
      const args: Literal[] = []
      for (const arg of expr.args) {
        const value = evaluate(arg)
        if (value === undefined) return undefined
        args.push(value)
      }
      return evaluateCall(expr.fn, args, expr.type)
    }
    default:
      return undefined
  }
}

function whole(value: bigint, type: DataType): Literal | undefined {
  const range = bounds[type.kind]
  if (range === undefined || value < range[0] || value > range[1]) return undefined
  return literal(type.kind === 'long' ? value : Number(value), type)
}

function isWhole(e: Literal): boolean {
  return bounds[e.type.kind] !== undefined
}

function evaluateCast(from: Literal, to: DataType): Literal | undefined {
  if (from.value === null) return literal(null, to)
  if (isWhole(from) && (typeof from.value === 'number' || typeof from.value === 'bigint')) {
    if (bounds[to.kind] !== undefined) return whole(BigInt(from.value), to)
    if (to.kind === 'double' && Number.isSafeInteger(Number(from.value))) return literal(Number(from.value), to)
    if (to.kind === 'string') return literal(String(from.value), to)
    if (to.kind === 'decimal') {
      const digits = String(from.value).replace('-', '').length
      if (digits > to.precision - to.scale) return undefined
      return literal(to.scale === 0 ? String(from.value) : `${from.value}.${'0'.repeat(to.scale)}`, to)
    }
  }
  if (from.type.kind === 'decimal' && to.kind === 'decimal' && typeof from.value === 'string') return rescaled(from.value, to)
  if (from.type.kind === 'string' && typeof from.value === 'string') {
    const text = from.value.trim()
    if (bounds[to.kind] !== undefined && /^[+-]?\d{1,19}$/.test(text)) return whole(BigInt(text.replace(/^\+/, '')), to)
    if (to.kind === 'date') return dateLiteral(text, to)
  }
  return undefined
}

/** A decimal with as many digits after the point, or more. */
function rescaled(text: string, to: Extract<DataType, { kind: 'decimal' }>): Literal | undefined {
  const [, sign = '', whole, fraction = ''] = /^(-?)0*(\d*)\.?(\d*)$/.exec(text) ?? []
  if (whole === undefined || fraction.length > to.scale || whole.length > to.precision - to.scale) return undefined
  const digits = fraction.padEnd(to.scale, '0')
  return literal(`${sign}${whole === '' ? '0' : whole}${digits === '' ? '' : `.${digits}`}`, to)
}

function dateLiteral(text: string, to: DataType): Literal | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)
  if (match === null) return undefined
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  const time = Date.UTC(2000, month - 1, day)
  const date = new Date(time)
  date.setUTCFullYear(year, month - 1, day)
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined
  return literal(Math.floor(date.getTime() / 86_400_000), to)
}

/** Of months or microseconds, when the result is in range. */
function negatedInterval({ value }: Literal, type: DataType): Literal | undefined {
  if (value === null) return literal(null, type)
  if (typeof value === 'bigint' && value > -(2n ** 63n)) return literal(-value, type)
  if (typeof value === 'number' && value > -(2 ** 31)) return literal(value === 0 ? 0 : -value, type)
  return undefined
}

const dayMicros = 86_400_000_000n
/** The first and the last day of years of four digits, as days since 1970. */
const [firstDay, lastDay] = [-719_162, 2_932_896]

/** A date and an interval of whole days or of months, which end on the last day of a shorter month. */
function dateAfter(date: Literal, interval: Literal, type: DataType): Literal | undefined {
  if (date.value === null || interval.value === null) return literal(null, type)
  if (typeof date.value !== 'number') return undefined
  let day: number
  if (typeof interval.value === 'bigint') {
    if (interval.value % dayMicros !== 0n) return undefined
    day = date.value + Number(interval.value / dayMicros)
  } else if (typeof interval.value === 'number') {
    const from = new Date(date.value * 86_400_000)
    const month = from.getUTCFullYear() * 12 + from.getUTCMonth() + interval.value
    const lastOfMonth = new Date(0)
    lastOfMonth.setUTCFullYear(Math.floor(month / 12), (((month % 12) + 12) % 12) + 1, 0)
    day = lastOfMonth.getTime() / 86_400_000 - Math.max(0, lastOfMonth.getUTCDate() - from.getUTCDate())
  } else return undefined
  return day >= firstDay && day <= lastDay ? literal(day, type) : undefined
}

const comparisons: Readonly<Record<string, (order: number) => boolean>> = {
  '=': o => o === 0,
  '<': o => o < 0,
  '<=': o => o <= 0,
  '>': o => o > 0,
  '>=': o => o >= 0,
}

function evaluateCall(fn: string, args: readonly Literal[], type: DataType): Literal | undefined {
  const [a, b] = args
  switch (fn) {
    case 'and':
    case 'or':
      return logic(fn, a?.value, b?.value)
    case 'not':
      return literal(typeof a?.value === 'boolean' ? !a.value : null, types.boolean)
    case 'isnull':
      return literal(a?.value === null, types.boolean)
    case 'isnotnull':
      return literal(a?.value !== null, types.boolean)
    case 'negative':
      if (a?.value === null) return literal(null, type)
      if (a === undefined) return undefined
      if (isWhole(a) && (typeof a.value === 'number' || typeof a.value === 'bigint')) return whole(-BigInt(a.value), type)
      if (type.kind === 'double' && typeof a.value === 'number') return literal(-a.value, type)
      if (type.kind === 'decimal' && typeof a.value === 'string') return literal(a.value.startsWith('-') ? a.value.slice(1) : `-${a.value}`, type)
      return undefined
    case 'interval_negative':
      return a === undefined ? undefined : negatedInterval(a, type)
    case 'add_days_to_date':
    case 'add_months_to_date':
      return a === undefined || b === undefined ? undefined : dateAfter(a, b, type)
    case 'date_add':
    case 'date_sub': {
      if (a === undefined || typeof b?.value !== 'number') return undefined
      const days = BigInt(fn === 'date_add' ? b.value : -b.value) * dayMicros
      return dateAfter(a, literal(days, types.interval), type)
    }
    case '<=>':
      if (a === undefined || b === undefined) return undefined
      if (a.value === null || b.value === null) return literal(a.value === b.value, types.boolean)
      return evaluateCall('=', args, type)
    default:
      break
  }
  if (a === undefined || b === undefined) return undefined
  const compare = comparisons[fn]
  if (compare !== undefined) {
    if (a.value === null || b.value === null) return literal(null, types.boolean)
    const order = orderOf(a, b)
    return order === undefined ? undefined : literal(compare(order), types.boolean)
  }
  if (fn === '+' || fn === '-' || fn === '*') {
    if (a.value === null || b.value === null) return literal(null, type)
    return arithmetic(fn, a, b, type)
  }
  return undefined
}

function logic(fn: 'and' | 'or', a: LiteralValue | undefined, b: LiteralValue | undefined): Literal {
  const decisive = fn === 'or'
  if (a === decisive || b === decisive) return literal(decisive, types.boolean)
  return literal(a === null || b === null ? null : !decisive, types.boolean)
}

function orderOf(a: Literal, b: Literal): number | undefined {
  const [x, y] = [a.value, b.value]
  if (typeof x === 'number' && typeof y === 'number' && !Number.isNaN(x) && !Number.isNaN(y)) return x < y ? -1 : x > y ? 1 : 0
  if (typeof x === 'bigint' && typeof y === 'bigint') return x < y ? -1 : x > y ? 1 : 0
  // Spark orders strings by UTF-8 bytes: for plain ASCII that is JavaScript's order.
  if (a.type.kind === 'string' && typeof x === 'string' && typeof y === 'string') {
    if (x === y) return 0
    return isAscii(x) && isAscii(y) ? (x < y ? -1 : 1) : undefined
  }
  if (typeof x === 'boolean' && typeof y === 'boolean') return Number(x) - Number(y)
  return undefined
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false
  return true
}

function arithmetic(fn: '+' | '-' | '*', a: Literal, b: Literal, type: DataType): Literal | undefined {
  const [x, y] = [a.value, b.value]
  if ((typeof x !== 'number' && typeof x !== 'bigint') || (typeof y !== 'number' && typeof y !== 'bigint')) return undefined
  if (isWhole(a) && isWhole(b)) {
    const [m, n] = [BigInt(x), BigInt(y)]
    return whole(fn === '+' ? m + n : fn === '-' ? m - n : m * n, type)
  }
  if (type.kind !== 'double' || typeof x !== 'number' || typeof y !== 'number') return undefined
  return literal(fn === '+' ? x + y : fn === '-' ? x - y : x * y, type)
}
