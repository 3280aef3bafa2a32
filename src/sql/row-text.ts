/** Rows as lines of text for other programs: JSON as Spark's `toJSON` writes it, CSV as RFC 4180 has it. Used by `spk sql`. */

import { decimalText, doubleText, floatText } from '../core/java-number.js'
import type { DataType, StructType } from '../core/types.js'
import { cellText } from './cell-text.js'
import type { Value } from './row.js'
import type { Timestamp } from './timestamp.js'

/**
 * One JSON object on one line. NULL fields are left out (inside of arrays and maps they are `null`), numbers keep all digits, NaN and infinities are
 * strings, binary is base64, timestamps are ISO 8601 with milliseconds and the offset of `timeZone`.
 */
export function jsonLine(row: readonly Value[], schema: StructType, timeZone: string): string {
  const fields = schema.fields.flatMap((f, i) => {
    const value = row[i] ?? null
    return value === null ? [] : [`${JSON.stringify(f.name)}:${jsonText(value, f.type, timeZone)}`]
  })
  return `{${fields.join(',')}}`
}

function jsonText(value: Value, type: DataType, timeZone: string): string {
  if (value === null || value === undefined) return 'null'
  switch (type.kind) {
    case 'float':
    case 'double': {
      const text = type.kind === 'float' ? floatText(value as number) : doubleText(value as number)
      return Number.isFinite(value) ? text : `"${text}"`
    }
    case 'boolean':
    case 'byte':
    case 'short':
    case 'int':
    case 'long':
    case 'ubyte':
    case 'ushort':
    case 'uint':
    case 'ulong':
      return String(value)
    case 'decimal':
      return decimalText(String(value))
    case 'binary':
      return `"${Buffer.from(value as Uint8Array).toString('base64')}"`
    case 'timestamp':
      return `"${isoText(value as Timestamp, timeZone)}${offsetText(value as Timestamp, timeZone)}"`
    case 'timestamp_ntz':
      return `"${isoText(value as Timestamp, 'UTC')}"`
    case 'array':
      return `[${(value as readonly Value[]).map(v => jsonText(v, type.element, timeZone)).join(',')}]`
    case 'map':
      return `{${[...(value as ReadonlyMap<Value, Value>)]
        .map(([k, v]) => `${JSON.stringify(cellText(k, type.key, timeZone))}:${jsonText(v, type.value, timeZone)}`)
        .join(',')}}`
    case 'struct':
      return jsonLine(
        type.fields.map(f => (value as Readonly<Record<string, Value>>)[f.name] ?? null),
        type,
        timeZone,
      )
    default:
      return JSON.stringify(cellText(value, type, timeZone))
  }
}

/** `2026-01-31T12:00:00.123`: always three digits, the rest cut off. */
function isoText(value: Timestamp, timeZone: string): string {
  const [whole = '', fraction = ''] = value.format(timeZone).split('.')
  return `${whole.replace(' ', 'T')}.${fraction.padEnd(3, '0').slice(0, 3)}`
}

/** `Z`, `+01:00`: how far the wall clock of the zone is from UTC at this time. */
function offsetText(value: Timestamp, timeZone: string): string {
  const wall = Date.parse(`${isoText(value, timeZone)}Z`)
  const minutes = Math.round((wall - Date.parse(`${isoText(value, 'UTC')}Z`)) / 60_000)
  if (minutes === 0 || Number.isNaN(minutes)) return 'Z'
  const size = Math.abs(minutes)
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${minutes < 0 ? '-' : '+'}${two(Math.trunc(size / 60))}:${two(size % 60)}`
}

/** The names of the columns as a line of CSV. */
export function csvHeader(schema: StructType): string {
  return schema.fields.map(f => quoted(f.name)).join(',')
}

/** A line of CSV: NULL is nothing, an empty string `""`, a quote inside of quotes two. */
export function csvLine(row: readonly Value[], schema: StructType, timeZone: string): string {
  const cells = schema.fields.map((f, i) => {
    const value = row[i] ?? null
    return value === null ? '' : quoted(cellText(value, f.type, timeZone))
  })
  // A blank line would be skipped by whoever reads it.
  return cells.length === 1 && cells[0] === '' ? '""' : cells.join(',')
}

function quoted(text: string): string {
  return text === '' || /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
