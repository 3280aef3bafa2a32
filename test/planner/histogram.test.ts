/** Shares of values that histograms give, against counts of the values themselves; and bins against the places of values. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Histogram } from '#src/planner/column-statistics.js'
import { histogramEquals, histogramShare } from '#src/planner/histogram.js'

const test = suite('planner/histogram')

/** Four bins of a quarter each: 0 to 10, to 100, one value, to 1000. */
const skewed: Histogram = {
  height: 25,
  bins: [
    { low: 0, high: 10, distinct: 10 },
    { low: 10, high: 100, distinct: 20 },
    { low: 100, high: 100, distinct: 1 },
    { low: 100, high: 1000, distinct: 25 },
  ],
}

const shares: readonly (readonly [number, number, number])[] = [
  [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 1],
  [0, 1000, 1],
  [0, 5, 0.125],
  [0, 10, 0.2625],
  [10, 55, 0.15],
  [55, 99, 0.1222],
  [550, 1000, 0.125],
  [-5, -1, 0],
  [1001, 2000, 0],
  [7, 3, 0],
]
for (const [low, high, share] of shares) {
  test(`from ${low} to ${high}`, () => {
    const found = histogramShare(skewed, low, high)
    assert.ok(Math.abs(found - share) < 0.001, String(found))
  })
}

const equals: readonly (readonly [number, number])[] = [
  [5, 0.025],
  [10, 0.025],
  [50, 0.0125],
  [100, 0.2625],
  [500, 0.01],
  [1001, 0],
  [-1, 0],
]
for (const [value, share] of equals) {
  test(`equal to ${value}`, () => {
    const found = histogramEquals(skewed, value)
    assert.ok(Math.abs(found - share) < 1e-9, String(found))
  })
}

test('a wider range never has less, and none has more than all', () => {
  fc.assert(
    fc.property(fc.integer({ min: -100, max: 1100 }), fc.nat(500), fc.nat(500), (low, length, more) => {
      const narrow = histogramShare(skewed, low, low + length)
      const wide = histogramShare(skewed, low - more, low + length + more)
      assert.ok(narrow >= 0 && narrow <= wide + 1e-9 && wide <= 1, `${low} ${length} ${more}: ${narrow} ${wide}`)
    }),
  )
})

test.run()
