/** The numbers of Spark's generator. Expected by Spark: `rand(s)` and `randn(s)` of the first rows of the first partition. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { XorShift } from '#src/core/xor-shift.js'

const test = suite('core/xor-shift')

const uniform: readonly (readonly [bigint, readonly number[]])[] = [
  [5n, [0.02390696427502892, 0.09509767744084452, 0.7705061443410145]],
  [6n, [0.07039836716341774, 0.7362038093711971, 0.48449433485094373]],
  [0n, [0.7604953758285915]],
  [-3n, [0.7618556634486083]],
  [12345678901n, [0.8758757854942809]],
]
for (const [seed, numbers] of uniform) {
  test(`uniform from ${seed}`, () => {
    const generator = new XorShift(seed)
    assert.equal(
      numbers.map(() => generator.double()),
      numbers,
    )
  })
}

const normal: readonly (readonly [bigint, readonly number[]])[] = [
  [7n, [-1.773755556110447, -0.32537852999017897, 1.1637571325924414]],
  [8n, [-0.12108592338857035, 1.7346662488921807, -1.5758974095572422]],
  [0n, [1.6034991609278433]],
]
for (const [seed, numbers] of normal) {
  test(`normal from ${seed}`, () => {
    const generator = new XorShift(seed)
    for (const number of numbers) assert.ok(Math.abs(generator.gaussian() - number) < 1e-15)
  })
}

test.run()
