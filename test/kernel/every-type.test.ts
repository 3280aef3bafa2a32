/** Each type as DuckDB makes it: SQL against expected values (a reader and a writer that are wrong in the same way pass a round trip), and in bulk. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readSegment } from '#src/blockstore/segment.js'
import { encodeStream } from '#src/core/arrow/encode.js'
import { array, type DataType, decimal, field, map, type StructType, struct, types } from '#src/core/types.js'
import { openSlot } from '#src/kernel/slot.js'
import type { KernelInput } from '#src/kernel/task.js'
import { rowsOf, type Value } from './batches.js'
import { Collected, type TestSlot, task, testSlot } from './slots.js'

const test = suite('kernel/every-type')

let slot: TestSlot
test.before(async () => {
  slot = await testSlot({ decode: readSegment })
})
test.after(() => slot.close())

const long = 'x'.repeat(70_000)
const hexOf = (text: string) => Buffer.from(text).toString('hex')

/** [type, [SQL of a value, value]…] */
const cases: [DataType, [string, Value][]][] = [
  [
    types.boolean,
    [
      ['true', true],
      ['false', false],
    ],
  ],
  [
    types.byte,
    [
      ['-128', -128],
      ['127', 127],
    ],
  ],
  [types.short, [['-32768', -32768]]],
  [types.int, [['-2147483648', -2147483648]]],
  [
    types.long,
    [
      ['-9223372036854775808', -(2n ** 63n)],
      ['9223372036854775807', 2n ** 63n - 1n],
    ],
  ],
  [{ kind: 'ubyte' }, [['255', 255]]],
  [{ kind: 'ushort' }, [['65535', 65535]]],
  [{ kind: 'uint' }, [['4294967295', 4294967295]]],
  [{ kind: 'ulong' }, [['18446744073709551615', 2n ** 64n - 1n]]],
  [
    { kind: 'hugeint' },
    [
      ['-170141183460469231731687303715884105728', -(2n ** 127n)],
      ['170141183460469231731687303715884105727', 2n ** 127n - 1n],
    ],
  ],
  [
    types.float,
    [
      ['1.5', '0000c03f'],
      ["'nan'", '0000c07f'],
      ["'-inf'", '000080ff'],
    ],
  ],
  [
    types.double,
    [
      ["'-0.0'", '0000000000000080'],
      ["'nan'", '000000000000f87f'],
      ['5e-324', '0100000000000000'],
    ],
  ],
  [
    decimal(4, 2),
    [
      ['-99.99', -9999n],
      ['0.01', 1n],
    ],
  ],
  [decimal(9, 0), [['999999999', 999999999n]]],
  [decimal(18, 18), [['-0.999999999999999999', -999999999999999999n]]],
  [
    decimal(38, 10),
    [
      ["'9999999999999999999999999999.9999999999'", 10n ** 38n - 1n],
      ["'-0.0000000001'", -1n],
    ],
  ],
  [
    types.string,
    [
      ["''", ''],
      ["'exactly 12 b'", 'exactly 12 b'],
      ["'exactly 13 by'", 'exactly 13 by'],
      [`'${long}'`, long],
      ["'é\u{1F600}'", 'é\u{1F600}'],
      ["'a' || chr(0) || 'b'", 'a\u0000b'],
    ],
  ],
  [
    types.binary,
    [
      ["''", ''],
      ["'\\x00\\xFF'", '00ff'],
      ["'exactly 13 by'", hexOf('exactly 13 by')],
      [`'${long}'`, hexOf(long)],
    ],
  ],
  [
    types.date,
    [
      ["'1970-01-02'", 1],
      ["'0001-01-01'", -719162],
      ["'9999-12-31'", 2932896],
    ],
  ],
  [{ kind: 'time' }, [["'23:59:59.999999'", 86_399_999_999n]]],
  [
    types.timestamp,
    [
      ["'2024-02-29 12:00:00.000001+02'", 1_709_200_800_000_001n],
      ["'0001-01-01 00:00:00+00'", -62_135_596_800_000_000n],
    ],
  ],
  [types.timestampNtz, [["'2024-02-29 12:00:00.000001'", 1_709_208_000_000_001n]]],
  [
    types.interval,
    [
      ["'1 year 2 months 3 days 04:05:06.000007'", { months: 14, days: 3, nanos: 14_706_000_007_000n }],
      ["'-1 month -1 second'", { months: -1, days: 0, nanos: -1_000_000_000n }],
    ],
  ],
  [
    { kind: 'daytime_interval' },
    [
      ["'3 days 04:00:00'", 273_600_000_000n],
      ["'-1 hour'", -3_600_000_000n],
    ],
  ],
  [{ kind: 'yearmonth_interval' }, [["'14 months'", 14]]],
  [
    { kind: 'uuid' },
    [
      ["'00112233-4455-6677-8899-aabbccddeeff'", '00112233445566778899aabbccddeeff'],
      ["'ffffffff-ffff-ffff-ffff-ffffffffffff'", 'f'.repeat(32)],
    ],
  ],
  [
    { kind: 'enum', values: ['low', 'a value of more than twelve bytes'] },
    [
      ["'a value of more than twelve bytes'", 'a value of more than twelve bytes'],
      ["'low'", 'low'],
    ],
  ],
  [
    array(types.string),
    [
      ['[]', []],
      ["['a', NULL, '']", ['a', null, '']],
      [`['${long}']`, [long]],
    ],
  ],
  [array(array(types.int)), [['[[1, NULL], [], NULL]', [[1, null], [], null]]]],
  [
    map(types.string, types.int),
    [
      ['MAP {}', []],
      [
        "MAP {'k': 1, 'a longer key than twelve': NULL}",
        [
          ['k', 1],
          ['a longer key than twelve', null],
        ],
      ],
    ],
  ],
  [
    struct([field('a', types.int), field('b', array(types.string))]),
    [
      ["{'a': 1, 'b': ['x']}", [1, ['x']]],
      ["{'a': NULL, 'b': NULL}", [null, null]],
    ],
  ],
]

test('each value, between NULLs, arrives as what it is; and back from Arrow IPC as the same', async () => {
  for (const [type, values] of cases) {
    const schema = struct([field('v', type)])
    const all: [string, Value][] = [['NULL', null], ...values, ['NULL', null]]
    const sink = new Collected()
    // The declared type casts each value; row order is that of the list.
    const union = all.map(([sql], i) => `SELECT ${i} AS i, ${sql === 'NULL' ? 'NULL' : `CAST(${sql} AS ${castName(type)})`} AS v`).join(' UNION ALL ')
    const conf = { 'spark.sql.session.timeZone': 'UTC' }
    await slot.slot.run(task({ sql: `SELECT v FROM (${union}) ORDER BY i`, schema, conf }), sink)
    const expected = all.map(([, value]) => [value])
    assert.equal(rowsOf(sink.all()), expected, JSON.stringify(type).slice(0, 80))
    const back = new Collected()
    await slot.slot.run(task({ sql: 'SELECT v FROM t', schema, inputs: [ipcInput(schema, sink)] }), back)
    assert.equal(rowsOf(back.all()), expected, `${JSON.stringify(type).slice(0, 80)} through IPC`)
  }
})

function ipcInput(schema: StructType, sink: Collected): KernelInput {
  return { kind: 'segments', name: 't', schema, segments: sink.all().map(batch => ({ kind: 'bytes', bytes: encodeStream(batch.schema, [batch]) })) }
}

function castName(type: DataType): string {
  switch (type.kind) {
    case 'decimal':
      return `DECIMAL(${type.precision}, ${type.scale})`
    case 'array':
      return `${castName(type.element)}[]`
    case 'map':
      return `MAP(${castName(type.key)}, ${castName(type.value)})`
    case 'struct':
      return `STRUCT(${type.fields.map(f => `"${f.name}" ${castName(f.type)}`).join(', ')})`
    case 'enum':
      return `ENUM(${type.values.map(v => `'${v}'`).join(', ')})`
    default:
      return plain[type.kind] ?? type.kind
  }
}
const plain: Partial<Record<DataType['kind'], string>> = {
  byte: 'TINYINT',
  short: 'SMALLINT',
  int: 'INTEGER',
  long: 'BIGINT',
  ubyte: 'UTINYINT',
  ushort: 'USMALLINT',
  uint: 'UINTEGER',
  ulong: 'UBIGINT',
  string: 'VARCHAR',
  binary: 'BLOB',
  timestamp: 'TIMESTAMPTZ',
  timestamp_ntz: 'TIMESTAMP',
  daytime_interval: 'INTERVAL',
  yearmonth_interval: 'INTERVAL',
}

/** Many rows of everything, with NULLs at each level, strings that lie apart and strings that repeat, lists that are filtered and shared. */
const bulk = (rows: number) => `
  SELECT r, CASE WHEN r % 5 > 0 THEN r % 3 = 0 END AS b, (r % 200 - 100)::TINYINT AS i8, CASE WHEN r % 7 > 0 THEN (hash(r) >> 1)::BIGINT END AS i64,
         (hash(r) / 3)::DOUBLE AS f, (r / 8)::DECIMAL(9,3) AS d, (r % 99 / 10)::DECIMAL(4,1) AS d4, (r - 20000)::DECIMAL(18,6) AS d18, -r::DECIMAL(38,3) AS d38, CASE WHEN r % 11 > 0 THEN repeat('ab' || r, (r % 9)::INTEGER) END AS s,
         ['', 'short', 'a repeated string that is long'][1 + r % 3] AS e, CASE WHEN r % 4 > 0 THEN [r::VARCHAR, NULL, 'a list item of some length ' || r] END AS l,
         CASE WHEN r % 6 > 0 THEN {'x': CASE WHEN r % 2 = 0 THEN r END, 'y': ['nested ' || r, 'item']} END AS st,
         MAP {r::VARCHAR: r::INTEGER, 'constant key of some length': NULL} AS m, INTERVAL (r) SECOND AS iv, encode('blob ' || r) AS bl,
         DATE '2000-01-01' + (r % 10000)::INTEGER AS dt, [[r], [], NULL, [NULL]] AS ll
  FROM (SELECT range AS r FROM range(${rows * 2})) WHERE r % 2 = 0`
const bulkSchema = struct([
  field('r', types.long),
  field('b', types.boolean),
  field('i8', types.byte),
  field('i64', types.long),
  field('f', types.double),
  field('d', decimal(9, 3)),
  field('d4', decimal(4, 1)),
  field('d18', decimal(18, 6)),
  field('d38', decimal(38, 3)),
  field('s', types.string),
  field('e', types.string),
  field('l', array(types.string)),
  field('st', struct([field('x', types.long), field('y', array(types.string))])),
  field('m', map(types.string, types.int)),
  field('iv', types.interval),
  field('bl', types.binary),
  field('dt', types.date),
  field('ll', array(array(types.long))),
])

test('in bulk: partitions through Arrow IPC hold exactly the rows that DuckDB made', async () => {
  const rows = 30_000
  const small = await openSlot({
    id: 'bulk',
    spillDir: `${slot.dir}/bulk`,
    memoryLimit: 2 ** 29,
    decode: readSegment,
    // Several flushes, cut off in the middle of chunks' runs.
    limits: { bytes: 3 * 2 ** 20, rows: 122_880 },
  })
  const sink = new Collected()
  await small.run(task({ sql: bulk(rows), schema: bulkSchema, output: { kind: 'partitions', count: 7, by: { kind: 'hash', keys: ['r'] } } }), sink)
  assert.ok(sink.batches.length > 14, `${sink.batches.length} batches`)
  const n = struct([field('n', types.long), field('wrong', types.long)])
  const compared = new Collected()
  // EXCEPT ALL knows no MAP: compare it as entries.
  const columns = 'SELECT * EXCLUDE (m), map_entries(m) AS m FROM'
  await small.run(
    task({
      sql: `SELECT (SELECT count(*) FROM t) AS n, count(*) AS wrong FROM (
              (${columns} t EXCEPT ALL ${columns} (${bulk(rows)})) UNION ALL (${columns} (${bulk(rows)}) EXCEPT ALL ${columns} t))`,
      schema: n,
      inputs: [ipcInput(bulkSchema, sink)],
    }),
    compared,
  )
  assert.equal(rowsOf(compared.all()), [[BigInt(rows), 0n]])
  await small.close()
})

test('intervals that a batch cannot hold fail, typed', async () => {
  const failing: [DataType, string][] = [
    [types.interval, "INTERVAL '9223372036854775807 microseconds'"],
    [{ kind: 'daytime_interval' }, "INTERVAL '1 month'"],
    [{ kind: 'yearmonth_interval' }, "INTERVAL '1 day'"],
  ]
  for (const [type, sql] of failing) {
    let code: unknown
    await slot.slot.run(task({ sql: `SELECT ${sql} AS v`, schema: struct([field('v', type)]) }), new Collected()).catch((error: { code: string }) => {
      code = error.code
    })
    assert.is(code, 'INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION', sql)
  }
})

test.run()
