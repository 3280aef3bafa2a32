import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as arrow from 'apache-arrow'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { BlockIndexes } from '#src/blockstore/block-index.js'
import { BlockWriter } from '#src/blockstore/block-writer.js'
import { readSegment } from '#src/blockstore/segment.js'
import { type Codec, loadCodec } from '#src/core/arrow/compression.js'
import type { Batch } from '#src/core/batch.js'
import { SpkError } from '#src/core/errors.js'
import { plainColumn } from '../core/arrow/plain-value.js'
import { makeBatch } from '../core/arrow/random-batch.js'
import { fields, withFolder, writeBlocks } from './block-files.js'

const test = suite('blockstore/block-writer')
const codecs: (Codec | undefined)[] = [undefined, await loadCodec('lz4'), await loadCodec('zstd')]
const origin = { stage: 3, map: 7, mapAttempt: 1, workerId: 'worker-a' }

const plain = (batches: Iterable<Batch>) => [...batches].map(b => b.columns.map(plainColumn))

test('every partition reads back what it was given, whatever the limit and the codec', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 7 }),
      fc.array(fc.nat(60), { maxLength: 25 }),
      fc.nat(2),
      fc.constantFrom(1, 2000, 1 << 20),
      async (partitions, batches, codec, holdBytes) =>
        withFolder(async dir => {
          const path = join(dir, 'shuffle_1_0_0')
          const { written, expected } = await writeBlocks(path, { partitions, batches, codec: codecs[codec], holdBytes })
          const index = await new BlockIndexes().get(dir, 'shuffle_1_0_0')
          assert.equal(readdirSync(dir).sort(), ['shuffle_1_0_0.data', 'shuffle_1_0_0.index'])
          index.partitions.forEach(({ rows, extents }, p) => {
            const batchesOf = expected[p] ?? []
            assert.is(
              rows,
              batchesOf.reduce((sum, b) => sum + b.rows, 0),
            )
            assert.is(written.rows[p], rows)
            assert.is(
              written.bytes[p],
              extents.reduce((sum, e) => sum + e.length, 0),
            )
            assert.equal(plain(readSegment({ kind: 'file', path: `${path}.data`, extents })), plain(batchesOf))
          })
          assert.is(
            statSync(`${path}.data`).size,
            written.bytes.reduce((sum, b) => sum + b, 0),
            'no byte belongs to nobody',
          )
        }),
    ),
    { numRuns: 60 },
  )
})

test('what fits in memory lies partition after partition, and each is a stream for any Arrow reader', () =>
  withFolder(async dir => {
    const { expected } = await writeBlocks(join(dir, 'f'), { partitions: 4, batches: [10, 20, 30, 0, 5, 6], codec: undefined })
    const { partitions } = await new BlockIndexes().get(dir, 'f')
    assert.equal(
      partitions.map(p => p.extents.length),
      [1, 1, 1, 0],
    )
    let at = 0
    for (const { extents } of partitions) {
      for (const extent of extents) {
        assert.is(extent.offset, at)
        at += extent.length
      }
    }
    const bytes = readFileSync(join(dir, 'f.data'))
    const streams = partitions.flatMap(p => p.extents.map(e => new Uint8Array(bytes.subarray(e.offset, e.offset + e.length))))
    const readers = streams.map(s => arrow.RecordBatchReader.from(s).open())
    const table = new arrow.Table(readers.flatMap(reader => [...reader]))
    assert.is(table.numRows, 71)
    assert.is(Buffer.from(new BigInt64Array([table.getChild('id')?.get(0)]).buffer).toString('hex'), plain(expected[0] ?? [])[0]?.[0]?.[0])
  }))

test('an attempt that is given up leaves nothing, and two attempts at once do not meet', () =>
  withFolder(async dir => {
    const make = () => new BlockWriter({ path: join(dir, 'sub', 'f'), partitions: 2, holdBytes: 1 })
    const [one, two] = [make(), make()]
    await one.write(0, makeBatch(fields, 10, 1))
    await two.write(0, makeBatch(fields, 10, 2))
    assert.is(readdirSync(join(dir, 'sub')).filter(f => !f.endsWith('.tmp.data')).length, 0, 'nothing visible before finish')
    await one.abort()
    await two.finish()
    assert.equal(readdirSync(join(dir, 'sub')).sort(), ['f.data', 'f.index'])
  }))

const damages: readonly [string, (path: string) => void, RegExp][] = [
  [
    'one flipped bit',
    path => {
      const bytes = readFileSync(path)
      bytes[1000] = (bytes[1000] ?? 0) ^ 4
      writeFileSync(path, bytes)
    },
    /does not match its checksum/,
  ],
  ['a short file', path => truncateSync(path, statSync(path).size - 1), /should reach to/],
  ['a missing file', path => truncateSync(path, 0), /should reach to/],
]
for (const rows of [200, 300_000]) {
  for (const [what, damage, message] of damages) {
    test(`${what} of ${rows} rows is a fetch failure that names the map output`, () =>
      withFolder(async dir => {
        await writeBlocks(join(dir, 'f'), { partitions: 1, batches: [rows], holdBytes: 1 })
        const extents = (await new BlockIndexes().get(dir, 'f')).partitions[0]?.extents ?? []
        damage(join(dir, 'f.data'))
        let seen = 0
        try {
          for (const batch of readSegment({ kind: 'file', path: join(dir, 'f.data'), extents, origin })) seen += batch.rows
          assert.unreachable()
        } catch (error) {
          assert.ok(error instanceof SpkError, String(error))
          assert.is(error.code, 'SPK_FETCH_FAILED')
          assert.ok(error.retryable)
          assert.equal(error.params, { stage: '3', map: '7', mapAttempt: '1', workerId: 'worker-a' })
          assert.match(error.message, message)
        }
        if (what === 'one flipped bit') assert.is(seen, 0, 'a row of a damaged extent was believed')
      }))
  }
}

test('a damaged or missing index is a typed error', () =>
  withFolder(async dir => {
    const cases: [string, string, string][] = [
      ['a', '{', 'SPK_CORRUPT_BLOCK'],
      ['b', '{"v":9,"partitions":[]}', 'SPK_CORRUPT_BLOCK'],
      ['c', '{"v":1,"partitions":[{"rows":1,"extents":[{"offset":-1,"length":1,"crc32":0}]}]}', 'SPK_CORRUPT_BLOCK'],
      ['d', '{"v":1}', 'SPK_CORRUPT_BLOCK'],
    ]
    for (const [file, text] of cases) writeFileSync(join(dir, `${file}.index`), text)
    for (const [file, , code] of [...cases, ['nope', '', 'SPK_BLOCK_NOT_FOUND']] as typeof cases) {
      try {
        await new BlockIndexes().get(dir, file)
        assert.unreachable(file)
      } catch (error) {
        assert.ok(error instanceof SpkError, String(error))
        assert.is(error.code, code, file)
      }
    }
  }))

test('indexes are kept up to a limit and forgotten on demand', () =>
  withFolder(async dir => {
    const index = (n: number) => JSON.stringify({ v: 1, partitions: Array.from({ length: n }, () => ({ rows: 0, extents: [] })) })
    writeFileSync(join(dir, 'a.index'), index(3))
    writeFileSync(join(dir, 'b.index'), index(3))
    const indexes = new BlockIndexes(5)
    await indexes.get(dir, 'a')
    writeFileSync(join(dir, 'a.index'), index(1))
    assert.is((await indexes.get(dir, 'a')).partitions.length, 3, 'kept')
    await indexes.get(dir, 'b')
    assert.is((await indexes.get(dir, 'a')).partitions.length, 1, 'dropped when b came')
    writeFileSync(join(dir, 'a.index'), index(2))
    indexes.forget(dir, file => file.startsWith('a'))
    assert.is((await indexes.get(dir, 'a')).partitions.length, 2)
  }))

test.run()
