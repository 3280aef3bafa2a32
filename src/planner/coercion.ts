/**
 * Which types meet, and where: Spark 4's ANSI rules for the common type of several expressions and for the implicit cast of an argument. Pure; the
 * analyzer and the table of functions use it.
 */
import { intervalOf, isAnsiInterval, unitRange, unitsText } from '../core/intervals.js'
import { array, type DataType, map, sameType, struct, types } from '../core/types.js'
import { type BoundCast, type BoundExpr, type CastMode, isNullable, nullOf } from './bound.js'
import { decimalFor, widerDecimal } from './decimal-rules.js'

const integralOrder = ['byte', 'short', 'int', 'long'] as const

export function isIntegral(type: DataType): boolean {
  return (integralOrder as readonly string[]).includes(type.kind)
}
export function isFractional(type: DataType): boolean {
  return type.kind === 'float' || type.kind === 'double' || type.kind === 'decimal'
}
export function isNumeric(type: DataType): boolean {
  return isIntegral(type) || isFractional(type)
}
export function isAtomic(type: DataType): boolean {
  return type.kind !== 'array' && type.kind !== 'map' && type.kind !== 'struct'
}
/** Has an order: comparisons, sorting and min/max work. */
export function isOrderable(type: DataType): boolean {
  switch (type.kind) {
    case 'map':
    case 'interval':
      return false
    case 'array':
      return isOrderable(type.element)
    case 'struct':
      return type.fields.every(f => isOrderable(f.type))
    default:
      return true
  }
}

/** An explicit cast node; the child itself when it has the type already. */
export function castTo(child: BoundExpr, type: DataType, mode: CastMode = 'ansi'): BoundExpr {
  if (sameType(child.type, type)) return child
  if (child.kind === 'Literal' && child.value === null) return nullOf(type)
  // NaN and the infinities are no decimals.
  const mayBeNone = type.kind === 'decimal' && (child.type.kind === 'double' || child.type.kind === 'float')
  const cast: BoundCast = { kind: 'Cast', child, type, mode, nullable: mode !== 'ansi' || mayBeNone || isNullable(child) }
  return cast
}

/** The type to which both can be brought for a comparison, CASE, COALESCE, IN or set operation; undefined when there is none. */
export function commonType(a: DataType, b: DataType): DataType | undefined {
  if (sameType(a, b)) return a.kind === 'array' || a.kind === 'map' || a.kind === 'struct' ? commonNested(a, b) : a
  if (a.kind === 'null') return b
  if (b.kind === 'null') return a
  if (isNumeric(a) && isNumeric(b)) return commonNumeric(a, b)
  if (a.kind === 'string' || b.kind === 'string') return commonWithString(a.kind === 'string' ? b : a)
  return commonDatetime(a, b) ?? commonInterval(a, b) ?? commonNested(a, b)
}

/** From the larger first unit to the smaller last one. */
function commonInterval(a: DataType, b: DataType): DataType | undefined {
  if (!isAnsiInterval(a) || !isAnsiInterval(b) || a.kind !== b.kind) return undefined
  const [x, y] = [unitRange(a), unitRange(b)]
  return intervalOf(a.kind, Math.min(x[0], y[0]), Math.max(x[1], y[1]))
}

function commonNumeric(a: DataType, b: DataType): DataType {
  if (a.kind === 'double' || b.kind === 'double') return types.double
  // Float with anything else is double: no loss.
  if (a.kind === 'float' || b.kind === 'float') return types.double
  const x = decimalFor(a)
  const y = decimalFor(b)
  if ((a.kind === 'decimal' || b.kind === 'decimal') && x !== undefined && y !== undefined) return widerDecimal(x, y)
  const order = integralOrder as readonly string[]
  return order.indexOf(a.kind) >= order.indexOf(b.kind) ? a : b
}

function commonWithString(other: DataType): DataType | undefined {
  if (isIntegral(other)) return types.long
  if (isFractional(other)) return types.double
  if (other.kind === 'interval' || other.kind === 'daytime_interval' || other.kind === 'yearmonth_interval') return undefined
  return isAtomic(other) ? other : undefined
}

function commonDatetime(a: DataType, b: DataType): DataType | undefined {
  const kinds = [a.kind, b.kind]
  const only = (...allowed: string[]) => kinds.every(k => allowed.includes(k))
  if (only('date', 'timestamp')) return types.timestamp
  if (only('date', 'timestamp_ntz')) return types.timestampNtz
  if (only('timestamp', 'timestamp_ntz')) return types.timestamp
  return undefined
}

function commonNested(a: DataType, b: DataType): DataType | undefined {
  if (a.kind === 'array' && b.kind === 'array') {
    const element = commonType(a.element, b.element)
    return element === undefined ? undefined : array(element, a.containsNull || b.containsNull)
  }
  if (a.kind === 'map' && b.kind === 'map') {
    const key = commonType(a.key, b.key)
    const value = commonType(a.value, b.value)
    return key === undefined || value === undefined ? undefined : map(key, value, a.valueContainsNull || b.valueContainsNull)
  }
  if (a.kind === 'struct' && b.kind === 'struct' && a.fields.length === b.fields.length) {
    const fields = a.fields.map((f, i) => {
      const other = b.fields[i]
      const type = other !== undefined && other.name.toLowerCase() === f.name.toLowerCase() ? commonType(f.type, other.type) : undefined
      return type === undefined || other === undefined ? undefined : { name: f.name, type, nullable: f.nullable || other.nullable }
    })
    const known = fields.filter(f => f !== undefined)
    return known.length === fields.length ? struct(known) : undefined
  }
  return undefined
}

/** As `commonType`, but text and other types have nothing in common: for elements of collections, greatest, VALUES. */
export function commonTypeWithoutText(a: DataType, b: DataType): DataType | undefined {
  if ((a.kind === 'string') !== (b.kind === 'string') && a.kind !== 'null' && b.kind !== 'null') return undefined
  return commonType(a, b)
}

/** The common type of several; `void` for none. Undefined when there is none. */
export function commonTypeOf(all: readonly DataType[], common: typeof commonType = commonType): DataType | undefined {
  let result: DataType | undefined = types.null
  for (const type of all) {
    result = common(result, type)
    if (result === undefined) return undefined
  }
  return result
}

/** What a parameter takes: a type, or a class of types. */
export type Expected =
  | DataType
  | 'any'
  | 'numeric'
  | 'integral'
  | 'upToInt'
  | 'orderable'
  | 'array'
  | 'map'
  | 'struct'
  | 'datetime'
  | 'stringOrBinary'

/** The argument as the parameter wants it, cast if that is allowed implicitly; undefined when it is not. */
export function implicitCast(arg: BoundExpr, expected: Expected, mode: CastMode = 'ansi'): BoundExpr | undefined {
  const type = arg.type
  const isNull = type.kind === 'null'
  switch (expected) {
    case 'any':
      return arg
    case 'numeric':
      if (isNumeric(type)) return arg
      return type.kind === 'string' || isNull ? castTo(arg, types.double, mode) : undefined
    case 'integral':
      if (isIntegral(type)) return arg
      if (isNull) return nullOf(types.int)
      return type.kind === 'string' ? castTo(arg, types.long, mode) : undefined
    case 'upToInt':
      if (isNull) return nullOf(types.int)
      return type.kind === 'int' || type.kind === 'short' || type.kind === 'byte' ? castTo(arg, types.int, mode) : undefined
    case 'orderable':
      return isOrderable(type) ? arg : undefined
    case 'array':
      return type.kind === 'array' ? arg : isNull ? nullOf(array(types.null)) : undefined
    case 'map':
      return type.kind === 'map' ? arg : undefined
    case 'struct':
      return type.kind === 'struct' ? arg : undefined
    case 'datetime':
      if (type.kind === 'date' || type.kind === 'timestamp' || type.kind === 'timestamp_ntz') return arg
      return type.kind === 'string' || isNull ? castTo(arg, types.timestamp, mode) : undefined
    case 'stringOrBinary':
      if (type.kind === 'binary') return arg
      return implicitCast(arg, types.string, mode)
    default:
      return implicitCastToType(arg, expected, mode)
  }
}

function implicitCastToType(arg: BoundExpr, to: DataType, mode: CastMode): BoundExpr | undefined {
  const from = arg.type
  if (sameType(from, to)) return arg
  if (from.kind === 'null') return nullOf(to)
  if (from.kind === 'array' && to.kind === 'array') {
    const element = implicitCastToType({ kind: 'LambdaVariable', id: -1, name: '', type: from.element, nullable: true }, to.element, mode)
    if (element !== undefined) return castTo(arg, array(to.element, from.containsNull), mode)
  }
  const fits = commonType(from, to)
  if (from.kind === 'string' && isAtomic(to)) return to.kind === 'boolean' && mode === 'legacy' ? undefined : castTo(arg, to, mode)
  if (to.kind === 'string') return isAtomic(from) && from.kind !== 'interval' ? castTo(arg, to, mode) : undefined
  if (to.kind === 'double' && isNumeric(from)) return castTo(arg, to, mode)
  if (to.kind === 'date' && (from.kind === 'timestamp' || from.kind === 'timestamp_ntz')) return castTo(arg, to, mode)
  if (isIntegral(to) && isNumeric(from)) return castTo(arg, to, mode)
  // Every parameter of decimal or nested type is widened only.
  return fits !== undefined && sameType(fits, to) ? castTo(arg, to, mode) : undefined
}

/** How messages name what a parameter takes. */
export function expectedName(expected: Expected): string {
  switch (expected) {
    case 'any':
      return 'ANY'
    case 'numeric':
      return 'NUMERIC'
    case 'integral':
      return 'INTEGRAL'
    case 'upToInt':
      return '("INT" or "SMALLINT" or "TINYINT")'
    case 'orderable':
      return 'ORDERABLE'
    case 'array':
      return 'ARRAY'
    case 'map':
      return 'MAP'
    case 'struct':
      return 'STRUCT'
    case 'datetime':
      return 'TIMESTAMP'
    case 'stringOrBinary':
      return '("STRING" or "BINARY")'
    default:
      return sqlTypeName(expected)
  }
}

/** A type as Spark's messages and generated names write it: `ARRAY<INT>`, `DECIMAL(10,2)`. */
export function sqlTypeName(type: DataType): string {
  switch (type.kind) {
    case 'array':
      return `ARRAY<${sqlTypeName(type.element)}>`
    case 'map':
      return `MAP<${sqlTypeName(type.key)}, ${sqlTypeName(type.value)}>`
    case 'struct':
      return `STRUCT<${type.fields.map(f => `${f.name}: ${sqlTypeName(f.type)}${f.nullable ? '' : ' NOT NULL'}`).join(', ')}>`
    case 'decimal':
      return `DECIMAL(${type.precision},${type.scale})`
    case 'daytime_interval':
    case 'yearmonth_interval':
      return `INTERVAL ${unitsText(type as Parameters<typeof unitsText>[0]).toUpperCase()}`
    default:
      return simpleSqlNames[type.kind] ?? type.kind.toUpperCase()
  }
}

const simpleSqlNames: Readonly<Record<string, string>> = {
  null: 'VOID',
  byte: 'TINYINT',
  short: 'SMALLINT',
  long: 'BIGINT',
}
