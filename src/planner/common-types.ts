/**
 * Which types meet in which place, by the session's mode. With ANSI on one rule serves all; with it off a text beside another type wins in CASE,
 * COALESCE and collections, and gives way in comparisons, and float holds integers. Pure; the analyzer and the table of functions use it.
 */
import { array, type DataType, map, sameType, struct, types } from '../core/types.js'
import { commonType, commonTypeWithoutText, isAtomic, isIntegral } from './coercion.js'

export type CommonType = (a: DataType, b: DataType) => DataType | undefined

export interface CommonTypes {
  /** CASE, COALESCE, IN lists, set operations. */
  readonly wider: CommonType
  /** VALUES, greatest, least, look-ups in collections: never a text and something else. */
  readonly withoutText: CommonType
  /** Both sides of a comparison. */
  readonly comparison: CommonType
}

const ansiTypes: CommonTypes = { wider: commonType, withoutText: commonTypeWithoutText, comparison: commonType }

export function commonTypes(ansi: boolean): CommonTypes {
  return ansi ? ansiTypes : legacyTypes
}

const isText = (type: DataType) => type.kind === 'string'

function withoutText(a: DataType, b: DataType): DataType | undefined {
  if (isText(a) !== isText(b) && a.kind !== 'null' && b.kind !== 'null') return undefined
  if ((a.kind === 'float' && isIntegral(b)) || (b.kind === 'float' && isIntegral(a))) return types.float
  return isAtomic(a) || isAtomic(b) || sameType(a, b) ? commonType(a, b) : nested(a, b, withoutText)
}

function wider(a: DataType, b: DataType): DataType | undefined {
  const other = isText(a) ? b : a
  if (isText(a) !== isText(b) && other.kind !== 'null')
    return isAtomic(other) && !['boolean', 'binary', 'interval'].includes(other.kind) ? types.string : undefined
  return nested(a, b, wider) ?? withoutText(a, b)
}

function comparison(a: DataType, b: DataType): DataType | undefined {
  const other = isText(a) ? b : a
  if (isText(a) === isText(b) || other.kind === 'null') return withoutText(a, b)
  if (!isAtomic(other) || other.kind.endsWith('interval')) return undefined
  return other.kind === 'decimal' ? types.double : other
}

/** Collections of different types whose parts meet; undefined for anything else. */
function nested(a: DataType, b: DataType, common: CommonType): DataType | undefined {
  if (sameType(a, b)) return undefined
  if (a.kind === 'array' && b.kind === 'array') {
    const element = common(a.element, b.element)
    return element === undefined ? undefined : array(element, a.containsNull || b.containsNull)
  }
  if (a.kind === 'map' && b.kind === 'map') {
    const [key, value] = [common(a.key, b.key), common(a.value, b.value)]
    return key === undefined || value === undefined ? undefined : map(key, value, a.valueContainsNull || b.valueContainsNull)
  }
  if (a.kind !== 'struct' || b.kind !== 'struct' || a.fields.length !== b.fields.length) return undefined
  const fields = a.fields.map((f, i) => {
    const other = b.fields[i] as (typeof b.fields)[number]
    const type = other.name.toLowerCase() === f.name.toLowerCase() ? common(f.type, other.type) : undefined
    return type === undefined ? undefined : { name: f.name, type, nullable: f.nullable || other.nullable }
  })
  const known = fields.filter(f => f !== undefined)
  return known.length === fields.length ? struct(known) : undefined
}

const legacyTypes: CommonTypes = { wider, withoutText, comparison }
