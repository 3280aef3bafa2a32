import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { BlockPlace } from '#src/blockstore/blocks.js'
import { BlockClient, type BlockClientOptions, type WantedBlock } from '#src/blockstore/client.js'
import { readSegment } from '#src/blockstore/segment.js'
import { type BlockServer, startBlockServer } from '#src/blockstore/server.js'
import { decodeStream } from '#src/core/arrow/decode.js'
import type { Batch } from '#src/core/batch.js'
import { type Clock, systemClock, systemRng } from '#src/core/clock.js'
import { silentLogger } from '#src/core/log.js'
import type { Segment } from '#src/core/segment.js'
import { plainColumn } from '../core/arrow/plain-value.js'
import { failure } from '../support/failure.js'
import { withFolder, writeBlocks } from './block-files.js'
import { type Fault, type FaultyProxy, faultyProxy } from './faulty-proxy.js'

const test = suite('blockstore/client')

/** Waits take no time, and are counted. */
function quickClock(waits: number[]): Clock {
  return {
    ...systemClock,
    after(ms, fn, options) {
      waits.push(ms)
      return systemClock.after(0, fn, options)
    },
  }
}

interface World {
  readonly server: BlockServer
  readonly root: string
  readonly client: BlockClient
  /** The batches of file `f<map>`, by partition. */
  readonly expected: Batch[][][]
  readonly waits: number[]
  place(url?: string, hostId?: string): BlockPlace
  wanted(place: BlockPlace, from?: number, to?: number): WantedBlock[]
}

const MAPS = 3
const PARTITIONS = 4

async function withWorld(options: Partial<BlockClientOptions>, use: (world: World) => Promise<void>): Promise<void> {
  await withFolder(async root => {
    mkdirSync(join(root, 'blocks', 'app'), { recursive: true })
    const expected: Batch[][][] = []
    for (let map = 0; map < MAPS; map++) {
      const spec = { partitions: PARTITIONS, batches: [50, 0, 400 + map, 7, 30], holdBytes: map === 1 ? 1 : 1e9 }
      expected.push((await writeBlocks(join(root, 'blocks', 'app', `f${map}`), spec)).expected)
    }
    const waits: number[] = []
    const server = await startBlockServer({ rootDir: join(root, 'blocks'), host: '127.0.0.1', port: 0, log: silentLogger() })
    server.admit('app', 'token')
    const client = new BlockClient({
      hostId: 'here',
      appId: 'app',
      token: 'token',
      scratchDir: join(root, 'scratch'),
      clock: quickClock(waits),
      rng: systemRng,
      maxSizeInFlight: 1e9,
      maxRetries: 3,
      retryWaitMs: 5000,
      idleMs: 5000,
      ...options,
    })
    try {
      await use({
        server,
        root,
        client,
        expected,
        waits,
        place: (url = server.url, hostId = 'there') => ({ workerId: 'worker-1', hostId, blockUrl: url, blocksDir: join(root, 'blocks', 'app') }),
        wanted: (place, from = 0, to = PARTITIONS) =>
          Array.from({ length: MAPS }, (_, map) => ({
            place,
            file: `f${map}`,
            from,
            to,
            origin: { stage: 5, map, mapAttempt: 2, workerId: place.workerId },
          })),
      })
    } finally {
      client.close()
      await server.close()
    }
  })
}

const rowsOf = (segments: Iterable<Segment>) => [...segments].flatMap(s => [...readSegment(s)].map(b => b.columns.map(plainColumn)))
const expectedRows = (world: World, from = 0, to = PARTITIONS) =>
  world.expected.flatMap(partitions => partitions.slice(from, to).flatMap(batches => batches.map(b => b.columns.map(plainColumn))))

test('on the same host blocks are read from the files, elsewhere over one request, and both give the same rows', () =>
  withWorld({}, async world => {
    for (const [from, to] of [
      [0, 4],
      [2, 3],
      [1, 2],
      [0, 0],
    ] as const) {
      const local = await world.client.fetch(world.wanted(world.place('', 'here'), from, to))
      const remote = await world.client.fetch(world.wanted(world.place(), from, to))
      assert.equal(rowsOf(local.segments), expectedRows(world, from, to))
      assert.equal(rowsOf(remote.segments), expectedRows(world, from, to))
      assert.ok(local.segments.every(s => s.kind === 'file'))
      assert.ok(remote.segments.every(s => s.kind === 'bytes' && s.bytes.buffer instanceof SharedArrayBuffer))
      assert.is(local.metrics.localBytesRead, remote.metrics.remoteBytesRead)
      assert.is(local.metrics.localBlocksFetched, local.segments.length)
      assert.is(remote.metrics.remoteBlocksFetched, remote.segments.length)
    }
  }))

test('what does not fit in memory goes to a scratch file that release removes', () =>
  withWorld({ maxSizeInFlight: 3000 }, async world => {
    const { segments, release } = await world.client.fetch(world.wanted(world.place()))
    assert.ok(segments.some(s => s.kind === 'file'))
    assert.equal(rowsOf(segments), expectedRows(world))
    assert.is(readdirSync(join(world.root, 'scratch')).length, 1)
    await release()
    assert.is(readdirSync(join(world.root, 'scratch')).length, 0)
  }))

test('a file that cannot be read on the same host is fetched from the server', () =>
  withWorld({}, async world => {
    const place = { ...world.place(world.server.url, 'here'), blocksDir: join(world.root, 'nowhere') }
    const { segments, metrics } = await world.client.fetch(world.wanted(place))
    assert.equal(rowsOf(segments), expectedRows(world))
    assert.is(metrics.remoteBlocksFetched, 3)
  }))

test('in local mode a file that is gone is a fetch failure', () =>
  withWorld({}, async world => {
    rmSync(join(world.root, 'blocks', 'app', 'f1.index'))
    const error = await failure(world.client.fetch(world.wanted(world.place('', 'here'))))
    assert.is(error.code, 'SPK_FETCH_FAILED')
    assert.equal(error.params, { stage: '5', map: '1', mapAttempt: '2', workerId: 'worker-1' })
  }))

async function withProxy(world: World, faults: readonly Fault[], after: Fault, use: (proxy: FaultyProxy) => Promise<void>): Promise<void> {
  const proxy = await faultyProxy(world.server.url, faults, after)
  try {
    await use(proxy)
  } finally {
    await proxy.close()
  }
}

test('whatever byte is damaged or wherever the answer is cut, the rows are right after another try', () =>
  withWorld({ maxRetries: 10 }, async world => {
    const fault = fc.oneof(
      fc.record({ kind: fc.constantFrom('flip' as const, 'cut' as const), at: fc.nat(14_000) }, { noNullPrototype: true }),
      fc.constant<Fault>({ kind: 'refuse' }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(fault, { minLength: 1, maxLength: 5 }), async faults =>
        withProxy(world, faults, { kind: 'none' }, async proxy => {
          const { segments, release } = await world.client.fetch(world.wanted(world.place(proxy.url)))
          assert.equal(rowsOf(segments), expectedRows(world))
          await release()
        }),
      ),
      { numRuns: 60 },
    )
  }))

const lasting: readonly [string, Fault][] = [
  ['a byte is damaged every time', { kind: 'flip', at: 12_000 }],
  ['the body is cut every time', { kind: 'cut', at: 12_000 }],
  ['nobody answers', { kind: 'refuse' }],
]
for (const [what, fault] of lasting) {
  test(`${what}: a fetch failure that names the first missing map output, after the configured tries`, () =>
    withWorld({ maxRetries: 2 }, world =>
      withProxy(world, [], fault, async proxy => {
        const error = await failure(world.client.fetch(world.wanted(world.place(proxy.url))))
        assert.is(error.code, 'SPK_FETCH_FAILED')
        assert.ok(error.retryable)
        assert.is(error.params.stage, '5')
        assert.is(error.params.workerId, 'worker-1')
        assert.is(error.params.map, fault.kind === 'refuse' ? '0' : error.params.map)
        assert.equal(world.waits, [100, 200])
      }),
    ))
}

test('only what is missing is asked for again', () =>
  withWorld({}, world =>
    withProxy(world, [{ kind: 'cut', at: 12_000 }], { kind: 'none' }, async proxy => {
      const { metrics, segments } = await world.client.fetch(world.wanted(world.place(proxy.url)))
      assert.equal(rowsOf(segments), expectedRows(world))
      assert.is(metrics.remoteBlocksFetched, MAPS)
    }),
  ))

test('a server that says nothing is given up after the idle time', () =>
  withWorld({ maxRetries: 0, idleMs: 30 }, world =>
    withProxy(world, [], { kind: 'hang' }, async proxy => {
      const error = await failure(world.client.fetch(world.wanted(world.place(proxy.url))))
      assert.is(error.code, 'SPK_FETCH_FAILED')
      assert.match(error.message, /no byte for 30 ms/)
    }),
  ))

test('a server that stops in the middle of a body fails the fetch once the tries are used up', () =>
  withWorld({ maxRetries: 1 }, async world => {
    const wanted = world.wanted(world.place())
    await world.client.fetch(wanted)
    await world.server.close()
    const error = await failure(world.client.fetch(wanted))
    assert.is(error.code, 'SPK_FETCH_FAILED')
    assert.is(error.params.map, '0')
  }))

test('a block that the server does not have is not asked for again', () =>
  withWorld({}, async world => {
    rmSync(join(world.root, 'blocks', 'app', 'f2.index'))
    const error = await failure(world.client.fetch(world.wanted(world.place())))
    assert.is(error.code, 'SPK_FETCH_FAILED')
    assert.is(error.params.map, '2')
    assert.equal(world.waits, [])
  }))

test('a wrong token is a fetch failure at once', () =>
  withWorld({ token: 'other' }, async world => {
    const error = await failure(world.client.fetch(world.wanted(world.place())))
    assert.is(error.code, 'SPK_FETCH_FAILED')
    assert.match(error.message, /SPK_BLOCK_FORBIDDEN|403/)
    assert.equal(world.waits, [])
  }))

test('a cancelled fetch ends at once and leaves no scratch file', () =>
  withWorld({ maxSizeInFlight: 0 }, world =>
    withProxy(world, [], { kind: 'hang' }, async proxy => {
      const stop = new AbortController()
      const fetching = failure(world.client.fetch([...world.wanted(world.place()), ...world.wanted(world.place(proxy.url))], stop.signal))
      while (proxy.connections() === 0) await new Promise(resolve => setImmediate(resolve))
      stop.abort()
      assert.is((await fetching).code, 'SPK_TASK_CANCELLED')
      assert.equal(existsSync(join(world.root, 'scratch')) ? readdirSync(join(world.root, 'scratch')) : [], [])
    }),
  ))

test('a large result comes back whole from a file or a server, and damage is a typed error', () =>
  withWorld({ maxSizeInFlight: 10, maxRetries: 1 }, async world => {
    const rows = (bytes: Uint8Array) => [...decodeStream(bytes)].map(b => b.columns.map(plainColumn))
    for (const place of [world.place(), world.place('', 'here')]) {
      const bytes = await world.client.fetchResult(place, 'f1')
      assert.not.ok(bytes.buffer instanceof SharedArrayBuffer)
      assert.equal(
        rows(bytes),
        world.expected[1]?.[0]?.map(b => b.columns.map(plainColumn)),
      )
    }
    const path = join(world.root, 'blocks', 'app', 'f1.data')
    const damaged = readFileSync(path)
    damaged[900] = (damaged[900] ?? 0) ^ 1
    writeFileSync(path, damaged)
    for (const place of [world.place(), world.place('', 'here')]) {
      const error = await failure(world.client.fetchResult(place, 'f1'))
      assert.is(error.code, 'SPK_FETCH_FAILED')
      assert.ok(error.retryable)
    }
    assert.equal(readdirSync(join(world.root, 'scratch')), [])
  }))

test.run()
