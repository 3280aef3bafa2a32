/**
 * Spark's date and time patterns (`yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX]`) as DuckDB formats (`%Y-%m-%d…`). Reading expands optional sections to several
 * formats; writing takes them all. A letter that DuckDB cannot follow is `INVALID_DATETIME_PATTERN`. Pure.
 */
import { SpkError } from '../core/errors.js'

const letters: Readonly<Record<string, string>> = {
  y: '%Y',
  yy: '%y',
  yyyy: '%Y',
  u: '%Y',
  uuuu: '%Y',
  M: '%-m',
  MM: '%m',
  MMM: '%b',
  MMMM: '%B',
  L: '%-m',
  LL: '%m',
  d: '%-d',
  dd: '%d',
  D: '%-j',
  DDD: '%j',
  E: '%a',
  EE: '%a',
  EEE: '%a',
  EEEE: '%A',
  a: '%p',
  H: '%-H',
  HH: '%H',
  h: '%-I',
  hh: '%I',
  m: '%-M',
  mm: '%M',
  s: '%-S',
  ss: '%S',
}
const zoneOffsets = new Set(['X', 'XX', 'XXX', 'x', 'xx', 'xxx', 'Z', 'ZZZZZ'])
const zoneNames = new Set(['VV', 'z'])

/** One element of a pattern: text as it stands, a format code, a fraction of a second of so many digits, an offset, a zone's name. */
export type PatternPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'code'; readonly code: string }
  | { readonly kind: 'fraction'; readonly digits: number }
  | { readonly kind: 'offset'; readonly letters: string }
  | { readonly kind: 'zone' }

/** Every way to choose the optional sections of a pattern, longest first. */
export function patternVariants(pattern: string): readonly (readonly PatternPart[])[] {
  const [variants, end] = sequence(pattern, 0)
  if (end !== pattern.length) throw bad(pattern, 'a closing bracket without an opening one')
  return variants.sort((a, b) => b.length - a.length)
}

/** The parts with all optional sections, for writing. */
export function patternParts(pattern: string): readonly PatternPart[] {
  return patternVariants(pattern)[0] ?? []
}

/** A strptime format for one variant. */
export function strptimeFormat(parts: readonly PatternPart[]): string {
  return parts.map(part => formatOf(part, digits => (digits <= 6 ? '%f' : '%n'))).join('')
}

/** A strftime format; offsets are not in it (DuckDB writes them its own way). */
export function strftimeFormat(pattern: string, parts: readonly PatternPart[]): string {
  return parts
    .map(part =>
      formatOf(part, digits => {
        const code = { 3: '%g', 6: '%f', 9: '%n' }[digits]
        if (code === undefined) throw bad(pattern, `${digits} digits of a fraction when writing (3, 6 and 9 are possible)`)
        return code
      }),
    )
    .join('')
}

function formatOf(part: PatternPart, fraction: (digits: number) => string): string {
  switch (part.kind) {
    case 'text':
      return part.text.replaceAll('%', '%%')
    case 'code':
      return part.code
    case 'fraction':
      return fraction(part.digits)
    case 'offset':
      return '%z'
    case 'zone':
      return '%Z'
  }
}

/** Reads up to the end or a closing bracket; returns the variants and where it stopped. */
function sequence(pattern: string, from: number): [PatternPart[][], number] {
  let variants: PatternPart[][] = [[]]
  let i = from
  const push = (part: PatternPart) => {
    for (const variant of variants) variant.push(part)
  }
  while (i < pattern.length) {
    const c = pattern[i] as string
    if (c === ']') return [variants, i]
    if (c === '[') {
      const [optional, end] = sequence(pattern, i + 1)
      if (pattern[end] !== ']') throw bad(pattern, 'an opening bracket without a closing one')
      variants = variants.flatMap(v => [...optional.map(o => [...v, ...o]), [...v]])
      i = end + 1
    } else if (c === "'") {
      const end = pattern.indexOf("'", i + 1)
      if (end < 0) throw bad(pattern, 'a quote that is not closed')
      push({ kind: 'text', text: end === i + 1 ? "'" : pattern.slice(i + 1, end) })
      i = end + 1
    } else if (/[A-Za-z]/.test(c)) {
      let end = i
      while (pattern[end] === c) end++
      push(letter(pattern, pattern.slice(i, end)))
      i = end
    } else {
      push({ kind: 'text', text: c })
      i++
    }
  }
  return [variants, i]
}

function letter(pattern: string, run: string): PatternPart {
  if (/^S{1,9}$/.test(run)) return { kind: 'fraction', digits: run.length }
  if (zoneOffsets.has(run)) return { kind: 'offset', letters: run }
  if (zoneNames.has(run)) return { kind: 'zone' }
  const code = letters[run]
  if (code === undefined) throw bad(pattern, `"${run}"`)
  return { kind: 'code', code }
}

function bad(pattern: string, what: string): SpkError {
  return new SpkError(
    'INVALID_DATETIME_PATTERN.WITH_SUGGESTION',
    `The datetime pattern ${JSON.stringify(pattern)} has ${what}, which is not supported. Valid letters: y M d D E a H h m s S X x Z z VV, 'text', [optional].`,
    { sqlState: '22007', params: { pattern } },
  )
}
