/** The simulator bites: every planted bug is found within 500 seeds, by a rule that names it; and the same seeds without the bug are clean. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { plantedBugs } from './planted-bugs.js'
import { runSeed } from './run.js'

const test = suite('sim/planted-bugs')

const SEEDS = 500

for (const { name, plant, breaks } of plantedBugs) {
  test(`${name}: found within ${SEEDS} seeds`, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { violations } = await runSeed(seed, { plant, stopEarly: true })
      const found = violations.find(v => breaks.includes(v.rule))
      if (found === undefined) continue
      console.log(`  ${name}: seed ${seed}, ${found.rule}: ${found.detail.slice(0, 150)}`)
      assert.equal((await runSeed(seed)).violations, [], 'the same seed without the bug')
      return
    }
    assert.unreachable('not found')
  })
}

test.run()
