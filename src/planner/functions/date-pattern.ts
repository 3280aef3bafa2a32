/** Translates Spark's date patterns (`yyyy-MM-dd HH:mm:ss`) to the `%` codes of DuckDB's strftime and strptime. */

const codes: Readonly<Record<string, string>> = {
  yyyy: '%Y',
  y: '%Y',
  yy: '%y',
  MM: '%m',
  M: '%-m',
  MMM: '%b',
  MMMM: '%B',
  dd: '%d',
  d: '%-d',
  HH: '%H',
  H: '%-H',
  hh: '%I',
  h: '%-I',
  mm: '%M',
  m: '%-M',
  ss: '%S',
  s: '%-S',
  SSS: '%g',
  SSSSSS: '%f',
  a: '%p',
  E: '%a',
  EEE: '%a',
  EEEE: '%A',
  DDD: '%j',
  D: '%-j',
}

/** Undefined when a letter has no counterpart: the caller refuses the pattern. */
export function datePattern(pattern: string): string | undefined {
  let result = ''
  for (let i = 0; i < pattern.length; ) {
    const c = pattern[i] ?? ''
    if (c === "'") {
      const end = pattern.indexOf("'", i + 1)
      if (end < 0) return undefined
      result += end === i + 1 ? "'" : pattern.slice(i + 1, end).replaceAll('%', '%%')
      i = end + 1
    } else if (/[A-Za-z]/.test(c)) {
      let end = i
      while (pattern[end] === c) end++
      const code = codes[pattern.slice(i, end)]
      if (code === undefined) return undefined
      result += code
      i = end
    } else {
      result += c === '%' ? '%%' : c
      i++
    }
  }
  return result
}
