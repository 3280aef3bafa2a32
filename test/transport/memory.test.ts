import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '#src/core/clock.js'
import { silentLogger } from '#src/core/log.js'
import { type Hop, MemoryBus, type MemoryLink } from '#src/transport/memory.js'
import { subjectMatches } from '#src/transport/subject-index.js'
import { bytes, failure, text, transportContract } from './contract.js'

const test = suite('transport/memory')

let bus = new MemoryBus({ clock: systemClock, log: silentLogger() })
test.before.each(() => {
  bus = new MemoryBus({ clock: systemClock, log: silentLogger() })
})

transportContract(test, () => ({ connect: async () => bus.connect() }))

for (const [pattern, subject, expected] of [
  ['a.b', 'a.b', true],
  ['a.b', 'a.b.c', false],
  ['a.*', 'a.b', true],
  ['a.*', 'a', false],
  ['a.*', 'a.b.c', false],
  ['*.b', 'a.b', true],
  ['a.>', 'a.b.c', true],
  ['a.>', 'a', false],
  ['>', 'a', true],
  ['*.*', 'a.b', true],
] as const) {
  test(`${pattern} ${expected ? 'covers' : 'does not cover'} ${subject}`, () => assert.is(subjectMatches(pattern, subject), expected))
}

/** A link whose hops wait until the test lets them go. */
function heldLink(): MemoryLink & { hops: { hop: Hop; go: () => void }[]; next(kind: Hop['kind']): () => void } {
  const hops: { hop: Hop; go: () => void }[] = []
  const hold = (hop: Hop, go: () => void) => void hops.push({ hop, go })
  return {
    hops,
    toBus: hold,
    toClient: hold,
    next(kind) {
      const at = hops.findIndex(h => h.hop.kind === kind)
      assert.ok(at >= 0, `no ${kind} on its way`)
      return (hops.splice(at, 1)[0] as { go: () => void }).go
    },
  }
}

test('link: a write whose answer is lost has happened, and rejects as ambiguous', async () => {
  const link = heldLink()
  const linked = new MemoryBus({ clock: systemClock, log: silentLogger(), link, storeTimeoutMs: 20 })
  const client = linked.connect('m1')
  const opened = client.bucket('b')
  link.next('store')()
  link.next('storeReply')()
  const bucket = await opened
  const written = failure(bucket.create('k', bytes('1')))
  link.next('store')()
  assert.equal(await written, { code: 'SPK_BUS_UNAVAILABLE', retryable: true })
  assert.is(text(linked.storedBucket('b', 1).get('k')?.value), '1')
})

test('link: a message may come twice, and a late answer is ignored', async () => {
  const link = heldLink()
  const linked = new MemoryBus({ clock: systemClock, log: silentLogger(), link })
  const [asker, server] = [linked.connect('a'), linked.connect('s')]
  let heard = 0
  server.subscribe('s', m => {
    heard++
    m.respond(bytes('x'))
  })
  const asked = failure(asker.request('s', bytes('q'), { timeoutMs: 20 }))
  const toBus = link.next('message')
  toBus()
  toBus()
  link.next('message')()
  link.next('message')()
  assert.is(heard, 2)
  assert.is((await asked).code, 'SPK_REQUEST_TIMEOUT')
  link.next('reply')()
  link.next('reply')()
})

test('disconnected: nobody hears, requests reject; reconnected: subscriptions are back and the watch starts over', async () => {
  const [a, b] = [bus.connect('a'), bus.connect('b')]
  b.subscribe('s', m => m.respond(bytes('x')))
  const seen: string[] = []
  const [x, y] = [await a.bucket('w'), await b.bucket('w')]
  await y.watch((key, value) => void seen.push(`${key}=${text(value)}`))
  b.disconnect()
  assert.is((await failure(a.request('s', bytes('q'), { timeoutMs: 1000 }))).code, 'SPK_NO_RESPONDERS')
  assert.is((await failure(b.request('s', bytes('q'), { timeoutMs: 1000 }))).code, 'SPK_DISCONNECTED')
  assert.is((await failure(y.get('k'))).code, 'SPK_BUS_UNAVAILABLE')
  await x.put('k', bytes('missed'))
  assert.equal(seen, [])
  b.reconnect()
  assert.is(text(await a.request('s', bytes('q'), { timeoutMs: 1000 })), 'x')
  assert.equal(seen, ['k=missed'])
})

test('a lost store is made again on use', async () => {
  const bucket = await bus.connect().bucket('b')
  await bucket.put('k', bytes('1'))
  bus.loseStore()
  assert.is(await bucket.get('k'), undefined)
  await bucket.create('k', bytes('2'))
  assert.is(text((await bucket.get('k'))?.value), '2')
})

test.run()
