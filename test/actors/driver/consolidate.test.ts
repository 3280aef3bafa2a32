import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { consolidate, type Known, type Reported, type Verdict } from '#src/actors/driver/consolidate.js'

const test = suite('actors/driver/consolidate')
const states: readonly Reported[] = ['RUNNING', 'FINISHED', 'FAILED', 'KILLED']

const rows: readonly [known: Known, taken: boolean, ...verdicts: Verdict[]][] = [
  ['unknown', false, 'ignore', 'ignore', 'ignore', 'ignore'],
  ['unknown', true, 'ignore', 'ignore', 'ignore', 'ignore'],
  ['running', false, 'ignore', 'accept', 'fail', 'fail'],
  ['running', true, 'ignore', 'surplus', 'fail', 'fail'],
  ['killing', false, 'ignore', 'surplus', 'stopped', 'stopped'],
  ['killing', true, 'ignore', 'surplus', 'stopped', 'stopped'],
  ['ended', false, 'ignore', 'ignore', 'ignore', 'ignore'],
  ['ended', true, 'ignore', 'ignore', 'ignore', 'ignore'],
]
for (const [known, taken, ...verdicts] of rows) {
  test(`an attempt that is ${known}, its partition ${taken ? 'taken' : 'open'}`, () => {
    assert.equal(
      states.map(state => consolidate(known, state, taken)),
      verdicts,
    )
  })
}

test.run()
