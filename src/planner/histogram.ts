/** What an equi-height histogram says of ranges and values: each bin holds the same part of the rows. Called by `selectivity.ts`. */
import type { Histogram } from './column-statistics.js'

/** The part of a column's values, NULLs left out, between two ends; within a bin values are taken to lie evenly. */
export function histogramShare({ bins }: Histogram, low: number, high: number): number {
  let share = 0
  for (const bin of bins) {
    const [from, to] = [Math.max(low, bin.low), Math.min(high, bin.high)]
    if (from > to) continue
    // A bin of one value lies inside or outside; an end that only touches a bin takes one of its values.
    share += bin.high === bin.low ? 1 : Math.max((to - from) / (bin.high - bin.low), 1 / Math.max(1, bin.distinct))
  }
  return bins.length === 0 ? 0 : Math.min(1, share / bins.length)
}

/** The part of the values that equal one. */
export function histogramEquals({ bins }: Histogram, value: number): number {
  let share = 0
  for (const [i, bin] of bins.entries()) {
    const above = i === 0 || bin.high === bin.low ? value >= bin.low : value > bin.low
    if (above && value <= bin.high) share += 1 / Math.max(1, bin.distinct)
  }
  return bins.length === 0 ? 0 : Math.min(1, share / bins.length)
}
