import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Conf } from '#src/core/config.js'
import { hashPartitions, type PhysicalContext } from '#src/planner/physical/context.js'

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

test.run()
