/** `printf` as Java's formatter has it. Pure. */
import { problem } from './js-function.js'

/** The first argument is the pattern, then come pairs: a letter for the kind of value (i, f, s, b) and its text. */
export function formatString(args: readonly (string | null)[]): string | null {
  const [pattern] = args
  if (pattern === null || pattern === undefined) return null
  const values: { kind: string; text: string | null }[] = []
  for (let i = 1; i + 1 < args.length; i += 2) values.push({ kind: args[i] ?? 's', text: args[i + 1] ?? null })
  let next = 0
  return pattern.replace(
    /%(?:(\d+)\$|(<))?([-#+ 0,(]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])/g,
    (
      _,
      index: string | undefined,
      same: string | undefined,
      flags: string,
      width: string | undefined,
      precision: string | undefined,
      conversion: string,
    ) => {
      if (conversion === 'n') return '\n'
      if (conversion === '%') return padded('%', flags, width)
      const at = index !== undefined ? Number(index) - 1 : same !== undefined ? next - 1 : next++
      const value = values[at]
      if (value === undefined) throw problem('INTERNAL_ERROR', 'XX000', `Format specifier '${_}' has no argument.`)
      const upper = conversion !== conversion.toLowerCase()
      const text = converted(conversion.toLowerCase(), value.text, flags, precision, width)
      return padded(upper ? text.toUpperCase() : text, flags, width)
    },
  )
}

function padded(text: string, flags: string, width: string | undefined): string {
  const size = Number(width ?? 0)
  return flags.includes('-') ? text.padEnd(size) : text.padStart(size)
}

function converted(conversion: string, text: string | null, flags: string, precision: string | undefined, width: string | undefined): string {
  if (text === null) return conversion === 'b' ? 'false' : 'null'
  switch (conversion) {
    case 'd':
      return signed(BigInt(text) < 0n, grouped(text.replace('-', ''), flags), flags, width)
    case 'x':
    case 'o': {
      const value = BigInt(text)
      const wide = value < -(2n ** 31n) ? 64 : 32
      return zeroed((value < 0n ? BigInt.asUintN(wide, value) : value).toString(conversion === 'x' ? 16 : 8), flags, width)
    }
    case 'f': {
      const value = Number(text)
      if (!Number.isFinite(value)) return text
      const [whole = '', fraction] = fixed(text.replace('-', ''), Number(precision ?? 6)).split('.')
      return signed(text.startsWith('-'), `${grouped(whole, flags)}${fraction === undefined ? '' : `.${fraction}`}`, flags, width)
    }
    case 'e': {
      const value = Number(text)
      const shown = Math.abs(value)
        .toExponential(Number(precision ?? 6))
        .replace(/e([+-])(\d)$/, 'e$10$2')
      return signed(value < 0, shown, flags, width)
    }
    case 'c':
      return /^\d+$/.test(text) ? String.fromCodePoint(Number(text)) : text
    default:
      return precision === undefined ? text : text.slice(0, Number(precision))
  }
}

/** Decimal digits rounded half up, without going through a double. */
function fixed(text: string, places: number): string {
  const plain = /e/i.test(text) ? Number(text).toFixed(Math.min(100, places + 2)) : text
  const [whole = '0', fraction = ''] = plain.split('.')
  let digits = BigInt(whole + fraction.padEnd(places, '0').slice(0, places))
  if ((fraction[places] ?? '0') >= '5') digits += 1n
  const out = digits.toString().padStart(places + 1, '0')
  return places === 0 ? out : `${out.slice(0, -places)}.${out.slice(-places)}`
}

function grouped(digits: string, flags: string): string {
  return flags.includes(',') ? digits.replace(/\B(?=(\d{3})+$)/g, ',') : digits
}

function zeroed(text: string, flags: string, width: string | undefined, sign = ''): string {
  return flags.includes('0') ? sign + text.padStart(Number(width ?? 0) - sign.length, '0') : sign + text
}

function signed(negative: boolean, text: string, flags: string, width: string | undefined): string {
  if (negative && flags.includes('(')) return `(${text})`
  return zeroed(text, flags, width, negative ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '')
}
