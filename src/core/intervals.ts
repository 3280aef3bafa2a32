/** The units of ANSI intervals: which of them a type spans, which two types together span, and how values are written in them. Pure. */
import type { AtomicType, DataType } from './types.js'

/** Units from the largest, in each family; the index is the unit's number. */
const families = { yearmonth_interval: ['year', 'month'], daytime_interval: ['day', 'hour', 'minute', 'second'] } as const
export type IntervalKind = keyof typeof families

export function isAnsiInterval(type: DataType): type is AtomicType & { readonly kind: IntervalKind } {
  return type.kind === 'yearmonth_interval' || type.kind === 'daytime_interval'
}

/** First and last unit, by number. */
export function unitRange(type: AtomicType & { readonly kind: IntervalKind }): readonly [number, number] {
  const units: readonly string[] = families[type.kind]
  if (type.units === undefined) return [0, units.length - 1]
  const [from = '', to = from] = type.units.split(' to ')
  return [units.indexOf(from), units.indexOf(to)]
}

/** The type of a family from one unit to another. */
export function intervalOf(kind: IntervalKind, from: number, to: number): AtomicType & { readonly kind: IntervalKind } {
  const units: readonly string[] = families[kind]
  if (from === 0 && to === units.length - 1) return { kind }
  return { kind, units: from === to ? (units[from] ?? '') : `${units[from]} to ${units[to]}` }
}

/** `day to second`, also when the type spans its whole family. */
export function unitsText(type: AtomicType & { readonly kind: IntervalKind }): string {
  const [from, to] = unitRange(type)
  const units: readonly string[] = families[type.kind]
  return from === to ? (units[from] ?? '') : `${units[from]} to ${units[to]}`
}

const microsOf = [86_400_000_000n, 3_600_000_000n, 60_000_000n, 1_000_000n] as const

/** A value in the units of its type, with sign: `1-2`, `-3 04:05`, `00.5`. */
export function intervalBody(value: bigint, type: AtomicType & { readonly kind: IntervalKind }): string {
  const size = value < 0n ? -value : value
  const sign = value < 0n ? '-' : ''
  const [from, to] = unitRange(type)
  if (type.kind === 'yearmonth_interval') {
    if (from === to) return `${sign}${from === 0 ? size / 12n : size}`
    return `${sign}${size / 12n}-${size % 12n}`
  }
  let rest = size
  let out = ''
  for (let unit = from; unit <= to; unit++) {
    const per = microsOf[unit] as bigint
    const n = rest / per
    rest %= per
    const separator = unit === from ? '' : unit === 1 ? ' ' : ':'
    out += separator + (unit === 0 ? String(n) : n.toString().padStart(2, '0'))
  }
  if (to === 3) {
    const fraction = rest.toString().padStart(6, '0').replace(/0+$/, '')
    if (fraction !== '') out += `.${fraction}`
  }
  return sign + out
}

/** `INTERVAL '1 02' DAY TO HOUR`, as Spark casts to text and names literals. */
export function intervalText(value: bigint, type: AtomicType & { readonly kind: IntervalKind }): string {
  return `INTERVAL '${intervalBody(value, type)}' ${unitsText(type).toUpperCase()}`
}
