/**
 * Exact decimal division in DuckDB SQL, which has only a floating one: both operands as whole numbers, of 64 bits where the values allow it and of 128
 * otherwise, long division, rounding half away from zero. What does not fit 128 bits fails as an overflow, it never loses digits.
 */
import type { DecimalType } from '../../core/types.js'
import { duckType } from '../duck-type.js'

const hugeDigits = 38

/** The digits of a decimal as HUGEINT. */
export function unscaled(sql: string, type: DecimalType): string {
  if (type.scale === 0) return `CAST(${sql} AS HUGEINT)`
  const digits = type.precision + type.scale
  if (digits <= hugeDigits) {
    // Two operands of up to 18 digits would be multiplied in 64 bits.
    const wide = type.precision <= bigintDigits && digits > bigintDigits ? `CAST(${sql} AS DECIMAL(${digits}, ${type.scale}))` : sql
    return `CAST(${wide} * ${power(type.scale)} AS HUGEINT)`
  }
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
  rounding: Rounding = 'half-up',
): string {
  return named(left, right, (a, b) => {
    const division: Division = { left: a, leftType, right: b, rightType, result, rounding, shift: result.scale + rightType.scale - leftType.scale }
    const narrow = narrowQuotient(division) ?? longDivision(division)
    if (narrow === undefined) return wideQuotient(division)
    return narrow.fits === '' ? narrow.sql : `CASE WHEN ${narrow.fits} THEN ${narrow.sql} ELSE ${wideQuotient(division)} END`
  })
}

type Rounding = 'half-up' | 'truncate'

interface Division {
  readonly left: string
  readonly leftType: DecimalType
  readonly right: string
  readonly rightType: DecimalType
  readonly result: DecimalType
  readonly rounding: Rounding
  /** The quotient of the unscaled operands counts units of 10^-scale of the result when the dividend is multiplied by 10^shift. */
  readonly shift: number
}

/** Columns and literals, which may be repeated. */
const plainOperand = /^(?:[\w.]+|nullif\([\w.]+, 0\)|CAST\([\w.']+ AS DECIMAL\(\d+, ?\d+\)\))$/

/** Two expressions under names, unless they are as good as names: DuckDB computes what is repeated in branches of a CASE again and again. */
function named(a: string, b: string, body: (a: string, b: string) => string): string {
  if (plainOperand.test(a) && plainOperand.test(b)) return body(a, b)
  return `list_transform([{a_: ${a}, b_: ${b}}], lambda pair_: ${body('pair_.a_', 'pair_.b_')})[1]`
}

/** 128-bit arithmetic, which takes DuckDB half a microsecond for a division and as much for each operand. */
function wideQuotient({ left, leftType, right, rightType, result, rounding, shift }: Division): string {
  const a = unscaled(left, leftType)
  const b = unscaled(right, rightType)
  const numerator = shift > 0 ? `(${a} * ${power(shift)})` : a
  const denominator = shift < 0 ? `(${b} * ${power(-shift)})` : b
  if (rounding === 'truncate') return scaled(`${numerator} // ${denominator}`, result)
  const digits = leftType.precision + Math.max(shift, 0)
  const largest = Math.max(digits, rightType.precision + Math.max(-shift, 0))
  if (digits <= hugeDigits) return scaled(named(numerator, denominator, largest < hugeDigits ? roundedQuotient : carefulQuotient), result)
  // Whole part first, so that only the remainder, smaller than the divisor, is scaled up.
  const unit = power(Math.max(shift, 0))
  return scaled(
    named(a, denominator, (n, d) => `${n} // ${d} * ${unit} + ${named(`(${n} % ${d} * ${unit})`, d, carefulQuotient)}`),
    result,
  )
}

function roundedQuotient(numerator: string, denominator: string): string {
  return `sign(${numerator}) * sign(${denominator}) * ((2 * abs(${numerator}) + abs(${denominator})) // (2 * abs(${denominator})))`
}

/** Without twice an operand, which may not fit. */
function carefulQuotient(numerator: string, denominator: string): string {
  const [n, d] = [`abs(${numerator})`, `abs(${denominator})`]
  return `sign(${numerator}) * sign(${denominator}) * (${n} // ${d} + CASE WHEN ${n} % ${d} >= ${d} - ${n} % ${d} THEN 1 ELSE 0 END)`
}

/** Digits that a whole number of 64 bits has room for. */
const bigintDigits = 18
/** Values of fewer whole digits are not worth a path of their own. */
const usefulDigits = 3

/** SQL for operands that fit what it computes with, and the condition that they do; empty when their types say so. */
interface Narrow {
  readonly sql: string
  readonly fits: string
}

/** Digits of an operand, as a whole number, that its conversion to 64 bits takes: DuckDB multiplies it by 10^scale first. */
function convertible({ scale }: DecimalType): number {
  return bigintDigits - scale
}

/** The digits of a decimal as BIGINT. */
function unscaledBigint(sql: string, { precision, scale }: DecimalType): string {
  if (scale === 0) return `CAST(${sql} AS BIGINT)`
  const narrow = precision <= bigintDigits ? sql : `CAST(${sql} AS DECIMAL(${bigintDigits}, ${scale}))`
  return `CAST(${narrow} * ${power(scale)} AS BIGINT)`
}

/** That an operand has at most so many digits, those behind the point included. Empty: its type has no more. */
function within(sql: string, { precision, scale }: DecimalType, digits: number): string {
  if (precision <= digits) return ''
  const most = '9'.repeat(digits - scale)
  return `${sql} BETWEEN -${most} AND ${most}`
}

function both(a: string, b: string): string {
  return a === '' ? b : b === '' ? a : `${a} AND ${b}`
}

/** In one division of 64 bits, where the scaled dividend fits; undefined where only very small values would. */
function narrowQuotient({ left, leftType, right, rightType, result, rounding, shift }: Division): Narrow | undefined {
  const leftDigits = Math.min(convertible(leftType), bigintDigits - Math.max(shift, 0))
  const rightDigits = Math.min(convertible(rightType), bigintDigits - Math.max(-shift, 0))
  if (leftDigits - leftType.scale < usefulDigits || rightDigits - rightType.scale < usefulDigits || result.scale > bigintDigits) return undefined
  const a = unscaledBigint(left, leftType)
  const b = unscaledBigint(right, rightType)
  const numerator = shift > 0 ? `(${a} * ${power(shift)})` : a
  const denominator = shift < 0 ? `(${b} * ${power(-shift)})` : b
  const quotient = rounding === 'truncate' ? `${numerator} // ${denominator}` : roundedQuotient(numerator, denominator)
  return { sql: scaledBigint(quotient, result), fits: both(within(left, leftType, leftDigits), within(right, rightType, rightDigits)) }
}

/** A BIGINT of up to 18 digits counting units of 10^-scale as that decimal. */
function scaledBigint(sql: string, type: DecimalType): string {
  if (type.scale === 0) return `CAST(${sql} AS ${duckType(type)})`
  const unit = `CAST('0.${'0'.repeat(type.scale - 1)}1' AS DECIMAL(${type.scale}, ${type.scale}))`
  return `CAST(CAST(${sql} AS DECIMAL(${bigintDigits}, 0)) * ${unit} AS ${duckType(type)})`
}

/** Digits of the divisor, and of the quotient that each step of a long division gives: together a whole number of 64 bits. */
const divisorDigits = 12
const stepDigits = bigintDigits - divisorDigits

/** Step by step in 64 bits, as by hand, where the scaled dividend does not fit them: only the sum of the steps has 128. */
function longDivision({ left, leftType, right, rightType, result, rounding, shift }: Division): Narrow | undefined {
  const leftDigits = convertible(leftType)
  const rightDigits = Math.min(convertible(rightType), divisorDigits)
  const tooSmall = leftDigits - leftType.scale < usefulDigits || rightDigits - rightType.scale < usefulDigits
  if (tooSmall || shift < stepDigits || leftDigits + shift >= hugeDigits) return undefined
  const [a, b] = [unscaledBigint(left, leftType), unscaledBigint(right, rightType)]
  const magnitude = named(`abs(${a})`, `abs(${b})`, (n, d) => {
    let sum = `CAST(${n} // ${d} AS HUGEINT)`
    let rest = `(${n} % ${d})`
    for (let done = 0; done < shift; done += stepDigits) {
      const unit = power(Math.min(stepDigits, shift - done))
      sum = `(${sum} * ${unit} + ${rest} * ${unit} // ${d})`
      rest = `(${rest} * ${unit} % ${d})`
    }
    return rounding === 'truncate' ? sum : `${sum} + CASE WHEN 2 * ${rest} >= ${d} THEN 1 ELSE 0 END`
  })
  return {
    sql: scaled(`sign(${a}) * sign(${b}) * (${magnitude})`, result),
    fits: both(within(left, leftType, leftDigits), within(right, rightType, rightDigits)),
  }
}
