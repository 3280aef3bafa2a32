import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { fromErrorData, SpkError, toErrorData } from '#src/core/errors.js'

const test = suite('core/errors')

/** As bad as it gets: every text of every error of the chain as long as a value that a user has in a column. */
function chain(depth: number): SpkError {
  const text = 'ß'.repeat(3_000_000)
  const cause = depth === 0 ? new Error(text) : chain(depth - 1)
  return new SpkError('CAST_INVALID_INPUT', `The value '${text}' cannot be cast.`, { sqlState: '22018', params: { expression: text }, cause })
}

test('an error that quotes a huge value fits into one message of the bus, with its beginning and its SQLSTATE', () => {
  const data = toErrorData(chain(6))
  assert.ok(Buffer.byteLength(JSON.stringify(data)) < 256 * 1024)
  assert.match(data.message, /^\[CAST_INVALID_INPUT\] The value 'ßß.* … \(\d+ characters left out\) … .*ß' cannot be cast\. SQLSTATE: 22018$/)
  assert.is(fromErrorData(data).sqlState, '22018')
})

test('what is not long crosses unchanged, causes and parameters too', () => {
  const error = new SpkError('SPK_X', 'It failed.', { retryable: true, params: { a: 'b' }, cause: new TypeError('why') })
  const back = fromErrorData(JSON.parse(JSON.stringify(toErrorData(error))))
  assert.equal([back.code, back.message, back.retryable, back.params, back.stack], ['SPK_X', '[SPK_X] It failed.', true, { a: 'b' }, error.stack])
  assert.equal([(back.cause as SpkError).code, (back.cause as SpkError).message], ['INTERNAL_ERROR', 'why'])
  assert.equal(toErrorData('text'), { code: 'INTERNAL_ERROR', message: 'text' })
})

test.run()
