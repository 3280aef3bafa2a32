/** Of which grouping each one is made. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { groupingSteps } from '#src/planner/physical/grouping-sets.js'

const test = suite('planner/physical/grouping-sets')

/** Sets as digits; steps as `set < set that it is made of`. */
const cases: readonly (readonly [name: string, sets: readonly string[], steps: readonly string[]])[] = [
  ['a rollup is a chain', ['123', '12', '1', ''], ['123', '12 < 123', '1 < 12', ' < 1']],
  ['a cube takes the smallest there is', ['12', '1', '2', ''], ['12', '1 < 12', '2 < 12', ' < 2']],
  ['the order in which they are written counts for nothing', ['', '3', '123'], ['123', '3 < 123', ' < 3']],
  ['sets that no other holds are made of the input', ['12', '23', '3', '1'], ['12', '23', '3 < 23', '1 < 12']],
  ['one that stands twice', ['1', '1'], ['1', '1 < 1']],
]
for (const [name, sets, expected] of cases) {
  test(name, () => {
    const steps = groupingSteps(sets.map(s => new Set([...s].map(Number))))
    const shown = steps.map(({ set, from }) => (from === undefined ? sets[set] : `${sets[set]} < ${sets[steps[from]?.set ?? -1]}`))
    assert.equal(shown, expected)
  })
}

test.run()
