import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Conf } from '#src/core/config.js'
import { scanTasks } from '#src/planner/physical/scan-splits.js'
import type { FileInfo } from '#src/planner/ports.js'

const test = suite('planner/physical/scan-splits')
const MB = 2 ** 20

function parquet(name: string, groups: readonly number[], rows = 1000): FileInfo {
  return {
    file: { uri: name, size: groups.reduce((a, b) => a + b, 0), mtimeMs: 0 },
    rowGroups: groups.map(bytes => ({ rows, bytes })),
  }
}
const whole = (name: string, size: number): FileInfo => ({ file: { uri: name, size, mtimeMs: 0 } })

/** `a[0-4) b` per task. */
function shown(files: readonly FileInfo[], parallelism: number, settings: Readonly<Record<string, string>> = {}): string[] {
  return scanTasks(files, new Conf(settings), parallelism).map(task =>
    task.map(s => `${s.file.uri}${s.rowGroups === undefined ? '' : `[${s.rowGroups.from}-${s.rowGroups.to})`}`).join(' '),
  )
}

test('one file of 150 MB uses all slots, several contiguous groups per split', () => {
  assert.equal(shown([parquet('a', Array(30).fill(5 * MB))], 4), ['a[0-8)', 'a[15-23)', 'a[8-15)', 'a[23-30)'])
})

test('pieces are even: a slot does not wait for another one', () => {
  assert.equal(shown([parquet('a', Array(4).fill(3 * MB))], 2), ['a[0-2)', 'a[2-4)'])
  // Five pieces of at most 128 MB would leave one of two slots idle in the third round.
  assert.equal(shown([parquet('a', Array(60).fill(10 * MB))], 2).length, 6)
})

test('a small file is one split, without row groups', () => {
  assert.equal(shown([parquet('a', [MB, MB])], 4), ['a'])
})

test('a large file is cut to maxPartitionBytes', () => {
  const set = { 'spark.sql.files.maxPartitionBytes': '128MB' }
  assert.equal(shown([parquet('a', Array(6).fill(100 * MB))], 1, set), ['a[0-1)', 'a[1-2)', 'a[2-3)', 'a[3-4)', 'a[4-5)', 'a[5-6)'])
  assert.equal(shown([parquet('a', Array(6).fill(100 * MB))], 1, { 'spark.sql.files.maxPartitionBytes': '256MB' }), ['a[0-2)', 'a[2-4)', 'a[4-6)'])
})

test('splits are larger than the default where slots have enough of them, and memory', () => {
  const files = [parquet('a', Array(240).fill(10 * MB))]
  const most = (settings: Readonly<Record<string, string>>) => shown(files, 2, settings).length
  assert.is(most({}), 20)
  assert.is(most({ 'spark.executor.memory': '4g' }), 8)
  assert.is(most({ 'spark.executor.memory': '1800m', 'spark.executor.cores': '2' }), 12)
  assert.is(most({ 'spark.executor.memory': '4g', 'spark.sql.files.maxPartitionBytes': '128MB' }), 20)
  assert.is(shown([parquet('a', Array(900).fill(10 * MB))], 2, { 'spark.executor.memory': '64g' }).length, 18)
})

test('small files are packed, each counting its opening cost', () => {
  const files = Array.from({ length: 8 }, (_, i) => whole(`f${i}`, MB))
  assert.equal(shown(files, 1), ['f0 f1 f2 f3 f4 f5 f6 f7'])
  assert.equal(shown(files, 2), ['f0 f1 f2 f3', 'f4 f5 f6 f7'])
})

test('csv and json are read whole, large ones first', () => {
  assert.equal(shown([whole('small', MB), whole('large', 500 * MB)], 4), ['large', 'small'])
})

test('row groups that are not wanted are left out, and what is left is spread over the slots', () => {
  const file = parquet('a', Array(12).fill(8 * MB))
  const wanted = new Set(file.rowGroups?.filter((_, i) => (i > 1 && i < 6) || i === 9))
  const splits = scanTasks([file], new Conf(), 2, group => wanted.has(group)).flat()
  assert.equal(
    splits.map(s => s.rowGroups),
    [
      { from: 2, to: 4, rowFrom: 2000, rowTo: 4000 },
      { from: 4, to: 6, rowFrom: 4000, rowTo: 6000 },
      { from: 9, to: 10, rowFrom: 9000, rowTo: 10000 },
    ],
  )
  assert.is(scanTasks([file], new Conf(), 2, () => false).length, 0)
})

test('a file without rows is not read', () => {
  assert.equal(shown([parquet('a', [100], 0)], 2), [])
})

test('every row of every file is in exactly one split, and no split is much larger than asked', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 16 }),
      fc.boolean(),
      (shape, parallelism, asked) => {
        const files = shape.map((groups, i) =>
          parquet(
            `f${i}`,
            groups.map(g => g * MB),
          ),
        )
        // Unasked, a quarter of the slot's memory (1 GiB among the slots) may be more.
        const most = (asked ? 128 : Math.max(128, 256 / parallelism)) * MB
        const settings = new Conf(asked ? { 'spark.sql.files.maxPartitionBytes': '128MB' } : {})
        const splits = scanTasks(files, settings, parallelism).flat()
        for (const [i, groups] of shape.entries()) {
          const own = splits.filter(s => s.file.uri === `f${i}`).sort((a, b) => (a.rowGroups?.from ?? 0) - (b.rowGroups?.from ?? 0))
          if (own.length === 1 && own[0]?.rowGroups === undefined) continue
          let next = 0
          let nextRow = 0
          for (const s of own) {
            assert.is(s.rowGroups?.from, next)
            assert.is(s.rowGroups?.rowFrom, nextRow)
            next = s.rowGroups?.to ?? 0
            nextRow = s.rowGroups?.rowTo ?? 0
            assert.ok(s.bytes <= most + 40 * MB)
          }
          assert.is(next, groups.length)
          assert.is(nextRow, groups.length * 1000)
        }
      },
    ),
  )
})

test.run()
