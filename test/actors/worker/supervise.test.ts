import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { nextBackOff } from '#src/actors/worker/supervise.js'

const test = suite('actors/worker/supervise')

/** Wait before the last run, how long it lasted → the next wait. */
const table: readonly (readonly [number, number, number])[] = [
  [0, 10, 1000],
  [0, 60_000, 1000],
  [1000, 10, 2000],
  [2000, 5000, 4000],
  [4000, 5001, 1000],
  [32_000, 1, 60_000],
  [60_000, 1, 60_000],
  [60_000, 3_600_000, 1000],
]
for (const [previous, ran, expected] of table) {
  test(`waited ${previous} ms, ran ${ran} ms: waits ${expected} ms`, () => assert.is(nextBackOff(previous, ran), expected))
}

test.run()
