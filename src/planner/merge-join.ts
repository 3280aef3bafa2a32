/**
 * Which joins can run as sort-merge joins, and by which key: `physical/` chooses, `lower/` writes. DuckDB merges two sorted sides for a pair of range
 * conditions (both sort on disk where memory ends), so one pair of equal keys is written as two of them: `a <= b AND a >= b`. Whatever else the condition
 * says is looked at for each such pair of rows; in an outer join DuckDB can do so only with comparisons of the two sides.
 */
import type { BoundExpr } from './bound.js'
import { conjunctsOf } from './conjuncts.js'
import type { JoinType } from './logical.js'
import { references } from './tree.js'

const comparisons: ReadonlySet<string> = new Set(['=', '<', '<=', '>', '>='])
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
  if (type !== 'inner' && type !== 'left' && type !== 'right' && type !== 'full') return undefined
  const conjuncts = conjunctsOf(condition)
  // DuckDB's merge drops pairs of NULLs that such a further condition would keep.
  if (conjuncts.some(c => c.kind === 'Call' && c.fn === '<=>')) return undefined
  const compares = conjuncts.map(c => comparison(c, left, right))
  if (type !== 'inner' && compares.includes(undefined)) return undefined
  const key = conjuncts.findIndex((c, i) => compares[i] === '=' && c.kind === 'Call' && ordered.has(c.args[0]?.type.kind ?? ''))
  return key < 0 ? undefined : key
}

/** The operator of a comparison of one side with the other. */
function comparison(c: BoundExpr, left: ReadonlySet<number>, right: ReadonlySet<number>): string | undefined {
  if (c.kind === 'Call' && c.fn === 'not') return comparison(c.args[0] as BoundExpr, left, right) === '=' ? '<>' : undefined
  if (c.kind !== 'Call' || !comparisons.has(c.fn)) return undefined
  const [a, b] = c.args.map(argument => references(argument))
  const only = (read: ReadonlySet<number> | undefined, ids: ReadonlySet<number>) =>
    read !== undefined && read.size > 0 && [...read].every(id => ids.has(id))
  return (only(a, left) && only(b, right)) || (only(a, right) && only(b, left)) ? c.fn : undefined
}
