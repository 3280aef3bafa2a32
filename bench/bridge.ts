/**
 * The kernel alone, one slot: DuckDB → partitioned batches → Arrow IPC, and Arrow IPC → DuckDB, against DuckDB's own partitioned Parquet COPY and re-read
 * of the same rows. Wall and CPU time of the whole process: by CPU time it is one core's rate, whatever else the machine does.
 * `npm run bench:bridge -- [--rows 6000000] [--partitions 4] [--rounds 5]`.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readSegment } from '#src/blockstore/segment.js'
import { encodeBatch, encodeStream } from '#src/core/arrow/encode.js'
import { field, type StructType, struct, types } from '#src/core/types.js'
import { Database, duckdbVersion } from '#src/kernel/duckdb.js'
import { openSlot } from '#src/kernel/slot.js'
import type { KernelInput, KernelOutput, KernelTask } from '#src/kernel/task.js'
import { root } from '../scripts/paths.js'
import { bridgeRows, makeBridgeRows } from './bridge-rows.js'
import { median } from './measure.js'
import { wholeFile } from './whole-file.js'

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '6000000' }, partitions: { type: 'string', default: '4' }, rounds: { type: 'string', default: '5' } },
})
const rows = Number(values.rows)
const partitions = Number(values.partitions)
const rounds = Number(values.rounds)
const folder = join(root, '.spk', 'bench-bridge')
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
const file = join(folder, 'rows.parquet')

const numbers = bridgeRows.slice(0, 5)
/** [name, columns] */
const relations: readonly [string, StructType][] = [
  ['5 fixed + string of 4', struct([...numbers, ...bridgeRows.slice(5, 6)])],
  ['5 fixed + string of 26, 4 values', struct([...numbers, ...bridgeRows.slice(6, 7)])],
  ['5 fixed + string of 10-43', struct([...numbers, ...bridgeRows.slice(7, 8)])],
]

const database = await Database.open({ spillDir: join(folder, 'spill-reference') })
const connection = await database.connect()
await makeBridgeRows(connection, file, rows)

const slot = await openSlot({ id: 'bench', spillDir: join(folder, 'spill'), memoryLimit: 2 ** 30, decode: readSegment })
let next = 0
function task(schema: StructType, sql: string, inputs: readonly KernelInput[], output: KernelOutput): KernelTask {
  return { id: `bench ${next++}`, sql, settings: {}, inputs, schema, output, conf: {} }
}
const hashed: KernelOutput = { kind: 'partitions', count: partitions, by: { kind: 'hash', keys: ['k'] } }

interface Cost {
  readonly wall: number
  readonly cpu: number
}

/** Medians of wall and CPU milliseconds, after one run that is not counted. */
async function timed(work: () => Promise<unknown>): Promise<Cost> {
  const wall: number[] = []
  const cpu: number[] = []
  for (let i = 0; i <= rounds; i++) {
    const began = performance.now()
    const before = process.cpuUsage()
    await work()
    if (i === 0) continue
    wall.push(performance.now() - began)
    const { user, system } = process.cpuUsage(before)
    cpu.push((user + system) / 1000)
  }
  return { wall: median(wall), cpu: median(cpu) }
}

function line(what: string, { wall, cpu }: Cost, reference?: Cost): void {
  const rate = `${(rows / cpu / 1000).toFixed(1)} M rows/s`
  const ratio = reference === undefined ? '' : `  ${(cpu / reference.cpu).toFixed(2)} of DuckDB`
  process.stdout.write(
    `  ${what.padEnd(46)} ${wall.toFixed(0).padStart(6)} ms  ${cpu.toFixed(0).padStart(6)} ms CPU  ${rate.padStart(14)} of CPU${ratio}\n`,
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
  line(
    'kernel: write partitioned Arrow IPC',
    await timed(() =>
      slot.run(task(schema, 'SELECT * FROM t', [wholeFile(file, schema)], hashed), { write: (_p, batch) => void encodeBatch(batch) }),
    ),
    copy,
  )
  const streams: Uint8Array[] = []
  await slot.run(task(schema, 'SELECT * FROM t', [wholeFile(file, schema)], hashed), {
    write: (_p, batch) => void streams.push(encodeStream(batch.schema, [batch])),
  })
  line('DuckDB: read of those files, six aggregates', reread)
  const input: KernelInput = { kind: 'segments', name: 't', schema, segments: streams.map(bytes => ({ kind: 'bytes', bytes })) }
  line(
    'kernel: read Arrow IPC, six aggregates',
    await timed(() => slot.run(task(sumSchema, `SELECT ${sums} FROM t`, [input], { kind: 'rows' }), { write: () => {} })),
    reread,
  )
}
await slot.close()
connection.close()
database.close()
rmSync(folder, { recursive: true, force: true })
