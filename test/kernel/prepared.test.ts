import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { field, struct, types } from '#src/core/types.js'
import { type Connection, Database } from '#src/kernel/duckdb.js'
import { PreparedStatements } from '#src/kernel/prepared.js'
import type { KernelInput, KernelTask } from '#src/kernel/task.js'
import { makeBatch, rowsOf } from './batches.js'
import { Collected, type TestSlot, task, testSlot } from './slots.js'

const test = suite('kernel/prepared')

const dir = mkdtempSync(join(tmpdir(), 'spk-prepared-'))
let database: Database
let connection: Connection
let slot: TestSlot
test.before(async () => {
  database = await Database.open({ spillDir: join(dir, 'spill') })
  connection = await database.connect()
  slot = await testSlot()
})
test.after(async () => {
  await slot.close()
  connection.close()
  database.close()
  rmSync(dir, { recursive: true, force: true })
})

const long = struct([field('n', types.long)])

async function rows(parts: Partial<KernelTask> & Pick<KernelTask, 'sql' | 'schema'>): Promise<unknown[][]> {
  const sink = new Collected()
  await slot.slot.run(task(parts), sink)
  return rowsOf(sink.all())
}
const range = (start: number, end: number, step = 1, name = 'r'): KernelInput => ({
  kind: 'range',
  name,
  start: String(start),
  end: String(end),
  step: String(step),
})
const numbers = (from: number, to: number): bigint[][] => Array.from({ length: to - from }, (_, i) => [BigInt(from + i)])

test('one statement serves tasks with other parameters; the one used longest ago goes first', async () => {
  const prepared = new PreparedStatements()
  const run = async (text: string, value: bigint) => (await prepared.run(connection, long, [value], () => text)).rows
  const text = (i: number) => `SELECT unnest(range($1::BIGINT)) AS n, ${i} AS i`.replace(', 0 AS i', '')
  assert.is(await run(text(0), 3n), 3)
  assert.is(await run(text(0), 5n), 5)
  assert.is(await run(text(0), 0n), 0)
  assert.is(prepared.size, 1)
  for (let i = 1; i < 40; i++) await run(`${text(0)} LIMIT ${i}`, 1n)
  assert.is(prepared.size, 16)
  prepared.clear()
  assert.is(prepared.size, 0)
  assert.is(await run(text(0), 2n), 2)
  assert.is(await run(`${text(0)} -- ${'x'.repeat(40_000)}`, 2n), 2)
  assert.is(prepared.size, 1, 'a long text is not kept')
  prepared.clear()
})

test('columns of another type than the schema says are cast, also when a text was first seen under another schema', async () => {
  const prepared = new PreparedStatements()
  const sql = (casts: ReadonlySet<string>) =>
    casts.has('n') ? 'SELECT CAST(n AS BIGINT) AS n FROM (SELECT $1::BIGINT + 1::HUGEINT AS n)' : 'SELECT $1::BIGINT + 1::HUGEINT AS n'
  for (const value of [1n, 2n]) assert.is((await prepared.run(connection, long, [value], sql)).rows, 1)
  const text = struct([field('n', types.string)])
  const asText = (casts: ReadonlySet<string>) => (casts.has('n') ? 'SELECT $1::BIGINT::VARCHAR AS n' : 'SELECT $1::BIGINT AS n')
  assert.is((await prepared.run(connection, long, [1n], asText)).rows, 1)
  assert.is((await prepared.run(connection, text, [1n], asText)).rows, 1)
  prepared.clear()
})

test('tasks over small ranges: each its own rows, empty and downward ones too, and after one that failed', async () => {
  const same = { sql: 'SELECT id AS n FROM r', schema: long }
  for (const [from, to] of [
    [0, 3],
    [7, 8],
    [5, 5],
    [-2, 2],
  ] as const)
    assert.equal(await rows({ ...same, inputs: [range(from, to)] }), numbers(from, to))
  assert.equal(await rows({ ...same, inputs: [range(3, 0, -1)] }), [[3n], [2n], [1n]])
  assert.equal(await rows({ ...same, inputs: [range(0, 10, 4)] }), [[0n], [4n], [8n]])
  const strict = { sql: "SELECT (id || CASE WHEN id = 2 THEN 'x' ELSE '' END)::BIGINT AS n FROM r", schema: long }
  assert.equal(await rows({ ...strict, inputs: [range(0, 2)] }), numbers(0, 2))
  assert.match(String(await rows({ ...strict, inputs: [range(0, 4)] }).catch(String)), /CAST_INVALID_INPUT/)
  assert.equal(await rows({ ...strict, inputs: [range(3, 5)] }), numbers(3, 5))
})

test('two ranges in one statement do not take each other for themselves', async () => {
  const join = { sql: 'SELECT a.id * 100 + b.id AS n FROM a JOIN b ON a.id < b.id', schema: long }
  for (let i = 0; i < 3; i++) {
    const found = await rows({ ...join, inputs: [range(i, i + 2, 1, 'a'), range(i + 1, i + 3, 1, 'b')] })
    const expected = [i * 100 + i + 1, i * 100 + i + 2, (i + 1) * 100 + i + 2].map(BigInt)
    assert.equal(
      found.map(([n]) => n as bigint).sort((a, b) => Number(a - b)),
      expected,
    )
  }
})

test('tasks over batches: each its own, one after an empty one, one of another schema, and after one whose batches cannot be read', async () => {
  const text = struct([field('n', types.string)])
  const batch = (values: readonly bigint[]) => makeBatch(long, [values])
  const input = (values: readonly bigint[]) => slot.input('b', long, values.length === 0 ? [] : [batch(values)])
  const doubled = { sql: 'SELECT n * 2 AS n FROM b', schema: long }
  for (const values of [[1n, 2n], [], [7n], [3n, 4n, 5n]])
    assert.equal(
      await rows({ ...doubled, inputs: [input(values)] }),
      values.map(v => [v * 2n]),
    )
  const words = slot.input('b', text, [makeBatch(text, [['a', 'b']])])
  assert.equal(await rows({ sql: "SELECT n || '!' AS n FROM b", schema: text, inputs: [words] }), [['a!'], ['b!']])
  const lost: KernelInput = { kind: 'segments', name: 'b', schema: long, segments: [{ kind: 'file', path: 'lost', extents: [] }] }
  assert.match(String(await rows({ ...doubled, inputs: [lost] }).catch(String)), /segment/)
  assert.equal(await rows({ ...doubled, inputs: [input([9n])] }), [[18n]])
  const joined = { sql: 'SELECT b.n + c.n AS n FROM b JOIN c ON b.n = c.n', schema: long }
  for (const i of [1n, 2n, 3n]) {
    const other = { ...slot.input('c', long, [batch([i, i + 1n])]), name: 'c' } as KernelInput
    assert.equal(await rows({ ...joined, inputs: [input([i, i + 5n]), other] }), [[i * 2n]])
  }
})

test('tasks that read a broadcast beside their own input', async () => {
  const broadcast = (key: string) => slot.input('t', long, [makeBatch(long, [[1n]])], key)
  const join = { sql: 'SELECT r.id AS n FROM r JOIN t ON r.id = t.n', schema: long }
  for (const key of ['one', 'two'])
    for (let i = 0; i < 3; i++) assert.equal(await rows({ ...join, inputs: [range(i, i + 3), broadcast(key)] }), i < 2 ? [[1n]] : [])
})

test('a range that gives many rows, and a long one, come whole', async () => {
  const crossed = await rows({ sql: 'SELECT a.id AS n FROM a, b', schema: long, inputs: [range(0, 100, 1, 'a'), range(0, 200, 1, 'b')] })
  assert.is(crossed.length, 20_000)
  assert.is((await rows({ sql: 'SELECT id AS n FROM r', schema: long, inputs: [range(0, 50_000)] })).length, 50_000)
})

test('what a statement was planned under holds: another time zone gives another answer', async () => {
  const hour = { sql: "SELECT date_part('hour', TIMESTAMPTZ '2026-01-01 12:00:00+00') + id AS n FROM r", schema: long, inputs: [range(0, 1)] }
  const at = (zone: string) => rows({ ...hour, conf: { 'spark.sql.session.timeZone': zone } })
  assert.equal(await at('UTC'), [[12n]])
  assert.equal(await at('Asia/Tokyo'), [[21n]])
  assert.equal(await at('UTC'), [[12n]])
})

test.run()
