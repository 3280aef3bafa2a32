import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { epochOf } from '#src/actors/master/records.js'
import { StateStore } from '#src/actors/master/state-store.js'
import { silentLogger } from '#src/core/log.js'
import { MemoryBus } from '#src/transport/memory.js'
import { settle, virtualClock } from '../../support/virtual-clock.js'
import { faultyBucket } from './faulty-bucket.js'

const test = suite('actors/master/state-store')
const bytes = (n: number, epoch = 5) => new TextEncoder().encode(JSON.stringify({ epoch, n }))

async function rig(epoch = 5) {
  const clock = virtualClock()
  const bus = new MemoryBus({ clock, log: silentLogger() })
  const inner = await bus.connect().bucket('state')
  const bucket = faultyBucket(inner)
  const newer: number[] = []
  let allowed = true
  const store = new StateStore({
    epoch,
    clock,
    log: silentLogger(),
    open: async () => bucket,
    known: [],
    mayAct: () => allowed,
    epochOf,
    onNewer: seen => void newer.push(seen),
  })
  const content = async () =>
    Object.fromEntries((await inner.entries()).map(e => [e.key, (JSON.parse(new TextDecoder().decode(e.value)) as { n: number }).n]))
  const stop = () => {
    allowed = false
  }
  return { clock, bus, inner, bucket, store, newer, content, stop }
}

test('values of a key are written in order, those overtaken are left out', async () => {
  const { store, bucket, content } = await rig()
  for (const n of [1, 2, 3]) store.put('a', bytes(n))
  store.put('b', bytes(9))
  await settle()
  assert.equal(await content(), { a: 3, b: 9 })
  assert.equal(
    bucket.done.filter(d => d.endsWith(' a')),
    ['create a', 'update a'],
  )
})

test('it calls back when all that was wanted for the keys is stored, and at once when nothing is', async () => {
  const { store, content } = await rig()
  const order: string[] = []
  store.whenStored(['a'], () => order.push('nothing to wait for'))
  store.put('a', bytes(1))
  store.put('b', bytes(1))
  store.whenStored(['a', 'b'], () => order.push('both'))
  store.whenStored(undefined, () => order.push('all'))
  assert.equal(order, ['nothing to wait for'])
  await settle()
  assert.equal(order, ['nothing to wait for', 'both', 'all'])
  assert.equal(await content(), { a: 1, b: 1 })
})

test('the same value again is not written again', async () => {
  const { store, bucket } = await rig()
  store.put('a', bytes(1))
  await settle()
  store.put('a', bytes(1))
  await settle()
  assert.equal(bucket.done, ['create a'])
})

test('erasing: what is stored goes, what never was is not asked for', async () => {
  const { store, bucket, content } = await rig()
  store.erase('nothing')
  store.put('a', bytes(1))
  store.erase('a')
  await settle()
  assert.equal(await content(), {})
  assert.equal(bucket.done, ['create a', 'delete a'])
  store.put('a', bytes(2))
  await settle()
  assert.equal(await content(), { a: 2 })
})

for (const [operation, fault] of [
  ['create', 'before'],
  ['create', 'after'],
  ['update', 'before'],
  ['update', 'after'],
  ['delete', 'before'],
  ['delete', 'after'],
] as const) {
  test(`a ${operation} whose answer is lost ${fault} it was carried out is tried again until it holds`, async () => {
    const { store, bucket, clock, content } = await rig()
    bucket.fail(operation, fault, fault)
    let stored = false
    store.put('a', bytes(1))
    await clock.advance(1000)
    store.put('a', bytes(2))
    await clock.advance(1000)
    if (operation === 'delete') store.erase('a')
    store.whenStored(['a'], () => {
      stored = true
    })
    await clock.advance(1000)
    assert.ok(stored)
    assert.equal(await content(), operation === 'delete' ? {} : { a: 2 })
  })
}

test('an older leader’s late write is written over', async () => {
  const { store, inner, content, newer } = await rig()
  store.put('a', bytes(1))
  await settle()
  await inner.put('a', bytes(66, 4))
  store.put('a', bytes(2))
  await settle()
  assert.equal(await content(), { a: 2 })
  assert.equal(newer, [])
})

test('a newer leader’s write stays, and ends the term', async () => {
  const { store, inner, content, newer, stop } = await rig()
  await inner.put('a', bytes(66, 8))
  store.put('a', bytes(2))
  await settle()
  stop()
  assert.equal(newer, [8])
  assert.equal(await content(), { a: 66 })
})

test('nothing is written once the leader may not act, nor after the end', async () => {
  const { store, stop, bucket, clock } = await rig()
  stop()
  store.put('a', bytes(1))
  await clock.advance(1000)
  store.close()
  store.put('b', bytes(1))
  await clock.advance(1000)
  assert.equal(bucket.done, [])
  assert.is(clock.pending(), 0)
})

test('the audit fills a lost bucket, and removes what an older leader left', async () => {
  const { store, bus, inner, content } = await rig()
  store.put('a', bytes(1))
  store.put('b', bytes(2))
  store.erase('b')
  await settle()
  bus.loseStore()
  await inner.put('stale', bytes(66, 3))
  await inner.put('a', bytes(66, 3))
  await store.audit()
  await settle()
  assert.equal(await content(), { a: 1 })
})

test('many keys are written at a time, but not all at once', async () => {
  const { store, bucket, content } = await rig()
  for (let i = 0; i < 200; i++) store.put(`k${i}`, bytes(i))
  await Promise.resolve()
  await Promise.resolve()
  assert.ok(bucket.done.length <= 64, String(bucket.done.length))
  for (let i = 0; i < 20; i++) await settle()
  assert.is(Object.keys(await content()).length, 200)
})

test.run()
