/**
 * `from_json`, `to_json` and the look-ups. Values cross as JSON in which every leaf is a text that a cast reads: structs are objects `f0`, `f1`, …, maps
 * lists of `{k, v}`, bytes hexadecimal. Options come as a JSON object.
 */
import { formatDate, formatTimestamp, instantOf, parseDate, parseTimestamp } from '../../core/datetime.js'
import { decimalText, doubleText, floatText } from '../../core/java-number.js'
import type { DataType } from '../../core/types.js'
import { formatInstant } from './datetime-format.js'
import { parseInstant } from './datetime-parse.js'
import { type JsFunction, problem, strict } from './js-function.js'
import { type JsonNode, jsonText, readJson } from './json-reader.js'

type Options = Readonly<Record<string, string>>
type Plain = string | null | readonly Plain[] | { readonly [key: string]: Plain }

const ranges: Readonly<Record<string, bigint>> = { byte: 2n ** 7n, short: 2n ** 15n, int: 2n ** 31n, long: 2n ** 63n }

/** What a node is as a value of a type; undefined when it is none. */
function converted(node: JsonNode, type: DataType, options: Options, zone: string): Plain | undefined {
  if (node.kind === 'null') return null
  switch (type.kind) {
    case 'struct': {
      if (node.kind !== 'object') return undefined
      return structOf(node, type, options, zone)
    }
    case 'array':
      if (node.kind !== 'array') return undefined
      return node.items.map(item => converted(item, type.element, options, zone) ?? null)
    case 'map':
      if (node.kind !== 'object') return undefined
      return node.entries.map(([k, v]) => ({ k, v: converted(v, type.value, options, zone) ?? null }))
    case 'string':
      return node.kind === 'string' ? node.value : jsonText(node)
    case 'boolean':
      return node.kind === 'boolean' ? String(node.value) : undefined
    case 'byte':
    case 'short':
    case 'int':
    case 'long': {
      if (node.kind !== 'number' || !/^-?\d+$/.test(node.text)) return undefined
      const [value, limit] = [BigInt(node.text), ranges[type.kind] as bigint]
      return value >= -limit && value < limit ? node.text : undefined
    }
    case 'float':
    case 'double':
      if (node.kind === 'number') return node.text.replace(/^\+?INF$/, 'Infinity').replace('-INF', '-Infinity')
      return node.kind === 'string' && /^(NaN|[+-]?(INF|Infinity))$/.test(node.value)
        ? node.value.replace('INF', 'Infinity').replace('+', '')
        : undefined
    case 'decimal':
      return node.kind === 'number' || (node.kind === 'string' && /^-?[\d,]+(\.\d+)?$/.test(node.value))
        ? node.kind === 'number'
          ? node.text
          : node.value.replaceAll(',', '')
        : undefined
    case 'date':
      return node.kind === 'string' ? dateOf(node.value, options['dateformat']) : undefined
    case 'timestamp':
    case 'timestamp_ntz':
      return node.kind === 'string' ? momentOf(node.value, type.kind, options, zone) : undefined
    case 'binary':
      return node.kind === 'string' ? Buffer.from(node.value, 'base64').toString('hex') : undefined
    default:
      return node.kind === 'string' ? node.value : undefined
  }
}

export function dateOf(text: string, pattern: string | undefined): string | undefined {
  const days = pattern === undefined ? parseDate(text) : parseInstant(text, pattern, '-')
  if (days === undefined) return undefined
  return typeof days === 'number' ? formatDate(days) : formatTimestamp(days).slice(0, 10)
}

export function momentOf(text: string, kind: 'timestamp' | 'timestamp_ntz', options: Options, zone: string): string | undefined {
  const local = kind === 'timestamp_ntz'
  const pattern = options[local ? 'timestampntzformat' : 'timestampformat']
  if (pattern !== undefined) {
    const micros = parseInstant(text, pattern, local ? '-' : zone)
    return micros === undefined ? undefined : formatTimestamp(micros) + (local ? '' : '+00')
  }
  const parsed = parseTimestamp(text)
  if (parsed === undefined) return undefined
  return local ? formatTimestamp(parsed.micros) : `${formatTimestamp(instantOf(parsed.micros, parsed.zone ?? zone))}+00`
}

/** Fields that are missing or of another type are NULL. */
function structOf(node: JsonNode & { kind: 'object' }, type: DataType & { kind: 'struct' }, options: Options, zone: string): Plain {
  const given = new Map(node.entries)
  return Object.fromEntries(
    type.fields.map((f, i) => {
      const value = given.get(f.name)
      return [`f${i}`, value === undefined ? null : (converted(value, f.type, options, zone) ?? null)]
    }),
  )
}

function fromJson(text: string, typeText: string, optionText: string, zone: string): string | null {
  const type = JSON.parse(typeText) as DataType
  const options = JSON.parse(optionText) as Options
  const node = text.trim() === '' ? undefined : readJson(text)
  // An array of one object is that object.
  const only = node?.kind === 'array' && type.kind === 'struct' && node.items.length === 1 ? node.items[0] : node
  const value = only === undefined ? undefined : converted(only, type, options, zone)
  if (value !== undefined) return value === null ? null : JSON.stringify(value)
  if (text.trim() === '') return null
  if ((options['mode'] ?? '').toUpperCase() === 'FAILFAST') {
    throw problem(
      'MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION',
      '22023',
      `Malformed records are detected in record parsing: ${text}. Parse Mode: FAILFAST. To process malformed records as null result, try setting the option 'mode' as 'PERMISSIVE'.`,
    )
  }
  return type.kind === 'struct' ? JSON.stringify(Object.fromEntries(type.fields.map((_, i) => [`f${i}`, null]))) : null
}

/** A value as DuckDB writes it to Spark's JSON: fields that are NULL are left out, moments have their own form. */
export function printed(value: unknown, type: DataType, options: Options, zone: string): string | undefined {
  if (value === null || value === undefined) return undefined
  switch (type.kind) {
    case 'struct': {
      const row = value as Readonly<Record<string, unknown>>
      const keepNulls = options['ignorenullfields'] === 'false'
      const fields = type.fields.flatMap(f => {
        const text = printed(row[f.name], f.type, options, zone)
        return text === undefined && !keepNulls ? [] : [`${JSON.stringify(f.name)}:${text ?? 'null'}`]
      })
      return `{${fields.join(',')}}`
    }
    case 'array':
      return `[${(value as readonly unknown[]).map(v => printed(v, type.element, options, zone) ?? 'null').join(',')}]`
    case 'map':
      return `{${(value as readonly { k: unknown; v: unknown }[]).map(({ k, v }) => `${JSON.stringify(String(k))}:${printed(v, type.value, options, zone) ?? 'null'}`).join(',')}}`
    case 'timestamp': {
      const micros = BigInt(value as string)
      return JSON.stringify(formatInstant(micros, options['timestampformat'] ?? "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", zone))
    }
    case 'timestamp_ntz':
      return JSON.stringify(formatInstant(BigInt(value as string), options['timestampntzformat'] ?? "yyyy-MM-dd'T'HH:mm:ss.SSS", 'UTC'))
    case 'date':
      return JSON.stringify(
        options['dateformat'] === undefined
          ? value
          : formatInstant(BigInt(parseDate(String(value)) ?? 0) * 86_400_000_000n, options['dateformat'], 'UTC'),
      )
    case 'string':
    case 'daytime_interval':
    case 'yearmonth_interval':
    case 'interval':
    case 'time':
      return JSON.stringify(value)
    case 'binary':
      return JSON.stringify(Buffer.from(String(value), 'hex').toString('base64'))
    case 'float':
    case 'double': {
      const number = { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, '-inf': Number.NEGATIVE_INFINITY }[String(value)] ?? Number(value)
      const text = type.kind === 'float' ? floatText(Math.fround(number)) : doubleText(number)
      return Number.isFinite(number) ? text : JSON.stringify(text)
    }
    case 'decimal':
      // DuckDB leaves a zero before the point out where the type has no digit for it.
      return decimalText(String(value).replace(/^(-?)\./, (_, sign: string) => `${sign}0.`))
    default:
      return String(value)
  }
}

/** `$.a[0]['b'].*` in a document. */
function lookUp(node: JsonNode | undefined, path: string): JsonNode | undefined {
  let rest = path.slice(1)
  let current = node
  while (rest !== '' && current !== undefined) {
    const step = /^(?:\.([^.[\]]+)|\[(\d+)\]|\['([^']*)'\])/.exec(rest)
    if (step === null) return undefined
    rest = rest.slice(step[0].length)
    const name = step[1] ?? step[3]
    if (name !== undefined) current = current.kind === 'object' ? current.entries.find(([k]) => k === name)?.[1] : undefined
    else current = current.kind === 'array' ? current.items[Number(step[2])] : undefined
  }
  return current
}

export const jsonFunctions: readonly JsFunction[] = [
  strict('spk_from_json', fromJson),
  strict(
    'spk_to_json',
    (text, type, options, zone) => printed(JSON.parse(text), JSON.parse(type) as DataType, JSON.parse(options) as Options, zone) ?? null,
  ),
  strict('spk_get_json_object', (text, path) => {
    if (!path.startsWith('$')) return null
    const found = lookUp(readJson(text), path)
    if (found === undefined || found.kind === 'null') return null
    return found.kind === 'string' ? found.value : jsonText(found)
  }),
  strict('spk_json_array_length', text => {
    const node = readJson(text)
    return node?.kind === 'array' ? String(node.items.length) : null
  }),
  strict('spk_json_object_keys', text => {
    const node = readJson(text)
    return node?.kind === 'object' ? JSON.stringify(node.entries.map(([k]) => k)) : null
  }),
]
