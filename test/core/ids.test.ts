import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { newAppId, newWorkerId } from '#src/core/ids.js'

const test = suite('core/ids')

test('an application id is a UTC time stamp and a sequence of four digits', () => {
  assert.is(newAppId(Date.UTC(2026, 0, 31, 12, 0, 5), 7), 'app-20260131120005-0007')
})

test('a worker id keeps no character that a bus subject cannot hold', () => {
  assert.is(newWorkerId(Date.UTC(2026, 0, 31, 12, 0, 5), 'a.b c', 'ff'), 'worker-20260131120005-a_b_c-ff')
})

test.run()
