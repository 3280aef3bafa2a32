import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { typeString } from '#src/core/types.js'
import { parseExpression } from '#src/planner/parse/parse.js'

const test = suite('planner/parse/literals')

/** SQL → `value type`. */
const cases: readonly (readonly [string, string])[] = [
  ['1', '1 int'],
  ['2147483648', '2147483648 bigint'],
  ['-2147483648', '-2147483648 int'],
  ['9223372036854775808', '9223372036854775808 decimal(19,0)'],
  ['-9223372036854775808L', '-9223372036854775808 bigint'],
  ['1L', '1 bigint'],
  ['1S', '1 smallint'],
  ['-128Y', '-128 tinyint'],
  ['1.50', '1.50 decimal(3,2)'],
  ['0.01', '0.01 decimal(2,2)'],
  ['.5', '0.5 decimal(1,1)'],
  ['1.', '1 decimal(1,0)'],
  ['-0.0', '0.0 decimal(1,1)'],
  ['1e3', '1000 double'],
  ['1.5e-3', '0.0015 double'],
  ['1.5D', '1.5 double'],
  ['0.1F', '0.10000000149011612 float'],
  ['10BD', '10 decimal(2,0)'],
  ['1e3BD', '1000 decimal(4,0)'],
  ['1.5e-3BD', '0.0015 decimal(4,4)'],
  ["'abc'", 'abc string'],
  ["'it''s'", "it's string"],
  ["'a\\'b\\\\c\\n\\u0041\\101\\%\\_\\x'", "a'b\\c\nAA\\%\\_x string"],
  ["r'a\\n'", 'a\\n string'],
  ['"text"', 'text string'],
  ["'a' 'b'", 'ab string'],
  ['true', 'true boolean'],
  ['NULL', 'null void'],
  ["X'1F2'", '1,242 binary'],
  ["date '2026-01-31'", '20484 date'],
  ["date '2026'", '20454 date'],
  ["date '-0044-03-15'", '-735525 date'],
  ["timestamp '2026-01-31 12:00:00.123456789'", '1769889600123456 timestamp'],
  ["timestamp '2026-07-31 12:00:00'", '1785524400000000 timestamp'],
  ["timestamp '2026-07-31T12:00:00 +02:00'", '1785492000000000 timestamp'],
  ["timestamp '2026-07-31 12:00:00 Europe/Zurich'", '1785492000000000 timestamp'],
  ["timestamp '1970-01-01 00:00:00Z'", '0 timestamp'],
  ["timestamp_ntz '1970-01-01 00:00:01'", '1000000 timestamp_ntz'],
  ["interval '1-2' year to month", '14 interval year to month'],
  ["interval '-1-2' year to month", '-14 interval year to month'],
  ["interval -'1-2' year to month", '-14 interval year to month'],
  ['interval 1 year 2 months', '14 interval year to month'],
  ["interval '1 02:03:04.5' day to second", '93784500000 interval day to second'],
  ["interval '-0 00:00:00.5' day to second", '-500000 interval day to second'],
  ["interval '2:03' hour to minute", '7380000000 interval hour to minute'],
  ['interval 1 day 2 hours -3 minutes', '93420000000 interval day to minute'],
  ["interval '1.5' second", '1500000 interval second'],
  ['interval 2 weeks', '1209600000000 interval day'],
  ["interval '3 days 4 seconds'", '259204000000 interval day to second'],
  ["interval '-1 month'", '-1 interval month'],
]

for (const [sql, expected] of cases) {
  test(sql, () => {
    const e = parseExpression(sql, { timeZone: 'America/Los_Angeles' })
    if (e.kind !== 'Literal') throw new Error(`a ${e.kind}`)
    assert.is(`${e.value} ${typeString(e.type)}`, expected)
  })
}

test('a clock change in the session time zone: skipped times move on, doubled ones are the earlier', () => {
  const at = (text: string): bigint => {
    const e = parseExpression(`timestamp '${text}'`, { timeZone: 'Europe/Zurich' })
    if (e.kind !== 'Literal' || typeof e.value !== 'bigint') throw new Error('no literal')
    return e.value
  }
  assert.is(new Date(Number(at('2026-03-29 02:30:00') / 1000n)).toISOString(), '2026-03-29T01:30:00.000Z')
  assert.is(new Date(Number(at('2026-10-25 02:30:00') / 1000n)).toISOString(), '2026-10-25T00:30:00.000Z')
})

test('words that name a day are known when the query runs', () => {
  const e = parseExpression("date 'tomorrow'")
  assert.is(e.kind === 'UnresolvedFunction' && e.name, 'date_add')
})

test.run()
