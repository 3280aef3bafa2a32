import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { lz4Bound, lz4Compress, lz4Decompress } from '#src/core/arrow/lz4.js'
import { SpkError } from '#src/core/errors.js'

const test = suite('core/arrow/lz4')

function frame(source: Uint8Array): Uint8Array {
  const target = new Uint8Array(lz4Bound(source.length))
  return target.slice(0, lz4Compress(source, target, 0))
}
function back(bytes: Uint8Array, length: number): Uint8Array {
  const target = new Uint8Array(length)
  lz4Decompress(bytes, target)
  return target
}

/** Bytes with repeats near and far, runs, and noise. */
const repetitive = fc
  .array(fc.oneof(fc.record({ word: fc.uint8Array({ minLength: 1, maxLength: 40 }), times: fc.integer({ min: 1, max: 60 }) })), { maxLength: 30 })
  .map(parts => Buffer.concat(parts.flatMap(p => Array.from({ length: p.times }, () => p.word))))

test('any bytes come back', () => {
  fc.assert(
    fc.property(fc.oneof(repetitive, fc.uint8Array({ maxLength: 500 })), source => {
      assert.equal(Buffer.from(back(frame(source), source.length)), Buffer.from(source))
    }),
    { numRuns: 500 },
  )
})

test('blocks beyond 4 MiB and beyond the match window come back, and repeats shrink', () => {
  const source = new Uint8Array(9 << 20)
  for (let i = 0; i < source.length; i++) source[i] = (i >> 9) ^ (i & 63)
  const bytes = frame(source)
  assert.ok(bytes.length < source.length / 4, `${bytes.length} bytes`)
  assert.is(Buffer.compare(back(bytes, source.length), source), 0)
})

/** `lz4 -B4 -BD -BX --content-size`: two linked blocks of 64 KB, block and content checksums, content size. */
const foreign =
  'BCJNGFxAXPIBAAAAAAAlJwMAAPEQbGluZSAwIG9mIGEgdGV4dCB0aGF0IHJlcGVhdHM7IB8AHzEfAAsfMh8ACx8zHwALHzQfAAsfNR8ACx82HwALHzcfAAsfOB8ACx85HwALHzE3AQ0P' +
  'OAEMHzE5AQwfMToBDB8xOwEMHzE8AQwfMT0BDB8xPgEMHzE/AQwfMUABDB8yQAEMHzJAAQwfMkABDB8yQAEMHzJAAQwfMkABDB8yQAEMHzJAAQwfMkABDB8yQAEMHzNAAQwfM0ABDB8z' +
  'QAEMHzNAAQwfM0ABDB8zQAEMHzNAAQwfM0ABDB8zQAEMHzNAAQwfNEABDB80QAEMHzRAAQwfNEABDB80QAEMHzRAAQwfNEABDB80QAEMHzRAAQwfNEABDB81QAEMHzVAAQwfNUABDB81' +
  'QAEMHzVAAQwfNUABDB81QAEMHzVAAQwfNUABDB81QAEMHzZAAQwfNkABDB82QAEMHzZAAQwfNkABDB82QAEMHzZAAQwfNkABDB82QAEMHzZAAQwfN0ABDB83QAEMHzdAAQwfN0ABDB83' +
  'QAEMHzdAAQwfN0ABDB83QAEMHzdAAQwfN0ABDB84QAEMHzhAAQwfOEABDB84QAEMHzhAAQwfOEABDB84QAEMHzhAAQwfOEABDB84QAEMHzlAAQwfOUABDB85QAEMHzlAAQwfOUABDB85' +
  'QAEMHzlAAQwP3wAMD94ADA/dAAwP3AAMD9sADA/aAAwP2QAMDxgCDQ/3CwsPFgIMDxYM////////////////////////////////////////////////////////////////////////' +
  '////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////' +
  '////////////////////////////////////////////////////////////////////////////////////////////////////////////////ilByZXBlYets3hMEAQAABuX/Dw71' +
  'DA/O/f//////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////' +
  '////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////' +
  '/////////////////////////////////////////////////w5QYXRzOyDl5xdSAAAAAF7T0Jk='

test('a frame that another writer made, with linked blocks and checksums, is read', () => {
  const text = Array.from({ length: 4000 }, (_, i) => `line ${i % 97} of a text that repeats; `).join('')
  assert.is(Buffer.from(back(Buffer.from(foreign, 'base64'), text.length)).toString(), text)
})

test('damage is a typed error', () => {
  const source = Buffer.from('what is said once is said again: what is said once is said again')
  const bytes = frame(source)
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length), (at, value, cut) => {
      const damaged = bytes.slice(0, Math.max(1, cut))
      damaged[at % damaged.length] = value
      try {
        back(damaged, source.length)
      } catch (error) {
        assert.ok(error instanceof SpkError && error.code === 'SPK_CORRUPT_BLOCK', String(error))
      }
    }),
    { numRuns: 500 },
  )
})

test.run()
