/** Functions on texts and bytes that DuckDB lacks or means otherwise. Bytes cross as hexadecimal digits. */

import { formatString } from './format-string.js'
import { type JsFunction, problem, strict } from './js-function.js'

const charsets: Readonly<Record<string, { encode(text: string): Buffer | undefined; decode(bytes: Buffer): string | undefined }>> = {
  'UTF-8': { encode: t => Buffer.from(t, 'utf8'), decode: b => decoded('utf-8', b) },
  'US-ASCII': { encode: t => single(t, 127), decode: b => (b.some(x => x > 127) ? undefined : b.toString('latin1')) },
  'ISO-8859-1': { encode: t => single(t, 255), decode: b => b.toString('latin1') },
  'UTF-16LE': { encode: t => Buffer.from(t, 'utf16le'), decode: b => decoded('utf-16le', b) },
  'UTF-16BE': { encode: t => Buffer.from(t, 'utf16le').swap16(), decode: b => decoded('utf-16be', b) },
  'UTF-16': {
    encode: t => (t === '' ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(t, 'utf16le').swap16()])),
    decode: b => decoded(b[0] === 0xff && b[1] === 0xfe ? 'utf-16le' : 'utf-16be', b),
  },
  'UTF-32': { encode: utf32, decode: fromUtf32 },
}

function single(text: string, most: number): Buffer | undefined {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > most) return undefined
  return Buffer.from(text, 'latin1')
}

function decoded(label: string, bytes: Buffer): string | undefined {
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function utf32(text: string): Buffer {
  const points = [...text].map(c => c.codePointAt(0) ?? 0)
  const out = Buffer.alloc(points.length * 4)
  for (const [i, p] of points.entries()) out.writeUInt32BE(p, i * 4)
  return out
}

function fromUtf32(bytes: Buffer): string | undefined {
  if (bytes.length % 4 !== 0) return undefined
  let out = ''
  for (let i = 0; i < bytes.length; i += 4) {
    const point = bytes.readUInt32BE(i)
    if (point > 0x10ffff) return undefined
    if (point !== 0xfeff || i > 0) out += String.fromCodePoint(point)
  }
  return out
}

function charset(name: string, routine: string) {
  const found = charsets[name.toUpperCase()]
  if (found !== undefined) return found
  throw problem(
    'INVALID_PARAMETER_VALUE.CHARSET',
    '22023',
    `The value of parameter(s) \`charset\` in \`${routine}\` is invalid: expects one of the ${Object.keys(charsets).join(', ')}, but got ${name}.`,
  )
}

function malformed(routine: string, name: string) {
  return problem('MALFORMED_CHARACTER_CODING', '22000', `Invalid value found when performing \`${routine}\` with ${name}`)
}

/** Bytes of a text in base 64 as strictly as Spark reads it: blanks are skipped, padding only at the end and of the right length. */
function base64Bytes(text: string): string | undefined {
  const match = /^([A-Za-z0-9+/\s]*)(={0,2})\s*$/.exec(text)
  if (match === null) return undefined
  const digits = (match[1] ?? '').replace(/\s/g, '')
  const padding = match[2] ?? ''
  const rest = digits.length % 4
  if (rest === 1 || (padding !== '' && rest + padding.length !== 4)) return undefined
  return Buffer.from(digits, 'base64').toString('hex')
}

function hexBytes(text: string): string | undefined {
  if (!/^[0-9A-Fa-f]*$/.test(text)) return undefined
  return text.length % 2 === 0 ? text : `0${text}`
}

function toBinary(text: string, format: string): string | undefined {
  switch (format.toLowerCase()) {
    case 'hex':
      return hexBytes(text)
    case 'base64':
      return base64Bytes(text)
    default:
      return Buffer.from(text, 'utf8').toString('hex')
  }
}

function luhn(text: string): string {
  if (!/^\d+$/.test(text)) return 'false'
  let sum = 0
  for (let i = 0; i < text.length; i++) {
    const digit = Number(text[text.length - 1 - i])
    const doubled = i % 2 === 1 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return String(sum % 10 === 0)
}

/** A number from one base to another; a negative target base shows the sign. */
function conv(text: string, from: string, to: string, ansi: string): string | null {
  const [fromBase, toBase] = [Number(from), Number(to)]
  if (fromBase < 2 || fromBase > 36 || Math.abs(toBase) < 2 || Math.abs(toBase) > 36) return null
  const body = text.trim()
  if (body === '') return null
  const negative = body.startsWith('-')
  let value = 0n
  const most = 2n ** 64n - 1n
  for (const c of negative ? body.slice(1) : body) {
    const digit = Number.parseInt(c, 36)
    if (Number.isNaN(digit) || digit >= fromBase) break
    value = value * BigInt(fromBase) + BigInt(digit)
    if (value > most) {
      if (ansi === 'true')
        throw problem(
          'ARITHMETIC_OVERFLOW',
          '22003',
          'Overflow in function conv(). If necessary set "spark.sql.ansi.enabled" to "false" to bypass this error.',
        )
      value = most
      break
    }
  }
  if (negative && toBase > 0) value = BigInt.asUintN(64, -value)
  if (toBase < 0) {
    const signed = negative ? -value : BigInt.asIntN(64, value)
    return signed.toString(-toBase).toUpperCase()
  }
  return value.toString(toBase).toUpperCase()
}

const soundCodes = '01230127022455012623017202'

function soundex(text: string): string {
  const first = text[0]
  if (first === undefined || !/[A-Za-z]/.test(first)) return text
  let out = first.toUpperCase()
  let last = soundCodes[out.charCodeAt(0) - 65]
  for (const c of text.slice(1).toUpperCase()) {
    const code = /[A-Z]/.test(c) ? soundCodes[c.charCodeAt(0) - 65] : undefined
    if (code === undefined) continue
    if (code === '7') continue
    if (code !== '0' && code !== last) out += code
    last = code
    if (out.length === 4) break
  }
  return out.padEnd(4, '0')
}

function mask(text: string, upper: string | null, lower: string | null, digit: string | null, other: string | null): string {
  let out = ''
  for (const c of text) {
    const by = /\p{Lu}/u.test(c) ? upper : /\p{Ll}/u.test(c) ? lower : /\p{Nd}/u.test(c) ? digit : other
    out += by ?? c
  }
  return out
}

function isUtf8(hex: string): boolean {
  return decoded('utf-8', Buffer.from(hex, 'hex')) !== undefined
}

/** Every ill-formed sequence becomes one replacement character. */
function madeValid(hex: string): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Buffer.from(hex, 'hex'))
}

function urlDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

function urlEncode(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()~]/g, c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
}

function formatNumber(text: string, digits: string): string | null {
  const places = Number(digits)
  if (places < 0) return null
  const negative = text.startsWith('-')
  const [whole = '0', fraction = ''] = (/e/i.test(text) ? BigInt(Math.trunc(Number(text))).toString() : text).replace(/^-/, '').split('.')
  const scaled = roundedHalfEven(`${whole}${fraction.padEnd(places, '0').slice(0, places)}`, fraction.slice(places))
  const padded = scaled.padStart(places + 1, '0')
  const integer = padded.slice(0, padded.length - places).replace(/\B(?=(\d{3})+$)/g, ',')
  const body = places === 0 ? integer : `${integer}.${padded.slice(padded.length - places)}`
  return negative && /[1-9]/.test(body) ? `-${body}` : body
}

function roundedHalfEven(digits: string, rest: string): string {
  const value = BigInt(digits === '' ? '0' : digits)
  const half = `5${'0'.repeat(Math.max(0, rest.length - 1))}`
  const up = rest > half ? true : rest === half && rest !== '' ? value % 2n === 1n : false
  return String(up ? value + 1n : value)
}

export const textFunctions: readonly JsFunction[] = [
  strict('spk_encode', (text, name) => {
    const bytes = charset(name, 'encode').encode(text)
    if (bytes === undefined) throw malformed('encode', name)
    return bytes.toString('hex')
  }),
  strict('spk_decode', (hex, name) => {
    const text = charset(name, 'decode').decode(Buffer.from(hex, 'hex'))
    if (text === undefined) throw malformed('decode', name)
    return text
  }),
  strict('spk_to_binary', (text, format) => {
    const bytes = toBinary(text, format)
    if (bytes !== undefined) return bytes
    throw problem(
      'CONVERSION_INVALID_INPUT',
      '22018',
      `The value '${text}' ('${format}') cannot be converted to "BINARY" because it is malformed. Correct the value as per the syntax, or change its format. Use \`try_to_binary\` to tolerate malformed input and return NULL instead.`,
    )
  }),
  strict('spk_try_to_binary', (text, format) => toBinary(text, format) ?? null),
  strict('spk_unhex', text => hexBytes(text) ?? null),
  strict('spk_unbase64', text => base64Bytes(text) ?? Buffer.from(text, 'base64').toString('hex')),
  strict('spk_luhn', luhn),
  strict('spk_conv', conv),
  strict('spk_soundex', soundex),
  {
    name: 'spk_mask',
    nullable: true,
    call: ([text, u = null, l = null, d = null, o = null]) => (text === null || text === undefined ? null : mask(text, u, l, d, o)),
  },
  strict('spk_is_valid_utf8', hex => String(isUtf8(hex))),
  strict('spk_make_valid_utf8', madeValid),
  strict('spk_validate_utf8', hex => {
    if (isUtf8(hex)) return Buffer.from(hex, 'hex').toString('utf8')
    throw problem('INVALID_UTF8_STRING', '22029', `Invalid UTF8 byte sequence found in string: ${hex.toUpperCase().replace(/../g, b => `\\x${b}`)}.`)
  }),
  strict('spk_url_encode', urlEncode),
  strict('spk_url_decode', text => {
    const out = urlDecode(text)
    if (out === undefined)
      throw problem(
        'CANNOT_DECODE_URL',
        '22546',
        `The provided URL cannot be decoded: ${text}. Please ensure that the URL is properly formatted and try again.`,
      )
    return out
  }),
  strict('spk_try_url_decode', text => urlDecode(text) ?? null),
  strict('spk_quote', text => `'${text.replace(/[\\']/g, c => `\\${c}`)}'`),
  strict('spk_format_number', formatNumber),
  { name: 'spk_format_string', nullable: true, call: args => formatString(args) },
]
