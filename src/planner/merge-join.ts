/**
 * Which joins can run as sort-merge joins, and by which key: `physical/` chooses, `lower/` writes. DuckDB merges two sorted sides for a pair of range
 * conditions (both sort on disk where memory ends), so one pair of equal keys is written as two of them: `a <= b AND a >= b`. Whatever else the condition
 * says is looked at for each such pair of rows. Inner joins only: an outer one of sides that do not overlap ends the process in DuckDB 1.5.6 when its rows
 * are filtered.
 */
import type { BoundExpr } from './bound.js'
import { conjunctsOf, equatesSides } from './conjuncts.js'
import type { JoinType } from './logical.js'

/** Types whose order agrees with their equality. */
const ordered: ReadonlySet<string> = new Set([
  'byte',
  'short',
  'int',
  'long',
  'decimal',
  'float',
  'double',
  'string',
  'date',
  'timestamp',
  'timestamp_ntz',
])

/** The position among the conjuncts of the equality to merge by; undefined when the join cannot be one. */
export function mergeKey(
  type: JoinType,
  condition: BoundExpr | undefined,
  left: ReadonlySet<number>,
  right: ReadonlySet<number>,
): number | undefined {
  if (type !== 'inner') return undefined
  const conjuncts = conjunctsOf(condition)
  // DuckDB's merge drops pairs of NULLs that such a further condition would keep.
  if (conjuncts.some(c => c.kind === 'Call' && c.fn === '<=>')) return undefined
  const equal = conjuncts.map(c => (c.kind === 'Call' && c.fn === '=' ? c.args : undefined))
  if (equal.some(args => args !== undefined && !ordered.has(args[0]?.type.kind ?? ''))) return undefined
  const key = equal.findIndex((args, i) => args !== undefined && equatesSides(conjuncts[i] as BoundExpr, left, right))
  return key < 0 ? undefined : key
}
