/** Ends of strings never hide one that meets a test, however they are cut; and they do rule some out. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { types } from '#src/core/types.js'
import { literal } from '#src/planner/bound.js'
import { isBelow, textMayHold } from '#src/planner/text-ends.js'

const test = suite('planner/text-ends')

const ends = { low: 'grün', high: 'rot' }
const cases: readonly (readonly [fn: string, values: readonly (string | null)[], may: boolean])[] = [
  ['=', ['blau'], false],
  ['=', ['grün'], true],
  ['=', ['gruen'], false],
  ['=', ['rotwein'], true],
  ['=', ['rou'], false],
  ['=', ['ＡＢＣ'], false],
  ['=', [null], false],
  ['<', ['grün'], false],
  ['<=', ['grün'], true],
  ['<', ['grüne'], true],
  ['>', ['rot'], true],
  ['>', ['rou'], false],
  ['>=', ['roten'], true],
  ['in', ['blau', 'weiß', null], false],
  ['in', ['blau', 'lila'], true],
  ['startswith', ['g'], true],
  ['startswith', ['grünes'], true],
  ['startswith', ['f'], false],
  ['startswith', ['ro'], true],
  ['startswith', ['s'], false],
  ['like', ['f%'], false],
  ['like', ['_ra'], true],
  ['like', ['s%t'], false],
  ['like', ['\\s%'], true],
  ['like', ['s!%', '!'], true],
  ['contains', ['z'], true],
]
for (const [fn, values, may] of cases) {
  test(`${fn} ${values.join(', ')}: ${may ? 'may match' : 'cannot'}`, () => {
    assert.is(
      textMayHold(
        fn,
        ends,
        values.map(v => literal(v, types.string)),
      ),
      may,
    )
  })
}

/** Few characters, of one to four bytes, and of both sides of the pairs. */
const text = fc.array(fc.constantFrom('a', 'b', 'é', '\u{ffff}', '😀', '\u{10ffff}'), { maxLength: 5 }).map(list => list.join(''))
const bytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))

test('texts are in the order of their bytes', () => {
  fc.assert(fc.property(text, text, (a, b) => isBelow(a, b) === bytes(a, b) < 0))
})

const tests: Readonly<Record<string, (a: string, b: string) => boolean>> = {
  '=': (a, b) => a === b,
  '<': (a, b) => bytes(a, b) < 0,
  '<=': (a, b) => bytes(a, b) <= 0,
  '>': (a, b) => bytes(a, b) > 0,
  '>=': (a, b) => bytes(a, b) >= 0,
  startswith: (a, b) => a.startsWith(b),
}

test('no string that meets a test is hidden', () => {
  fc.assert(
    fc.property(
      fc.array(text, { minLength: 1, maxLength: 4 }),
      text,
      fc.constantFrom(...Object.keys(tests)),
      fc.nat(5),
      (strings, value, fn, kept) => {
        const sorted = [...strings].sort(bytes)
        const cut = (s: string) => [...s].slice(0, kept).join('')
        const may = textMayHold(fn, { low: cut(sorted[0] ?? ''), high: cut(sorted.at(-1) ?? '') }, [literal(value, types.string)])
        return may || !strings.some(s => tests[fn]?.(s, value))
      },
    ),
    { numRuns: 3000 },
  )
})

test.run()
