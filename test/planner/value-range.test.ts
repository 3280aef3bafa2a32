import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type DataType, decimal, types } from '#src/core/types.js'
import { type Attribute, type BoundExpr, literal } from '#src/planner/bound.js'
import type { ColumnStatistics } from '#src/planner/column-statistics.js'
import { call } from '#src/planner/functions/define.js'
import { valueRange } from '#src/planner/value-range.js'

const test = suite('planner/value-range')

const known = { nullFraction: 0, distinct: 1, unique: false, run: 1, clustered: false }
/** By column id. */
const statistics: readonly ColumnStatistics[] = [
  { ...known, min: -2, max: 10 },
  { ...known, min: 5_000_000_000, max: 5_000_000_001 },
  { ...known, min: 1, max: 2, likelyEnds: true },
  { ...known },
]
const column = (id: number, type: DataType): Attribute => ({ kind: 'Attribute', id, name: `c${id}`, type, nullable: true, qualifier: [] })
const cast = (child: BoundExpr, type: DataType): BoundExpr => ({ kind: 'Cast', child, type, mode: 'legacy', nullable: true })

const [a, large, likely, unknown] = [column(0, types.int), column(1, types.long), column(2, types.int), column(3, types.int)] as const
const cases: readonly (readonly [string, BoundExpr, readonly [number, number] | undefined])[] = [
  ['a column has its ends', a, [-2, 10]],
  ['ends that were found out earlier prove nothing', likely, undefined],
  ['nor do those that nobody knows', unknown, undefined],
  ['a wider type changes nothing', cast(a, decimal(20, 2)), [-2, 10]],
  ['a narrower integer may have started again at the other end', cast(large, types.int), undefined],
  ['fewer digits behind the point round', cast(column(0, decimal(10, 2)), decimal(10, 0)), [-3, 11]],
  ['a product lies between its corners', call('*', [a, a], types.int), [-20, 100]],
  ['of branches the widest', call('coalesce', [a, literal(50, types.int)], types.int), [-2, 50]],
  ['one branch that is not known', call('coalesce', [a, likely], types.int), undefined],
]

for (const [name, expr, ends] of cases) {
  test(name, () => {
    const range = valueRange(expr, id => statistics[id])
    assert.equal(range && [range.low, range.high], ends)
  })
}

test.run()
