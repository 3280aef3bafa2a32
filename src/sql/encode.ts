/**
 * Rows given to `createDataFrame` to a batch. Values are checked against the schema: a value that does not fit is an error that names row and field,
 * never a silent conversion.
 */
import type { Batch } from '../core/batch.js'
import { parseDate, parseTimestamp } from '../core/datetime.js'
import { SpkError } from '../core/errors.js'
import { type DataType, type StructType, typeString } from '../core/types.js'
import { ColumnBuilder } from './column-builder.js'
import { Decimal } from './decimal.js'
import { Interval } from './interval.js'
import { Timestamp } from './timestamp.js'

/** A row by name or by position. */
export type InputRow = object | readonly unknown[]

/** Rows to one batch. Errors: `FIELD_DATA_TYPE_UNACCEPTABLE`, `FIELD_NOT_NULLABLE`, `VALUE_OUT_OF_BOUNDS`, `AXIS_LENGTH_MISMATCH`. */
export function encodeRows(rows: readonly InputRow[], schema: StructType): Batch {
  const builders = schema.fields.map(f => new ColumnBuilder(f.type))
  for (const [r, row] of rows.entries()) {
    const byPosition = Array.isArray(row)
    if (byPosition && row.length !== schema.fields.length) {
      throw new SpkError('AXIS_LENGTH_MISMATCH', `Row ${r} has ${row.length} values, the schema has ${schema.fields.length} columns.`)
    }
    for (const [i, { name, nullable }] of schema.fields.entries()) {
      const value = byPosition ? row[i] : (row as Record<string, unknown>)[name]
      add(builders[i] as ColumnBuilder, value, nullable, () => `row ${r}, column ${name}`)
    }
  }
  return { schema, rows: rows.length, columns: builders.map(b => b.finish()) }
}

type Place = () => string

function add(builder: ColumnBuilder, value: unknown, nullable: boolean, place: Place): void {
  if (value === null || value === undefined) {
    if (!nullable) throw new SpkError('FIELD_NOT_NULLABLE', `NULL in ${place()}, which the schema declares NOT NULL.`)
    builder.addNull()
    return
  }
  const { type } = builder
  switch (type.kind) {
    case 'boolean':
      if (typeof value !== 'boolean') throw unacceptable(value, type, place)
      builder.addBoolean(value)
      return
    case 'string':
      if (typeof value !== 'string') throw unacceptable(value, type, place)
      builder.addBytes(Buffer.from(value, 'utf8'))
      return
    case 'binary':
      if (!(value instanceof Uint8Array)) throw unacceptable(value, type, place)
      builder.addBytes(value)
      return
    case 'array': {
      if (!Array.isArray(value) && !ArrayBuffer.isView(value)) throw unacceptable(value, type, place)
      for (const item of value as Iterable<unknown>) add(builder.children[0] as ColumnBuilder, item, type.containsNull, place)
      builder.closeNested()
      return
    }
    case 'map': {
      const entries = value instanceof Map ? value : isPlain(value) ? Object.entries(value) : undefined
      if (entries === undefined) throw unacceptable(value, type, place)
      for (const [k, v] of entries) {
        add(builder.children[0] as ColumnBuilder, k, false, place)
        add(builder.children[1] as ColumnBuilder, v, type.valueContainsNull, place)
      }
      builder.closeNested()
      return
    }
    case 'struct': {
      if (typeof value !== 'object') throw unacceptable(value, type, place)
      for (const [i, field] of type.fields.entries()) {
        const item = Array.isArray(value) ? value[i] : (value as Record<string, unknown>)[field.name]
        add(builder.children[i] as ColumnBuilder, item, field.nullable, () => `${place()}.${field.name}`)
      }
      builder.closeNested()
      return
    }
    default:
      builder.addFixed(fixedWriter(builder.width, value, type, place))
  }
}

export function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

const integerBits: Readonly<Record<string, number>> = { byte: 8, short: 16, int: 32, long: 64, hugeint: 128 }

type Write = (view: DataView, offset: number) => void

/** Checks a value of a fixed-width type and gives what writes it. */
function fixedWriter(width: number, value: unknown, type: DataType, place: Place): Write {
  switch (type.kind) {
    case 'byte':
    case 'short':
    case 'int':
    case 'long':
    case 'hugeint': {
      const whole = wholeNumber(value, type, place)
      return (view, at) => writeInteger(view, at, width, whole)
    }
    case 'float':
    case 'double': {
      if (typeof value !== 'number') throw unacceptable(value, type, place)
      return (view, at) => (type.kind === 'float' ? view.setFloat32(at, value, true) : view.setFloat64(at, value, true))
    }
    case 'decimal': {
      const unscaled = decimalOf(value, type, place)
      return (view, at) => writeInteger(view, at, 16, unscaled)
    }
    case 'date': {
      const days = value instanceof Date ? Math.floor(value.getTime() / 86_400_000) : typeof value === 'string' ? parseDate(value) : undefined
      if (days === undefined || Number.isNaN(days)) throw unacceptable(value, type, place)
      return (view, at) => view.setInt32(at, days, true)
    }
    case 'timestamp':
    case 'timestamp_ntz': {
      const micros = microsOf(value)
      if (micros === undefined) throw unacceptable(value, type, place)
      return (view, at) => view.setBigInt64(at, micros, true)
    }
    case 'daytime_interval': {
      if (!(value instanceof Interval) || value.months !== 0) throw unacceptable(value, type, place)
      return (view, at) => view.setBigInt64(at, BigInt(value.days) * 86_400_000_000n + value.micros, true)
    }
    case 'yearmonth_interval': {
      if (!(value instanceof Interval) || value.days !== 0 || value.micros !== 0n) throw unacceptable(value, type, place)
      return (view, at) => view.setInt32(at, value.months, true)
    }
    case 'interval': {
      if (!(value instanceof Interval)) throw unacceptable(value, type, place)
      return (view, at) => {
        view.setInt32(at, value.months, true)
        view.setInt32(at + 4, value.days, true)
        view.setBigInt64(at + 8, value.micros * 1000n, true)
      }
    }
    default:
      throw new SpkError('UNSUPPORTED_DATATYPE', `createDataFrame does not take columns of type ${typeString(type)} (${place()}).`, {
        sqlState: '0A000',
      })
  }
}

function writeInteger(view: DataView, at: number, width: number, value: bigint): void {
  if (width === 1) view.setInt8(at, Number(value))
  else if (width === 2) view.setInt16(at, Number(value), true)
  else if (width === 4) view.setInt32(at, Number(value), true)
  else view.setBigInt64(at, BigInt.asIntN(64, value), true)
  if (width === 16) view.setBigInt64(at + 8, value >> 64n, true)
}

function wholeNumber(value: unknown, type: DataType, place: Place): bigint {
  const whole = typeof value === 'bigint' ? value : typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : undefined
  if (whole === undefined) throw unacceptable(value, type, place)
  const bits = integerBits[type.kind] ?? 64
  if (BigInt.asIntN(bits, whole) !== whole) throw new SpkError('VALUE_OUT_OF_BOUNDS', `${value} in ${place()} does not fit ${typeString(type)}.`)
  return whole
}

function decimalOf(value: unknown, type: DataType & { kind: 'decimal' }, place: Place): bigint {
  const given =
    value instanceof Decimal
      ? value
      : typeof value === 'string' || typeof value === 'bigint' || typeof value === 'number'
        ? tryDecimal(String(value))
        : undefined
  if (given === undefined) throw unacceptable(value, type, place)
  const { unscaled } = given.rescale(type.scale)
  const size = unscaled < 0n ? -unscaled : unscaled
  if (size >= 10n ** BigInt(type.precision)) throw new SpkError('VALUE_OUT_OF_BOUNDS', `${value} in ${place()} does not fit ${typeString(type)}.`)
  return unscaled
}

function tryDecimal(text: string): Decimal | undefined {
  try {
    return Decimal.parse(text)
  } catch {
    return undefined
  }
}

function microsOf(value: unknown): bigint | undefined {
  if (value instanceof Timestamp) return value.micros
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : BigInt(value.getTime()) * 1000n
  if (typeof value !== 'string') return undefined
  const parsed = parseTimestamp(value)
  return parsed === undefined || parsed.zone !== undefined ? undefined : parsed.micros
}

/** What a value is, in words of JavaScript. */
export function kindOf(value: unknown): string {
  return value === null ? 'null' : typeof value === 'object' ? (value.constructor?.name ?? 'object') : typeof value
}

function unacceptable(value: unknown, type: DataType, place: Place): SpkError {
  return new SpkError('FIELD_DATA_TYPE_UNACCEPTABLE', `${typeString(type)} can not accept the ${kindOf(value)} ${shown(value)} in ${place()}.`)
}

function shown(value: unknown): string {
  const text = typeof value === 'object' && value !== null ? JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? String(v) : v)) : String(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}
