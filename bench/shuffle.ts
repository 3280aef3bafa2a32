/**
 * A whole shuffle, one slot: rows of a Parquet file to 16 partitions in a block file (index, checksums, compression) and back, partition by partition, with
 * the real writer, client and reader; against DuckDB's own partitioned COPY and the re-read of its files, one thread, in the same run.
 * `npm run bench:shuffle -- [--rows 6000000] [--partitions 16] [--rounds 5]`.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { BlockWriter } from '#src/blockstore/block-writer.js'
import { BlockClient } from '#src/blockstore/client.js'
import { readSegment } from '#src/blockstore/segment.js'
import { loadCodec } from '#src/core/arrow/compression.js'
import { systemClock, systemRng } from '#src/core/clock.js'
import { field, type StructType, struct, types } from '#src/core/types.js'
import { Database, duckdbVersion } from '#src/kernel/duckdb.js'
import { openSlot } from '#src/kernel/slot.js'
import type { KernelInput, KernelOutput, KernelTask } from '#src/kernel/task.js'
import { root } from '../scripts/paths.js'
import { bridgeRows, makeBridgeRows } from './bridge-rows.js'
import { interleaved, median } from './measure.js'
import { wholeFile } from './whole-file.js'

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '6000000' }, partitions: { type: 'string', default: '16' }, rounds: { type: 'string', default: '5' } },
})
const rows = Number(values.rows)
const partitions = Number(values.partitions)
const folder = join(root, '.spk', 'bench-shuffle')
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
const file = join(folder, 'rows.parquet')
const database = await Database.open({ spillDir: join(folder, 'spill-reference'), threads: 1 })
const connection = await database.connect()
await makeBridgeRows(connection, file, rows)

const schema = struct(bridgeRows)
const sums = `sum(k)::DOUBLE AS a, sum(price)::DOUBLE AS b, sum(discount)::DOUBLE AS c, sum(quantity)::DOUBLE AS d, max(day) AS e,
  max(strlen(mode))::BIGINT AS f, max(strlen(instruction))::BIGINT AS g, max(strlen(comment))::BIGINT AS h`
const sumSchema: StructType = struct([
  ...['a', 'b', 'c', 'd'].map(n => field(n, types.double)),
  field('e', types.date),
  ...['f', 'g', 'h'].map(n => field(n, types.long)),
])
const slot = await openSlot({ id: 'bench', spillDir: join(folder, 'spill'), memoryLimit: 2 ** 30, decode: readSegment })
const client = new BlockClient({
  hostId: 'here',
  appId: 'bench',
  token: '',
  scratchDir: join(folder, 'scratch'),
  clock: systemClock,
  rng: systemRng,
  maxSizeInFlight: 48 * 2 ** 20,
  maxRetries: 0,
  retryWaitMs: 0,
  idleMs: 10_000,
})
const blocksDir = join(folder, 'blocks')
let next = 0

function task(of: StructType, sql: string, inputs: readonly KernelInput[], output: KernelOutput): KernelTask {
  return { id: `bench ${next++}`, sql, settings: {}, inputs, schema: of, output, conf: {} }
}

async function written(name: string, codecName: string | undefined): Promise<void> {
  const codec = codecName === undefined ? undefined : await loadCodec(codecName)
  const writer = new BlockWriter({ path: join(blocksDir, name), partitions, codec })
  await slot.run(
    task(schema, 'SELECT * FROM t', [wholeFile(file, schema)], { kind: 'partitions', count: partitions, by: { kind: 'hash', keys: ['k'] } }),
    writer,
  )
  await writer.finish()
}

async function readBack(name: string): Promise<void> {
  for (let p = 0; p < partitions; p++) {
    const place = { workerId: 'here', hostId: 'here', blockUrl: '', blocksDir }
    const { segments } = await client.fetch([{ place, file: name, from: p, to: p + 1 }])
    const input: KernelInput = { kind: 'segments', name: 't', schema, segments }
    await slot.run(task(sumSchema, `SELECT ${sums} FROM t`, [input], { kind: 'rows' }), { write: () => {} })
  }
}

const copied = join(folder, 'copied')

/** Milliseconds of writing and of reading back, in `parts`. */
const parts = new Map<string, { readonly write: number[]; readonly read: number[]; readonly cpu: number[]; bytes: number }>()

async function measured(name: string, write: () => Promise<void>, read: () => Promise<void>, bytes: () => Promise<number>): Promise<number> {
  const part = parts.get(name) ?? { write: [], read: [], cpu: [], bytes: 0 }
  parts.set(name, part)
  const before = process.cpuUsage()
  const began = performance.now()
  await write()
  const middle = performance.now()
  await read()
  const end = performance.now()
  part.write.push(middle - began)
  part.read.push(end - middle)
  const { user, system } = process.cpuUsage(before)
  part.cpu.push((user + system) / 1000)
  part.bytes = await bytes()
  return end - began
}

function duckdb(compression: string): () => Promise<number> {
  return () => {
    rmSync(copied, { recursive: true, force: true })
    return measured(
      `DuckDB COPY, ${compression}`,
      () =>
        connection.run(
          `COPY (SELECT *, hash(k) % ${partitions} AS p FROM read_parquet('${file}')) TO '${copied}' (FORMAT parquet, PARTITION_BY (p), COMPRESSION ${compression})`,
        ),
      async () => {
        for (let p = 0; p < partitions; p++) await connection.run(`SELECT ${sums} FROM read_parquet('${copied}/p=${p}/*.parquet')`)
      },
      () => sizeOf(copied),
    )
  }
}

function spk(name: string, codec: string | undefined): () => Promise<number> {
  return () => {
    // Block files never change once they are there.
    rmSync(blocksDir, { recursive: true, force: true })
    client.forget(blocksDir, () => true)
    return measured(
      `spk, ${name}`,
      () => written('shuffle_0_0_0', codec),
      () => readBack('shuffle_0_0_0'),
      () => sizeOf(blocksDir),
    )
  }
}

async function sizeOf(path: string): Promise<number> {
  const names = await readdir(path, { recursive: true })
  const sizes = await Promise.all(names.map(async name => stat(join(path, name))))
  return sizes.reduce((sum, s) => sum + (s.isFile() ? s.size : 0), 0)
}

const reference = 'DuckDB COPY, snappy'
const times = await interleaved(
  {
    [reference]: duckdb('snappy'),
    'DuckDB COPY, uncompressed': duckdb('uncompressed'),
    'spk, uncompressed': spk('uncompressed', undefined),
    'spk, lz4': spk('lz4', 'lz4'),
    'spk, zstd': spk('zstd', 'zstd'),
  },
  Number(values.rounds),
)
process.stdout.write(
  `${rows.toLocaleString('en')} rows × ${schema.fields.length} columns to ${partitions} partitions and back, one thread; DuckDB ${duckdbVersion()}, Node ${process.version}; medians of ${values.rounds}\n`,
)
const heading = ['write ms', 'read ms', 'both ms', 'CPU ms', 'MB', 'ratio', 'of CPU'].map(text => text.padStart(10)).join('')
process.stdout.write(`${'what'.padEnd(28)}${heading}   (ratios to ${reference}, its default)\n`)
// The first round is a warm-up.
const counted = (of: readonly number[] | undefined): number => median((of ?? []).slice(1))
const base = { both: median(times[reference] ?? []), cpu: counted(parts.get(reference)?.cpu) }
for (const [name, both] of Object.entries(times)) {
  const part = parts.get(name)
  const whole = [counted(part?.write), counted(part?.read), median(both), counted(part?.cpu), (part?.bytes ?? 0) / 1e6].map(n =>
    n.toFixed(0).padStart(10),
  )
  const ratios = [median(both) / base.both, counted(part?.cpu) / base.cpu].map(n => n.toFixed(2).padStart(10))
  process.stdout.write(`${name.padEnd(28)}${[...whole, ...ratios].join('')}\n`)
}
client.close()
await slot.close()
connection.close()
database.close()
rmSync(folder, { recursive: true, force: true })
