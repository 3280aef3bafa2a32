import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readSegmentBytes } from '#src/blockstore/segment.js'
import { BlockStore, type StorageLevel } from '#src/blockstore/store.js'
import { withFolder } from './block-files.js'

const test = suite('blockstore/store')

const bytes = (n: number, value = 1) => new Uint8Array(n).fill(value)

async function withStore(use: (store: BlockStore, dir: string, limits: number[]) => Promise<void>): Promise<void> {
  await withFolder(async root => {
    const dir = join(root, 'cache')
    const limits: number[] = []
    await use(new BlockStore({ dir, shares: { total: 100, protectedStorage: 40 }, onExecutionLimit: limit => void limits.push(limit) }), dir, limits)
  })
}

/** Where a block lies: memory, disk or nowhere; it must hold `value`. */
function where(store: BlockStore, id: string, value = 1): string {
  const segment = store.get(id)
  if (segment === undefined) return 'gone'
  assert.ok(readSegmentBytes(segment).every(b => b === value))
  return segment.kind === 'bytes' ? 'memory' : 'disk'
}

const first: readonly [StorageLevel, number, boolean, string][] = [
  ['MEMORY_ONLY', 50, true, 'memory'],
  ['MEMORY_AND_DISK', 50, true, 'memory'],
  ['DISK_ONLY', 50, true, 'disk'],
  ['MEMORY_ONLY', 101, false, 'gone'],
  ['MEMORY_AND_DISK', 101, true, 'disk'],
]
for (const [level, size, kept, place] of first) {
  test(`${size} of 100 bytes at ${level}: ${place}`, () =>
    withStore(async store => {
      assert.is(await store.put('a', bytes(size), level), kept)
      assert.is(where(store, 'a'), place)
      assert.is(store.memoryUsed, place === 'memory' ? size : 0)
      assert.is(store.diskUsed, place === 'disk' ? size : 0)
    }))
}

test('the least recently used goes first, to disk or nowhere by its level', () =>
  withStore(async (store, dir) => {
    await store.put('a', bytes(30, 1), 'MEMORY_AND_DISK')
    await store.put('b', bytes(30, 2), 'MEMORY_ONLY')
    await store.put('c', bytes(30, 3), 'MEMORY_AND_DISK')
    assert.is(where(store, 'a', 1), 'memory')
    await store.put('d', bytes(40, 4), 'MEMORY_ONLY')
    assert.equal(
      ['a', 'b', 'c', 'd'].map((id, i) => where(store, id, i + 1)),
      ['memory', 'gone', 'memory', 'memory'],
    )
    await store.put('e', bytes(100, 5), 'MEMORY_ONLY')
    assert.equal(
      ['a', 'c', 'd', 'e'].map((id, i) => where(store, id, [1, 3, 4, 5][i])),
      ['disk', 'disk', 'gone', 'memory'],
    )
    assert.equal(readdirSync(dir).sort(), ['a.block', 'c.block'])
  }))

test('execution that grows pushes storage back to its protected part and no farther; storage pushes nobody', () =>
  withStore(async (store, _dir, limits) => {
    await store.put('a', bytes(40, 1), 'MEMORY_AND_DISK')
    await store.put('b', bytes(30, 2), 'MEMORY_AND_DISK')
    await store.setExecution(50)
    assert.equal([where(store, 'a', 1), where(store, 'b', 2)], ['disk', 'memory'])
    await store.setExecution(100)
    assert.is(where(store, 'b', 2), 'memory', 'the protected part stays')
    assert.is(await store.put('c', bytes(40), 'MEMORY_ONLY'), false)
    assert.equal(limits, [60, 70])
    await store.remove('b')
    assert.is(store.executionLimit, 100)
  }))

test('a block is found while it goes from memory to disk, and one removed on the way leaves nothing', () =>
  withStore(async (store, dir) => {
    await store.put('a', bytes(40, 1), 'MEMORY_AND_DISK')
    await store.put('b', bytes(40, 2), 'MEMORY_AND_DISK')
    const moving = store.setExecution(60)
    assert.is(where(store, 'a', 1), 'memory')
    const removed = store.remove('a')
    await Promise.all([moving, removed])
    assert.equal([where(store, 'a', 1), where(store, 'b', 2)], ['gone', 'memory'])
    assert.equal([readdirSync(dir), store.diskUsed, store.memoryUsed], [[], 0, 40])
  }))

test('a block that the disk does not take stays in memory', () =>
  withStore(async (store, dir) => {
    writeFileSync(dir, 'a file where the folder should be')
    await store.put('a', bytes(60, 1), 'MEMORY_AND_DISK')
    await store.setExecution(80)
    assert.is(where(store, 'a', 1), 'memory')
    assert.is(store.memoryUsed, 60)
  }))

test('a block that is put again or removed leaves nothing of the old one', () =>
  withStore(async (store, dir) => {
    await store.put('a', bytes(20, 1), 'DISK_ONLY')
    await store.put('a', bytes(10, 2), 'MEMORY_ONLY')
    assert.is(where(store, 'a', 2), 'memory')
    assert.is(store.diskUsed, 0)
    assert.equal(readdirSync(dir), [])
    await store.remove('a')
    assert.is(where(store, 'a'), 'gone')
    assert.is(store.memoryUsed, 0)
  }))

test('an id that is not a plain name never becomes a path', () =>
  withStore(async (store, dir) => {
    try {
      await store.put('../x', bytes(200), 'MEMORY_AND_DISK')
      assert.unreachable()
    } catch (error) {
      assert.match(String(error), /SPK_BLOCK_NAME/)
    }
    assert.not.ok(existsSync(join(dir, '..', 'x.block')))
  }))

test('memory blocks are shared, so that every slot thread reads the same bytes', () =>
  withStore(async store => {
    await store.put('a', bytes(10), 'MEMORY_ONLY')
    const segment = store.get('a')
    assert.ok(segment?.kind === 'bytes' && segment.bytes.buffer instanceof SharedArrayBuffer)
  }))

test.run()
