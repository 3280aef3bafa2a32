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
  if (from.type.kind === 'string' && typeof from.value === 'string') {
    const text = from.value.trim()
    if (bounds[to.kind] !== undefined && /^[+-]?\d{1,19}$/.test(text)) return whole(BigInt(text.replace(/^\+/, '')), to)
    if (to.kind === 'date') return dateLiteral(text, to)
  }
  return undefined
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
