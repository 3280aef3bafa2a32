/**
 * What every transport must do, as one suite run against each of them. A world gives clients that share one bus; names are fresh per case, so that cases
 * do not see each other's buckets.
 */
import type { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { SpkError } from '#src/core/errors.js'
import type { Bucket, StreamRecord, Transport } from '#src/transport/transport.js'
import { eventually } from '../support/eventually.js'

export interface World {
  connect(): Promise<Transport>
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const text = (data: Uint8Array | undefined): string | undefined => (data === undefined ? undefined : new TextDecoder().decode(data))

export async function failure(work: Promise<unknown>): Promise<{ code: string; retryable: boolean }> {
  try {
    await work
  } catch (error) {
    if (error instanceof SpkError) return { code: error.code, retryable: error.retryable }
    throw error
  }
  throw new Error('did not fail')
}

let names = 0
export const fresh = (prefix: string): string => `${prefix}${process.pid}x${names++}`

async function all(records: AsyncIterable<StreamRecord>): Promise<StreamRecord[]> {
  const found: StreamRecord[] = []
  for await (const record of records) found.push(record)
  return found
}

/** A subscription counts once a round trip has gone through it. */
export async function answering(client: Transport, subject: string): Promise<void> {
  await eventually(`${subject} answers`, async () => (await client.request(subject, bytes('ready?'), { timeoutMs: 500 })) && true)
}

export function transportContract(test: ReturnType<typeof suite>, world: () => World): void {
  test('a request gets the first answer, and only that', async () => {
    const [a, b] = [await world().connect(), await world().connect()]
    const subject = fresh('echo.')
    b.subscribe(subject, m => {
      m.respond(bytes(`${text(m.data)}!`))
      m.respond(bytes('second'))
    })
    await answering(a, subject)
    assert.is(text(await a.request(subject, bytes('hi'), { timeoutMs: 2000 })), 'hi!')
    const many = await Promise.all(Array.from({ length: 50 }, (_, i) => a.request(subject, bytes(`${i}`), { timeoutMs: 2000 })))
    assert.equal(
      many.map(text),
      Array.from({ length: 50 }, (_, i) => `${i}!`),
    )
    await Promise.all([a.close(), b.close()])
  })

  test('nobody there, nobody answering, too large, given up, closed: each has its code', async () => {
    const [a, b] = [await world().connect(), await world().connect()]
    const silent = fresh('silent.')
    let heard = 0
    b.subscribe(silent, m => {
      heard++
      if (text(m.data) === 'ready?') m.respond(bytes('yes'))
    })
    await answering(a, silent)
    assert.equal(await failure(a.request(fresh('nobody.'), bytes('x'), { timeoutMs: 5000 })), { code: 'SPK_NO_RESPONDERS', retryable: true })
    const before = heard
    assert.equal(await failure(a.request(silent, bytes('x'), { timeoutMs: 50 })), { code: 'SPK_REQUEST_TIMEOUT', retryable: true })
    assert.is(heard, before + 1)
    assert.is((await failure(a.request(silent, new Uint8Array(1024 * 1024 + 1), { timeoutMs: 50 }))).code, 'SPK_MESSAGE_TOO_LARGE')
    assert.throws(() => a.publish(silent, new Uint8Array(1024 * 1024 + 1)), /SPK_MESSAGE_TOO_LARGE/)
    const giveUp = new AbortController()
    const asked = failure(a.request(silent, bytes('x'), { timeoutMs: 5000, signal: giveUp.signal }))
    giveUp.abort()
    assert.is((await asked).code, 'SPK_REQUEST_ABORTED')
    const pending = failure(a.request(silent, bytes('x'), { timeoutMs: 5000 }))
    await a.close()
    assert.equal(await pending, { code: 'SPK_DISCONNECTED', retryable: true })
    assert.is((await failure(a.request(silent, bytes('x'), { timeoutMs: 5000 }))).code, 'SPK_DISCONNECTED')
    await b.close()
  })

  test('wildcards: * is one token, > is the rest; order is kept; a handler that throws is survived', async () => {
    const [a, b] = [await world().connect(), await world().connect()]
    const root = fresh('w')
    const seen: string[] = []
    b.subscribe(`${root}.*.x`, m => void seen.push(`star ${m.subject.slice(root.length)} ${text(m.data)}`))
    b.subscribe(`${root}.>`, m => {
      seen.push(`rest ${m.subject.slice(root.length)} ${text(m.data)}`)
      if (m.subject.endsWith('.end')) m.respond(bytes('ok'))
      throw new Error('planted')
    })
    await answering(a, `${root}.end`)
    seen.length = 0
    a.publish(`${root}.a.x`, bytes('1'))
    a.publish(`${root}.a.y`, bytes('2'))
    a.publish(`${root}.a.b.x`, bytes('3'))
    a.publish(root, bytes('4'))
    await a.request(`${root}.end`, bytes('5'), { timeoutMs: 2000 })
    assert.equal(
      seen.filter(s => s.startsWith('star')),
      ['star .a.x 1'],
    )
    assert.equal(
      seen.filter(s => s.startsWith('rest')),
      ['rest .a.x 1', 'rest .a.y 2', 'rest .a.b.x 3', 'rest .end 5'],
    )
    await Promise.all([a.close(), b.close()])
  })

  test('after unsubscribe nothing is delivered, and a request finds nobody', async () => {
    const [a, b] = [await world().connect(), await world().connect()]
    const subject = fresh('gone.')
    let heard = 0
    const subscription = b.subscribe(subject, m => {
      heard++
      m.respond(bytes('x'))
    })
    await answering(a, subject)
    for (let i = 0; i < 20; i++) a.publish(subject, bytes('late'))
    subscription.unsubscribe()
    const counted = heard
    await eventually('nobody there', async () => (await failure(a.request(subject, bytes('x'), { timeoutMs: 300 }))).code === 'SPK_NO_RESPONDERS')
    assert.is(heard, counted)
    await Promise.all([a.close(), b.close()])
  })

  test('bucket: compare and set', async () => {
    const [a, b] = [await world().connect(), await world().connect()]
    const name = fresh('cas')
    const [x, y] = [await a.bucket(name), await b.bucket(name)]
    const first = await x.create('k', bytes('1'))
    assert.is((await failure(y.create('k', bytes('2')))).code, 'SPK_CAS_FAILED')
    assert.equal(await failure(y.update('k', bytes('2'), first + 7)), { code: 'SPK_CAS_FAILED', retryable: false })
    const second = await y.update('k', bytes('2'), first)
    assert.ok(second > first)
    assert.is((await failure(x.update('k', bytes('3'), first))).code, 'SPK_CAS_FAILED')
    const read = await x.get('k')
    assert.equal([read?.key, text(read?.value), read?.revision], ['k', '2', second])
    assert.is((await failure(x.delete('k', first))).code, 'SPK_CAS_FAILED')
    await x.delete('k', second)
    assert.is(await y.get('k'), undefined)
    assert.is((await failure(y.update('k', bytes('4'), second))).code, 'SPK_CAS_FAILED')
    const again = await y.create('k', bytes('5'))
    assert.ok(again > second)
    const put = await x.put('k', bytes('6'))
    assert.ok(put > again)
    assert.is(text((await y.get('k'))?.value), '6')
    assert.is(await y.get('never'), undefined)
    await x.delete('never')
    await Promise.all([a.close(), b.close()])
  })

  test('bucket: of many who create or update at once, one wins', async () => {
    const clients = await Promise.all([world().connect(), world().connect(), world().connect()])
    const name = fresh('race')
    const buckets: Bucket[] = []
    for (const c of clients) buckets.push(await c.bucket(name, { ttlMs: 60_000 }))
    const won = async (tries: Promise<number>[]) => (await Promise.allSettled(tries)).flatMap(r => (r.status === 'fulfilled' ? [r.value] : []))
    const created = await won(buckets.map((b, i) => b.create('lease', bytes(`${i}`))))
    assert.is(created.length, 1)
    const updated = await won(buckets.map((b, i) => b.update('lease', bytes(`${i}`), created[0] as number)))
    assert.is(updated.length, 1)
    await Promise.all(clients.map(c => c.close()))
  })

  test('bucket: a key expires by itself, cannot be updated then, and can be created again under a higher revision', async () => {
    const a = await world().connect()
    const bucket = await a.bucket(fresh('ttl'), { ttlMs: 400, memory: true })
    const first = await bucket.create('lease', bytes('1'))
    await eventually('expired', async () => (await bucket.get('lease')) === undefined)
    assert.equal(await bucket.entries(), [])
    assert.is((await failure(bucket.update('lease', bytes('late'), first))).code, 'SPK_CAS_FAILED')
    const second = await bucket.create('lease', bytes('2'))
    assert.ok(second > first)
    assert.is(text((await bucket.get('lease'))?.value), '2')
    await a.close()
  })

  test('bucket: the lifetime of keys is that of who made it, and every one who opens it can ask', async () => {
    const [a, b] = await Promise.all([world().connect(), world().connect()])
    const name = fresh('life')
    const first = await a.bucket(name, { ttlMs: 60_000 })
    const second = await b.bucket(name, { ttlMs: 300 })
    assert.equal([await first.ttlMs(), await second.ttlMs()], [60_000, 60_000])
    assert.is(await (await a.bucket(fresh('ever'))).ttlMs(), 0)
    await Promise.all([a.close(), b.close()])
  })

  test('bucket: entries are the live ones with their last values; keys hold dots', async () => {
    const a = await world().connect()
    const bucket = await a.bucket(fresh('list'))
    assert.equal(await bucket.entries(), [])
    for (let i = 0; i < 5; i++) await bucket.put(`app.a-${i}`, bytes(`${i}`))
    await bucket.put('app.a-1', bytes('new'))
    await bucket.delete('app.a-2')
    const found = (await bucket.entries()).map(e => `${e.key}=${text(e.value)}`).sort()
    assert.equal(found, ['app.a-0=0', 'app.a-1=new', 'app.a-3=3', 'app.a-4=4'])
    const revisions = (await bucket.entries()).map(e => e.revision)
    assert.is(new Set(revisions).size, 4)
    await a.close()
  })

  test('bucket: a watch tells what is there, then every change', async () => {
    const [a, b] = [await world().connect(), await world().connect()]
    const name = fresh('watch')
    const [x, y] = [await a.bucket(name), await b.bucket(name)]
    await x.put('old', bytes('0'))
    const seen: string[] = []
    const subscription = await y.watch((key, value) => void seen.push(`${key}=${text(value) ?? 'deleted'}`))
    await eventually('the present', () => seen.includes('old=0'))
    await x.put('k', bytes('1'))
    await x.put('k', bytes('2'))
    await x.delete('k')
    await eventually('three changes', () => seen.length >= 4)
    assert.equal(seen, ['old=0', 'k=1', 'k=2', 'k=deleted'])
    subscription.unsubscribe()
    await x.put('k', bytes('unheard'))
    await y.get('k')
    assert.is(seen.length, 4)
    await Promise.all([a.close(), b.close()])
  })

  test('stream: appends in order, stores a repeated id once, reads by filter and from a sequence', async () => {
    const a = await world().connect()
    const root = fresh('ev')
    const stream = await a.stream(root, { subjects: `${root}.>`, maxBytes: 10_000_000 })
    assert.equal(await all(stream.read()), [])
    const first = await stream.append(`${root}.a.Start`, bytes('1'), 'id-1')
    assert.is(await stream.append(`${root}.a.Start`, bytes('1'), 'id-1'), first)
    const second = await stream.append(`${root}.b.Start`, bytes('2'), 'id-2')
    const third = await stream.append(`${root}.a.End`, bytes('3'))
    assert.ok(first < second && second < third)
    assert.equal(
      (await all(stream.read())).map(r => [r.sequence, r.subject.slice(root.length), text(r.data)]),
      [
        [first, '.a.Start', '1'],
        [second, '.b.Start', '2'],
        [third, '.a.End', '3'],
      ],
    )
    assert.equal(
      (await all(stream.read({ filter: `${root}.a.>` }))).map(r => text(r.data)),
      ['1', '3'],
    )
    assert.equal(
      (await all(stream.read({ filter: `${root}.*.Start`, fromSequence: second }))).map(r => text(r.data)),
      ['2'],
    )
    assert.equal(await all(stream.read({ fromSequence: third + 1 })), [])
    assert.equal(await all(stream.read({ filter: `${root}.nothing.>` })), [])
    for await (const record of stream.read()) {
      assert.is(text(record.data), '1')
      break
    }
    for (let i = 0; i < 300; i++) await stream.append(`${root}.many.X`, bytes(`${i}`))
    const many = await all(stream.read({ filter: `${root}.many.X` }))
    assert.equal(
      many.map(r => text(r.data)),
      Array.from({ length: 300 }, (_, i) => `${i}`),
    )
    assert.ok(many.every(r => Number.isInteger(r.time) && r.time > 1_700_000_000_000))
    await a.close()
  })

  test('stream: who subscribes to its subject hears each new record once', async () => {
    const [a, b] = [await world().connect(), await world().connect()]
    const root = fresh('live')
    const stream = await a.stream(root, { subjects: `${root}.>` })
    const seen: string[] = []
    b.subscribe(`${root}.>`, m => void seen.push(text(m.data) ?? ''))
    await b.bucket(fresh('sync'))
    for (const id of ['1', '2', '2', '3']) await stream.append(`${root}.x`, bytes(id), id)
    await eventually('the last one', () => seen.includes('3'))
    assert.equal([...new Set(seen)], ['1', '2', '3'])
    await Promise.all([a.close(), b.close()])
  })

  test('bucket: after close it is unavailable', async () => {
    const a = await world().connect()
    const bucket = await a.bucket(fresh('closed'))
    const status: string[] = []
    a.onStatus(s => void status.push(s))
    await a.close()
    await a.close()
    assert.equal(await failure(bucket.put('k', bytes('1'))), { code: 'SPK_BUS_UNAVAILABLE', retryable: true })
    assert.equal(status, ['closed'])
  })
}
