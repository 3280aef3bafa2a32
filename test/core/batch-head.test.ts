import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { firstRows } from '#src/core/batch-head.js'
import { must } from '#src/core/errors.js'
import { plainColumn } from './arrow/plain-value.js'
import { batchSeed, makeBatch } from './arrow/random-batch.js'

const test = suite('core/batch-head')

test('the first rows of batches of any type are the first rows of their values', () => {
  fc.assert(
    fc.property(batchSeed, fc.nat(80), ({ fields, rows, seed }, limit) => {
      const batches = [makeBatch(fields, rows, seed), makeBatch(fields, rows, seed + 1)]
      const cut = firstRows(batches, limit)
      for (let i = 0; i < fields.length; i++) {
        const all = batches.flatMap(b => plainColumn(must(b.columns[i], 'a column')))
        const kept = cut.flatMap(b => plainColumn(must(b.columns[i], 'a column')))
        assert.equal(kept, all.slice(0, limit))
      }
      for (const b of cut) for (const c of b.columns) assert.is(c.nullCount, plainColumn(c).filter(v => v === null).length)
      assert.is(
        cut.reduce((n, b) => n + b.rows, 0),
        Math.min(limit, rows * 2),
      )
    }),
  )
})

test('whole batches are handed on as they are', () => {
  const batch = makeBatch([{ name: 'a', type: { kind: 'int' }, nullable: true }], 5, 1)
  assert.is(firstRows([batch, batch], 7)[0], batch)
})

test.run()
