import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Courier, type Parcel } from '#src/actors/master/courier.js'
import { SpkError } from '#src/core/errors.js'
import { settle, virtualClock } from '../../support/virtual-clock.js'

const test = suite('actors/master/courier')
const away = () => Promise.reject(new SpkError('SPK_NO_RESPONDERS', 'away', { retryable: true }))

function rig() {
  const clock = virtualClock()
  const done: string[] = []
  let allowed = true
  const courier = new Courier({ clock, mayAct: () => allowed })
  const parcel = (name: string, deliver: () => Promise<void> = async () => {}, more: Partial<Parcel> = {}): Parcel => ({
    async deliver() {
      done.push(name)
      await deliver()
    },
    ready: then => then(),
    until: undefined,
    onUndeliverable: error => void done.push(`${name} undeliverable: ${error instanceof Error ? error.name : ''}`),
    ...more,
  })
  const forbid = () => {
    allowed = false
  }
  return { clock, done, courier, parcel, forbid }
}

test('one lane is served in order, however long its first takes; another lane does not wait', async () => {
  const { clock, done, courier, parcel } = rig()
  let tries = 0
  courier.send(
    'a',
    parcel('a1', () => (++tries < 3 ? away() : Promise.resolve())),
  )
  courier.send('a', parcel('a2'))
  courier.send('b', parcel('b1'))
  await settle()
  assert.equal(done, ['a1', 'b1'])
  await clock.advance(1000)
  assert.equal(done, ['a1', 'b1', 'a1', 'a1', 'a2'])
})

test('a parcel waits for what it depends on, and its lane with it', async () => {
  const { done, courier, parcel } = rig()
  let go: () => void = () => {}
  courier.send(
    'a',
    parcel('a1', undefined, {
      ready: then => {
        go = then
      },
    }),
  )
  courier.send('a', parcel('a2'))
  await settle()
  assert.equal(done, [])
  go()
  await settle()
  assert.equal(done, ['a1', 'a2'])
})

test('a dropped lane delivers nothing more, and can be used again', async () => {
  const { clock, done, courier, parcel } = rig()
  courier.send('a', parcel('a1', away))
  courier.send('a', parcel('a2'))
  await settle()
  courier.drop('a')
  courier.send('a', parcel('a3'))
  await clock.advance(5000)
  assert.equal(done, ['a1', 'a3'])
})

test('what cannot be delivered, or not in time, is given up; the lane goes on', async () => {
  const { clock, done, courier, parcel } = rig()
  courier.send(
    'a',
    parcel('bad', () => Promise.reject(new Error('not understood'))),
  )
  courier.send('a', parcel('late', away, { until: clock.monotonic() + 500 }))
  courier.send('a', parcel('next'))
  await clock.advance(5000)
  assert.equal(done, ['bad', 'bad undeliverable: Error', 'late', 'late', 'late', 'late', 'late undeliverable: SpkError', 'next'])
})

test('nothing is tried once it may not act', async () => {
  const { clock, done, courier, parcel, forbid } = rig()
  courier.send('a', parcel('a1', away))
  await settle()
  forbid()
  await clock.advance(5000)
  courier.send('b', parcel('b1'))
  await settle()
  assert.equal(done, ['a1'])
  courier.close()
  assert.is(clock.pending(), 0)
})

test.run()
