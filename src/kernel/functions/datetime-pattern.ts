/**
 * Java's date patterns as Spark allows them, compiled once: what `date_format`, `to_timestamp` and their kin print and read. Field widths, optional parts
 * and text forms are those of java.time with locale US; letters that Spark forbids fail with Spark's condition. Pure.
 */
import { SpkError } from '../../core/errors.js'

export type Token =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'field'; readonly letter: string; readonly count: number }
  /** `[` … `]` */
  | { readonly kind: 'optional'; readonly tokens: readonly Token[] }

/** The most letters in a row of each kind; letters that are not here mean nothing. */
const longest: Readonly<Record<string, number>> = {
  G: 4,
  y: 6,
  M: 4,
  L: 4,
  d: 2,
  D: 3,
  H: 2,
  h: 2,
  k: 2,
  K: 2,
  m: 2,
  s: 2,
  S: 9,
  a: 1,
  E: 4,
  F: 1,
  Q: 4,
  q: 4,
  V: 2,
  z: 4,
  O: 4,
  X: 5,
  x: 5,
  Z: 5,
}

/** What the formatter before java.time knew: a pattern of these that is wrong now was right once. */
const legacyLetters = /^(?:[GyMwWDdFEaHkKhmsSzZYuL]|X{1,3}(?!X)|[^A-Za-z])*$/

function illegal(letter: string, pattern: string): SpkError {
  return new SpkError(
    'INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER',
    `Unrecognized datetime pattern: ${pattern}. Illegal pattern character found in datetime pattern: ${letter}. Please provide legal character.`,
    { sqlState: '22007' },
  )
}

/** The condition for a pattern that java.time does not take. */
function unrecognised(pattern: string, unquoted: string): SpkError {
  if (legacyLetters.test(unquoted)) {
    return new SpkError(
      'INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION',
      `You may get a different result due to the upgrading to Spark >= 3.0: Fail to recognize '${pattern}' pattern in the DateTimeFormatter. Form a valid datetime pattern with the guide of Spark's datetime patterns.`,
      { sqlState: '42K0B' },
    )
  }
  return new SpkError(
    'INVALID_DATETIME_PATTERN.WITH_SUGGESTION',
    `Unrecognized datetime pattern: ${pattern}. You can form a valid datetime pattern by following the guide of Spark's datetime patterns.`,
    { sqlState: '22007' },
  )
}

const cache = new Map<string, readonly Token[] | SpkError>()

/** The tokens of a pattern. Errors: `INVALID_DATETIME_PATTERN.*`, `INCONSISTENT_BEHAVIOR_CROSS_VERSION.*`. */
export function compilePattern(pattern: string, parsing: boolean): readonly Token[] {
  const key = `${parsing ? 'p' : 'f'}${pattern}`
  let made = cache.get(key)
  if (made === undefined) {
    try {
      made = compile(pattern, parsing)
    } catch (error) {
      if (!(error instanceof SpkError)) throw error
      made = error
    }
    if (cache.size > 500) cache.clear()
    cache.set(key, made)
  }
  if (made instanceof SpkError) throw made
  return made
}

function compile(pattern: string, parsing: boolean): readonly Token[] {
  const unquoted = pattern.replace(/'[^']*'/g, '')
  const weekBased = [...unquoted].find(letter => 'ec'.includes(letter))
  if (weekBased !== undefined) {
    throw new SpkError(
      'INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_WEEK_BASED_PATTERN',
      `You may get a different result due to the upgrading to Spark >= 3.0: All week-based patterns are unsupported since Spark 3.0, detected week-based character: ${weekBased}. Please use the SQL function EXTRACT instead.`,
      { sqlState: '42K0B' },
    )
  }
  for (const letter of unquoted) if ('AnNpB'.includes(letter) || (parsing && 'EFqQ'.includes(letter))) throw illegal(letter, pattern)
  const tooLong = /([qQ])\1{4,}/.exec(unquoted)
  if (tooLong !== null) {
    throw new SpkError(
      'INVALID_DATETIME_PATTERN.LENGTH',
      `Unrecognized datetime pattern: ${pattern}. Too many letters in datetime pattern: ${tooLong[0]}. Please reduce pattern length.`,
      { sqlState: '22007' },
    )
  }
  const stack: Token[][] = [[]]
  const add = (token: Token) => stack[stack.length - 1]?.push(token)
  for (let i = 0; i < pattern.length; ) {
    const c = pattern[i] as string
    if (c === "'") {
      let text = ''
      let end = i + 1
      for (; end < pattern.length; end++) {
        if (pattern[end] !== "'") text += pattern[end]
        else if (pattern[end + 1] === "'") {
          text += "'"
          end++
        } else break
      }
      if (end >= pattern.length) throw unrecognised(pattern, unquoted)
      add({ kind: 'text', text: end === i + 1 ? "'" : text })
      i = end + 1
    } else if (c === '[') {
      stack.push([])
      i++
    } else if (c === ']') {
      const tokens = stack.pop()
      if (tokens === undefined || stack.length === 0) throw unrecognised(pattern, unquoted)
      add({ kind: 'optional', tokens })
      i++
    } else if (/[A-Za-z]/.test(c)) {
      let end = i
      while (pattern[end] === c) end++
      const count = end - i
      const known = longest[c]
      if (known === undefined || count > known || (c === 'V' && count !== 2) || (c === 'O' && count !== 1 && count !== 4))
        throw unrecognised(pattern, unquoted)
      add({ kind: 'field', letter: c, count })
      i = end
    } else if ('{}#'.includes(c)) throw unrecognised(pattern, unquoted)
    else {
      add({ kind: 'text', text: c })
      i++
    }
  }
  while (stack.length > 1) {
    const tokens = stack.pop() as Token[]
    add({ kind: 'optional', tokens })
  }
  return stack[0] as Token[]
}
