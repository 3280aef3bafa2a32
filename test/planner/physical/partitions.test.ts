import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Conf } from '#src/core/config.js'
import { types } from '#src/core/types.js'
import type { Attribute } from '#src/planner/bound.js'
import { hashPartitions, type PhysicalContext, rangePartitions } from '#src/planner/physical/context.js'
import type { Plan } from '#src/planner/plan.js'

const test = suite('planner/physical/partitions')
const MB = 2 ** 20
const column: Attribute = { kind: 'Attribute', id: 1, name: 'id', type: types.long, nullable: false, qualifier: [] }
const unknownRows: Plan = { kind: 'RecursiveRef', ref: 1, rounds: 1, output: [column] }

const cases: readonly (readonly [string, Readonly<Record<string, string>>, number, number, number])[] = [
  ['as set', { 'spark.sql.shuffle.partitions': '7' }, 4, 10_000, 7],
  ['as set, also below the parallelism', { 'spark.sql.shuffle.partitions': '1' }, 4, 10_000, 1],
  ['more at first, as adaptive execution is told', { 'spark.sql.adaptive.coalescePartitions.initialPartitionNum': '9' }, 4, 10_000, 9],
  ['without adaptive execution the default of the option', { 'spark.sql.adaptive.enabled': 'false' }, 4, 1, 200],
  ['little data: the parallelism', {}, 4, 0.001, 4],
  ['by size, a multiple of the parallelism', {}, 4, 32 * 9, 12],
  ['at most 200', {}, 4, 1_000_000, 200],
  ['a parallelism beyond 200 counts', {}, 300, 1, 300],
]

for (const [name, settings, parallelism, megabytes, wanted] of cases) {
  test(name, () => {
    const context = { conf: new Conf(settings), parallelism, estimate: () => ({ bytes: megabytes * MB }) } as unknown as PhysicalContext
    assert.is(hashPartitions(context, unknownRows), wanted)
  })
}

test('what is likely counts where it is far less than the bound', () => {
  const context = (rows: number) =>
    ({ conf: new Conf({}), parallelism: 4, estimate: () => ({ bytes: 640 * MB, rows }) }) as unknown as PhysicalContext
  const thousand: Plan = { kind: 'Range', start: 0n, end: 1000n, step: 1n, output: [column] }
  assert.is(hashPartitions(context(4000), thousand), 20)
  assert.is(hashPartitions(context(40_000), thousand), 4)
  assert.is(hashPartitions(context(1_000_000), thousand), 4)
  assert.is(hashPartitions(context(4000), thousand, 1 / 2), 12)
})

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
