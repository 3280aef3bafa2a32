/** `from_csv` and `to_csv`: one record per text. Values cross as in `json-functions.ts`. */
import type { DataType } from '../../core/types.js'
import { type JsFunction, problem, strict } from './js-function.js'
import { dateOf, momentOf, printed } from './json-functions.js'

type Options = Readonly<Record<string, string>>

/** The fields of a record; a field in quotes may hold separators. */
function fieldsOf(line: string, separator: string): { text: string; quoted: boolean }[] {
  const fields: { text: string; quoted: boolean }[] = []
  let at = 0
  for (;;) {
    if (line[at] === '"') {
      let text = ''
      at++
      while (at < line.length && line[at] !== '"') {
        if (line[at] === '\\' && at + 1 < line.length) at++
        text += line[at++]
      }
      at++
      fields.push({ text, quoted: true })
      const next = line.indexOf(separator, at)
      if (next < 0) return fields
      at = next + separator.length
    } else {
      const next = line.indexOf(separator, at)
      fields.push({ text: next < 0 ? line.slice(at) : line.slice(at, next), quoted: false })
      if (next < 0) return fields
      at = next + separator.length
    }
  }
}

const whole = /^[+-]?\d+$/
const real = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i
const limits: Readonly<Record<string, bigint>> = { byte: 2n ** 7n, short: 2n ** 15n, int: 2n ** 31n, long: 2n ** 63n }

/** A field as a text that a cast to the type reads; undefined when it is no value of the type. */
function converted(text: string, type: DataType, options: Options, zone: string): string | undefined {
  const trimmed = text.trim()
  switch (type.kind) {
    case 'byte':
    case 'short':
    case 'int':
    case 'long': {
      if (!whole.test(trimmed)) return undefined
      const [value, limit] = [BigInt(trimmed.replace('+', '')), limits[type.kind] as bigint]
      return value >= -limit && value < limit ? String(value) : undefined
    }
    case 'float':
    case 'double':
      return real.test(trimmed) || /^(NaN|-?Inf(inity)?)$/.test(trimmed) ? trimmed : undefined
    case 'decimal':
      return real.test(trimmed) ? trimmed : undefined
    case 'boolean':
      return /^(true|false)$/i.test(trimmed) ? trimmed.toLowerCase() : undefined
    case 'date':
      return dateOf(trimmed, options['dateformat'])
    case 'timestamp':
    case 'timestamp_ntz':
      return momentOf(trimmed, type.kind, options, zone)
    case 'binary':
      return Buffer.from(text, 'utf8').toString('hex')
    default:
      return text
  }
}

function fromCsv(line: string, typeText: string, optionText: string, zone: string): string {
  const type = JSON.parse(typeText) as DataType & { kind: 'struct' }
  const options = JSON.parse(optionText) as Options
  const fields = fieldsOf(line, options['sep'] ?? options['delimiter'] ?? ',')
  const missing = options['nullvalue'] ?? ''
  return JSON.stringify(
    Object.fromEntries(
      type.fields.map((f, i) => {
        const field = fields[i]
        if (field === undefined || (field.text === missing && !field.quoted)) return [`f${i}`, null]
        const value = converted(field.text, f.type, options, zone)
        if (value === undefined && (options['mode'] ?? '').toUpperCase() === 'FAILFAST')
          throw problem(
            'MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION',
            '22023',
            `Malformed records are detected in record parsing: ${line}. Parse Mode: FAILFAST. To process malformed records as null result, try setting the option 'mode' as 'PERMISSIVE'.`,
          )
        return [`f${i}`, value ?? null]
      }),
    ),
  )
}

function toCsv(text: string, typeText: string, optionText: string, zone: string): string {
  const type = JSON.parse(typeText) as DataType & { kind: 'struct' }
  const options = JSON.parse(optionText) as Options
  const separator = options['sep'] ?? options['delimiter'] ?? ','
  const row = JSON.parse(text) as Readonly<Record<string, unknown>>
  return type.fields
    .map(f => {
      const made = printed(row[f.name], f.type, options, zone)
      if (made === undefined) return options['nullvalue'] ?? ''
      const plain = made.startsWith('"') ? (JSON.parse(made) as string) : made
      return plain === ''
        ? '""'
        : plain.includes(separator) || /["\n\r]/.test(plain)
          ? `"${plain.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
          : plain
    })
    .join(separator)
}

export const csvFunctions: readonly JsFunction[] = [strict('spk_from_csv', fromCsv), strict('spk_to_csv', toCsv)]
