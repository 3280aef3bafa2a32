/**
 * The condition of a join as DuckDB takes it best. It computes each side of a comparison for all rows of that side, and it has a hash join only for
 * comparisons of both sides: an outer join with a test of the kept side alone runs over all pairs of rows. So such a test goes into a key, which it makes
 * NULL, and what tests of the same side guard (`b <> 0 AND 10 / b > u.x`) is computed for the rows that pass them. Called by `fragment.ts`.
 */
import type { BoundExpr, Call } from '../bound.js'
import { conjunction, conjunctsOf } from '../conjuncts.js'
import { isDeterministic } from '../functions/table.js'
import type { JoinType } from '../logical.js'
import { references } from '../tree.js'
import { mayFail } from './logic-sql.js'

type Ids = ReadonlySet<number>
type Side = 'left' | 'right'

/** Sides whose rows without a partner are in the result. */
const kept: Readonly<Record<JoinType, readonly Side[]>> = {
  inner: [],
  cross: [],
  left: ['left'],
  right: ['right'],
  full: ['left', 'right'],
  semi: [],
  anti: ['left'],
}

const comparisons: ReadonlySet<string> = new Set(['=', '<', '<=', '>', '>='])

/** `left`, `right`: ids of the columns of each side. */
export function joinCondition(type: JoinType, condition: BoundExpr, left: Ids, right: Ids): BoundExpr {
  const sideOf = (e: BoundExpr): Side | undefined => {
    const read = [...references(e)]
    if (read.length === 0 || !isDeterministic(e)) return undefined
    return read.every(id => left.has(id)) ? 'left' : read.every(id => right.has(id)) ? 'right' : undefined
  }
  const compares = (e: BoundExpr): e is Call => {
    const [a, b] = e.kind === 'Call' && comparisons.has(e.fn) ? e.args.map(sideOf) : []
    return a !== undefined && b !== undefined && a !== b
  }
  const withSides = (c: Call, f: (e: BoundExpr, side: Side) => BoundExpr): Call => ({ ...c, args: c.args.map(a => f(a, sideOf(a) ?? 'left')) })
  const conjuncts = conjunctsOf(condition)
  const key = conjuncts.findIndex(c => c.kind === 'Call' && c.fn === '=' && compares(c))
  const guards: Record<Side, BoundExpr[]> = { left: [], right: [] }
  const folded: Record<Side, BoundExpr[]> = { left: [], right: [] }
  const written = conjuncts.map(c => {
    const side = sideOf(c)
    if (side !== undefined) {
      guards[side].push(c)
      if (key < 0 || !kept[type].includes(side)) return c
      folded[side].push(c)
      return undefined
    }
    return compares(c) ? withSides(c, (e, own) => (mayFail(e) ? onlyWhere(guards[own], e) : e)) : c
  })
  const equality = written[key]
  if (equality?.kind === 'Call') written[key] = withSides(equality, (e, side) => onlyWhere(folded[side], e))
  return conjunction(written.filter(c => c !== undefined)) ?? condition
}

/** NULL where the tests do not hold, which equals nothing. */
function onlyWhere(tests: readonly BoundExpr[], e: BoundExpr): BoundExpr {
  const test = conjunction(tests)
  return test === undefined ? e : { kind: 'Call', fn: 'when', args: [test, e], type: e.type, nullable: true }
}
