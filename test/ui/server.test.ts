import { createServer } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { SpkError } from '#src/core/errors.js'
import { html, startUi, type Ui, type UiOptions } from '#src/ui/server.js'

const test = suite('ui/server')

const plain: UiOptions = {
  host: '127.0.0.1',
  port: 0,
  page: () => html`<p>${'<b>&'}</p>`,
  json: () => ({ status: 'ALIVE', workers: [{ id: 'w' }] }),
  more: { clusterutilization: () => ({ cores: 4 }) },
  health: () => ({ healthy: true, who: 'm' }),
}

async function withUi(options: Partial<UiOptions>, run: (base: string, ui: Ui) => Promise<void>): Promise<void> {
  const ui = await startUi({ ...plain, ...options })
  try {
    await run(`http://127.0.0.1:${ui.port}`, ui)
  } finally {
    await ui.close()
  }
}

for (const [path, status, body] of [
  ['/json/', 200, { status: 'ALIVE', workers: [{ id: 'w' }] }],
  ['/json', 200, { status: 'ALIVE', workers: [{ id: 'w' }] }],
  ['/json/status', 200, { status: 'ALIVE' }],
  ['/json/workers', 200, { workers: [{ id: 'w' }] }],
  ['/json/clusterutilization', 200, { cores: 4 }],
  ['/json/nothing', 200, { nothing: '' }],
  ['/json/toString', 200, { toString: '' }],
  ['/health', 200, { healthy: true, who: 'm' }],
] as const) {
  test(`GET ${path}`, () =>
    withUi({}, async base => {
      const answer = await fetch(base + path)
      assert.is(answer.status, status)
      assert.match(answer.headers.get('content-type') ?? '', /^application\/json/)
      assert.equal(JSON.parse(await answer.text()), body)
    }))
}

test('the page escapes what is put into it, and may load nothing', () =>
  withUi({}, async base => {
    const answer = await fetch(base)
    assert.is(await answer.text(), '<p>&lt;b&gt;&amp;</p>')
    assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'none'/)
  }))

test('an unhealthy process answers 503', () =>
  withUi({ health: () => ({ healthy: false }) }, async base => {
    assert.is((await fetch(`${base}/health`)).status, 503)
  }))

test('an unknown path names the known ones', () =>
  withUi({}, async base => {
    const answer = await fetch(`${base}/x`)
    assert.is(answer.status, 404)
    assert.match(await answer.text(), /\/json\//)
  }))

test('a port in use gives the next one, and an error when none is left', async () => {
  const taken = createServer()
  await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as { port: number }
  try {
    await withUi({ port, portRetries: 16 }, async (_base, ui) => assert.ok(ui.port > port && ui.port <= port + 16, String(ui.port)))
    await startUi({ ...plain, port, portRetries: 0 }).then(
      () => assert.unreachable('it started'),
      (error: unknown) => {
        assert.instance(error, SpkError)
        assert.is((error as SpkError).code, 'SPK_PORT_IN_USE')
      },
    )
  } finally {
    taken.close()
  }
})

test('an interface that this host does not have is an error that says so', async () => {
  await startUi({ ...plain, host: '192.0.2.1' }).then(
    () => assert.unreachable('it started'),
    (error: unknown) => assert.is((error as SpkError).code, 'SPK_BAD_ADDRESS'),
  )
})

test.run()
