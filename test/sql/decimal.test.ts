import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Decimal } from '#src/sql/decimal.js'

const test = suite('sql/decimal')

const texts: readonly (readonly [string, string])[] = [
  ['1.50', '1.50'],
  ['-0.05', '-0.05'],
  ['.5', '0.5'],
  ['1e3', '1000'],
  ['1.25e-2', '0.0125'],
  ['-12345678901234567890.12', '-12345678901234567890.12'],
]
for (const [text, expected] of texts) test(text, () => assert.is(Decimal.parse(text).toString(), expected))

test('halves round away from zero', () => {
  assert.equal(
    ['2.5', '-2.5', '2.49', '0.005'].map(t =>
      Decimal.parse(t)
        .rescale(t === '0.005' ? 2 : 0)
        .toString(),
    ),
    ['3', '-3', '2', '0.01'],
  )
})

test('equality is by value, order by <', () => {
  assert.ok(Decimal.parse('1.0').equals(Decimal.parse('1.00')))
  assert.ok(Decimal.parse('1.5') < Decimal.parse('2'))
})

test('JSON keeps every digit', () => {
  assert.is(JSON.stringify({ a: Decimal.parse('12345678901234567890.10') }), '{"a":"12345678901234567890.10"}')
})

for (const text of ['', '.', '1x', '1,5']) test(`not a decimal: "${text}"`, () => assert.throws(() => Decimal.parse(text), /SPK_BAD_DECIMAL/))

test.run()
