import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Conf } from '#src/core/config.js'
import { hashPartitions, type PhysicalContext, rangePartitions } from '#src/planner/physical/context.js'

const test = suite('planner/physical/partitions')
const MB = 2 ** 20

const cases: readonly (readonly [string, Readonly<Record<string, string>>, number, number, number])[] = [
  ['as set', { 'spark.sql.shuffle.partitions': '7' }, 4, 10_000, 7],
  ['as set, also below the parallelism', { 'spark.sql.shuffle.partitions': '1' }, 4, 10_000, 1],
  ['without adaptive execution the default of the option', { 'spark.sql.adaptive.enabled': 'false' }, 4, 1, 200],
  ['little data: the parallelism', {}, 4, 0.001, 4],
  ['by size, a multiple of the parallelism', {}, 4, 32 * 9, 12],
  ['at most 200', {}, 4, 1_000_000, 200],
  ['a parallelism beyond 200 counts', {}, 300, 1, 300],
]

for (const [name, settings, parallelism, megabytes, wanted] of cases) {
  test(name, () => {
    const context = { conf: new Conf(settings), parallelism } as PhysicalContext
    assert.is(hashPartitions(context, { bytes: megabytes * MB }), wanted)
  })
}

test('a range has a partition per slot, but none without a row', () => {
  const partitions = (start: number, end: number, step: number): number =>
    rangePartitions({ start: BigInt(start), end: BigInt(end), step: BigInt(step) }, { parallelism: 4 } as PhysicalContext)
  const cases: readonly (readonly [number, number, number, number])[] = [
    [0, 1, 1, 1],
    [0, 0, 1, 1],
    [5, 0, 1, 1],
    [0, 3, 1, 3],
    [0, 6, 2, 3],
    [0, 7, 2, 4],
    [0, 100, 1, 4],
    [3, 0, -1, 3],
    [3, 0, -2, 2],
    [0, 3, -1, 1],
    [-10, -7, 1, 3],
  ]
  for (const [start, end, step, wanted] of cases) assert.is(partitions(start, end, step), wanted, `range(${start}, ${end}, ${step})`)
})

test.run()
