/** Exact decimal numbers: what DECIMAL columns hold in rows, and what rows given to `createDataFrame` may hold. Immutable. */
import { SpkError } from '../core/errors.js'

/**
 * A decimal number with a fixed number of digits after the point.
 *
 * @example
 * const price = Decimal.parse('19.90')
 * price.toString() // '19.90'
 * price.toNumber() // 19.9
 */
export class Decimal {
  /** The digits as a whole number: 1990n for 19.90. */
  readonly unscaled: bigint
  /** Digits after the point. */
  readonly scale: number

  constructor(unscaled: bigint, scale: number) {
    this.unscaled = unscaled
    this.scale = scale
  }

  /** Reads `-12.50`, `1e3`. Error: `SPK_BAD_DECIMAL`. */
  static parse(text: string): Decimal {
    const match = /^\s*([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?\s*$/.exec(text)
    if (match === null || `${match[2]}${match[3] ?? ''}` === '') throw new SpkError('SPK_BAD_DECIMAL', `"${text}" is not a decimal number.`)
    const [, sign, whole = '', fraction = '', exponent = '0'] = match
    const scale = fraction.length - Number(exponent)
    const digits = BigInt(`${whole}${fraction}`) * (scale < 0 ? 10n ** BigInt(-scale) : 1n)
    return new Decimal(sign === '-' ? -digits : digits, Math.max(scale, 0))
  }

  /** The same number with another scale, halves rounded away from zero. */
  rescale(scale: number): Decimal {
    if (scale >= this.scale) return new Decimal(this.unscaled * 10n ** BigInt(scale - this.scale), scale)
    const divisor = 10n ** BigInt(this.scale - scale)
    const half = divisor / 2n
    return new Decimal((this.unscaled + (this.unscaled < 0n ? -half : half)) / divisor, scale)
  }

  /** Digits in all, at least `scale`. */
  get precision(): number {
    const digits = (this.unscaled < 0n ? -this.unscaled : this.unscaled).toString().length
    return Math.max(digits, this.scale)
  }

  /** Whether both are the same number; 1.0 equals 1.00. */
  equals(other: Decimal): boolean {
    const scale = Math.max(this.scale, other.scale)
    return this.rescale(scale).unscaled === other.rescale(scale).unscaled
  }

  /** The nearest double. */
  toNumber(): number {
    return Number(this.toString())
  }

  /** So that `<` and `>` work; exact to 15 digits. */
  valueOf(): number {
    return this.toNumber()
  }

  /** All digits, never an exponent: `-0.05`. */
  toString(): string {
    const digits = (this.unscaled < 0n ? -this.unscaled : this.unscaled).toString().padStart(this.scale + 1, '0')
    const sign = this.unscaled < 0n ? '-' : ''
    return this.scale === 0 ? sign + digits : `${sign}${digits.slice(0, -this.scale)}.${digits.slice(-this.scale)}`
  }

  /** A string, so that no digit is lost. */
  toJSON(): string {
    return this.toString()
  }
}
