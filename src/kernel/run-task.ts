/**
 * One task on one connection of a slot: inputs become relations, the fragment one statement, its result batches in the sink or files. Knows nothing of
 * the slot's life; cancellation is an interrupt of the connection plus the `cancelled` check between steps.
 */
import { mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Batch } from '../core/batch.js'
import { must, SpkError, unreachable } from '../core/errors.js'
import { type BatchScans, type BatchSource, batchesSql } from './batch-scan.js'
import type { BroadcastCache } from './broadcast-cache.js'
import type { ColumnReader } from './column-reader.js'
import { fileWrite } from './copy-sql.js'
import { type Connection, type DataChunk, native, type ResultStream, type Statement } from './duckdb.js'
import { checkFiles } from './file-check.js'
import { mismatched, outputSql, type Relation } from './fragment-sql.js'
import { partitionerFor, sortKeySql } from './partitioner.js'
import { KeySampler } from './sampler.js'
import { scanSql } from './scan-sql.js'
import { Scatter, type ScatterLimits } from './scatter.js'
import type { BatchSink, KernelInput, KernelOutput, KernelTask, Segment } from './task.js'
import { columnReader } from './vector-read.js'

export interface TaskContext {
  readonly connection: Connection
  readonly scans: BatchScans
  readonly cache: BroadcastCache
  readonly decode: (segment: Segment) => Iterable<Batch>
  readonly limits: ScatterLimits
  /** Called between steps; throws when the task was cancelled. */
  readonly check: () => void
  /** Called after each chunk with the number so far. */
  readonly onChunk: (chunks: number) => void
}

export interface TaskOutcome {
  readonly rowsOut: number
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly rows: number }[]
  readonly sample?: readonly Uint8Array[]
  readonly rowsRead: number
  readonly bytesRead: number
  readonly shuffleRowsRead: number
  readonly sinkMs: number
  /** Most bytes of batches under construction. */
  readonly builderBytes: number
}

interface Counters {
  rowsRead: number
  bytesRead: number
  shuffleRowsRead: number
}

export async function runTask(task: KernelTask, sink: BatchSink, context: TaskContext): Promise<TaskOutcome> {
  const counters: Counters = { rowsRead: 0, bytesRead: 0, shuffleRowsRead: 0 }
  const sources: number[] = []
  const files = task.inputs.flatMap(input => (input.kind === 'scan' ? input.splits.map(split => split.file) : []))
  try {
    checkFiles(files)
    const relations: Relation[] = []
    for (const input of task.inputs) {
      context.check()
      relations.push({ name: input.name, sql: await inputSql(input, context, counters, sources) })
    }
    context.check()
    const outcome = await runOutput(task, relations, sink, context)
    checkFiles(files)
    return { ...outcome, ...counters }
  } catch (error) {
    // A reader that fails on a file which changed under it should say that it changed.
    if (!(error instanceof SpkError && error.code === 'SPK_TASK_CANCELLED')) checkFiles(files)
    throw error
  } finally {
    for (const id of sources) context.scans.release(id)
  }
}

async function inputSql(input: KernelInput, context: TaskContext, counters: Counters, sources: number[]): Promise<string> {
  switch (input.kind) {
    case 'scan':
      for (const split of input.splits) {
        counters.bytesRead += split.bytes
        counters.rowsRead += split.rowGroups === undefined ? (split.rows ?? 0) : split.rowGroups.rowTo - split.rowGroups.rowFrom
      }
      return scanSql(input)
    case 'segments': {
      const source: BatchSource = { schema: input.schema, batches: () => decodeAll(input.segments, context.decode, counters) }
      const id = context.scans.add(source)
      sources.push(id)
      const sql = batchesSql(id, input.schema)
      return input.cacheKey === undefined ? sql : context.cache.relation(input.cacheKey, sql, context.connection)
    }
    case 'range':
      counters.rowsRead += rangeLength(BigInt(input.start), BigInt(input.end), BigInt(input.step))
      return `SELECT range AS id FROM range(${BigInt(input.start)}, ${BigInt(input.end)}, ${BigInt(input.step)})`
    default:
      return unreachable(input)
  }
}

function rangeLength(start: bigint, end: bigint, step: bigint): number {
  const length = (end - start + step + (step > 0n ? -1n : 1n)) / step
  return length < 0n ? 0 : Number(length)
}

function* decodeAll(segments: readonly Segment[], decode: TaskContext['decode'], counters: Counters): Generator<Batch> {
  for (const segment of segments) {
    for (const batch of decode(segment)) {
      counters.shuffleRowsRead += batch.rows
      yield batch
    }
  }
}

type OutputOutcome = Omit<TaskOutcome, keyof Counters>

async function runOutput(task: KernelTask, relations: readonly Relation[], sink: BatchSink, context: TaskContext): Promise<OutputOutcome> {
  const output = task.output
  switch (output.kind) {
    case 'rows':
      return streamOut(task, relations, sink, context, { kind: 'partitions', count: 1, by: { kind: 'single' } })
    case 'partitions':
      return streamOut(task, relations, sink, context, output)
    case 'files':
      return writeFile(task, relations, output, context)
    default:
      return unreachable(output)
  }
}

async function streamOut(
  task: KernelTask,
  relations: readonly Relation[],
  sink: BatchSink,
  context: TaskContext,
  output: Extract<KernelOutput, { kind: 'partitions' }>,
): Promise<OutputOutcome> {
  const partitioner = partitionerFor(output, task.seed ?? 0)
  const sampler = output.sample === undefined ? undefined : new KeySampler(output.sample.size, task.seed ?? 0)
  const extra = [
    ...(partitioner.column === undefined ? [] : [partitioner.column]),
    ...(output.sample === undefined ? [] : [sortKeySql(output.sample.keys)]),
  ]
  const stream = await openStream(task, relations, extra, context)
  const types = stream.columnTypes()
  const readers: ColumnReader[] = task.schema.fields.map((f, i) => columnReader(must(types[i], `column ${f.name}`), f.type))
  const scatter = new Scatter(task.schema, readers, partitioner, sink, context.limits)
  const sampleColumn = readers.length + extra.length - 1
  let chunks = 0
  await stream.consume(async (chunk: DataChunk) => {
    context.check()
    sampler?.add(native.data_chunk_get_vector(chunk, sampleColumn), native.data_chunk_get_size(chunk))
    await scatter.add(chunk)
    context.onChunk(++chunks)
  })
  context.check()
  await scatter.flush()
  return {
    rowsOut: scatter.rowsOut,
    files: [],
    sinkMs: scatter.sinkMs,
    builderBytes: scatter.peakBytes,
    ...(sampler === undefined ? {} : { sample: sampler.keys() }),
  }
}

/**
 * COPY to one file. A task without rows leaves none, but for the first task, whose file carries the schema; a failed or cancelled one leaves nothing.
 */
async function writeFile(
  task: KernelTask,
  relations: readonly Relation[],
  output: Extract<KernelOutput, { kind: 'files' }>,
  context: TaskContext,
): Promise<OutputOutcome> {
  const write = fileWrite(output.write, task.schema)
  const path = join(output.directory, `${output.prefix}${write.suffix}`)
  mkdirSync(output.directory, { recursive: true })
  let rows = 0
  try {
    const rowsSql = await typedSql(task, relations, context)
    const stream = await context.connection.stream(write.sql(rowsSql, path))
    await stream.consume(chunk => {
      // COPY's result is one count.
      const count = native.vector_get_data(native.data_chunk_get_vector(chunk, 0), 8)
      rows = Number(new BigInt64Array(count.buffer, count.byteOffset, 1)[0])
    })
    context.check()
  } catch (error) {
    rmSync(path, { force: true })
    throw error
  }
  if (rows === 0 && (task.seed ?? 0) !== 0) {
    rmSync(path, { force: true })
    return { rowsOut: 0, files: [], sinkMs: 0, builderBytes: 0 }
  }
  return { rowsOut: rows, files: [{ path, bytes: statSync(path).size, rows }], sinkMs: 0, builderBytes: 0 }
}

/** The statement that gives the schema's columns with the declared types. */
async function typedSql(task: KernelTask, relations: readonly Relation[], context: TaskContext): Promise<string> {
  const sql = outputSql(relations, task.sql, task.schema, [], new Set())
  const statement = await context.connection.prepare(sql)
  const casts = mismatched(statement.columns(), task.schema)
  statement.destroy()
  return casts.size === 0 ? sql : outputSql(relations, task.sql, task.schema, [], casts)
}

/** Prepares the statement, forces declared types where DuckDB's differ, and starts it. */
async function openStream(task: KernelTask, relations: readonly Relation[], extra: readonly string[], context: TaskContext): Promise<ResultStream> {
  let statement: Statement = await context.connection.prepare(outputSql(relations, task.sql, task.schema, extra, new Set()))
  const casts = mismatched(statement.columns(), task.schema)
  if (casts.size > 0) {
    statement.destroy()
    statement = await context.connection.prepare(outputSql(relations, task.sql, task.schema, extra, casts))
  }
  context.check()
  return statement.stream()
}
