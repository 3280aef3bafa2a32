import { mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import * as arrow from 'apache-arrow'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { BlocksManifest } from '#src/blockstore/blocks.js'
import { type BlockServer, startBlockServer } from '#src/blockstore/server.js'
import { SpkError } from '#src/core/errors.js'
import { silentLogger } from '#src/core/log.js'
import { withFolder, writeBlocks } from './block-files.js'

const test = suite('blockstore/server')

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** Sends a path exactly as it is: `fetch` and `URL` would normalise `..`. */
function ask(server: BlockServer, method: string, path: string, headers: Record<string, string>, body?: string | Buffer): Promise<Answer> {
  const { hostname, port } = new URL(server.url)
  return new Promise((resolve, reject) => {
    const request = httpRequest({ hostname, port, method, path, headers, agent: false }, response => {
      const chunks: Buffer[] = []
      response.on('data', chunk => chunks.push(chunk as Buffer))
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }))
    })
    request.on('error', reject)
    request.end(body)
  })
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const codeOf = (answer: Answer) => (JSON.parse(answer.body.toString()) as { code: string }).code

/** app-a holds f (3 partitions, the second empty) and links that lead out of it; app-b holds its own f. */
async function withServer(use: (server: BlockServer, root: string) => Promise<void>): Promise<void> {
  await withFolder(async root => {
    for (const app of ['app-a', 'app-b']) mkdirSync(join(root, app))
    await writeBlocks(join(root, 'app-a', 'f'), { partitions: 3, batches: [10, 0, 30] })
    await writeBlocks(join(root, 'app-b', 'f'), { partitions: 1, batches: [5] })
    writeFileSync(join(root, 'secret.data'), 'secret')
    writeFileSync(join(root, 'secret.index'), '{"v":1,"partitions":[{"rows":1,"extents":[{"offset":0,"length":6,"crc32":0}]}]}')
    symlinkSync(join(root, 'secret.data'), join(root, 'app-a', 'linked.data'))
    writeFileSync(join(root, 'app-a', 'linked.index'), readFileSync(join(root, 'secret.index')))
    symlinkSync(join(root, 'secret.index'), join(root, 'app-a', 'linkedindex.index'))
    symlinkSync(join(root, 'app-a'), join(root, 'app-link'))
    const server = await startBlockServer({ rootDir: root, host: '127.0.0.1', port: 0, log: silentLogger() })
    try {
      server.admit('app-a', 'token-a')
      server.admit('app-b', 'token-b')
      server.admit('app-link', 'token-l')
      server.admit('app-none', 'token-n')
      await use(server, root)
    } finally {
      await server.close()
    }
  })
}

test('one partition comes as an Arrow stream that any reader takes', () =>
  withServer(async server => {
    const answer = await ask(server, 'GET', '/v1/apps/app-a/blocks/f/2', bearer('token-a'))
    assert.is(answer.status, 200)
    assert.is(answer.headers['content-type'], 'application/vnd.apache.arrow.stream')
    assert.is(arrow.tableFromIPC(new Uint8Array(answer.body)).numRows, 30)
    assert.is((await ask(server, 'GET', '/v1/apps/app-a/blocks/f/1', bearer('token-a'))).body.length, 0, 'an empty partition')
  }))

test('many ranges come in one answer, and a missing block does not fail the others', () =>
  withServer(async server => {
    const body = JSON.stringify({
      blocks: [
        { file: 'f', from: 0, to: 3 },
        { file: 'nope', from: 0, to: 1 },
        { file: 'f', from: 2, to: 2 },
        { file: 'f', from: 2, to: 4 },
        { file: 'f', from: 0, to: 1 },
      ],
    })
    const answer = await ask(server, 'POST', '/v1/apps/app-a/blocks', bearer('token-a'), body)
    assert.is(answer.status, 200)
    const length = answer.body.readUInt32LE(0)
    const manifest = JSON.parse(answer.body.subarray(8, 8 + length).toString()) as BlocksManifest
    assert.equal(
      manifest.blocks.map(b => (b.kind === 'found' ? b.partitions.map(p => p.rows) : b.code)),
      [[10, 30], 'SPK_BLOCK_NOT_FOUND', [], 'SPK_BLOCK_NOT_FOUND', [10]],
    )
    let at = 8 + length
    for (const block of manifest.blocks) {
      if (block.kind === 'missing') continue
      for (const partition of block.partitions) {
        const size = partition.pieces.reduce((sum, piece) => sum + piece.length, 0)
        assert.is(arrow.tableFromIPC(new Uint8Array(answer.body.subarray(at, at + size))).numRows, partition.rows)
        at += size
      }
    }
    assert.is(at, answer.body.length)
  }))

const a = bearer('token-a')
const get = (path: string) => ({ method: 'GET', path })
const post = (body: unknown, path = '/v1/apps/app-a/blocks') => ({
  method: 'POST',
  path,
  body: typeof body === 'string' ? body : JSON.stringify(body),
})
const file = (name: unknown) => post({ blocks: [{ file: name, from: 0, to: 1 }] })
const refused: readonly [
  what: string,
  request: { method: string; path: string; body?: string },
  headers: Record<string, string>,
  status: number,
  code: string,
][] = [
  ['no token', get('/v1/apps/app-a/blocks/f/0'), {}, 403, 'SPK_BLOCK_FORBIDDEN'],
  ['a wrong token', get('/v1/apps/app-a/blocks/f/0'), bearer('token-x'), 403, 'SPK_BLOCK_FORBIDDEN'],
  ["another application's token", get('/v1/apps/app-b/blocks/f/0'), a, 403, 'SPK_BLOCK_FORBIDDEN'],
  [
    "another application's token in a batch",
    post({ blocks: [{ file: 'f', from: 0, to: 1 }] }, '/v1/apps/app-b/blocks'),
    a,
    403,
    'SPK_BLOCK_FORBIDDEN',
  ],
  ['an application that is not admitted', get('/v1/apps/app-c/blocks/f/0'), a, 403, 'SPK_BLOCK_FORBIDDEN'],
  ['an empty token', get('/v1/apps/app-a/blocks/f/0'), { authorization: 'Bearer ' }, 403, 'SPK_BLOCK_FORBIDDEN'],
  ['another scheme', get('/v1/apps/app-a/blocks/f/0'), { authorization: 'Basic token-a' }, 403, 'SPK_BLOCK_FORBIDDEN'],
  ['.. as file', get('/v1/apps/app-a/blocks/../0'), a, 403, 'SPK_BLOCK_NAME'],
  ['.. encoded', get('/v1/apps/app-a/blocks/%2e%2e/0'), a, 403, 'SPK_BLOCK_NAME'],
  ['a slash encoded', get('/v1/apps/app-a/blocks/..%2fsecret/0'), a, 403, 'SPK_BLOCK_NAME'],
  ['.. as application', get('/v1/apps/../blocks/secret/0'), a, 403, 'SPK_BLOCK_NAME'],
  ['. as application', get('/v1/apps/./blocks/secret/0'), a, 403, 'SPK_BLOCK_NAME'],
  ['no application', get('/v1/apps//blocks/secret/0'), a, 403, 'SPK_BLOCK_NAME'],
  ['a path through another application', get('/v1/apps/app-a/blocks/../app-b/f/0'), a, 404, 'SPK_NOT_FOUND'],
  ['a file with a dot', get('/v1/apps/app-a/blocks/f.data/0'), a, 403, 'SPK_BLOCK_NAME'],
  ['a NUL', get('/v1/apps/app-a/blocks/f%00/0'), a, 403, 'SPK_BLOCK_NAME'],
  ['a backslash', get('/v1/apps/app-a/blocks/..\\secret/0'), a, 403, 'SPK_BLOCK_NAME'],
  ['a name of 300 letters', get(`/v1/apps/app-a/blocks/${'f'.repeat(300)}/0`), a, 403, 'SPK_BLOCK_NAME'],
  ['a negative partition', get('/v1/apps/app-a/blocks/f/-1'), a, 403, 'SPK_BLOCK_NAME'],
  ['a partition beyond the last', get('/v1/apps/app-a/blocks/f/3'), a, 404, 'SPK_BLOCK_NOT_FOUND'],
  ['a file that is not there', get('/v1/apps/app-a/blocks/nope/0'), a, 404, 'SPK_BLOCK_NOT_FOUND'],
  ['an index that is a link', get('/v1/apps/app-a/blocks/linkedindex/0'), a, 404, 'SPK_BLOCK_NOT_FOUND'],
  ['an application folder that is a link', get('/v1/apps/app-link/blocks/f/0'), bearer('token-l'), 404, 'SPK_BLOCK_NOT_FOUND'],
  ['an application without a folder', get('/v1/apps/app-none/blocks/f/0'), bearer('token-n'), 404, 'SPK_BLOCK_NOT_FOUND'],
  ['another path', get('/etc/passwd'), a, 404, 'SPK_NOT_FOUND'],
  ['another method', { method: 'DELETE', path: '/v1/apps/app-a/blocks/f/0' }, a, 404, 'SPK_NOT_FOUND'],
  ['.. in a batch', file('../secret'), a, 403, 'SPK_BLOCK_NAME'],
  ['an absolute path in a batch', file('/etc/passwd'), a, 403, 'SPK_BLOCK_NAME'],
  ['a number as file', file(7), a, 400, 'SPK_BAD_REQUEST'],
  ['a range that ends before it starts', post({ blocks: [{ file: 'f', from: 2, to: 1 }] }), a, 400, 'SPK_BAD_REQUEST'],
  ['a body that is not JSON', post('{'), a, 400, 'SPK_BAD_REQUEST'],
  ['a body of another shape', post([]), a, 400, 'SPK_BAD_REQUEST'],
  ['null as body', post('null'), a, 400, 'SPK_BAD_REQUEST'],
  ['null as block', post({ blocks: [null] }), a, 400, 'SPK_BAD_REQUEST'],
  ['too many ranges', post({ blocks: Array.from({ length: 100_001 }, () => 0) }), a, 400, 'SPK_BAD_REQUEST'],
]
for (const [what, { method, path, body }, headers, status, code] of refused) {
  test(`refused: ${what}`, () =>
    withServer(async server => {
      const answer = await ask(server, method, path, headers, body)
      assert.is(answer.status, status)
      assert.is(codeOf(answer), code)
      assert.not.match(answer.body.toString(), /secret"?$/)
    }))
}

test('data behind a link is not sent', () =>
  withServer(async server => {
    try {
      const answer = await ask(server, 'GET', '/v1/apps/app-a/blocks/linked/0', a)
      assert.not.match(answer.body.toString(), /secret/)
      assert.unreachable('the connection should be cut')
    } catch (error) {
      assert.is((error as NodeJS.ErrnoException).code, 'ECONNRESET')
    }
  }))

test('a body beyond the limit is refused before it is read, announced or not', () =>
  withServer(async server => {
    const { hostname, port } = new URL(server.url)
    for (const header of [`content-length: ${2 ** 40}`, 'transfer-encoding: chunked']) {
      const socket = connect(Number(port), hostname)
      const answer = await new Promise<string>((resolve, reject) => {
        let text = ''
        socket.on('data', chunk => {
          text += chunk.toString()
        })
        socket.on('error', error => (text === '' ? reject(error) : resolve(text)))
        socket.on('close', () => resolve(text))
        socket.write(`POST /v1/apps/app-a/blocks HTTP/1.1\r\nhost: x\r\nauthorization: Bearer token-a\r\n${header}\r\n\r\n`)
        if (!header.startsWith('transfer')) return
        const chunk = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(2 ** 20, 32), Buffer.from('\r\n')])
        for (let i = 0; i < 17; i++) socket.write(chunk)
      })
      assert.match(answer, /^HTTP\/1.1 413 /)
      assert.match(answer, /SPK_REQUEST_TOO_LARGE/)
    }
    assert.is((await ask(server, 'GET', '/health', {})).status, 200, 'it goes on')
  }))

test('a file that became short ends the answer early instead of making bytes up', () =>
  withServer(async (server, root) => {
    truncateSync(join(root, 'app-a', 'f.data'), 700)
    try {
      await ask(server, 'GET', '/v1/apps/app-a/blocks/f/2', a)
      assert.unreachable()
    } catch (error) {
      assert.is((error as NodeJS.ErrnoException).code, 'ECONNRESET')
    }
  }))

test('a removed application is refused, and a token can be replaced', () =>
  withServer(async server => {
    server.admit('app-a', 'token-new')
    assert.is((await ask(server, 'GET', '/v1/apps/app-a/blocks/f/0', a)).status, 403)
    assert.is((await ask(server, 'GET', '/v1/apps/app-a/blocks/f/0', bearer('token-new'))).status, 200)
    server.remove('app-a')
    assert.is((await ask(server, 'GET', '/v1/apps/app-a/blocks/f/0', bearer('token-new'))).status, 403)
    assert.throws(() => server.admit('../x', 't'), /SPK_BLOCK_NAME/)
  }))

test('a port in use is one clear error', () =>
  withServer(async server => {
    const port = Number(new URL(server.url).port)
    try {
      await startBlockServer({ rootDir: '/nowhere', host: '127.0.0.1', port, log: silentLogger() })
      assert.unreachable()
    } catch (error) {
      assert.ok(error instanceof SpkError, String(error))
      assert.is(error.code, 'SPK_PORT_IN_USE')
    }
  }))

test.run()
