import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { coalesce } from '#src/actors/driver/coalesce.js'
import { layoutTasks } from '#src/actors/driver/layout.js'
import type { ShuffleSizes } from '#src/actors/driver/map-outputs.js'
import { compareBytes, rangeBounds } from '#src/actors/driver/range-bounds.js'
import type { Fragment, StageInput } from '#src/core/stage.js'
import { range, result, shuffle, stage } from './harness.js'

const test = suite('actors/driver/layout')
const MB = 2 ** 20

function sizes(perHost: Record<string, number[]>, maps = 2): ShuffleSizes {
  const hosts = new Map(Object.entries(perHost))
  const partitions = Object.values(perHost)[0]?.length ?? 0
  const bytes = Array.from({ length: partitions }, (_, p) => [...hosts.values()].reduce((sum, of) => sum + (of[p] ?? 0), 0))
  return {
    partitions,
    bytes,
    hosts,
    maps: Array.from({ length: maps }, (_, i) => ({ hostId: [...hosts.keys()][i % hosts.size] ?? '', bytes: 10 * MB })),
    mapBytes: p => Array.from({ length: maps }, () => (bytes[p] ?? 0) / maps),
  }
}
function layout(fragments: StageInput[][], of: Record<number, ShuffleSizes> = {}, options: { coalesce?: Parameters<typeof coalesce>[1] } = {}) {
  const spec = { ...stage(9, [], result), fragments: fragments.map((inputs): Fragment => ({ inputs, sql: '' })) }
  return layoutTasks(spec, { sizes: id => of[id] as ShuffleSizes, ...options })
}
const small = { advisory: 64 * MB, smallest: MB, parallelism: 4 }
const file = { uri: '/f', size: 1, mtimeMs: 0 }
const scan = (tasks: number): StageInput => ({
  ...{ kind: 'scan', name: 's', format: 'parquet', options: {}, schema: { kind: 'struct', fields: [] }, fileSchema: { kind: 'struct', fields: [] } },
  tasks: Array.from({ length: tasks }, () => [{ file, bytes: 1 }]),
})
const broadcast: StageInput = { kind: 'broadcast', name: 'b', stage: 5, schema: { kind: 'struct', fields: [] } }

test('how many tasks each kind of input makes', () => {
  const of = { 0: sizes({ a: [1, 1, 1] }, 5), 1: sizes({ a: [1, 1, 1] }, 5) }
  const cases: [StageInput[], number][] = [
    [[scan(3)], 3],
    [[scan(0)], 0],
    [[scan(3), broadcast], 3],
    [[broadcast], 1],
    [[], 1],
    [[range(4)], 4],
    [[{ kind: 'rows', name: 'r', schema: { kind: 'struct', fields: [] }, partitions: [new Uint8Array(), new Uint8Array()] }], 2],
    [[shuffle(0)], 3],
    [[shuffle(0), shuffle(1), broadcast], 3],
    [[shuffle(0, 'all')], 1],
    [[shuffle(0, 'forward')], 5],
  ]
  for (const [inputs, count] of cases) assert.is(layout([inputs], of).length, count)
})

test('the tasks of a union are numbered fragment after fragment', () => {
  const tasks = layout([[scan(2)], [shuffle(0)], [scan(0)], [range(1)]], { 0: sizes({ a: [1, 1] }) })
  assert.equal(
    tasks.map(task => [task.fragment, task.inputs[0]?.kind]),
    [
      [0, 'scan'],
      [0, 'scan'],
      [1, 'shuffle'],
      [1, 'shuffle'],
      [3, 'range'],
    ],
  )
})

test('inputs that disagree on the number of tasks are a bug that is told', () => {
  assert.throws(() => layout([[scan(2), range(3)]]), /disagree on the number of tasks: 2, 3/)
})

test('a range is cut evenly, whatever its step, and covers every element once', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -50, max: 50 }),
      fc.integer({ min: -50, max: 50 }),
      fc.integer({ min: -7, max: 7 }),
      fc.integer({ min: 1, max: 9 }),
      (start, end, step, partitions) => {
        fc.pre(step !== 0)
        const elements = (from: number, to: number): number[] => {
          const list: number[] = []
          for (let i = from; step > 0 ? i < to : i > to; i += step) list.push(i)
          return list
        }
        const input: StageInput = { kind: 'range', name: 'r', start: String(start), end: String(end), step: String(step), partitions }
        const parts = layout([[input]]).map(({ inputs: [cut] }) => (cut?.kind === 'range' ? elements(Number(cut.start), Number(cut.end)) : []))
        assert.equal(parts.flat(), elements(start, end))
        const lengths = parts.map(part => part.length)
        assert.ok(Math.max(...lengths) - Math.min(...lengths) <= 1)
      },
    ),
  )
})

test('64-bit ranges keep their digits', () => {
  const big: StageInput = { kind: 'range', name: 'r', start: '9007199254740993', end: '9007199254740997', step: '1', partitions: 2 }
  assert.equal(
    layout([[big]]).map(task => task.inputs[0]),
    [
      { kind: 'range', start: '9007199254740993', end: '9007199254740995', step: '1' },
      { kind: 'range', start: '9007199254740995', end: '9007199254740997', step: '1' },
    ],
  )
})

test('small partitions are read together, up to the advisory size, but not below the parallelism when that is worth it', () => {
  const cases: [bytes: number[], ranges: [number, number][]][] = [
    [[0, 0, 0], [[0, 3]]],
    [[1, 2, 3], [[0, 3]]],
    [
      [MB, MB, MB, MB],
      [
        [0, 1],
        [1, 2],
        [2, 3],
        [3, 4],
      ],
    ],
    [
      [MB / 2, MB / 2, MB / 2, MB / 2],
      [
        [0, 2],
        [2, 4],
      ],
    ],
    [[0, 100 * MB, 0, 0], [[0, 4]]],
    [
      [200 * MB, 10 * MB, 10 * MB, 100 * MB],
      [
        [0, 1],
        [1, 3],
        [3, 4],
      ],
    ],
  ]
  for (const [bytes, ranges] of cases) {
    assert.equal(
      coalesce(bytes, small).map(r => [r.from, r.to]),
      ranges,
    )
  }
})

test('coalesced ranges always cover every partition once, in order', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(200 * MB), { minLength: 1, maxLength: 50 }), fc.integer({ min: 1, max: 16 }), (bytes, parallelism) => {
      const ranges = coalesce(bytes, { ...small, parallelism })
      assert.is(ranges[0]?.from, 0)
      assert.is(ranges.at(-1)?.to, bytes.length)
      for (let i = 1; i < ranges.length; i++) assert.is(ranges[i]?.from, ranges[i - 1]?.to)
      assert.ok(ranges.every(r => r.to > r.from))
    }),
  )
})

test('joined sides are read by the same ranges, chosen by their sizes together', () => {
  const of = { 0: sizes({ a: [MB, 0, 0, 40 * MB] }), 1: sizes({ a: [0, 0, 30 * MB, 40 * MB] }) }
  const tasks = layout([[shuffle(0), shuffle(1)]], of, { coalesce: { ...small, parallelism: 1 } })
  assert.equal(
    tasks.map(task => task.inputs.map(input => (input.kind === 'shuffle' ? [input.from, input.to] : []))),
    [
      [
        [0, 3],
        [0, 3],
      ],
      [
        [3, 4],
        [3, 4],
      ],
    ],
  )
})

test('partitions that stand beside a scan are never read together', () => {
  assert.is(layout([[shuffle(0), range(3)]], { 0: sizes({ a: [1, 1, 1] }) }, { coalesce: small }).length, 3)
})

test('a task prefers hosts with a fifth of what it reads, when that is not little', () => {
  const of = { 0: sizes({ a: [10 * MB, 10, 3 * MB], b: [MB, 10, 7 * MB] }) }
  assert.equal(
    layout([[shuffle(0)]], of).map(task => task.preferred),
    [['host:a'], [], ['host:a', 'host:b']],
  )
  assert.equal(
    layout([[shuffle(0, 'forward')]], of).map(task => task.preferred),
    [['host:a'], ['host:b']],
  )
  assert.equal(layout([[scan(1)]])[0]?.preferred, [])
})

test('bounds are strictly ascending and cut the weight evenly', () => {
  const key = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes)
  const even = [{ keys: Array.from({ length: 100 }, (_, i) => key(i)), rows: 1000 }]
  assert.equal(rangeBounds(even, 4), [key(24), key(49), key(74)])
  // the second task's keys stand for nine times as many rows
  const skewed = [
    { keys: [key(1), key(2), key(3), key(4)], rows: 100 },
    { keys: [key(10), key(20), key(30), key(40)], rows: 900 },
  ]
  assert.equal(rangeBounds(skewed, 2), [key(20)])
  assert.equal(rangeBounds([{ keys: [key(5), key(5), key(5)], rows: 3 }], 4), [key(5)])
  assert.equal(rangeBounds([], 4), [])
  assert.equal(rangeBounds(even, 1), [])
})

test('keys are ordered byte by byte, a prefix first', () => {
  const list = [[], [0], [0, 255], [1], [127], [128], [255], [255, 0]].map(bytes => Uint8Array.from(bytes))
  assert.equal([...list].reverse().sort(compareBytes), list)
})

test.run()
