import { createServer } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { SpkError } from '#src/core/errors.js'
import { silentLogger } from '#src/core/log.js'
import { connectNats, type NatsTransport } from '#src/transport/nats.js'
import { parseNatsServers } from '#src/transport/nats-url.js'
import { eventually } from '../support/eventually.js'
import { type NatsServer, startNatsServer } from '../support/nats-server.js'
import { answering, bytes, failure, fresh, text, transportContract } from './contract.js'

const test = suite('transport/nats')

let server: NatsServer
const open: NatsTransport[] = []

async function client(servers = server.url, waitMs = 5000): Promise<NatsTransport> {
  const connected = await connectNats({ servers, name: 'test', log: silentLogger(), waitMs })
  open.push(connected)
  return connected
}

async function refusal(connecting: Promise<unknown>): Promise<SpkError> {
  try {
    await connecting
  } catch (error) {
    if (error instanceof SpkError) return error
    throw error
  }
  throw new Error('connects')
}

test.before(async () => {
  server = await startNatsServer()
})
test.after.each(async () => {
  await Promise.all(open.splice(0).map(c => c.close()))
})
test.after(() => server.stop())

transportContract(test, () => ({ connect: () => client() }))

test('a killed server: pending work rejects at once as retryable, everything works again after its restart', async () => {
  const [a, b] = [await client(), await client()]
  const subject = fresh('again.')
  b.subscribe(subject, m => {
    if (text(m.data) !== 'never') m.respond(m.data)
  })
  await answering(a, subject)
  const [kept, lost] = [await a.bucket(fresh('kept')), await a.bucket(fresh('lost'), { memory: true, ttlMs: 60_000 })]
  const log = fresh('log')
  const stream = await a.stream(log, { subjects: `${log}.>` })
  const logged = await stream.append(`${log}.x`, bytes('1'), 'id')
  const revision = await kept.put('k', bytes('1'))
  await lost.put('k', bytes('1'))
  const seen: string[] = []
  await (await b.bucket('kept-watch')).watch((key, value) => void seen.push(`${key}=${text(value)}`))
  const status: string[] = []
  a.onStatus(s => void status.push(s))

  const pending = failure(a.request(subject, bytes('never'), { timeoutMs: 60_000 }))
  await server.kill()
  assert.equal(await pending, { code: 'SPK_DISCONNECTED', retryable: true })
  assert.equal(await failure(kept.put('k', bytes('2'))), { code: 'SPK_BUS_UNAVAILABLE', retryable: true })
  assert.is((await failure(a.request(subject, bytes('x'), { timeoutMs: 60_000 }))).code, 'SPK_DISCONNECTED')
  a.publish(subject, bytes('lost'))

  await server.restart()
  await answering(a, subject)
  assert.is(text((await kept.get('k'))?.value), '1')
  const updated = await eventually('JetStream writes again', () => kept.update('k', bytes('2'), revision).catch(() => undefined))
  assert.ok(updated > revision)
  assert.is(await lost.get('k'), undefined)
  await lost.create('k', bytes('new'))
  await (await a.bucket('kept-watch')).put('after', bytes('1'))
  await eventually('the watch goes on', () => seen.includes('after=1'))
  assert.equal([status[0], status.at(-1)], ['disconnected', 'connected'])
  assert.is(await stream.append(`${log}.x`, bytes('1'), 'id'), logged)
})

test('a server that lost its whole store: buckets and streams are made again on use', async () => {
  const a = await client()
  const name = fresh('s')
  const bucket = await a.bucket(name, { ttlMs: 30_000 })
  const stream = await a.stream(`${name}log`, { subjects: `${name}.>` })
  await bucket.put('k', bytes('1'))
  await stream.append(`${name}.x`, bytes('1'))
  await server.restart({ emptyStore: true })
  assert.is(await bucket.get('k'), undefined)
  assert.equal(await bucket.entries(), [])
  assert.is(typeof (await bucket.create('k', bytes('2'))), 'number')
  assert.is(text((await bucket.get('k'))?.value), '2')
  await server.restart({ emptyStore: true })
  await eventually('written', async () => (await bucket.put('k', bytes('3')).catch(() => 0)) > 0)
  await eventually('appended', async () => (await stream.append(`${name}.x`, bytes('2'), 'id').catch(() => 0)) > 0)
  const read: string[] = []
  for await (const record of stream.read()) read.push(text(record.data) ?? '')
  assert.equal(read, ['2'])
})

test('a frozen server: requests and writes end by their time limits, and it is noticed', async () => {
  const a = await client()
  const bucket = await a.bucket(fresh('frozen'))
  const status: string[] = []
  a.onStatus(s => void status.push(s))
  server.pause()
  try {
    await eventually('frozen', async () => (await failure(a.request('x', bytes('x'), { timeoutMs: 100 }))).code === 'SPK_REQUEST_TIMEOUT')
    assert.equal(await failure(bucket.put('k', bytes('1'))), { code: 'SPK_BUS_UNAVAILABLE', retryable: true })
    await eventually('stale connection noticed', () => status.includes('disconnected'), 20_000)
  } finally {
    server.resume()
  }
  await eventually('back', async () => (await bucket.put('k', bytes('2')).catch(() => 0)) > 0)
})

test('of several servers one is enough', async () => {
  const a = await client(`nats://127.0.0.1:1,${server.url}`)
  const bucket = await a.bucket(fresh('two'))
  await bucket.put('k', bytes('1'))
  await server.restart()
  assert.is(text((await bucket.get('k'))?.value), '1')
})

test('nobody there, not NATS, refused, malformed: one clear error each, never the password', async () => {
  const web = createServer(socket => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1')
  await eventually('listening', () => web.listening)
  const { port } = web.address() as { port: number }
  const guarded = await startNatsServer({ config: 'authorization { users: [ { user: spk, password: right } ] }' })
  try {
    for (const [url, code, says] of [
      ['nats://u:secret@127.0.0.1:1', 'SPK_NATS_UNREACHABLE', /nats:\/\/127\.0\.0\.1:1 .*nats-server/],
      [`127.0.0.1:${port}`, 'SPK_NATS_UNREACHABLE', new RegExp(`127.0.0.1:${port}`)],
      [`nats://spk:secret@127.0.0.1:${guarded.port}`, 'SPK_NATS_AUTHORIZATION', /user "spk"/],
      [`nats://127.0.0.1:${guarded.port}`, 'SPK_NATS_AUTHORIZATION', /without user/],
      ['http://127.0.0.1:4222', 'SPK_NATS_URL', /nats:\/\/host:4222/],
      ['', 'SPK_NATS_URL', /nats:\/\/host:4222/],
    ] as const) {
      const error = await refusal(client(url, 300))
      assert.is(error.code, code, url)
      assert.match(error.message, says)
      assert.not.match(error.message, /secret/)
    }
    const allowed = await client(`nats://spk:right@127.0.0.1:${guarded.port}`)
    assert.is((await failure(allowed.request('x', bytes('x'), { timeoutMs: 1000 }))).code, 'SPK_NO_RESPONDERS')
  } finally {
    web.close()
    await guarded.stop()
  }
})

test('what the user may not do is said at once', async () => {
  const guarded = await startNatsServer({
    config:
      'authorization { users: [ { user: o, password: p, permissions: { publish: ["$JS.API.STREAM.INFO.>", "ok"], subscribe: ["_INBOX_o.>"] } } ] }',
  })
  try {
    const observer = await client(`nats://o:p@127.0.0.1:${guarded.port}`)
    assert.is((await failure(observer.request('order', bytes('x'), { timeoutMs: 3000 }))).code, 'SPK_NATS_PERMISSION')
    assert.is((await failure(observer.request('ok', bytes('x'), { timeoutMs: 3000 }))).code, 'SPK_NO_RESPONDERS')
    assert.is((await failure(observer.bucket('new'))).code, 'SPK_NATS_PERMISSION')
  } finally {
    await Promise.all(open.splice(0).map(c => c.close()))
    await guarded.stop()
  }
})

for (const [url, urls, user, tls] of [
  ['nats://h', ['h:4222'], undefined, false],
  ['h:1, nats://i:2', ['h:1', 'i:2'], undefined, false],
  ['nats://a%40b:p%3Aq@h:1', ['h:1'], 'a@b', false],
  ['tls://h:1', ['h:1'], undefined, true],
] as const) {
  test(`${url} is read`, () => {
    const servers = parseNatsServers(url)
    assert.equal([[...servers.urls], servers.user, servers.tls], [[...urls], user, tls])
  })
}

test.run()
