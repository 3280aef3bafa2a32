import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { typeString } from '#src/core/types.js'
import { parseDataType, parseTableSchema } from '#src/planner/parse/parse.js'

const test = suite('planner/parse/types')

const cases: readonly (readonly [string, string])[] = [
  ['INT', 'int'],
  ['integer', 'int'],
  ['tinyint', 'tinyint'],
  ['byte', 'tinyint'],
  ['short', 'smallint'],
  ['long', 'bigint'],
  ['real', 'float'],
  ['double', 'double'],
  ['string', 'string'],
  ['string collate utf8_binary', 'string'],
  ['varchar(10)', 'string'],
  ['char(3)', 'string'],
  ['binary', 'binary'],
  ['boolean', 'boolean'],
  ['date', 'date'],
  ['timestamp', 'timestamp'],
  ['timestamp_ntz', 'timestamp_ntz'],
  ['void', 'void'],
  ['decimal', 'decimal(10,0)'],
  ['dec(5)', 'decimal(5,0)'],
  ['numeric(38, 18)', 'decimal(38,18)'],
  ['interval', 'interval'],
  ['interval year to month', 'interval year to month'],
  ['interval day', 'interval day'],
  ['array<array<int>>', 'array<array<int>>'],
  ['map<string, array<date>>', 'map<string,array<date>>'],
  ['struct<>', 'struct<>'],
  ["struct<a: int, `b c` string not null comment 'x', d: struct<e: date>>", 'struct<a:int,b c:string,d:struct<e:date>>'],
]

for (const [ddl, expected] of cases) test(ddl, () => assert.is(typeString(parseDataType(ddl)), expected))

test('a schema: names, types, NOT NULL; a struct type is a schema too', () => {
  const expected = {
    kind: 'struct',
    fields: [
      { name: 'id', type: { kind: 'long' }, nullable: false },
      { name: 'date', type: { kind: 'string' }, nullable: true },
    ],
  }
  assert.equal(parseTableSchema("id BIGINT NOT NULL COMMENT 'key', date STRING"), expected)
  assert.equal(parseTableSchema('struct<id: bigint not null, date: string>'), expected)
})

test.run()
