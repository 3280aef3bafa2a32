/** Sketches of random hashes: how far the estimate is from the truth, from no value to more than there are registers. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { distinctOf } from '#src/core/hyper-log-log.js'

const test = suite('core/hyper-log-log')

/** Well mixed 64 bits of a number (the finalizer of SplitMix64). */
function mixed(n: bigint): bigint {
  const wrap = (x: bigint) => BigInt.asUintN(64, x)
  let z = wrap(n * 0x9e3779b97f4a7c15n)
  z = wrap((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n)
  z = wrap((z ^ (z >> 27n)) * 0x94d049bb133111ebn)
  return z ^ (z >> 31n)
}

function sketch(values: Iterable<bigint>, bits = 9): number[] {
  const ranks = new Map<number, number>()
  for (const value of values) {
    const hash = mixed(value)
    const register = Number(hash & (2n ** BigInt(bits) - 1n))
    const rest = (hash >> BigInt(bits)) | (1n << BigInt(64 - bits))
    let rank = 1
    while (((rest >> BigInt(rank - 1)) & 1n) === 0n) rank++
    ranks.set(register, Math.max(ranks.get(register) ?? 0, rank))
  }
  return [...ranks.values()]
}

const upTo = (n: number, from = 0n) => Array.from({ length: n }, (_, i) => from + BigInt(i))

test('nothing seen is none, and one value is one', () => {
  assert.is(distinctOf([], 9), 0)
  assert.is(distinctOf(sketch([17n]), 9), 1)
})

for (const [count, bits, error] of [
  [10, 9, 0.1],
  [100, 9, 0.06],
  [500, 9, 0.12],
  [2_000, 9, 0.15],
  [20_000, 9, 0.15],
  [100, 8, 0.1],
  [5_000, 8, 0.2],
  [10, 12, 0.1],
  [1_000, 12, 0.03],
  [20_000, 12, 0.05],
] as const) {
  test(`${count} values in ${2 ** bits} registers, within ${error * 100} %`, () => {
    for (const from of [0n, 1_000_000n, 123_456_789_012n]) {
      const estimate = distinctOf(sketch(upTo(count, from), bits), bits)
      assert.ok(Math.abs(estimate - count) <= count * error, `${estimate} for ${count} from ${from}`)
    }
  })
}

test('values that come again change nothing, whatever the order', () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: 0n, max: 1000n }), { maxLength: 300 }), values => {
      assert.is(distinctOf(sketch([...values, ...values.toReversed()]), 9), distinctOf(sketch(new Set(values)), 9))
    }),
    { numRuns: 50 },
  )
})

test.run()
