/** Numbers by format (`to_char`, `to_number`): `[MI|S][$] digits with 0, 9, G and , [. or D digits][$][PR|MI|S]`. Pure. */
import { type JsFunction, problem, strict } from './js-function.js'

interface Format {
  /** `S` or `MI` in front, `S`, `MI` or `PR` behind. */
  readonly before: string
  readonly after: string
  readonly dollar: boolean
  /** 0, 9 and commas. */
  readonly whole: string
  readonly fraction: string
}

const shape = /^(S|MI)?(\$)?([09,]*)(?:\.([09]*))?(\$)?(PR|MI|S)?$/
const cache = new Map<string, Format>()

function formatOf(text: string): Format {
  let made = cache.get(text)
  if (made === undefined) {
    const match = shape.exec(text.toUpperCase().replaceAll('G', ',').replaceAll('D', '.'))
    if (match === null)
      throw problem(
        'INVALID_FORMAT.UNEXPECTED_TOKEN',
        '42601',
        `The format is invalid: ${text}. Found an unexpected token; the number format was invalid.`,
      )
    made = {
      before: match[1] ?? '',
      dollar: (match[2] ?? match[5]) !== undefined,
      whole: match[3] ?? '',
      fraction: match[4] ?? '',
      after: match[6] ?? '',
    }
    cache.set(text, made)
  }
  return made
}

/** The decimal text of a formatted number; undefined when it does not fit the format. */
function parse(text: string, formatText: string): string | undefined {
  const format = formatOf(formatText)
  let body = text.trim()
  let negative = false
  const sign = (end: 'front' | 'back') => {
    const at = end === 'front' ? 0 : body.length - 1
    if (body[at] !== '-' && body[at] !== '+') return
    if (body[at] === '-') negative = true
    body = end === 'front' ? body.slice(1) : body.slice(0, -1)
  }
  if (format.before !== '') sign('front')
  if (format.after === 'S' || format.after === 'MI') sign('back')
  if (format.after === 'PR' && body.startsWith('<') && body.endsWith('>')) {
    negative = true
    body = body.slice(1, -1)
  }
  if (format.dollar) {
    if (body.includes('$')) body = body.replace('$', '')
    else return undefined
  }
  const [whole = '', fraction = '', more] = body.split('.')
  if (more !== undefined || !/^[\d,]*$/.test(whole) || !/^\d*$/.test(fraction) || (whole === '' && fraction === '')) return undefined
  const [given, wanted] = [whole.split(',').reverse(), format.whole.split(',').reverse()]
  if (given.length > wanted.length || fraction.length > format.fraction.length) return undefined
  for (const [i, group] of wanted.entries()) {
    const digits = given[i] ?? ''
    const outermost = i === wanted.length - 1
    if (digits.length > group.length || (!outermost && i < given.length - 1 && digits.length !== group.length)) return undefined
    if (group.startsWith('0') && digits.length !== group.length) return undefined
  }
  return `${negative ? '-' : ''}${whole.replaceAll(',', '') || '0'}${format.fraction === '' ? '' : `.${fraction.padEnd(format.fraction.length, '0')}`}`
}

/** Digits in the format's places; `#` everywhere when there are too few. */
function print(text: string, formatText: string): string {
  const format = formatOf(formatText)
  const negative = text.startsWith('-')
  const [whole = '0', fraction = ''] = text.replace('-', '').split('.')
  const places = format.whole.replaceAll(',', '').length
  const digits = whole.replace(/^0+(?=\d)/, '')
  const significant = digits === '0' && places === 0 ? '' : digits
  const fits = significant.length <= places && fraction.replace(/0+$/, '').length <= format.fraction.length
  let out = ''
  let rest = significant.padStart(places, ' ')
  let started = false
  for (const c of format.whole) {
    if (c === ',') {
      out += fits ? (started ? ',' : ' ') : ','
      continue
    }
    const digit = rest[0] ?? ' '
    rest = rest.slice(1)
    if (digit !== ' ' || c === '0') started = true
    out += fits ? (digit === ' ' ? (started ? '0' : ' ') : digit) : '#'
  }
  if (format.fraction !== '')
    out += `.${fits ? fraction.padEnd(format.fraction.length, '0').slice(0, format.fraction.length) : '#'.repeat(format.fraction.length)}`
  const at = out.search(/[^ ]/)
  const lead = out.slice(0, Math.max(0, at))
  let body = out.slice(Math.max(0, at))
  if (format.dollar) body = `$${body}`
  if (format.before === 'S') body = `${negative ? '-' : '+'}${body}`
  if (format.before === 'MI') body = `${negative ? '-' : ' '}${body}`
  if (format.after === 'S') body += negative ? '-' : '+'
  if (format.after === 'MI') body += negative ? '-' : ' '
  if (format.after === 'PR') body = negative ? `<${body}>` : `${body}  `
  return lead + body
}

export const numberFunctions: readonly JsFunction[] = [
  strict('spk_to_number', (text, format) => {
    const value = parse(text, format)
    if (value !== undefined) return value
    throw problem(
      'INVALID_FORMAT.MISMATCH_INPUT',
      '42601',
      `The format is invalid: ${format}. The input "STRING" '${text}' does not match the format.`,
    )
  }),
  strict('spk_try_to_number', (text, format) => parse(text, format) ?? null),
  strict('spk_number_text', print),
]
