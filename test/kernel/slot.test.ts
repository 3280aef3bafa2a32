import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Batch } from '#src/core/batch.js'
import { SpkError } from '#src/core/errors.js'
import type { ScanSplit } from '#src/core/stage.js'
import { decimal, field, struct, types } from '#src/core/types.js'
import { Database } from '#src/kernel/duckdb.js'
import type { KernelInput, KernelTask } from '#src/kernel/task.js'
import { failure } from '../support/failure.js'
import { makeBatch, rowsOf, type Value } from './batches.js'
import { int96File } from './int96-file.js'
import { Collected, type TestSlot, task, testSlot } from './slots.js'

const test = suite('kernel/slot')

let slot: TestSlot
let people: string
const peopleRows = 20_000
const groupRows = 5_000

test.before(async () => {
  slot = await testSlot()
  people = join(slot.dir, 'people.parquet')
  const database = await Database.open({ spillDir: join(slot.dir, 'setup') })
  const connection = await database.connect()
  await connection.run(
    `COPY (SELECT range::INTEGER AS id, (range % 7)::INTEGER AS team, 'name of person number ' || range AS name, (range / 4)::DECIMAL(12,2) AS pay FROM range(${peopleRows}))
     TO '${people}' (FORMAT parquet, ROW_GROUP_SIZE ${groupRows})`,
  )
  connection.close()
  database.close()
})
test.after(() => slot.close())

const schema = struct([field('id', types.int), field('team', types.int), field('name', types.string), field('pay', decimal(12, 2))])

function split(from?: number, to?: number): ScanSplit {
  const { size, mtimeMs } = statSync(people)
  const file = { uri: people, size, mtimeMs }
  if (from === undefined || to === undefined) return { file, bytes: size }
  return { file, bytes: size, rowGroups: { from: from / groupRows, to: to / groupRows, rowFrom: from, rowTo: to } }
}

function scan(splits: readonly ScanSplit[], columns = schema): KernelInput {
  return { kind: 'scan', name: 'people', format: 'parquet', options: {}, schema: columns, fileSchema: columns, splits }
}

async function run(parts: Parameters<typeof task>[0]): Promise<{ sink: Collected; result: Awaited<ReturnType<TestSlot['slot']['run']>> }> {
  const sink = new Collected()
  return { sink, result: await slot.slot.run(task(parts), sink) }
}

test('a scan reads the rows of its splits, and no row number leaks out', async () => {
  const { sink, result } = await run({ sql: 'SELECT * FROM people', schema, inputs: [scan([split(5_000, 10_000), split(15_000, 20_000)])] })
  const rows = rowsOf(sink.all())
  assert.is(rows.length, 10_000)
  assert.equal(rows[0], [5_000, 5_000 % 7, 'name of person number 5000', 125_000n])
  assert.equal(rows.at(-1), [19_999, 19_999 % 7, 'name of person number 19999', 499_975n])
  assert.is(result.rowsOut, 10_000)
  assert.is(result.rowsRead, 10_000)
})

test('row groups outside the split are not read: their bytes may be garbage', async () => {
  const damaged = join(slot.dir, 'damaged.parquet')
  const bytes = readFileSync(people)
  // Groups lie one after the other from byte 4; the last quarter before the footer is inside the fourth.
  const footer = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8)
  bytes.fill(0, Math.floor(footer * 0.8), footer)
  writeFileSync(damaged, bytes)
  const { size, mtimeMs } = statSync(damaged)
  const read = (from: number, to: number) =>
    run({
      sql: 'SELECT sum(id)::BIGINT AS n, max(name) AS m, sum(pay)::DOUBLE AS p FROM people ORDER BY 1 LIMIT 3',
      schema: struct([field('n', types.long), field('m', types.string), field('p', types.double)]),
      inputs: [
        scan([
          { file: { uri: damaged, size, mtimeMs }, bytes: size, rowGroups: { from: from / groupRows, to: to / groupRows, rowFrom: from, rowTo: to } },
        ]),
      ],
    })
  assert.equal(rowsOf((await read(5_000, 10_000)).sink.all())[0]?.slice(0, 2), [BigInt((5_000 * (5_000 + 9_999)) / 2), 'name of person number 9999'])
  assert.is((await failure(read(15_000, 20_000))).code, 'FAILED_READ_FILE.NO_HINT')
})

test('a column that a file lacks is NULL, one of another type is cast, and no column at all still counts rows', async () => {
  const other = struct([field('missing', types.string), field('id', types.long)])
  const { sink } = await run({ sql: 'SELECT * FROM people WHERE id < 2', schema: other, inputs: [scan([split()], other)] })
  assert.equal(rowsOf(sink.all()), [
    [null, 0n],
    [null, 1n],
  ])
  const counted = await run({
    sql: 'SELECT count(*) AS n FROM people',
    schema: struct([field('n', types.long)]),
    inputs: [scan([split(0, 5_000)], struct([]))],
  })
  assert.equal(rowsOf(counted.sink.all()), [[5_000n]])
})

test('a column whose type DuckDB sees otherwise than declared comes out as declared', async () => {
  const { sink } = await run({
    sql: 'SELECT sum(id) AS s, NULL AS n FROM people',
    schema: struct([field('s', types.long), field('n', types.null)]),
    inputs: [scan([split()])],
  })
  assert.equal(rowsOf(sink.all()), [[BigInt((peopleRows * (peopleRows - 1)) / 2), null]])
})

test('rows for nobody are made all the same', async () => {
  const schema = struct([field('id', types.long)])
  const range = (end: number) => [{ kind: 'range', name: 'r', start: '0', end: String(end), step: '1' } as const]
  const output = { kind: 'none' } as const
  for (const rows of [0, 3, 100_000]) {
    const { result, sink } = await run({ sql: 'SELECT id FROM r', schema, inputs: range(rows), output })
    assert.is(result.rowsOut, rows)
    assert.is(sink.batches.length, 0)
  }
  const error = await failure(
    run({ sql: "SELECT (id || CASE WHEN id = 2 THEN 'x' ELSE '' END)::BIGINT AS id FROM r", schema, inputs: range(3), output }),
  )
  assert.is(error.code, 'CAST_INVALID_INPUT')
})

test('hash partitions: equal keys meet, every row arrives once, as DuckDB hashes', async () => {
  const { sink } = await run({
    sql: 'SELECT id, team FROM people',
    schema: struct([field('id', types.int), field('team', types.int)]),
    inputs: [scan([split()])],
    output: { kind: 'partitions', count: 5, by: { kind: 'hash', keys: ['team'] } },
  })
  const partitionOf = new Map<number, number>()
  let rows = 0
  for (const { partition, batch } of sink.batches) {
    for (const row of rowsOf([batch])) {
      const team = row[1] as number
      assert.is(partitionOf.get(team) ?? partition, partition)
      partitionOf.set(team, partition)
      rows++
    }
  }
  assert.is(rows, peopleRows)
  const expected = await run({
    sql: 'SELECT DISTINCT team, (((hash(team) >> 32) * 5) >> 32)::INTEGER AS p FROM people',
    schema: struct([field('team', types.int), field('p', types.int)]),
    inputs: [scan([split()])],
  })
  for (const [team, partition] of rowsOf(expected.sink.all())) assert.is(partitionOf.get(team as number), partition)
})

test('round robin spreads evenly, and starts at the seed', async () => {
  const { sink } = await run({
    sql: 'SELECT id FROM people ORDER BY id LIMIT 10',
    schema: struct([field('id', types.int)]),
    inputs: [scan([split()])],
    output: { kind: 'partitions', count: 3, by: { kind: 'roundRobin' } },
    seed: 2,
  })
  assert.equal(
    sink.batches.map(b => [b.partition, rowsOf([b.batch]).flat()]),
    [
      [0, [1, 4, 7]],
      [1, [2, 5, 8]],
      [2, [0, 3, 6, 9]],
    ],
  )
})

test('a sample gives sort keys that cut a range exchange into ordered, even partitions', async () => {
  const keys = [
    { column: 'team', ascending: false, nullsFirst: true },
    { column: 'name', ascending: true, nullsFirst: false },
  ]
  const columns = struct([field('team', types.int), field('name', types.string)])
  const sql = 'SELECT CASE WHEN id % 10 > 0 THEN team END AS team, name FROM people'
  const sampled = await run({
    sql,
    schema: columns,
    inputs: [scan([split()])],
    output: { kind: 'partitions', count: 1, by: { kind: 'single' }, sample: { keys, size: 400 } },
  })
  const sample = sampled.result.sample ?? []
  assert.is(sample.length, 400)
  const bounds = [sample[99], sample[199], sample[299]] as Uint8Array[]
  const { sink } = await run({
    sql,
    schema: columns,
    inputs: [scan([split()])],
    output: { kind: 'partitions', count: 4, by: { kind: 'range', keys, bounds } },
  })
  const parts = [0, 1, 2, 3].map(p => rowsOf(sink.batches.filter(b => b.partition === p).map(b => b.batch)))
  assert.is(
    parts.reduce((n, p) => n + p.length, 0),
    peopleRows,
  )
  for (const part of parts) assert.ok(part.length > peopleRows / 8 && part.length < peopleRows / 2, `partition of ${part.length} rows`)
  const whole = await run({ sql: `${sql} ORDER BY team DESC NULLS FIRST, name`, schema: columns, inputs: [scan([split()])] })
  const order = (a: Value[], b: Value[]): number => {
    if (a[0] !== b[0]) return a[0] === null ? -1 : b[0] === null ? 1 : (b[0] as number) - (a[0] as number)
    return Buffer.compare(Buffer.from(a[1] as string), Buffer.from(b[1] as string))
  }
  assert.equal(
    parts.flatMap(p => p.sort(order)),
    rowsOf(whole.sink.all()),
  )
})

// Of one key of at most eight bytes DuckDB makes a number instead of bytes, unless told otherwise.
for (const [name, cast] of [
  ['a short key', 'INTEGER'],
  ['a long', 'BIGINT'],
  ['a flag', 'BOOLEAN'],
] as const) {
  test(`${name} alone orders a range exchange`, async () => {
    const keys = [{ column: 'k', ascending: true, nullsFirst: true }]
    const columns = struct([field('k', cast === 'INTEGER' ? types.int : cast === 'BIGINT' ? types.long : types.boolean)])
    const sql = `SELECT CAST(nullif((i * 37 % 100) - 50, 0) AS ${cast}) AS k FROM range(400) t(i)`
    const sampled = await run({ sql, schema: columns, output: { kind: 'partitions', count: 1, by: { kind: 'single' }, sample: { keys, size: 100 } } })
    const sample = sampled.result.sample ?? []
    const { sink } = await run({
      sql,
      schema: columns,
      output: { kind: 'partitions', count: 2, by: { kind: 'range', keys, bounds: [sample[50] as Uint8Array] } },
    })
    const parts = [0, 1].map(p => rowsOf(sink.batches.filter(b => b.partition === p).map(b => b.batch)).map(r => r[0]))
    const number = (v: unknown) => (v === null ? Number.NEGATIVE_INFINITY : Number(v))
    assert.is((parts[0] ?? []).length + (parts[1] ?? []).length, 400)
    assert.ok(Math.max(...(parts[0] ?? []).map(number)) <= Math.min(...(parts[1] ?? []).map(number)))
  })
}

test('batches are flushed at the limit, one sink call at a time', async () => {
  const small = await testSlot({ limits: { bytes: 64 * 1024, rows: 122_880 } })
  let writing = 0
  const batches: Batch[] = []
  await small.slot.run(
    task({
      sql: 'SELECT * FROM people',
      schema,
      inputs: [scan([split()])],
      output: { kind: 'partitions', count: 3, by: { kind: 'hash', keys: ['id'] } },
    }),
    {
      async write(_partition, batch) {
        assert.is(++writing, 1)
        batches.push(batch)
        await new Promise(resolve => setImmediate(resolve))
        writing--
      },
    },
  )
  assert.ok(batches.length >= 20, `${batches.length} batches`)
  assert.is(rowsOf(batches).length, peopleRows)
  await small.close()
})

test('a result that is bounded by its scans may be made at once: the same rows, and an interrupt is heard between them', async () => {
  const parts = {
    sql: 'SELECT id, team, name FROM people WHERE id % 3 <> 1',
    schema: struct(schema.fields.slice(0, 3)),
    inputs: [scan([split(0, 20_000)])],
  }
  const hash = { output: { kind: 'partitions', count: 3, by: { kind: 'hash', keys: ['id'] } } } as const
  const streamed = await run({ ...parts, ...hash })
  const whole = await run({ ...parts, ...hash, bounded: true })
  const sorted = (of: typeof whole) => of.sink.batches.flatMap(({ partition, batch }) => rowsOf([batch]).map(row => `${partition} ${row}`)).sort()
  assert.equal(sorted(whole), sorted(streamed))
  assert.is(whole.result.rowsOut, 13_333)

  let batches = 0
  const long = task({
    id: 'long',
    sql: 'SELECT id FROM numbers',
    schema: struct([field('id', types.long)]),
    bounded: true,
    inputs: [numbers(2_000_000)],
  })
  const running = slot.slot.run(long, {
    write() {
      batches++
      setImmediate(() => slot.slot.interrupt('long'))
    },
  })
  assert.is((await failure(running)).code, 'SPK_TASK_CANCELLED')
  assert.ok(batches > 0 && batches < 16, String(batches))
})

function numbers(rows: number): KernelInput {
  return { kind: 'range', name: 'numbers', start: '0', end: String(rows), step: '1' }
}

test('a small sort-merge join runs again and again', async () => {
  const settings = { merge_join_threshold: '0', nested_loop_join_threshold: '0' }
  const one = struct([field('id', types.long)])
  const sql = 'SELECT n.id FROM numbers n JOIN numbers m ON n.id <= m.id AND n.id >= m.id'
  for (let i = 1; i <= 3; i++) assert.is((await run({ sql, schema: one, settings, inputs: [numbers(i * 10)] })).result.rowsOut, i * 10)
})

test('an order in the fragment is kept', async () => {
  const { sink } = await run({ sql: 'SELECT id FROM people ORDER BY id DESC', schema: struct([field('id', types.int)]), inputs: [scan([split()])] })
  assert.equal(
    rowsOf(sink.all()).flat(),
    Array.from({ length: peopleRows }, (_, i) => peopleRows - 1 - i),
  )
})

test('INT96 timestamps of a file are instants in any session time zone', async () => {
  const path = join(slot.dir, 'int96.parquet')
  writeFileSync(path, Buffer.from(int96File, 'base64'))
  const { size, mtimeMs } = statSync(path)
  const at = struct([field('at', types.timestamp)])
  for (const zone of ['UTC', 'Asia/Tokyo']) {
    const { sink } = await run({
      sql: 'SELECT * FROM people',
      schema: at,
      inputs: [scan([{ file: { uri: path, size, mtimeMs }, bytes: size, rowGroups: { from: 0, to: 1, rowFrom: 0, rowTo: 3 } }], at)],
      conf: { 'spark.sql.session.timeZone': zone },
    })
    assert.equal(rowsOf(sink.all()).flat(), [1_719_835_200_123_456n, null, -315_619_200_000_000n])
  }
})

test('a sort beyond the memory limit spills, is counted, and leaves nothing behind', async () => {
  const small = await testSlot({ memoryLimit: 30 * 2 ** 20 })
  const text = struct([field('t', types.string)])
  let rows = 0
  let last = ''
  const result = await small.slot.run(
    task({ sql: "SELECT hash(range) || ' some text to make rows wide' AS t FROM range(1500000) ORDER BY t", schema: text }),
    {
      write(_partition, batch) {
        rows += batch.rows
        last = rowsOf([{ ...batch, rows: 1 }])[0]?.[0] as string
      },
    },
  )
  assert.is(rows, 1_500_000)
  assert.match(last, /^9/)
  assert.ok(result.bytesSpilled > 2 ** 20, `${result.bytesSpilled} bytes`)
  await small.close()
  assert.is(existsSync(join(small.dir, 'spill')), false)
})

test('segments: several batches, read twice in one query, with columns left out', async () => {
  const pairs = struct([field('a', types.int), field('b', types.string)])
  const input = slot.input('t', pairs, [
    makeBatch(pairs, [
      [1, 2],
      ['x', 'y'],
    ]),
    makeBatch(pairs, [[], []]),
    makeBatch(pairs, [[3], [null]]),
  ])
  const { sink, result } = await run({
    sql: 'SELECT l.a, r.b FROM t l JOIN t r ON l.a = r.a + 1 ORDER BY 1',
    schema: pairs,
    inputs: [input],
  })
  assert.equal(rowsOf(sink.all()), [
    [2, 'x'],
    [3, 'y'],
  ])
  assert.is(result.shuffleRowsRead, 6)
  const counted = await run({ sql: 'SELECT count(*) AS n FROM t', schema: struct([field('n', types.long)]), inputs: [input] })
  assert.equal(rowsOf(counted.sink.all()), [[3n]])
})

test('segments without columns keep their number of rows', async () => {
  const none = struct([])
  const input = slot.input('t', none, [{ schema: none, rows: 3, columns: [] }])
  const { sink } = await run({ sql: 'SELECT count(*) AS n FROM t', schema: struct([field('n', types.long)]), inputs: [input] })
  assert.equal(rowsOf(sink.all()), [[3n]])
})

test('a cached input is a table from its second task on, until dropped', async () => {
  const one = struct([field('a', types.int)])
  const rows = Array.from({ length: 40_000 }, (_, i) => i % 7)
  const input = slot.input('t', one, [makeBatch(one, [rows])], 'broadcast 1')
  const sum = { sql: 'SELECT sum(a)::INTEGER AS a FROM t', schema: one, inputs: [input] }
  for (const _ of ['read', 'made a table']) assert.is((await run(sum)).result.shuffleRowsRead, 40_000)
  const again = await run(sum)
  assert.is(again.result.shuffleRowsRead, 0)
  assert.equal(rowsOf(again.sink.all()), [[rows.reduce((a, b) => a + b)]])
  await slot.slot.dropCached(['broadcast 1', 'never cached'])
  for (const _ of ['read', 'made a table']) assert.is((await run(sum)).result.shuffleRowsRead, 40_000)
  assert.is((await run(sum)).result.shuffleRowsRead, 0)
})

test('a small cached input is decoded for each task, and leaves no table', async () => {
  await slot.slot.dropCached(['broadcast 1'])
  const one = struct([field('a', types.int)])
  const input = slot.input('t', one, [makeBatch(one, [[1, 2, 3]])], 'broadcast 2')
  const sum = { sql: 'SELECT sum(a)::INTEGER AS a FROM t', schema: one, inputs: [input] }
  for (const _ of [1, 2]) {
    const { result, sink } = await run(sum)
    assert.is(result.shuffleRowsRead, 3)
    assert.equal(rowsOf(sink.all()), [[6]])
  }
  const tables = { sql: "SELECT count(*) FILTER (table_name LIKE 'spk_broadcast%')::INTEGER AS a FROM duckdb_tables()", schema: one, inputs: [] }
  assert.equal(rowsOf((await run(tables)).sink.all()), [[0]])
})

test('ranges', async () => {
  const cases: [string, string, string, bigint[]][] = [
    ['0', '3', '1', [0n, 1n, 2n]],
    ['10', '4', '-3', [10n, 7n]],
    ['5', '5', '1', []],
    ['9223372036854775800', '9223372036854775807', '3', [9223372036854775800n, 9223372036854775803n, 9223372036854775806n]],
  ]
  for (const [start, end, step, ids] of cases) {
    const { sink, result } = await run({
      sql: 'SELECT id FROM r',
      schema: struct([field('id', types.long)]),
      inputs: [{ kind: 'range', name: 'r', start, end, step }],
    })
    assert.equal(rowsOf(sink.all()).flat(), ids)
    assert.is(result.rowsRead, ids.length)
  }
})

test('time zone and settings are those of the task, and gone with the next', async () => {
  const text = struct([field('t', types.string)])
  const sql = "SELECT CAST(TIMESTAMPTZ '2024-07-01 12:00:00+00' AS VARCHAR) || ' ' || current_setting('disabled_optimizers') AS t"
  const got = async (conf: KernelTask['conf'], settings: KernelTask['settings']) =>
    rowsOf((await run({ sql, schema: text, conf, settings })).sink.all())[0]?.[0]
  assert.is(await got({ 'spark.sql.session.timeZone': 'Europe/Paris' }, { disabled_optimizers: 'join_order' }), '2024-07-01 14:00:00+02 join_order')
  assert.is(await got({ 'spark.sql.session.timeZone': '+05:00' }, {}), '2024-07-01 17:00:00+05 ')
  assert.is(await got({ 'spark.sql.session.timeZone': 'Z' }, {}), '2024-07-01 12:00:00+00 ')
  assert.is((await failure(got({ 'spark.sql.session.timeZone': '+05:30' }, {}))).code, 'SPK_UNSUPPORTED_TIME_ZONE')
  assert.is((await failure(got({ 'spark.sql.session.timeZone': 'Mars/Olympus' }, {}))).code, 'INVALID_CONF_VALUE.TIME_ZONE')
})

test('errors carry Spark’s condition, and the slot goes on', async () => {
  const text = struct([field('x', types.string)])
  const cases: [string, string, string | undefined][] = [
    ["SELECT CAST('abc' AS INTEGER)::VARCHAR AS x", 'CAST_INVALID_INPUT', '22018'],
    ['SELECT (300)::TINYINT::VARCHAR AS x', 'CAST_OVERFLOW', '22003'],
    ['SELECT (9223372036854775807 + id::BIGINT + 1)::VARCHAR AS x FROM people', 'ARITHMETIC_OVERFLOW', '22003'],
    ['SELECT 1234.5::DECIMAL(3,1)::VARCHAR AS x', 'NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION', '22003'],
    ["SELECT error('[DIVIDE_BY_ZERO] Division by zero. SQLSTATE: 22012') AS x", 'DIVIDE_BY_ZERO', '22012'],
    ['SELECT (SELECT id::VARCHAR FROM people) AS x', 'SCALAR_SUBQUERY_TOO_MANY_ROWS', '21000'],
    ['SELECT nope AS x FROM people', 'SPK_DUCKDB', undefined],
  ]
  for (const [sql, code, sqlState] of cases) {
    const error = await failure(run({ sql, schema: text, inputs: [scan([split()])] }))
    assert.is(error.code, code, sql)
    assert.is(error.sqlState, sqlState, sql)
  }
  assert.equal(rowsOf((await run({ sql: "SELECT 'fine' AS x", schema: text })).sink.all()), [['fine']])
})

test('errors of decoding and of the sink come out as they are', async () => {
  const boom = new SpkError('SPK_CHECKSUM', 'checksum of the segment')
  const bad = await testSlot({
    decode: () => {
      throw boom
    },
  })
  const one = struct([field('a', types.int)])
  assert.is(await failure(bad.slot.run(task({ sql: 'SELECT * FROM t', schema: one, inputs: [bad.input('t', one, [])] }), new Collected())), boom)
  const full = new SpkError('SPK_DISK', 'disk of the sink')
  const failing = {
    write() {
      throw full
    },
  }
  assert.is(await failure(bad.slot.run(task({ sql: 'SELECT range::INTEGER AS a FROM range(1000000)', schema: one }), failing)), full)
  await bad.close()
})

test('out of memory is typed and says what to do, and a higher limit helps', async () => {
  const small = await testSlot({ memoryLimit: 20 * 2 ** 20 })
  const n = struct([field('n', types.long)])
  const hungry = task({ sql: "SELECT len(list(hash(range) || ' and text that takes room')) AS n FROM range(1000000)", schema: n })
  const error = await failure(small.slot.run(hungry, new Collected()))
  assert.is(error.code, 'SPK_OUT_OF_MEMORY')
  assert.match(error.message, 'spark.executor.memory')
  await small.slot.setMemoryLimit(400 * 2 ** 20)
  const sink = new Collected()
  await small.slot.run(hungry, sink)
  assert.equal(rowsOf(sink.all()), [[1_000_000n]])
  await small.close()
})

test('a damaged file is named', async () => {
  const damages: [string, (bytes: Buffer) => void][] = [
    ['header.parquet', bytes => void bytes.writeUInt16LE(~bytes.readUInt16LE(4) & 0xffff, 4)],
    ['data.parquet', bytes => void bytes.fill(0, 4, bytes.length >> 1)],
  ]
  for (const [name, damage] of damages) {
    const bytes = readFileSync(people)
    damage(bytes)
    const path = join(slot.dir, name)
    writeFileSync(path, bytes)
    const { size, mtimeMs } = statSync(path)
    const error = await failure(run({ sql: 'SELECT * FROM people', schema, inputs: [scan([{ file: { uri: path, size, mtimeMs }, bytes: size }])] }))
    assert.is(error.code, 'FAILED_READ_FILE.NO_HINT')
    assert.is(error.sqlState, 'KD001')
    assert.match(error.message, path)
  }
})

test('a file that changed is refused, retryably', async () => {
  const { file, bytes } = split()
  for (const changed of [
    { ...file, size: file.size + 1 },
    { ...file, mtimeMs: file.mtimeMs - 1 },
    { ...file, uri: `${file.uri}.gone` },
  ]) {
    const error = await failure(run({ sql: 'SELECT * FROM people', schema, inputs: [scan([{ file: changed, bytes }])] }))
    assert.is(error.code, 'SPK_FILE_CHANGED')
    assert.is(error.retryable, true)
    assert.match(error.message, changed.uri)
  }
})

test('interrupting a running query settles it and frees the slot', async () => {
  const n = struct([field('n', types.long)])
  const endless = task({ sql: 'SELECT count(*) AS n FROM range(1000000) a, range(1000000) b WHERE hash(a.range, b.range) = 7', schema: n })
  const running = failure(slot.slot.run(endless, new Collected()))
  slot.slot.interrupt('some other task')
  setTimeout(() => slot.slot.interrupt(endless.id), 20)
  assert.is((await running).code, 'SPK_TASK_CANCELLED')
  assert.equal(rowsOf((await run({ sql: 'SELECT 1::BIGINT AS n', schema: n })).sink.all()), [[1n]])
})

test('an interrupt before the query has begun, and one while the sink is awaited', async () => {
  const n = struct([field('n', types.long)])
  const quick = task({ sql: 'SELECT range AS n FROM range(1000000)', schema: n })
  const running = failure(slot.slot.run(quick, new Collected()))
  slot.slot.interrupt(quick.id)
  assert.is((await running).code, 'SPK_TASK_CANCELLED')
  const inSink = failure(
    slot.slot.run(quick, {
      write() {
        slot.slot.interrupt(quick.id)
      },
    }),
  )
  assert.is((await inSink).code, 'SPK_TASK_CANCELLED')
})

test.run()
