import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { believable, leaseTimes, mayAct, newEpoch, otherLeaseTtl } from '#src/actors/master/lease.js'

const test = suite('actors/master/lease')
const at = (monotonic: number, wall = monotonic) => ({ monotonic, wall })

for (const [ttl, renewMs, holdMs, pollMs, retryMs] of [
  [3000, 1000, 2000, 200, 100],
  [1500, 500, 1000, 100, 50],
  [300, 100, 200, 20, 20],
  [30_000, 10_000, 20_000, 500, 200],
] as const) {
  test(`a lease of ${ttl} ms`, () => assert.equal(leaseTimes(ttl), { ttlMs: ttl, renewMs, holdMs, pollMs, retryMs }))
}

for (const [name, now, allowed] of [
  ['at once', at(1000), true],
  ['just before two thirds', at(2999), true],
  ['at two thirds', at(3000), false],
  ['after a pause that stopped the monotonic clock', at(1001, 9000), false],
  ['after a pause that the wall clock did not show', at(9000, 1001), false],
  ['after the wall clock was set back', at(1500, -50_000), true],
] as const) {
  test(`${allowed ? 'may' : 'may not'} act ${name}`, () => assert.is(mayAct(at(1000), now, leaseTimes(3000)), allowed))
}

for (const [name, created, floor, epoch] of [
  ['normally the revision of the create', 17, 12, 17],
  ['above what was seen, when revisions began anew', 1, 900, 901],
  ['never the same twice', 900, 900, 901],
] as const) {
  test(`epoch: ${name}`, () => assert.is(newEpoch(created, floor), epoch))
}

for (const [name, claimed, epoch, earlier, believed] of [
  ['of a store that was lost, a little higher', 60, 3, 0, true],
  ['from ten years of renewals', 315_000_000, 3, 0, true],
  ['invented, beyond all renewals', Number.MAX_SAFE_INTEGER, 3, 0, false],
  ['one more of many who followed earlier leaders', 60, 3, 7, true],
  ['without end', 60, 3, 8, false],
] as const) {
  test(`a claim to have heard of a newer epoch, ${name}, is ${believed ? '' : 'not '}believed`, () =>
    assert.is(believable(claimed, epoch, earlier), believed))
}

for (const [ttlMs, told] of [
  [3000, undefined],
  [600, /spk\.master\.leaseTtl is 3000 ms here and has no effect: .* lives 600 ms.*stop all masters/],
  [0, /never expires/],
] as const) {
  test(`a lease of ${ttlMs} ms where the configuration says 3 s ${told === undefined ? 'is nothing to tell' : 'is told'}`, () => {
    const text = otherLeaseTtl({ leaseTtlMs: 3000 }, ttlMs)
    if (told === undefined) assert.is(text, undefined)
    else assert.match(text ?? '', told)
  })
}

test.run()
