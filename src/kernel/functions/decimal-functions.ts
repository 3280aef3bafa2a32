/** Decimal arithmetic of any size, for results whose intermediate values do not fit 38 digits. Pure. */
import { type JsFunction, problem, strict } from './js-function.js'

interface Decimal {
  readonly unscaled: bigint
  readonly scale: number
}

function parse(text: string): Decimal {
  const [whole = '0', fraction = ''] = text.split('.')
  return { unscaled: BigInt(whole + fraction), scale: fraction.length }
}

const power = (n: number) => 10n ** BigInt(n)

/** Half away from zero. */
function divided(dividend: bigint, divisor: bigint): bigint {
  const negative = dividend < 0n !== divisor < 0n
  const [a, b] = [dividend < 0n ? -dividend : dividend, divisor < 0n ? -divisor : divisor]
  const quotient = (a + b / 2n) / b
  const exact = (2n * a + b) / (2n * b)
  const rounded = b % 2n === 0n ? quotient : exact
  return negative ? -rounded : rounded
}

function rescaled({ unscaled, scale }: Decimal, to: number): bigint {
  return to >= scale ? unscaled * power(to - scale) : divided(unscaled, power(scale - to))
}

function ofCommonScale(op: string, x: bigint, y: bigint): bigint {
  switch (op) {
    case '+':
      return x + y
    case '%':
      return x % y
    case 'pmod':
      return x % y < 0n ? ((x % y) + y) % y : x % y
    default:
      return x - y
  }
}

function calculate(op: string, a: Decimal, b: Decimal, scale: number): bigint {
  switch (op) {
    case '*':
      return rescaled({ unscaled: a.unscaled * b.unscaled, scale: a.scale + b.scale }, scale)
    case '/': {
      // a / b at `scale`: the dividend is brought to scale + b's.
      const lift = scale + b.scale - a.scale
      return lift >= 0 ? divided(a.unscaled * power(lift), b.unscaled) : divided(a.unscaled, b.unscaled * power(-lift))
    }
    default: {
      const common = Math.max(a.scale, b.scale)
      const [x, y] = [a.unscaled * power(common - a.scale), b.unscaled * power(common - b.scale)]
      if (op === 'div') return x / y
      return rescaled({ unscaled: ofCommonScale(op, x, y), scale: common }, scale)
    }
  }
}

/** The text of the result, or undefined when it has too many digits. */
function decimal(op: string, left: string, right: string, precision: string, scaleText: string): string | undefined {
  const scale = Number(scaleText)
  const value = calculate(op, parse(left), parse(right), scale)
  const digits = (value < 0n ? -value : value).toString()
  if (digits.length > Number(precision)) return undefined
  const padded = digits.padStart(scale + 1, '0')
  const text = scale === 0 ? padded : `${padded.slice(0, -scale)}.${padded.slice(-scale)}`
  return value < 0n ? `-${text}` : text
}

/** A number with an exponent in plain digits; null for what is no number, or one of more digits than any decimal takes. */
function plainNumber(text: string): string | null {
  const match = /^([+-]?)(\d*)\.?(\d*)[eE]([+-]?\d{1,4})$/.exec(text)
  if (match === null) return null
  const [, sign, whole = '', fraction = '', exponent] = match
  if (whole === '' && fraction === '') return null
  const digits = whole + fraction
  const point = whole.length + Number(exponent)
  // Digits far behind the point round to nothing, and what is too large is too large with fewer zeros, too.
  if (point < -100) return '0'
  const padded = point <= 0 ? `${'0'.repeat(1 - point)}${digits}` : digits.padEnd(Math.min(point, digits.length + 100), '0')
  const at = point <= 0 ? 1 : Math.min(point, padded.length)
  return `${sign === '-' ? '-' : ''}${padded.slice(0, at)}.${padded.slice(at)}0`
}

export const decimalFunctions: readonly JsFunction[] = [
  strict('spk_plain_number', plainNumber),
  strict('spk_decimal', (op, a, b, precision, scale) => {
    const result = decimal(op, a, b, precision, scale)
    if (result !== undefined) return result
    throw problem(
      'NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION',
      '22003',
      `The result of ${a} ${op} ${b} cannot be represented as Decimal(${precision}, ${scale}). If necessary set "spark.sql.ansi.enabled" to "false" to bypass this error, and return NULL instead.`,
    )
  }),
  strict('spk_try_decimal', (op, a, b, precision, scale) => decimal(op, a, b, precision, scale) ?? null),
]
