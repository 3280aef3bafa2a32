/** The date patterns that DuckDB itself can print and read exactly as Spark does: fixed widths only. The others go through JavaScript. */

interface Code {
  readonly format: string
  /** Digits when it is read; undefined: not read by DuckDB. */
  readonly digits?: number
}

const codes: Readonly<Record<string, Code>> = {
  yyyy: { format: '%Y', digits: 4 },
  MM: { format: '%m', digits: 2 },
  MMM: { format: '%b' },
  MMMM: { format: '%B' },
  dd: { format: '%d', digits: 2 },
  HH: { format: '%H', digits: 2 },
  hh: { format: '%I' },
  mm: { format: '%M', digits: 2 },
  ss: { format: '%S', digits: 2 },
  SSS: { format: '%g' },
  SSSSSS: { format: '%f' },
  a: { format: '%p' },
  E: { format: '%a' },
  EEE: { format: '%a' },
  EEEE: { format: '%A' },
}

/** `format` is for strftime and strptime; `regex` matches the texts that strptime reads right, absent when it reads none. */
export function datePattern(pattern: string): { readonly format: string; readonly regex?: string } | undefined {
  let format = ''
  let regex = ''
  let readable = true
  const seen = new Set<string>()
  for (let i = 0; i < pattern.length; ) {
    const c = pattern[i] ?? ''
    if (/[A-Za-z]/.test(c)) {
      let end = i
      while (pattern[end] === c) end++
      const code = codes[pattern.slice(i, end)]
      if (code === undefined) return undefined
      if (code.digits === undefined || seen.has(c)) readable = false
      seen.add(c)
      format += code.format
      regex += `[0-9]{${code.digits}}`
      i = end
    } else if (/[-/:. T_,]/.test(c)) {
      format += c
      regex += c === '.' || c === '/' ? `[${c}]` : c
      i++
    } else return undefined
  }
  const whole = readable && seen.has('y') && seen.has('M') && seen.has('d')
  return whole ? { format, regex } : { format }
}
