import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { executionLimit, memoryShares, roomFor, slotMemory, toEvict } from '#src/blockstore/unified-memory.js'

const test = suite('blockstore/unified-memory')
const MIB = 2 ** 20

const shares: readonly [memory: number, fraction: number, storage: number, total: number, protectedStorage: number][] = [
  [1024, 0.6, 0.5, 434.4, 217.2],
  [450, 0.6, 0.5, 90, 45],
  [4096, 1, 0, 3796, 0],
  [4096, 0, 1, 0, 0],
  [1300, 0.5, 0.2, 500, 100],
]
for (const [memory, fraction, storage, total, kept] of shares) {
  test(`${memory} MiB, fraction ${fraction}, storage ${storage}: ${total} MiB shared, ${kept} protected`, () => {
    const made = memoryShares(memory * MIB, fraction, storage)
    assert.is(made.total, Math.floor(total * MIB))
    assert.is(made.protectedStorage, Math.floor(kept * MIB))
  })
}

for (const [memory, fraction, storage, code] of [
  [449, 0.6, 0.5, /INVALID_EXECUTOR_MEMORY.*449.0 MiB.*450.0 MiB.*spark.executor.memory.*F0000/],
  [1024, 1.5, 0.5, /SPK_BAD_CONFIG_VALUE.*spark.memory.fraction/],
  [1024, 0.5, -1, /SPK_BAD_CONFIG_VALUE.*spark.memory.storageFraction/],
  [1024, Number.NaN, 0.5, /SPK_BAD_CONFIG_VALUE/],
] as const) {
  test(`refused: ${memory} MiB, ${fraction}, ${storage}`, () => {
    assert.throws(() => memoryShares(memory * MIB, fraction, storage), code)
  })
}

// total 100, of which 40 are protected
const use = (storage: number, execution: number) => ({ total: 100, protectedStorage: 40, storage, execution })
const moves: readonly [what: string, storage: number, execution: number, limit: number, evict: number, room: number | undefined][] = [
  ['nothing used', 0, 0, 100, 0, 0],
  ['storage below its protected part', 30, 0, 70, 0, 0],
  ['storage has borrowed', 80, 0, 60, 0, 10],
  ['execution grows into what storage borrowed', 80, 50, 60, 30, 30],
  ['execution wants more than storage may lose', 60, 70, 60, 20, 30],
  ['execution has borrowed: storage may not push it back', 0, 90, 100, 0, undefined],
  ['execution has borrowed, storage replaces its own', 30, 70, 70, 0, 30],
]
for (const [what, storage, execution, limit, evict, room] of moves) {
  test(what, () => {
    assert.is(executionLimit(use(storage, execution)), limit)
    assert.is(toEvict(use(storage, execution)), evict)
    assert.is(roomFor(use(storage, execution), 30)?.evict, room)
  })
}

test('a slot gets an even part, and never less than it needs to run', () => {
  assert.is(slotMemory(1000 * MIB, 4), 250 * MIB)
  assert.is(slotMemory(10 * MIB, 4), 16 * MIB)
})

/** A random life of both sides, each asking the policy before it takes. */
test('storage never takes from execution, execution never takes the protected part, together they never pass the total', () => {
  const step = fc.tuple(fc.constantFrom('store', 'grow', 'shrink', 'drop'), fc.nat(60))
  fc.assert(
    fc.property(fc.nat(200), fc.nat(100), fc.array(step, { maxLength: 60 }), (total, percent, steps) => {
      const protectedStorage = Math.floor((total * percent) / 100)
      let storage = 0
      let execution = 0
      const now = () => ({ total, protectedStorage, storage, execution })
      for (const [what, bytes] of steps) {
        const before = now()
        if (what === 'store') {
          const room = roomFor(before, bytes)
          if (room === undefined) {
            assert.ok(bytes > total - execution, 'refused although storage could have made room of its own')
            continue
          }
          assert.ok(room.evict <= storage)
          storage += bytes - room.evict
        } else if (what === 'grow') {
          execution = Math.min(execution + bytes, executionLimit(before))
          const evict = toEvict(now())
          storage -= evict
          if (before.storage <= protectedStorage) assert.is(storage, before.storage, 'the protected part was evicted')
          assert.ok(storage >= Math.min(before.storage, protectedStorage))
        } else if (what === 'shrink') execution = Math.max(0, execution - bytes)
        else storage = Math.max(0, storage - bytes)
        if (what === 'store') assert.is(execution, before.execution)
        assert.ok(storage + execution <= total, `${storage} + ${execution} > ${total}`)
        assert.ok(executionLimit(now()) >= execution)
      }
    }),
    { numRuns: 500 },
  )
})

test.run()
