import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { LeaseKeeper } from '#src/actors/master/lease-keeper.js'
import { silentLogger } from '#src/core/log.js'
import { LEASE_KEY } from '#src/protocol/subjects.js'
import { MemoryBus } from '#src/transport/memory.js'
import { type VirtualClock, virtualClock } from '../../support/virtual-clock.js'
import { type Fault, type FaultyBucket, faultyBucket } from './faulty-bucket.js'

const test = suite('actors/master/lease-keeper')

async function rig() {
  const clock = virtualClock()
  const bus = new MemoryBus({ clock, log: silentLogger() })
  const client = bus.connect()
  const open = () => client.bucket('leader', { ttlMs: 3000 })
  let nonces = 0
  const keeper = (masterId: string, bucket: FaultyBucket, highest = 0) =>
    new LeaseKeeper(
      { masterId, host: 'h', ui: 'u' },
      {
        open: async () => bucket,
        now: () => ({ monotonic: clock.monotonic(), wall: clock.now() }),
        nonce: () => `nonce-${nonces++}`,
        readRecords: async () => highest,
      },
    )
  const bucket = faultyBucket(await open())
  return { clock, bus, bucket, open, keeper, one: keeper('m1', bucket), two: keeper('m2', faultyBucket(await open())) }
}

const sent = (clock: VirtualClock) => ({ monotonic: clock.monotonic(), wall: clock.now() })

test('the first takes it, the second sees who has it', async () => {
  const { one, two, clock } = await rig()
  assert.equal(await one.take(0), { kind: 'taken', epoch: 1, ttlMs: 3000, sentAt: sent(clock) })
  const seen = await two.take(0)
  assert.is(seen.kind === 'held' && seen.by.masterId, 'm1')
  assert.is(seen.kind === 'held' && seen.by.epoch, 1)
})

test('a lease that is renewed lives, one that is not passes on with a higher epoch', async () => {
  const { one, two, clock } = await rig()
  await one.take(0)
  for (let i = 0; i < 5; i++) {
    await clock.advance(1000)
    assert.equal(await one.renew(), { kind: 'renewed', sentAt: sent(clock) })
    assert.is((await two.take(0)).kind, 'held')
  }
  await clock.advance(3000)
  const taken = await two.take(0)
  assert.ok(taken.kind === 'taken' && taken.epoch > 1)
  assert.equal((await one.renew()).kind, 'lost')
})

for (const [operation, faults] of [
  ['create', ['after']],
  ['update', ['after']],
  ['create', ['before']],
  ['update', ['before']],
  ['get', ['before']],
] as const satisfies readonly (readonly [string, readonly Fault[]])[]) {
  test(`taking: a ${operation} whose answer is lost ${faults[0]} it was carried out is settled by looking again`, async () => {
    const { one, two, bucket } = await rig()
    bucket.fail(operation, ...faults)
    const first = await one.take(0)
    const taken = first.kind === 'taken' ? first : await one.take(0)
    assert.is(taken.kind, 'taken', JSON.stringify(taken))
    assert.is((await one.renew()).kind, 'renewed')
    assert.is((await two.take(0)).kind, 'held')
  })
}

test('renewing: a lost answer after the write counts from when that write was sent', async () => {
  const { one, bucket, clock } = await rig()
  await one.take(0)
  await clock.advance(1000)
  const first = sent(clock)
  bucket.fail('update', 'after')
  bucket.fail('get', 'before')
  assert.is((await one.renew()).kind, 'unknown')
  await clock.advance(100)
  assert.equal(await one.renew(), { kind: 'renewed', sentAt: first })
  await clock.advance(1000)
  assert.equal(await one.renew(), { kind: 'renewed', sentAt: sent(clock) })
})

test('renewing: a write that was never carried out stays unknown and is tried again', async () => {
  const { one, bucket, clock } = await rig()
  await one.take(0)
  bucket.fail('update', 'before')
  assert.is((await one.renew()).kind, 'unknown')
  await clock.advance(100)
  assert.equal(await one.renew(), { kind: 'renewed', sentAt: sent(clock) })
})

test('renewing never writes over another’s lease', async () => {
  const { one, two, clock, bucket } = await rig()
  await one.take(0)
  await clock.advance(3000)
  await two.take(0)
  const before = (await bucket.get(LEASE_KEY))?.value
  const renewed = await one.renew()
  assert.equal(renewed, { kind: 'lost', reason: 'm2 holds the lease now' })
  assert.equal((await bucket.get(LEASE_KEY))?.value, before)
})

test('a lost bucket is a lost lease, and epochs go on above what was heard of', async () => {
  const { one, bus, clock, bucket, keeper } = await rig()
  for (let i = 0; i < 3; i++) await one.take(0)
  await clock.advance(10)
  bus.loseStore()
  assert.is((await one.renew()).kind, 'lost')
  await one.end(false)
  const again = await one.take(41)
  assert.is(again.kind === 'taken' && again.epoch, 42)
  await one.end(true)
  const other = await keeper('m3', bucket, 77).take(0)
  assert.is(other.kind === 'taken' && other.epoch, 78)
})

test('a new term of the same master is a new epoch, and needs no waiting for the old lease', async () => {
  const { one } = await rig()
  const first = await one.take(0)
  await one.end(false)
  const second = await one.take(0)
  assert.ok(first.kind === 'taken' && second.kind === 'taken' && second.epoch > first.epoch)
})

test('a lease given back is free at once; one that is not ours is not given back', async () => {
  const { one, two, clock } = await rig()
  await one.take(0)
  await one.end(true)
  assert.is((await two.take(0)).kind, 'taken')
  const { one: three, two: four, clock: later } = await rig()
  await three.take(0)
  await later.advance(3000)
  await four.take(0)
  await three.end(true)
  assert.is((await four.renew()).kind, 'renewed')
  await clock.advance(1)
})

test('a renewal that is answered after the end of its term renews nothing', async () => {
  const { one } = await rig()
  await one.take(0)
  const renewing = one.renew()
  await one.end(false)
  assert.equal(await renewing, { kind: 'lost', reason: 'the lease was given up' })
})

test.run()
