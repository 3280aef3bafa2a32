import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseFlags } from '#src/bin/arguments.js'
import { type UpPlan, upPlan, upSpec } from '#src/bin/up-plan.js'

const test = suite('bin/up-plan')
const GIB = 2 ** 30
const plan = (line: string, machine = { cores: 8, memory: 16 * GIB }): UpPlan =>
  upPlan(parseFlags(upSpec, line.split(' ').filter(Boolean)), '/home/me', machine)

test('without flags: two workers that share this machine', () => {
  assert.equal(plan(''), { masters: 1, workers: 2, cores: 4, memory: 2 * GIB, keepData: undefined, json: false })
  assert.equal(plan('', { cores: 1, memory: 2 * GIB }), { masters: 1, workers: 2, cores: 1, memory: GIB, keepData: undefined, json: false })
})

test('flags', () => {
  const line = '--masters 2 --workers 3 -c 5 --memory 1536m --keep-data data --json'
  assert.equal(plan(line), { masters: 2, workers: 3, cores: 5, memory: 1.5 * GIB, keepData: '/home/me/data', json: true })
})

for (const [line, reason] of [
  ['--workers 0', /--workers "0" is not a whole number from 1 to 64/],
  ['--masters two', /--masters "two"/],
  ['--cores 1.5', /--cores "1.5"/],
  ['--memory 100m', /--memory 100m is less than 256/],
  ['--memory 17g', /--memory 17g is more than this host has \(16.0 GiB\)/],
  ['--memory much', /much/],
] as const) {
  test(`${line} is refused`, () => assert.throws(() => plan(line), reason))
}

test.run()
