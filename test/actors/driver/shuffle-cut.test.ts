/** Which task reads what of a shuffle: partitions together, one by one, or in pieces; every pair of rows that is to meet meets once. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { cutOptions } from '#src/actors/driver/cut-options.js'
import { type CutInput, cutPartitions, mapSpans, type ShuffleRead } from '#src/actors/driver/shuffle-cut.js'
import { Conf } from '#src/core/config.js'
import type { ShuffleCut } from '#src/core/stage.js'

const test = suite('actors/driver/shuffle-cut')

/** `maps[m][p]`: bytes that map task m wrote into partition p. */
function input(cut: ShuffleCut | undefined, maps: readonly (readonly number[])[]): CutInput {
  const partitions = maps[0]?.length ?? 0
  return {
    cut,
    bytes: Array.from({ length: partitions }, (_, p) => maps.reduce((sum, of) => sum + (of[p] ?? 0), 0)),
    mapBytes: p => maps.map(of => of[p] ?? 0),
  }
}

/** A read as `from-to`, with `/from-to` of the map tasks. */
const text = ({ from, to, maps }: ShuffleRead) => `${from}-${to}${maps === undefined ? '' : `/${maps.from}-${maps.to}`}`
const lines = (tasks: readonly (readonly ShuffleRead[])[]) => tasks.map(task => task.map(text).join(' '))

const options = {
  coalesce: { advisory: 100, smallest: 1, parallelism: 1 },
  skew: { advisory: 100, join: { factor: 5, threshold: 200 }, rebalance: true, smallShare: 0.2 },
}
const even = [10, 10, 10, 10]
const skewed = [10, 150, 10, 10]

const cases: readonly [what: string, CutInput[], lines: string[], typeof options?][] = [
  ['small neighbours together', [input('split', [even, even]), input('split', [even, even])], ['0-2 0-2', '2-4 2-4']],
  [
    'a skewed partition in pieces, the other side whole with each of them',
    [input('split', [skewed, skewed, skewed]), input(undefined, [even])],
    ['0-1 0-1', '1-2/0-1 1-2', '1-2/1-2 1-2', '1-2/2-3 1-2', '2-4 2-4'],
  ],
  ['not of a side that may not be split', [input(undefined, [skewed, skewed, skewed]), input('split', [even])], ['0-1 0-1', '1-2 1-2', '2-4 2-4']],
  [
    'both sides: every piece meets every piece',
    [input('split', [skewed, skewed]), input('split', [skewed, skewed])],
    ['0-1 0-1', '1-2/0-1 1-2/0-1', '1-2/0-1 1-2/1-2', '1-2/1-2 1-2/0-1', '1-2/1-2 1-2/1-2', '2-4 2-4'],
  ],
  [
    'one map task wrote it all: it cannot be split',
    [input('split', [[10, 900, 10, 10]]), input(undefined, [even])],
    ['0-1 0-1', '1-2 1-2', '2-4 2-4'],
  ],
  [
    'large, but all of them are',
    [
      input('split', [
        [300, 300],
        [300, 300],
      ]),
    ],
    ['0-1', '1-2'],
  ],
  [
    'much larger than the others, but not large',
    [
      input('split', [
        [1, 45, 1],
        [1, 45, 1],
      ]),
    ],
    ['0-3'],
  ],
  ['each for itself, as was asked for', [input('each', [even]), input('split', [skewed, skewed])], ['0-1 0-1', '1-2 1-2', '2-3 2-3', '3-4 3-4']],
  [
    'rebalanced: whatever is larger than wished',
    [
      input('rebalance', [
        [60, 5, 5],
        [60, 5, 5],
        [60, 5, 5],
      ]),
    ],
    ['0-1/0-1', '0-1/1-2', '0-1/2-3', '1-3'],
  ],
  [
    'rebalanced: not too small for the sake of parallelism',
    [input('rebalance', [even])],
    ['0-4'],
    { ...options, coalesce: { ...options.coalesce, parallelism: 4 } },
  ],
]

for (const [what, inputs, wanted, given = options] of cases) {
  test(what, () => assert.equal(lines(cutPartitions(inputs, inputs[0]?.bytes.length ?? 0, given)), wanted))
}

test('map tasks as neighbours of about the size wished', () => {
  const spans = (bytes: number[], target: number) => mapSpans(bytes, target, 0.2).map(({ from, to }) => `${from}-${to}`)
  assert.equal(spans([50, 50, 50, 50], 100), ['0-2', '2-4'])
  assert.equal(spans([500, 1, 1, 500], 100), ['0-3', '3-4'])
  // The last piece is too small to stand alone.
  assert.equal(spans([100, 100, 15], 100), ['0-1', '1-3'])
  // A little more than wished is better than one more piece.
  assert.equal(spans([60, 55, 100], 100), ['0-2', '2-3'])
  assert.equal(spans([0, 0, 0], 100), ['0-3'])
  assert.equal(spans([], 100), [])
})

const cuts = fc.constantFrom<ShuffleCut | undefined>(undefined, 'split', 'rebalance', 'each')
const inputs = fc.tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 3 })).chain(([partitions, count]) =>
  fc.array(
    fc
      .tuple(cuts, fc.array(fc.array(fc.nat(400), { minLength: partitions, maxLength: partitions }), { minLength: 1, maxLength: 6 }))
      .map(([cut, maps]) => ({
        maps,
        input: input(cut, maps),
      })),
    { minLength: count, maxLength: count },
  ),
)
const anyOptions = fc.record(
  {
    coalesce: fc.record({ advisory: fc.integer({ min: 1, max: 500 }), smallest: fc.nat(50), parallelism: fc.integer({ min: 1, max: 8 }) }),
    skew: fc.record({
      advisory: fc.integer({ min: 1, max: 300 }),
      join: fc.option(fc.record({ factor: fc.double({ min: 0.5, max: 6, noNaN: true }), threshold: fc.nat(300) }), { nil: undefined }),
      rebalance: fc.boolean(),
      smallShare: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  { requiredKeys: [] },
)

test('whatever the sizes and settings: each combination of map outputs of a partition meets exactly once', () => {
  fc.assert(
    fc.property(inputs, anyOptions, (sides, given) => {
      const partitions = sides[0]?.input.bytes.length ?? 0
      const { coalesce, skew } = given
      const tasks = cutPartitions(
        sides.map(side => side.input),
        partitions,
        {
          ...(coalesce === undefined ? {} : { coalesce }),
          ...(skew === undefined ? {} : { skew: { ...skew, ...(skew.join === undefined ? { join: undefined } : {}) } as never }),
        },
      )
      const met = new Map<string, number>()
      for (const task of tasks) {
        for (let p = task[0]?.from ?? 0; p < (task[0]?.to ?? 0); p++) {
          assert.ok(task.every(read => read.from <= p && p < read.to))
          const combinations = task.reduce<string[]>(
            (list, read, i) => {
              const all = { from: 0, to: sides[i]?.maps.length ?? 0 }
              const { from, to } = read.maps ?? all
              return list.flatMap(one => Array.from({ length: to - from }, (_, m) => `${one} ${from + m}`))
            },
            [`${p}:`],
          )
          for (const one of combinations) met.set(one, (met.get(one) ?? 0) + 1)
        }
      }
      assert.ok([...met.values()].every(times => times === 1))
      assert.is(met.size, partitions * sides.reduce((product, side) => product * side.maps.length, 1))
      if (sides.some(side => side.input.cut === 'each')) assert.is(tasks.length, partitions)
    }),
    { numRuns: 300 },
  )
})

test('settings have their names and defaults from Spark', () => {
  assert.equal(cutOptions(new Conf({}), 4), {
    coalesce: { advisory: 64 * 2 ** 20, smallest: 2 ** 20, parallelism: 4 },
    skew: { advisory: 64 * 2 ** 20, join: { factor: 5, threshold: 256 * 2 ** 20 }, rebalance: true, smallShare: 0.2 },
  })
  assert.equal(cutOptions(new Conf({ 'spark.sql.adaptive.enabled': 'false' }), 4), {})
  const other = cutOptions(
    new Conf({
      'spark.sql.adaptive.coalescePartitions.enabled': 'false',
      'spark.sql.adaptive.skewJoin.enabled': 'false',
      'spark.sql.adaptive.optimizeSkewsInRebalancePartitions.enabled': 'false',
      'spark.sql.adaptive.advisoryPartitionSizeInBytes': '1k',
      'spark.sql.adaptive.rebalancePartitionsSmallPartitionFactor': '0.5',
    }),
    4,
  )
  assert.equal(other, { skew: { advisory: 1024, rebalance: false, smallShare: 0.5 } })
  const first = cutOptions(new Conf({ 'spark.sql.adaptive.coalescePartitions.parallelismFirst': 'false' }), 4)
  assert.is(first.coalesce?.parallelism, 1)
})

test.run()
