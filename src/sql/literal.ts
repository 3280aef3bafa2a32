/** JavaScript values as literals of a plan. */
import { SpkError } from '../core/errors.js'
import { type DataType, decimal, types } from '../core/types.js'
import type { Expr, LiteralValue } from '../planner/expr.js'
import { Decimal } from './decimal.js'
import { Interval } from './interval.js'
import { Timestamp } from './timestamp.js'

/** What may stand where a value is expected. Arrays become ARRAY, Maps MAP, plain objects STRUCT. */
export type LiteralInput =
  | null
  | boolean
  | number
  | bigint
  | string
  | Date
  | Decimal
  | Interval
  | Uint8Array
  | readonly LiteralInput[]
  | ReadonlyMap<LiteralInput, LiteralInput>
  | { readonly [field: string]: LiteralInput }

function literal(value: LiteralValue, type: DataType): Expr {
  return { kind: 'Literal', value, type }
}

function call(name: string, args: readonly Expr[]): Expr {
  return { kind: 'UnresolvedFunction', name, args }
}

/**
 * The literal of a value. Whole numbers are INT, or BIGINT beyond 32 bits; other numbers DOUBLE; bigint is BIGINT; Date is TIMESTAMP.
 * Error: `UNSUPPORTED_FEATURE.LITERAL_TYPE` (0A000) for what has no SQL type.
 */
export function literalOf(value: LiteralInput): Expr {
  switch (typeof value) {
    case 'boolean':
      return literal(value, types.boolean)
    case 'string':
      return literal(value, types.string)
    case 'bigint':
      if (BigInt.asIntN(64, value) === value) return literal(value, types.long)
      return literal(String(value), decimal(38, 0))
    case 'number':
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) return literal(value, types.double)
      return value === (value | 0) ? literal(value, types.int) : literal(BigInt(value), types.long)
    case 'object':
      return objectLiteral(value)
    default: {
      const message = `The feature is not supported: Literal for '${String(value)}' of ${typeof value}. Pass a number, bigint, string, boolean, Date, Decimal, Uint8Array, array, Map, plain object or null.`
      throw new SpkError('UNSUPPORTED_FEATURE.LITERAL_TYPE', message, { sqlState: '0A000' })
    }
  }
}

function objectLiteral(value: Exclude<LiteralInput, boolean | number | bigint | string>): Expr {
  if (value === null) return literal(null, types.null)
  if (value instanceof Timestamp) return literal(value.micros, types.timestamp)
  if (value instanceof Date) return literal(BigInt(value.getTime()) * 1000n, types.timestamp)
  if (value instanceof Decimal) return literal(value.toString(), decimal(value.precision, value.scale))
  if (value instanceof Interval) {
    if (value.days === 0 && value.micros === 0n) return literal(value.months, { kind: 'yearmonth_interval' })
    if (value.months === 0) return literal(BigInt(value.days) * 86_400_000_000n + value.micros, { kind: 'daytime_interval' })
    return literal({ months: value.months, days: value.days, micros: value.micros }, types.interval)
  }
  if (value instanceof Uint8Array) return literal(value, types.binary)
  if (Array.isArray(value)) return call('array', value.map(literalOf))
  if (value instanceof Map)
    return call(
      'map',
      [...value].flatMap(([k, v]) => [literalOf(k), literalOf(v)]),
    )
  return call(
    'named_struct',
    Object.entries(value as { readonly [field: string]: LiteralInput }).flatMap(([k, v]) => [literal(k, types.string), literalOf(v)]),
  )
}
