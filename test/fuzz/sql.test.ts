/**
 * 1,000 random queries in local mode against DuckDB alone; `npm run fuzz:sql` runs others. What it found stands, reduced, among the cases of the part
 * that was wrong.
 */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Fuzzer } from './fuzzer.js'

const test = suite('fuzz/sql')

test('1,000 random queries give what DuckDB alone gives', async () => {
  const fuzzer = await Fuzzer.start()
  try {
    const { queries, finds, failing } = await fuzzer.run(1, 1000)
    assert.equal(finds, [], finds.join('\n'))
    assert.is(queries, 1000)
    assert.ok(failing < 50, `${failing} queries fail on both sides and say nothing`)
  } finally {
    await fuzzer.stop()
  }
})

test.run()
