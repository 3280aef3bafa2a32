/** Floating-point numbers as Java prints them, which is how Spark prints them: `1.0`, `1.0E10`, `NaN`. */

/** A DOUBLE. */
export function doubleText(value: number): string {
  return javaForm(value, shortest(String(Math.abs(value))))
}

/** A FLOAT: the fewest digits that give the same 32-bit number. */
export function floatText(value: number): string {
  let digits = 1
  while (digits < 9 && Math.fround(Number(value.toPrecision(digits))) !== value) digits++
  return javaForm(value, shortest(String(Math.abs(Number(value.toPrecision(digits))))))
}

interface Digits {
  /** Without point and without zeros at either end. */
  readonly digits: string
  /** Power of ten of the first digit. */
  readonly exponent: number
}

function shortest(text: string): Digits {
  const [mantissa = '', power = '0'] = text.split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  const all = (whole + fraction).replace(/^0+/, '')
  const leading = whole === '0' ? -(fraction.length - fraction.replace(/^0+/, '').length) - 1 : whole.length - 1
  return { digits: all.replace(/0+$/, ''), exponent: leading + Number(power) }
}

function javaForm(value: number, { digits, exponent }: Digits): string {
  if (Number.isNaN(value)) return 'NaN'
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  if (!Number.isFinite(value)) return `${sign}Infinity`
  if (digits === '') return `${sign}0.0`
  if (exponent >= -3 && exponent < 7) {
    if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
    const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')
    return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`
  }
  return `${sign}${digits.slice(0, 1)}.${digits.slice(1) || '0'}E${exponent}`
}

/** A DECIMAL written in plain digits, as Java's `BigDecimal.toString` has it: with an exponent when more than six zeros follow the point. */
export function decimalText(plain: string): string {
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(plain) ?? []
  const digits = (whole + fraction).replace(/^0+(?=\d)/, '')
  const exponent = digits.length - 1 - fraction.length
  if (exponent >= -6) return plain
  return `${sign}${digits[0]}${digits.length > 1 ? `.${digits.slice(1)}` : ''}E${exponent}`
}
