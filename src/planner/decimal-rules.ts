/** Spark's precision and scale rules for decimal arithmetic. Precision is at most 38; what does not fit gives up scale, but keeps six digits of it. */
import { type DataType, type DecimalType, decimal } from '../core/types.js'
import type { Literal } from './expr.js'

export const maxPrecision = 38
const minimumScaleKept = 6

/** Cuts both to 38. */
export function bounded(precision: number, scale: number): DecimalType {
  return decimal(Math.min(precision, maxPrecision), Math.min(scale, maxPrecision))
}

/** Cuts the scale first, so that integer digits are kept. */
export function adjusted(precision: number, scale: number): DecimalType {
  if (precision <= maxPrecision) return decimal(precision, scale)
  const whole = precision - scale
  return decimal(maxPrecision, Math.max(maxPrecision - whole, Math.min(scale, minimumScaleKept)))
}

/** The decimal type that holds every value of an exact numeric type; for float and double the one that Spark takes. */
export function decimalFor(type: DataType): DecimalType | undefined {
  switch (type.kind) {
    case 'decimal':
      return type
    case 'byte':
      return decimal(3, 0)
    case 'short':
      return decimal(5, 0)
    case 'int':
      return decimal(10, 0)
    case 'long':
      return decimal(20, 0)
    case 'float':
      return decimal(14, 7)
    case 'double':
      return decimal(30, 15)
    default:
      return undefined
  }
}

const wholeNumbers: readonly DataType['kind'][] = ['byte', 'short', 'int', 'long']

/** Whether every value of an exact numeric type is one of another; no for all other types. */
export function isHeldBy(type: DataType, by: DataType): boolean {
  const at = wholeNumbers.indexOf(type.kind)
  if (by.kind !== 'decimal') return at >= 0 && at <= wholeNumbers.indexOf(by.kind)
  const own = at >= 0 || type.kind === 'decimal' ? decimalFor(type) : undefined
  return own !== undefined && own.scale <= by.scale && own.precision - own.scale <= by.precision - by.scale
}

/** The narrowest decimal that holds an integral literal: `1` is decimal(1,0). */
export function decimalForLiteral(literal: Literal): DecimalType | undefined {
  if (typeof literal.value !== 'number' && typeof literal.value !== 'bigint') return undefined
  if (literal.type.kind === 'float' || literal.type.kind === 'double') return undefined
  return decimal(Math.max(1, String(literal.value).replace('-', '').length), 0)
}

/** Holds the values of both; where 38 digits are too few, digits after the point are given up. */
export function widerDecimal(a: DecimalType, b: DecimalType): DecimalType {
  const scale = Math.max(a.scale, b.scale)
  const precision = Math.max(a.precision - a.scale, b.precision - b.scale) + scale
  return precision <= maxPrecision ? decimal(precision, scale) : decimal(maxPrecision, Math.max(0, scale - (precision - maxPrecision)))
}

export type DecimalOperator = '+' | '-' | '*' | '/' | '%' | 'div'

/** `loss`: `spark.sql.decimalOperations.allowPrecisionLoss`. Without it the scale stays as it is, and what does not fit 38 digits overflows. */
export function decimalResult(operator: DecimalOperator, a: DecimalType, b: DecimalType, loss = true): DecimalType {
  const whole = Math.max(a.precision - a.scale, b.precision - b.scale)
  const scale = Math.max(a.scale, b.scale)
  const fit = loss ? adjusted : bounded
  switch (operator) {
    case '+':
    case '-':
      return fit(whole + scale + 1, scale)
    case '*':
      return fit(a.precision + b.precision + 1, a.scale + b.scale)
    case '/':
      return loss ? quotientType(a, b) : quotientTypeKept(a, b)
    case '%':
      return fit(Math.min(a.precision - a.scale, b.precision - b.scale) + scale, scale)
    case 'div':
      return bounded(Math.max(1, a.precision - a.scale + b.scale), 0)
  }
}

function quotientType(a: DecimalType, b: DecimalType): DecimalType {
  const scale = Math.max(minimumScaleKept, a.scale + b.precision + 1)
  return adjusted(a.precision - a.scale + b.scale + scale, scale)
}

/** Both parts give up half of what is too much. */
function quotientTypeKept(a: DecimalType, b: DecimalType): DecimalType {
  const whole = Math.min(maxPrecision, a.precision - a.scale + b.scale)
  const scale = Math.min(maxPrecision, Math.max(minimumScaleKept, a.scale + b.precision + 1))
  const excess = whole + scale - maxPrecision
  return excess <= 0 ? decimal(whole + scale, scale) : decimal(maxPrecision, scale - Math.trunc(excess / 2) - 1)
}
