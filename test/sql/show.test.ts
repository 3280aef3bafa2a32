/** Expected texts are what Spark 4.2 prints for the same values. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { floatText } from '#src/core/java-number.js'
import { parseTableSchema } from '#src/planner/parse/parse.js'
import { cellText } from '#src/sql/cell-text.js'
import { Decimal } from '#src/sql/decimal.js'
import { decodeArrays } from '#src/sql/decode.js'
import { encodeRows } from '#src/sql/encode.js'
import { Interval } from '#src/sql/interval.js'
import { schemaTree } from '#src/sql/schema-tree.js'
import { showString } from '#src/sql/show.js'
import { Timestamp } from '#src/sql/timestamp.js'

const test = suite('sql/show')

function shown(ddl: string, rows: readonly (readonly unknown[])[], options: { n?: number; truncate?: number; vertical?: boolean } = {}): string {
  const { n = 20, truncate = 20, vertical = false } = options
  const schema = parseTableSchema(ddl)
  const batch = encodeRows(rows, schema)
  const cells = decodeArrays(batch).map(row => row.map((v, i) => cellText(v, schema.fields[i]?.type ?? { kind: 'null' }, 'America/Los_Angeles')))
  return showString(
    schema.fields.map(f => f.name),
    cells.slice(0, n),
    cells.length > n,
    { truncate, vertical },
  )
}

const text = 'abcdefghijklmnopqrstuvwxyz'
const long = 'some long text that is cut off at twenty'
const ids = [[0], [1], [2], [3], [4]]
const pairs = ids.map(([id]) => [id, long])

const cases: readonly (readonly [string, string, string])[] = [
  ['numbers and texts', shown('a INT, b STRING', [[1, 'x']]), '+---+---+\n|  a|  b|\n+---+---+\n|  1|  x|\n+---+---+\n\n'],
  ['NULL', shown('n INT, s STRING', [[null, 'NULL']]), '+----+----+\n|   n|   s|\n+----+----+\n|NULL|NULL|\n+----+----+\n\n'],
  [
    'cut at 20',
    shown('s STRING, t STRING', [[text, 'ab']]),
    '+--------------------+---+\n|                   s|  t|\n+--------------------+---+\n|abcdefghijklmnopq...| ab|\n+--------------------+---+\n\n',
  ],
  ['cut at 3', shown('s STRING, t STRING', [[text, 'ab']], { truncate: 3 }), '+---+---+\n|  s|  t|\n+---+---+\n|abc| ab|\n+---+---+\n\n'],
  [
    'not cut',
    shown('s STRING, t STRING', [[text, 'ab']], { truncate: 0 }),
    '+--------------------------+---+\n|s                         |t  |\n+--------------------------+---+\n|abcdefghijklmnopqrstuvwxyz|ab |\n+--------------------------+---+\n\n',
  ],
  ['more rows', shown('id INT', ids, { n: 3 }), '+---+\n| id|\n+---+\n|  0|\n|  1|\n|  2|\n+---+\nonly showing top 3 rows\n'],
  ['one of more', shown('id INT', ids, { n: 1 }), '+---+\n| id|\n+---+\n|  0|\n+---+\nonly showing top 1 row\n'],
  ['none of more', shown('id INT', ids, { n: 0 }), '+---+\n| id|\n+---+\n+---+\nonly showing top 0 rows\n'],
  ['no rows', shown('id INT', []), '+---+\n| id|\n+---+\n+---+\n\n'],
  ['vertical', shown('id INT', [[0], [1]], { vertical: true }), '-RECORD 0--\n id  | 0   \n-RECORD 1--\n id  | 1   \n\n'],
  [
    'vertical, cut, more',
    shown('id INT, a_long_name STRING', pairs, { n: 2, vertical: true }),
    '-RECORD 0---------------------------\n id          | 0                    \n a_long_name | some long text th... \n-RECORD 1---------------------------\n id          | 1                    \n a_long_name | some long text th... \nonly showing top 2 rows\n',
  ],
  ['vertical without rows', shown('id INT', [], { vertical: true }), '(0 rows)\n'],
  [
    'nested',
    shown(
      'a ARRAY<INT>, m MAP<STRING, INT>, s STRUCT<x: INT, y: STRING, n: VOID>',
      [
        [
          [1, null, 3],
          new Map([
            ['k', 1],
            ['n', null],
          ]),
          { x: 1, y: 'z', n: null },
        ],
      ],
      { truncate: 0 },
    ),
    '+------------+-------------------+------------+\n|a           |m                  |s           |\n+------------+-------------------+------------+\n|[1, NULL, 3]|{k -> 1, n -> NULL}|{1, z, NULL}|\n+------------+-------------------+------------+\n\n',
  ],
  [
    'controls are escaped',
    shown('s STRING, `a\nb` STRING', [['a\nb\tc\rd', 'back\\slash']], { truncate: 0 }),
    '+----------+----------+\n|s         |a\\nb      |\n+----------+----------+\n|a\\nb\\tc\\rd|back\\slash|\n+----------+----------+\n\n',
  ],
  [
    'wide characters',
    shown('s STRING, t STRING, u STRING, w STRING', [['中文字', 'ｆｕｌｌ', 'é', '🙂']]),
    '+------+--------+---+---+\n|     s|       t|  u|  w|\n+------+--------+---+---+\n|中文字|ｆｕｌｌ|  é| 🙂|\n+------+--------+---+---+\n\n',
  ],
  [
    'wide characters cut',
    shown('s STRING', [['中文字'.repeat(9)]]),
    '+-------------------------------------+\n|                                    s|\n+-------------------------------------+\n|中文字中文字中文字中文字中文字中文...|\n+-------------------------------------+\n\n',
  ],
]
for (const [name, actual, expected] of cases) test(name, () => assert.is(actual, expected))

/** Type, value, its cell. */
const cells: readonly (readonly [string, unknown, string])[] = [
  ['DOUBLE', 1, '1.0'],
  ['DOUBLE', 1e10, '1.0E10'],
  ['DOUBLE', 1e7, '1.0E7'],
  ['DOUBLE', 9999999, '9999999.0'],
  ['DOUBLE', 0.001, '0.001'],
  ['DOUBLE', 0.0001, '1.0E-4'],
  ['DOUBLE', -0, '-0.0'],
  ['DOUBLE', Number.NaN, 'NaN'],
  ['DOUBLE', Number.NEGATIVE_INFINITY, '-Infinity'],
  ['DOUBLE', 123456789.125, '1.23456789125E8'],
  ['DOUBLE', 1e-10, '1.0E-10'],
  ['DOUBLE', 1e23, '1.0E23'],
  ['DOUBLE', 100, '100.0'],
  ['FLOAT', 1.1, '1.1'],
  ['FLOAT', 16777216, '1.6777216E7'],
  ['DECIMAL(38,18)', Decimal.parse('0'), '0.000000000000000000'],
  ['DECIMAL(10,2)', Decimal.parse('1.5'), '1.50'],
  ['DATE', '-0044-03-15', '-0044-03-15'],
  ['DATE', '9999-12-31', '9999-12-31'],
  ['TIMESTAMP', new Timestamp(1785524400123456n), '2026-07-31 12:00:00.123456'],
  ['TIMESTAMP', new Timestamp(1785499200100000n), '2026-07-31 05:00:00.1'],
  ['TIMESTAMP_NTZ', '2026-07-31 01:02:03.5', '2026-07-31 01:02:03.5'],
  ['BINARY', new Uint8Array(), '[]'],
  ['BINARY', Uint8Array.of(0, 255, 16), '[00 FF 10]'],
  ['ARRAY<BINARY>', [Uint8Array.of(1)], '[[01]]'],
  ['BOOLEAN', true, 'true'],
  ['BIGINT', 2n ** 62n, '4611686018427387904'],
  ['INTERVAL YEAR TO MONTH', new Interval(14, 0, 0n), "INTERVAL '1-2' YEAR TO MONTH"],
  ['INTERVAL DAY TO SECOND', new Interval(0, 1, 7384500000n), "INTERVAL '1 02:03:04.5' DAY TO SECOND"],
  ['INTERVAL', new Interval(14, 3, 14706500000n), '1 years 2 months 3 days 4 hours 5 minutes 6.5 seconds'],
  ['INTERVAL', new Interval(0, 0, 0n), '0 seconds'],
  ['INTERVAL', new Interval(0, 0, -500000n), '-0.5 seconds'],
  ['INTERVAL', new Interval(-11, 0, 0n), '-11 months'],
]
for (const [type, value, expected] of cells) {
  test(`${type} ${expected}`, () => {
    const schema = parseTableSchema(`v ${type}`)
    const [[cell] = []] = decodeArrays(encodeRows([[value]], schema))
    assert.is(cellText(cell ?? null, schema.fields[0]?.type ?? { kind: 'null' }, 'America/Los_Angeles'), expected)
  })
}

test('a float has the fewest digits that name it', () => {
  assert.equal(
    [0.1, 3.4028234663852886e38, 1e10].map(x => floatText(Math.fround(x))),
    ['0.1', '3.4028235E38', '1.0E10'],
  )
})

test('printSchema', () => {
  const schema = parseTableSchema('id BIGINT NOT NULL, s STRUCT<a: INT, b: ARRAY<STRUCT<c: DATE>>>, m MAP<STRING, DECIMAL(10,2)>')
  assert.is(
    schemaTree(schema),
    `root
 |-- id: long (nullable = false)
 |-- s: struct (nullable = true)
 |    |-- a: integer (nullable = true)
 |    |-- b: array (nullable = true)
 |    |    |-- element: struct (containsNull = true)
 |    |    |    |-- c: date (nullable = true)
 |-- m: map (nullable = true)
 |    |-- key: string
 |    |-- value: decimal(10,2) (valueContainsNull = true)
`,
  )
})

test.run()
