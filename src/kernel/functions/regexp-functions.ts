/** Regular expressions with Java's syntax, as far as JavaScript shares it. */
import { type JsFunction, problem, strict } from './js-function.js'

const cache = new Map<string, RegExp>()

function compiled(pattern: string, routine: string): RegExp {
  const key = `${routine} ${pattern}`
  let made = cache.get(key)
  if (made === undefined) {
    made = compile(pattern, routine)
    if (cache.size > 500) cache.clear()
    cache.set(key, made)
  }
  made.lastIndex = 0
  return made
}

const posix: Readonly<Record<string, string>> = {
  Alpha: 'A-Za-z',
  Digit: '0-9',
  Alnum: 'A-Za-z0-9',
  Upper: 'A-Z',
  Lower: 'a-z',
  Punct: '!-/:-@\\[-`{-~',
  Space: '\\s',
}

/** Java's spellings that JavaScript lacks: inline flags at the start, POSIX classes, possessive quantifiers, anchors. */
function compile(pattern: string, routine: string): RegExp {
  let flags = 'g'
  let body = pattern.replace(/^\(\?([imsux]+)\)/, (_, given: string) => {
    flags += [...given].filter(f => 'ims'.includes(f)).join('')
    return ''
  })
  body = body
    .replace(/\\p\{(Alpha|Digit|Alnum|Upper|Lower|Punct|Space)\}/g, (_, name: string) => `[${posix[name]}]`)
    .replace(/([*+?}])\+/g, '$1')
    .replace(/\\A/g, '^')
    .replace(/\\[zZ]/g, '$')
    .replace(/\\Q([\s\S]*?)(?:\\E|$)/g, (_, text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .replace(/\(\?<([a-zA-Z]\w*)>/g, '(?<$1>')
  try {
    return new RegExp(body, /\\p\{/.test(body) ? `${flags}u` : flags)
  } catch {
    throw problem(
      'INVALID_PARAMETER_VALUE.PATTERN',
      '22023',
      `The value of parameter(s) \`regexp\` in \`${routine}\` is invalid: '${pattern}'. Expects a valid pattern.`,
    )
  }
}

function groupOf(match: RegExpExecArray, group: number): string {
  return match[group] ?? ''
}

function checkGroup(regex: RegExp, group: number, routine: string): void {
  const groups = (new RegExp(`${regex.source}|`, regex.flags).exec('')?.length ?? 1) - 1
  if (group >= 0 && group <= groups) return
  throw problem(
    'INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX',
    '22023',
    `The value of parameter(s) \`idx\` in \`${routine}\` is invalid: Expects group index between 0 and ${groups}, but got ${group}.`,
  )
}

/** Java's `$1` and `\$` in a replacement. */
function replacement(by: string, match: RegExpExecArray): string {
  let out = ''
  for (let i = 0; i < by.length; i++) {
    const c = by[i] as string
    if (c === '\\' && i + 1 < by.length) out += by[++i]
    else if (c === '$' && /\d/.test(by[i + 1] ?? '')) {
      let digits = by[++i] as string
      while (/\d/.test(by[i + 1] ?? '') && Number(digits + by[i + 1]) < match.length) digits += by[++i]
      out += match[Number(digits)] ?? ''
    } else if (c === '$' && by[i + 1] === '{') {
      const end = by.indexOf('}', i)
      out += match.groups?.[by.slice(i + 2, end)] ?? ''
      i = end
    } else out += c
  }
  return out
}

function replaceAll(text: string, pattern: string, by: string, position: string): string {
  const regex = compiled(pattern, 'regexp_replace')
  const start = Number(position) - 1
  if (start >= text.length && start > 0) return text
  let out = text.slice(0, start)
  let at = start
  regex.lastIndex = start
  for (let match = regex.exec(text); match !== null; match = regex.exec(text)) {
    out += text.slice(at, match.index) + replacement(by, match)
    at = match.index + match[0].length
    if (match[0] === '') regex.lastIndex++
  }
  return out + text.slice(at)
}

export const regexpFunctions: readonly JsFunction[] = [
  strict('spk_regexp_replace', replaceAll),
  strict('spk_regexp_like', (text, pattern) => String(compiled(pattern, 'rlike').test(text))),
  strict('spk_regexp_extract', (text, pattern, group) => {
    const regex = compiled(pattern, 'regexp_extract')
    checkGroup(regex, Number(group), 'regexp_extract')
    const match = regex.exec(text)
    return match === null ? '' : groupOf(match, Number(group))
  }),
  strict('spk_regexp_extract_all', (text, pattern, group) => {
    const regex = compiled(pattern, 'regexp_extract_all')
    checkGroup(regex, Number(group), 'regexp_extract_all')
    return JSON.stringify([...text.matchAll(regex)].map(m => m[Number(group)] ?? ''))
  }),
  strict('spk_regexp_count', (text, pattern) => String([...text.matchAll(compiled(pattern, 'regexp_count'))].length)),
  strict('spk_regexp_instr', (text, pattern) => {
    const match = compiled(pattern, 'regexp_instr').exec(text)
    return String(match === null ? 0 : [...text.slice(0, match.index)].length + 1)
  }),
  strict('spk_regexp_substr', (text, pattern) => compiled(pattern, 'regexp_substr').exec(text)?.[0] ?? null),
  strict('spk_split', (text, pattern, limit) => {
    const most = Number(limit)
    if (pattern === '') {
      if (text === '') return '[""]'
      const chars = [...text]
      return JSON.stringify(most > 0 && chars.length > most ? [...chars.slice(0, most - 1), chars.slice(most - 1).join('')] : chars)
    }
    const regex = compiled(pattern, 'split')
    const parts: string[] = []
    let at = 0
    for (let match = regex.exec(text); match !== null && (most <= 0 || parts.length < most - 1); match = regex.exec(text)) {
      if (match[0] === '') {
        regex.lastIndex++
        if (match.index === 0 || match.index >= text.length) continue
      }
      parts.push(text.slice(at, match.index))
      at = match.index + match[0].length
    }
    parts.push(text.slice(at))
    return JSON.stringify(parts)
  }),
]
