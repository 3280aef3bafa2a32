/**
 * Values from the texts of csv and json files, as SQL: Spark's rules where DuckDB's casts are laxer (`2.5` is not an integer, `1` not a boolean), NULL
 * where the text is no value of the type. And the other way: timestamps to text under Spark's patterns.
 */
import type { DataType } from '../core/types.js'
import { patternParts, patternVariants, strftimeFormat, strptimeFormat } from './datetime-pattern.js'
import { quoteText } from './duckdb.js'
import type { SourceOptions } from './source-options.js'
import { duckdbTypeName } from './spark-types.js'

/** SQL of type `type` from SQL of text; NULL when the text is not one. */
export function valueOfText(text: string, type: DataType, options: SourceOptions): string {
  const name = duckdbTypeName(type)
  switch (type.kind) {
    case 'string':
      return text
    case 'boolean':
      return `CASE lower(${text}) WHEN 'true' THEN true WHEN 'false' THEN false END`
    case 'byte':
    case 'short':
    case 'int':
    case 'long':
      return `CASE WHEN regexp_full_match(${text}, '[+-]?[0-9]+') THEN TRY_CAST(${text} AS ${name}) END`
    case 'float':
    case 'double':
      return `TRY_CAST(${specialNumbers(text, options)} AS ${name})`
    case 'date': {
      const format = options.text('dateFormat')
      return format === undefined ? `TRY_CAST(${text} AS DATE)` : `CAST(${parsed(text, format)} AS DATE)`
    }
    case 'timestamp': {
      const format = options.text('timestampFormat')
      return format === undefined ? `TRY_CAST(${text} AS ${name})` : `CAST(${parsed(text, format)} AS ${name})`
    }
    case 'timestamp_ntz': {
      const format = options.text('timestampNTZFormat')
      return format === undefined ? `TRY_CAST(${text} AS ${name})` : `CAST(${parsed(text, format)} AS ${name})`
    }
    case 'binary':
      return `encode(${text})`
    default:
      return `TRY_CAST(${text} AS ${name})`
  }
}

function specialNumbers(text: string, options: SourceOptions): string {
  const cases = (
    [
      ['nanValue', 'NaN'],
      ['positiveInf', 'Infinity'],
      ['negativeInf', '-Infinity'],
    ] as const
  ).flatMap(([option, value]) => {
    const given = options.text(option)
    return given === undefined ? [] : [`WHEN ${quoteText(given)} THEN '${value}'`]
  })
  return cases.length === 0 ? text : `CASE ${text} ${cases.join(' ')} ELSE ${text} END`
}

/** Formats without a zone mean the session's; those with one are tried first. */
function parsed(text: string, pattern: string): string {
  const variants = patternVariants(pattern)
  const zoned = variants.filter(v => v.some(part => part.kind === 'offset' || part.kind === 'zone'))
  const local = variants.filter(v => !zoned.includes(v))
  const formats = (list: typeof variants) => `[${list.map(v => quoteText(strptimeFormat(v))).join(', ')}]`
  const attempts = [
    // strptime knows offsets, but not Z for the zero one.
    ...(zoned.length === 0 ? [] : [`try_strptime(regexp_replace(${text}, 'Z$', '+00'), ${formats(zoned)})`]),
    ...(local.length === 0
      ? []
      : [`${zoned.length === 0 ? '' : 'CAST('}try_strptime(${text}, ${formats(local)})${zoned.length === 0 ? '' : ' AS TIMESTAMPTZ)'}`]),
  ]
  return attempts.length === 1 ? (attempts[0] as string) : `COALESCE(${attempts.join(', ')})`
}

/** What Spark's writers use when no format is given. */
const defaultFormats = { timestamp: "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", timestamp_ntz: "yyyy-MM-dd'T'HH:mm:ss.SSS" }

/** SQL of text from SQL of a date or timestamp, for the csv and json writers; undefined when DuckDB's own text is the wanted one. */
export function textOfTime(value: string, type: DataType, options: SourceOptions): string | undefined {
  switch (type.kind) {
    case 'date': {
      const format = options.text('dateFormat')
      return format === undefined ? undefined : formatted(value, format)
    }
    case 'timestamp':
      return formatted(value, options.text('timestampFormat') ?? defaultFormats.timestamp)
    case 'timestamp_ntz':
      return formatted(value, options.text('timestampNTZFormat') ?? defaultFormats.timestamp_ntz)
    default:
      return undefined
  }
}

function formatted(value: string, pattern: string): string {
  const parts = patternParts(pattern)
  const pieces: string[] = []
  let run: (typeof parts)[number][] = []
  const flush = () => {
    if (run.length > 0) pieces.push(`strftime(${value}, ${quoteText(strftimeFormat(pattern, run))})`)
    run = []
  }
  for (const part of parts) {
    if (part.kind !== 'offset') {
      run.push(part)
      continue
    }
    flush()
    pieces.push(offsetText(value, part.letters))
  }
  flush()
  return pieces.length === 0 ? "''" : pieces.join(' || ')
}

/** DuckDB writes `+00`, `+05:30`; Java `Z`, `+05:30` (XXX), `+0530` (XX, xx), `+00:00` (xxx). */
function offsetText(value: string, letters: string): string {
  const full = `rpad(strftime(${value}, '%z'), 6, ':00')`
  const colons = letters.length === 3 || letters === 'ZZZZZ'
  const text = colons ? full : `replace(${full}, ':', '')`
  return letters.startsWith('X') || letters === 'ZZZZZ' ? `CASE WHEN ${full} = '+00:00' THEN 'Z' ELSE ${text} END` : text
}
