/**
 * StructType ⇄ Arrow schema. What Arrow can say is said in Arrow, so that any reader understands it: enum as utf8, uuid as fixed-size binary with the
 * canonical `arrow.uuid` extension, hugeint as decimal128(38, 0), durations and intervals as Arrow's. What it cannot say travels as field metadata `spk.type`,
 * the type as JSON. A timestamp is UTC, a timestamp_ntz has no zone.
 */
import { SpkError } from '../errors.js'
import type { DataType, StructField, StructType } from '../types.js'
import { type FlatNode, type FlatReader, flatString, flatTable, flatVector, i8, i16, i32, ref } from './flatbuffer.js'

const TYPE_KEY = 'spk.type'
const EXTENSION_KEY = 'ARROW:extension:name'
const UUID_EXTENSION = 'arrow.uuid'

/** Numbers of Arrow's `Type` union. */
const arrowType = {
  null: 1,
  int: 2,
  float: 3,
  binary: 4,
  utf8: 5,
  bool: 6,
  decimal: 7,
  date: 8,
  time: 9,
  timestamp: 10,
  interval: 11,
  list: 12,
  struct: 13,
  fixedBinary: 15,
  map: 17,
  duration: 18,
} as const
const MICROSECOND = 2

const integers: Readonly<Record<string, readonly [bits: number, signed: boolean]>> = {
  byte: [8, true],
  short: [16, true],
  int: [32, true],
  long: [64, true],
  ubyte: [8, false],
  ushort: [16, false],
  uint: [32, false],
  ulong: [64, false],
}

/** The Schema table, as a message header holds it. */
export function schemaTable(schema: StructType): FlatNode {
  return flatTable(undefined, ref(flatVector(schema.fields.map(fieldTable))))
}

function fieldTable(field: StructField): FlatNode {
  const [number, body] = typeTable(field.type)
  const metadata = fieldMetadata(field.type)
  return flatTable(
    ref(flatString(field.name)),
    i8(field.nullable ? 1 : 0),
    i8(number),
    ref(body),
    undefined,
    ref(flatVector(childFields(field.type).map(fieldTable))),
    metadata.length === 0 ? undefined : ref(flatVector(metadata.map(([key, value]) => flatTable(ref(flatString(key)), ref(flatString(value)))))),
  )
}

function childFields(type: DataType): readonly StructField[] {
  switch (type.kind) {
    case 'array':
      return [{ name: 'element', type: type.element, nullable: type.containsNull }]
    case 'map':
      return [
        {
          name: 'entries',
          nullable: false,
          type: {
            kind: 'struct',
            fields: [
              { name: 'key', type: type.key, nullable: false },
              { name: 'value', type: type.value, nullable: type.valueContainsNull },
            ],
          },
        },
      ]
    case 'struct':
      return type.fields
    default:
      return []
  }
}

function fieldMetadata(type: DataType): [string, string][] {
  switch (type.kind) {
    case 'enum':
    case 'hugeint':
      return [[TYPE_KEY, JSON.stringify(type)]]
    case 'daytime_interval':
    case 'yearmonth_interval':
      return type.units === undefined ? [] : [[TYPE_KEY, JSON.stringify(type)]]
    case 'uuid':
      return [
        [EXTENSION_KEY, UUID_EXTENSION],
        ['ARROW:extension:metadata', ''],
      ]
    default:
      return []
  }
}

function typeTable(type: DataType): [number, FlatNode] {
  const integer = integers[type.kind]
  if (integer !== undefined) return [arrowType.int, flatTable(i32(integer[0]), i8(integer[1] ? 1 : 0))]
  switch (type.kind) {
    case 'null':
      return [arrowType.null, flatTable()]
    case 'boolean':
      return [arrowType.bool, flatTable()]
    case 'float':
      return [arrowType.float, flatTable(i16(1))]
    case 'double':
      return [arrowType.float, flatTable(i16(2))]
    case 'string':
    case 'enum':
      return [arrowType.utf8, flatTable()]
    case 'binary':
      return [arrowType.binary, flatTable()]
    case 'date':
      return [arrowType.date, flatTable(i16(0))]
    case 'timestamp':
      return [arrowType.timestamp, flatTable(i16(MICROSECOND), ref(flatString('UTC')))]
    case 'timestamp_ntz':
      return [arrowType.timestamp, flatTable(i16(MICROSECOND))]
    case 'time':
      return [arrowType.time, flatTable(i16(MICROSECOND), i32(64))]
    case 'interval':
      return [arrowType.interval, flatTable(i16(2))]
    case 'yearmonth_interval':
      return [arrowType.interval, flatTable(i16(0))]
    case 'daytime_interval':
      return [arrowType.duration, flatTable(i16(MICROSECOND))]
    case 'decimal':
      return [arrowType.decimal, flatTable(i32(type.precision), i32(type.scale), i32(type.bits ?? 128))]
    case 'hugeint':
      return [arrowType.decimal, flatTable(i32(38), i32(0), i32(128))]
    case 'uuid':
      return [arrowType.fixedBinary, flatTable(i32(16))]
    case 'array':
      return [arrowType.list, flatTable()]
    case 'map':
      return [arrowType.map, flatTable(i8(0))]
    case 'struct':
      return [arrowType.struct, flatTable()]
    default:
      throw new Error(`bug in spk: no Arrow type for ${type.kind}`)
  }
}

/** Reads a Schema table. Types that no spk type can hold are `SPK_ARROW_UNSUPPORTED`, naming the field. */
export function readSchema(table: FlatReader): StructType {
  return { kind: 'struct', fields: table.tables(1).map(readField) }
}

function readField(field: FlatReader): StructField {
  const name = field.text(0) ?? ''
  if (field.table(4) !== undefined) throw unsupported(name, 'dictionary-encoded values')
  const metadata = new Map(field.tables(6).map(pair => [pair.text(0) ?? '', pair.text(1) ?? '']))
  const own = metadata.get(TYPE_KEY)
  const type = own === undefined ? readType(name, field, metadata) : ownType(name, own)
  return { name, type, nullable: field.i8(1) !== 0 }
}

/** The types that Arrow has no word for. */
function ownType(name: string, json: string): DataType {
  let type: Partial<DataType> | undefined
  try {
    type = JSON.parse(json) as Partial<DataType>
  } catch {
    type = undefined
  }
  if (type?.kind === 'hugeint') return { kind: 'hugeint' }
  if ((type?.kind === 'daytime_interval' || type?.kind === 'yearmonth_interval') && typeof type.units === 'string')
    return { kind: type.kind, units: type.units }
  if (type?.kind === 'enum' && Array.isArray(type.values) && type.values.every(v => typeof v === 'string'))
    return { kind: 'enum', values: type.values }
  throw unsupported(name, `field metadata ${TYPE_KEY} that says "${json}"`)
}

function readType(name: string, field: FlatReader, metadata: ReadonlyMap<string, string>): DataType {
  const body = field.table(3)
  if (body === undefined) throw unsupported(name, 'a field without a type')
  const number = field.i8(2)
  const children = field.tables(5).map(readField)
  switch (number) {
    case arrowType.null:
      return { kind: 'null' }
    case arrowType.int: {
      const [bits, signed] = [body.i32(0), body.i8(1) !== 0]
      const found = Object.entries(integers).find(([, [b, s]]) => b === bits && s === signed)
      if (found === undefined) throw unsupported(name, `integers of ${bits} bits`)
      return { kind: found[0] as 'int' }
    }
    case arrowType.float:
      if (body.i16(0) === 0) throw unsupported(name, 'half-precision numbers')
      return { kind: body.i16(0) === 1 ? 'float' : 'double' }
    case arrowType.binary:
      return { kind: 'binary' }
    case arrowType.utf8:
      return { kind: 'string' }
    case arrowType.bool:
      return { kind: 'boolean' }
    case arrowType.decimal:
      switch (body.i32(2, 128)) {
        case 128:
          return { kind: 'decimal', precision: body.i32(0), scale: body.i32(1) }
        case 64:
          return { kind: 'decimal', precision: body.i32(0), scale: body.i32(1), bits: 64 }
        default:
          throw unsupported(name, `decimals of ${body.i32(2)} bits`)
      }
    case arrowType.date:
      if (body.i16(0, 1) !== 0) throw unsupported(name, 'dates in milliseconds')
      return { kind: 'date' }
    case arrowType.time:
      if (body.i16(0, 1) !== MICROSECOND) throw unsupported(name, 'times in another unit than microseconds')
      return { kind: 'time' }
    case arrowType.timestamp:
      if (body.i16(0) !== MICROSECOND) throw unsupported(name, 'timestamps in another unit than microseconds')
      return { kind: (body.text(1) ?? '') === '' ? 'timestamp_ntz' : 'timestamp' }
    case arrowType.interval:
      if (body.i16(0) === 1) throw unsupported(name, 'intervals of days and milliseconds')
      return { kind: body.i16(0) === 0 ? 'yearmonth_interval' : 'interval' }
    case arrowType.duration:
      if (body.i16(0, 1) !== MICROSECOND) throw unsupported(name, 'durations in another unit than microseconds')
      return { kind: 'daytime_interval' }
    case arrowType.fixedBinary:
      if (body.i32(0) !== 16 || metadata.get(EXTENSION_KEY) !== UUID_EXTENSION) throw unsupported(name, 'fixed-size binary other than UUID')
      return { kind: 'uuid' }
    case arrowType.list: {
      const [element] = children
      if (element === undefined) throw unsupported(name, 'a list without an element type')
      return { kind: 'array', element: element.type, containsNull: element.nullable }
    }
    case arrowType.map: {
      const entries = children[0]?.type
      const [key, value] = entries?.kind === 'struct' ? entries.fields : []
      if (key === undefined || value === undefined) throw unsupported(name, 'a map without key and value types')
      return { kind: 'map', key: key.type, value: value.type, valueContainsNull: value.nullable }
    }
    case arrowType.struct:
      return { kind: 'struct', fields: children }
    default:
      throw unsupported(name, `Arrow type number ${number}`)
  }
}

function unsupported(field: string, what: string): SpkError {
  return new SpkError(
    'SPK_ARROW_UNSUPPORTED',
    `Arrow column ${field} has ${what}, which spk cannot read. It reads integers to 64 bits, floats, decimals of 64 and 128 bits, utf8, binary, booleans, dates in days, times, timestamps and durations in microseconds, intervals, lists, maps, structs and UUIDs; cast the column before.`,
    { params: { field } },
  )
}
