/**
 * Whether strings of a row group can meet a test, by the ends that its footer tells, in the order of their UTF-8 bytes, which is the order of strings. An end
 * may be cut short: the lower one is then still no larger than any string, the upper one may be the beginning of a larger string. Used by `row-group-filter.ts`.
 */
import type { BoundExpr } from './bound.js'
import type { ColumnFooter } from './ports.js'

export type TextEnds = NonNullable<ColumnFooter['texts']>

const ordered = new Set(['=', '<', '<=', '>', '>=', 'in', 'startswith', 'like'])

/** `others`: what the column is tested against. True where nothing is known. */
export function textMayHold(fn: string, { low, high }: TextEnds, others: readonly BoundExpr[]): boolean {
  if (!ordered.has(fn)) return true
  const reaches = (text: string) => isBelow(text, high) || text.startsWith(high)
  const values = others.map(textOf)
  if (fn === 'in') return values.some(v => v === undefined || (v !== null && !isBelow(v, low) && reaches(v)))
  const [value, more] = values
  if (value === undefined || others.length > (fn === 'like' ? 2 : 1)) return true
  if (value === null) return false
  switch (fn) {
    case '<':
      return isBelow(low, value)
    case '<=':
      return !isBelow(value, low)
    case '>':
    case '>=':
      // Also when it is the upper end itself, with which larger strings may begin.
      return reaches(value)
    case 'like': {
      const prefix = others.length === 1 || more === '\\' ? /^[^%_\\]*/.exec(value)?.[0] : undefined
      return prefix === undefined || beginsMayHold(prefix)
    }
    case 'startswith':
      return beginsMayHold(value)
    default:
      return !isBelow(value, low) && reaches(value)
  }

  function beginsMayHold(prefix: string): boolean {
    return reaches(prefix) && (!isBelow(prefix, low) || low.startsWith(prefix))
  }
}

/** Undefined: not a text that is known. */
function textOf(e: BoundExpr): string | null | undefined {
  if (e.kind !== 'Literal') return undefined
  return e.value === null || typeof e.value === 'string' ? e.value : undefined
}

/** Whether one text comes before another by code points, which is by bytes of UTF-8. UTF-16, by which JavaScript compares, has pairs of units below some single ones. */
export function isBelow(a: string, b: string): boolean {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)]
    if (x !== y) return rank(x) < rank(y)
  }
  return a.length < b.length
}

/** Units of pairs after all others. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit
}
