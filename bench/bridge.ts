/**
 * The kernel alone, one slot, one core: DuckDB → partitioned batches → Arrow IPC, and Arrow IPC → DuckDB, against DuckDB's own partitioned Parquet COPY
 * and re-read of the same rows. `--rows` (6,000,000), `--partitions` (4), `--rounds` (3).
 */
import { mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readSegment } from '#src/blockstore/segment.js'
import { encodeBatch, encodeStream } from '#src/core/arrow/encode.js'
import { decimal, field, type StructType, struct, types } from '#src/core/types.js'
import { Database, duckdbVersion } from '#src/kernel/duckdb.js'
import { openSlot } from '#src/kernel/slot.js'
import type { KernelInput, KernelOutput, KernelTask } from '#src/kernel/task.js'
import { root } from '../scripts/paths.js'
import { median } from './measure.js'

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '6000000' }, partitions: { type: 'string', default: '4' }, rounds: { type: 'string', default: '3' } },
})
const rows = Number(values.rows)
const partitions = Number(values.partitions)
const rounds = Number(values.rounds)
const folder = join(root, '.spk', 'bench-bridge')
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
const file = join(folder, 'rows.parquet')

const money = decimal(15, 2)
const all = [
  field('k', types.long),
  field('price', money),
  field('discount', money),
  field('quantity', money),
  field('day', types.date),
  field('mode', types.string),
  field('instruction', types.string),
  field('comment', types.string),
]
const numbers = all.slice(0, 5)
/** [name, columns] */
const relations: readonly [string, StructType][] = [
  ['5 fixed + string of 4', struct([...numbers, ...all.slice(5, 6)])],
  ['5 fixed + string of 26, 4 values', struct([...numbers, ...all.slice(6, 7)])],
  ['5 fixed + string of 10-43', struct([...numbers, ...all.slice(7, 8)])],
]

const database = await Database.open({ spillDir: join(folder, 'spill-reference') })
const connection = await database.connect()
await connection.run(`COPY (
  SELECT (hash(range) % ${rows})::BIGINT AS k, (hash(range, 1) % 10000000 / 100.0)::DECIMAL(15,2) AS price, (range % 11 / 100.0)::DECIMAL(15,2) AS discount,
         (hash(range, 2) % 50)::DECIMAL(15,2) AS quantity, (DATE '1992-01-01' + (hash(range, 3) % 2500)::INTEGER)::DATE AS day,
         ['RAIL', 'SHIP', 'FOB ', 'MAIL'][1 + range % 4] AS mode,
         ['DELIVER IN PERSON - NO COD', 'COLLECT COD BY THE COURIER', 'TAKE BACK RETURN UNOPENED ', 'NONE OF THE ABOVE, PLEASE '][(1 + hash(range, 4) % 4)::BIGINT] AS instruction,
         substr('carefully final deposits detect slyly agai ' || range, 1, (10 + hash(range, 5) % 34)::INTEGER) AS comment
  FROM range(${rows})) TO '${file}' (FORMAT parquet, COMPRESSION zstd)`)

const slot = await openSlot({ id: 'bench', spillDir: join(folder, 'spill'), memoryLimit: 2 ** 30, decode: readSegment })
let next = 0
function task(schema: StructType, sql: string, inputs: readonly KernelInput[], output: KernelOutput): KernelTask {
  return { id: `bench ${next++}`, sql, settings: {}, inputs, schema, output, conf: {} }
}
const { size, mtimeMs } = statSync(file)
function scan(schema: StructType): KernelInput {
  return {
    kind: 'scan',
    name: 't',
    format: 'parquet',
    options: {},
    schema,
    fileSchema: schema,
    splits: [{ file: { uri: file, size, mtimeMs }, bytes: size }],
  }
}
const hashed: KernelOutput = { kind: 'partitions', count: partitions, by: { kind: 'hash', keys: ['k'] } }

async function timed(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < rounds; i++) {
    const began = performance.now()
    await work()
    times.push(performance.now() - began)
  }
  return median(times)
}

function line(what: string, ms: number, reference?: number): void {
  const rate = `${(rows / ms / 1000).toFixed(1)} M rows/s`
  process.stdout.write(
    `  ${what.padEnd(46)} ${ms.toFixed(0).padStart(6)} ms  ${rate.padStart(14)}${reference === undefined ? '' : `  ${(ms / reference).toFixed(2)} of DuckDB`}\n`,
  )
}

process.stdout.write(`DuckDB ${duckdbVersion()}, node ${process.version}, ${rows} rows, ${partitions} partitions, median of ${rounds}\n`)
for (const [name, schema] of relations) {
  const columns = schema.fields.map(f => f.name).join(', ')
  const last = schema.fields.at(-1)?.name ?? ''
  process.stdout.write(`${name}\n`)
  const copied = join(folder, 'copied')
  const copy = await timed(async () => {
    rmSync(copied, { recursive: true, force: true })
    await connection.run(
      `COPY (SELECT ${columns}, hash(k) % ${partitions} AS p FROM read_parquet('${file}')) TO '${copied}' (FORMAT parquet, PARTITION_BY (p), COMPRESSION uncompressed)`,
    )
  })
  const sums = `sum(k)::DOUBLE AS a, sum(price)::DOUBLE AS b, sum(discount)::DOUBLE AS c, sum(quantity)::DOUBLE AS d, max(day) AS e, max(strlen(${last}))::BIGINT AS f`
  const sumSchema = struct([...['a', 'b', 'c', 'd'].map(n => field(n, types.double)), field('e', types.date), field('f', types.long)])
  const reread = await timed(() => connection.run(`SELECT ${sums} FROM read_parquet('${copied}/*/*.parquet')`))
  line('DuckDB: partitioned COPY, uncompressed', copy)
  const scattered = await timed(() => slot.run(task(schema, 'SELECT * FROM t', [scan(schema)], hashed), { write: () => {} }))
  line('kernel: scatter into batches', scattered, copy)
  line(
    'kernel: scatter and encode Arrow IPC',
    await timed(() => slot.run(task(schema, 'SELECT * FROM t', [scan(schema)], hashed), { write: (_p, batch) => void encodeBatch(batch) })),
    copy,
  )
  const streams: Uint8Array[] = []
  await slot.run(task(schema, 'SELECT * FROM t', [scan(schema)], hashed), { write: (_p, batch) => void streams.push(encodeStream(schema, [batch])) })
  line('DuckDB: read of those files, six aggregates', reread)
  const input: KernelInput = { kind: 'segments', name: 't', schema, segments: streams.map(bytes => ({ kind: 'bytes', bytes })) }
  line(
    'kernel: decode Arrow IPC, six aggregates',
    await timed(() => slot.run(task(sumSchema, `SELECT ${sums} FROM t`, [input], { kind: 'rows' }), { write: () => {} })),
    reread,
  )
}
await slot.close()
connection.close()
database.close()
rmSync(folder, { recursive: true, force: true })
