/** Judges what a statement gave against what Spark gives: rows and types, or the condition of the error. Pure. */
import { type StructType, typeString } from '#src/core/types.js'
import type { Expected } from './golden.js'
import { byCodeUnits } from './hive-text.js'

/** pass: as Spark. rows, type: another answer. refused: Spark answers. accepted: Spark fails. error: both fail, each in its way. timeout: took too long. */
export type Verdict = 'pass' | 'rows' | 'type' | 'refused' | 'accepted' | 'error' | 'timeout'

/** What spk gave. */
export type Actual =
  | { readonly kind: 'rows'; readonly schema: StructType; readonly lines: readonly string[]; readonly sorted: boolean }
  | { readonly kind: 'error'; readonly code: string; readonly message: string; readonly start?: number; readonly stop?: number }

export interface Judgement {
  readonly verdict: Verdict
  /** As Spark, but a generated column name differs. */
  readonly names?: boolean
  /** As Spark, but the error points at another place. */
  readonly place?: boolean
  /** For people: what was expected and what came. */
  readonly detail?: string
}

export function judge(expected: Expected, actual: Actual): Judgement {
  if (expected.kind === 'error') {
    if (actual.kind === 'rows')
      return { verdict: 'accepted', detail: `expected ${expected.condition ?? 'an error'}, got ${actual.lines.slice(0, 3).join(' | ')}` }
    // An older exception without a condition: any typed refusal will do.
    if (expected.condition === undefined) return isTyped(actual.code) ? { verdict: 'pass' } : { verdict: 'error', detail: actual.message }
    if (expected.condition !== actual.code)
      return { verdict: 'error', detail: `expected ${expected.condition}, got ${actual.code}: ${actual.message}` }
    const place = expected.start !== undefined && (expected.start !== actual.start || expected.stop !== actual.stop)
    return place ? { verdict: 'pass', place } : { verdict: 'pass' }
  }
  if (actual.kind === 'error') return { verdict: 'refused', detail: `${actual.code}: ${actual.message}` }
  const schema = schemaText(actual.schema)
  const sameNames = mask(schema) === mask(expected.schema)
  if (!sameNames && !sameTypes(expected.schema, actual.schema)) return { verdict: 'type', detail: `expected ${expected.schema}, got ${schema}` }
  if (!sameRows(expected.output, actual)) {
    const lines = actual.sorted ? actual.lines : [...actual.lines].sort(byCodeUnits)
    return { verdict: 'rows', detail: `expected ${cut(expected.output)}\ngot      ${cut(lines.join('\n'))}` }
  }
  return sameNames ? { verdict: 'pass' } : { verdict: 'pass', names: true }
}

function cut(text: string): string {
  return text.length > 600 ? `${text.slice(0, 600)} …` : text
}

/** Internal failures and crashes are no refusals. */
function isTyped(code: string): boolean {
  return !code.startsWith('SPK_')
}

export function schemaText(schema: StructType): string {
  return `struct<${schema.fields.map(f => `${f.name}:${typeString(f.type)}`).join(',')}>`
}

/** Whether the expected text is some names with exactly these types. */
export function sameTypes(expected: string, schema: StructType): boolean {
  const pattern = schema.fields.map(f => `[\\s\\S]*:${typeString(f.type).replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`).join(',')
  return new RegExp(`^struct<${pattern}>$`).test(expected)
}

/** What differs from run to run. */
export function mask(text: string): string {
  return text.replace(/#\d+/g, '#x').replace(/plan_id=\d+/g, 'plan_id=x')
}

function sameRows(expected: string, actual: Actual & { kind: 'rows' }): boolean {
  const lines = actual.sorted ? actual.lines : [...actual.lines].sort(byCodeUnits)
  const got = mask(lines.join('\n')).replace(/\s+$/, '')
  if (got === expected) return true
  // A sorted query may order equal keys as it likes.
  const wanted = expected.split('\n')
  const floating = actual.schema.fields.some(f => /\b(double|float)\b/.test(typeString(f.type)))
  if (!floating) return false
  const given = got.split('\n')
  return wanted.length === given.length && wanted.every((line, i) => sameLine(line, given[i] ?? ''))
}

const number = /-?\d+(?:\.\d+)?(?:E-?\d+)?/g

/** Equal but for the last digits of numbers. */
function sameLine(a: string, b: string): boolean {
  if (a === b) return true
  if (a.replace(number, '#') !== b.replace(number, '#')) return false
  const [x, y] = [a.match(number) ?? [], b.match(number) ?? []]
  return x.every((text, i) => {
    const [m, n] = [Number(text), Number(y[i])]
    return m === n || Math.abs(m - n) <= 1e-12 * Math.max(Math.abs(m), Math.abs(n))
  })
}
