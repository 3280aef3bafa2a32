/** Bins of equi-height histograms: between which ends a value lies, and what each bin is. */
import { types } from '../core/types.js'
import type { HistogramBin } from '../planner/column-statistics.js'
import type { Expr } from '../planner/expr.js'

const number = (value: number): Expr => ({ kind: 'Literal', value, type: types.double })

/**
 * The number of the bin that a value lies in: bin i is what is above `ends[i]` and no more than `ends[i + 1]`, the first bin holds its lower end too. A
 * value beyond the ends (they may come from a sample) goes to the first or last bin. Made of nested CASEs, a binary search.
 *
 * @param ends - ascending, at least two; of equal ends the first bin that holds the value has it
 */
export function inBin(value: Expr, ends: readonly number[]): Expr {
  const search = (low: number, high: number): Expr => {
    if (low === high) return { kind: 'Literal', value: low, type: types.int }
    const middle = Math.floor((low + high) / 2)
    const left: Expr = { kind: 'UnresolvedFunction', name: '<=', args: [value, number(ends[middle + 1] as number)] }
    return { kind: 'UnresolvedFunction', name: 'when', args: [left, search(low, middle), search(middle + 1, high)] }
  }
  return search(0, ends.length - 2)
}

/** @param distinctIn - distinct values of a bin by its number, as `inBin` gives it */
export function histogramBins(ends: readonly number[], distinctIn: (bin: number) => number): HistogramBin[] {
  return ends.slice(0, -1).map((low, i) => {
    const high = ends[i + 1] as number
    // A bin between equal ends holds that one value, which the first such bin has counted.
    return { low, high, distinct: low === high ? 1 : Math.max(1, distinctIn(i)) }
  })
}
