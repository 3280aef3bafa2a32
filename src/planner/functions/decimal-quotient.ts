/**
 * Exact decimal division in DuckDB SQL, which has only a floating one: both operands as whole numbers of 128 bits, long division, rounding half away from
 * zero. What does not fit 128 bits fails as an overflow, it never loses digits.
 */
import type { DecimalType } from '../../core/types.js'
import { duckType } from '../duck-type.js'

const hugeDigits = 38

/** The digits of a decimal as HUGEINT. */
export function unscaled(sql: string, type: DecimalType): string {
  if (type.scale === 0) return `CAST(${sql} AS HUGEINT)`
  if (type.precision + type.scale <= hugeDigits) return `CAST(${sql} * ${power(type.scale)} AS HUGEINT)`
  return `CAST(replace(CAST(${sql} AS VARCHAR), '.', '') AS HUGEINT)`
}

function power(exponent: number): string {
  const text = `1${'0'.repeat(exponent)}`
  return exponent < 18 ? text : `CAST('${text}' AS HUGEINT)`
}

/** A HUGEINT counting units of 10^-scale as that decimal. */
export function scaled(sql: string, type: DecimalType): string {
  if (type.scale === 0) return `CAST(${sql} AS ${duckType(type)})`
  const unit = `CAST('0.${'0'.repeat(type.scale - 1)}1' AS DECIMAL(${type.scale}, ${type.scale}))`
  return `CAST(CAST(${sql} AS DECIMAL(38, 0)) * ${unit} AS ${duckType(type)})`
}

/** The quotient rounded half away from zero, or cut towards zero. The divisor must not be zero. */
export function decimalQuotient(
  left: string,
  leftType: DecimalType,
  right: string,
  rightType: DecimalType,
  result: DecimalType,
  rounding: 'half-up' | 'truncate' = 'half-up',
): string {
  const a = unscaled(left, leftType)
  const b = unscaled(right, rightType)
  const shift = result.scale + rightType.scale - leftType.scale
  const numerator = shift > 0 ? `(${a} * ${power(shift)})` : a
  const denominator = shift < 0 ? `(${b} * ${power(-shift)})` : b
  if (rounding === 'truncate') return scaled(`${numerator} // ${denominator}`, result)
  if (leftType.precision + Math.max(shift, 0) < hugeDigits) return scaled(roundedQuotient(numerator, denominator), result)
  // Whole part first, so that only the remainder, smaller than the divisor, is scaled up.
  const whole = `(${a} // ${denominator})`
  const rest = roundedQuotient(`(${a} % ${denominator} * ${power(Math.max(shift, 0))})`, denominator)
  return scaled(`${whole} * ${power(Math.max(shift, 0))} + ${rest}`, result)
}

function roundedQuotient(numerator: string, denominator: string): string {
  return `sign(${numerator}) * sign(${denominator}) * ((2 * abs(${numerator}) + abs(${denominator})) // (2 * abs(${denominator})))`
}
