/**
 * One task on one connection of a slot: inputs become relations, the fragment one statement, its result batches in the sink or files. Knows nothing of
 * the slot's life; cancellation is an interrupt of the connection plus the `cancelled` check between steps.
 */
import { narrowDecimals } from '../core/arrow/narrow-decimals.js'
import { must, SpkError, unreachable } from '../core/errors.js'
import type { OperatorProfile } from '../core/operator-profile.js'
import type { FileVersion } from '../core/stage.js'
import type { ColumnReader } from './column-reader.js'
import { type ChunkSource, native } from './duckdb.js'
import { checkFiles } from './file-check.js'
import type { Relation } from './fragment-sql.js'
import { type Counters, inputRelations, inputRows } from './input-relations.js'
import { KeyEnds } from './key-ends.js'
import { partitionerFor, sortKeySql } from './partitioner.js'
import { profiled } from './profile.js'
import { KeySampler } from './sampler.js'
import { Scatter } from './scatter.js'
import type { BatchSink, KernelOutput, KernelTask } from './task.js'
import type { TaskContext } from './task-context.js'
import { taskResult } from './task-result.js'
import { columnReader } from './vector-read.js'
import { type WrittenFile, writeFile } from './write-file.js'

export interface TaskOutcome {
  readonly rowsOut: number
  readonly files: readonly WrittenFile[]
  readonly sample?: readonly Uint8Array[]
  readonly rowsRead: number
  readonly bytesRead: number
  readonly shuffleRowsRead: number
  readonly sinkMs: number
  /** Bytes, as far as counted: batches under construction, and DuckDB's memory in large tasks. */
  readonly peakMemory: number
  readonly peakSpill: number
  readonly operators?: readonly OperatorProfile[]
}

export async function runTask(task: KernelTask, sink: BatchSink, context: TaskContext): Promise<TaskOutcome> {
  const counters: Counters = { rowsRead: 0, bytesRead: 0, shuffleRowsRead: 0 }
  const sources: number[] = []
  const files = task.inputs.flatMap(input => (input.kind === 'scan' ? input.splits.map(split => split.file) : []))
  try {
    checkFiles(files)
    const relations = await inputRelations(task.inputs, context, counters, sources)
    context.check()
    context.random.start(task.seed ?? 0)
    const rows = knownRows(task)
    const run = () => runOutput(task, relations, sink, context, counters, rows)
    const everything = task.conf['spk.sql.profile'] === 'true'
    if (!everything && !worthProfiling(task, rows)) {
      const outcome = await run()
      checkFiles(files)
      return { ...outcome, ...counters, peakMemory: outcome.builderBytes, peakSpill: 0 }
    }
    const { result, profile } = await profiled(context.connection, context.profilePath, everything, run)
    checkFiles(files)
    return {
      ...result,
      ...counters,
      rowsRead: counters.rowsRead + profile.textRows,
      peakMemory: profile.peakMemory + result.builderBytes,
      peakSpill: profile.peakSpill,
      ...(everything ? { operators: profile.operators } : {}),
    }
  } catch (error) {
    if (!(error instanceof SpkError) || error.code === 'SPK_TASK_CANCELLED') throw error
    // A reader that fails on a file which changed under it should say that it changed.
    checkFiles(files)
    throw namingFiles(error, files)
  } finally {
    for (const id of sources) context.scans.release(id)
  }
}

/** Rows of all inputs, if known. */
function knownRows(task: KernelTask): number | undefined {
  const known = task.inputs.map(inputRows)
  return known.includes(undefined) ? undefined : known.reduce<number>((sum, n) => sum + (n ?? 0), 0)
}

/** Tasks of fewer rows are followed by the slot's samples alone: counting costs them milliseconds. */
const largeInput = 4_000_000

function worthProfiling(task: KernelTask, rows: number | undefined): boolean {
  return (rows ?? 0) > largeInput || task.inputs.some(input => input.kind === 'scan' && input.format !== 'parquet' && input.splits.length > 0)
}

/** Some of the readers' errors do not say which file they are about. */
function namingFiles(error: SpkError, files: readonly FileVersion[]): SpkError {
  if (error.code !== 'FAILED_READ_FILE.NO_HINT' || files.some(f => error.message.includes(f.uri))) return error
  const uris = files.map(f => f.uri)
  return new SpkError(error.code, `Encountered error while reading ${uris.length === 1 ? 'file' : 'one of the files'} ${uris.join(', ')}.`, {
    sqlState: 'KD001',
    cause: error,
  })
}

type OutputOutcome = Omit<TaskOutcome, keyof Counters | 'peakMemory' | 'peakSpill' | 'operators'> & { readonly builderBytes: number }

async function runOutput(
  task: KernelTask,
  relations: readonly Relation[],
  sink: BatchSink,
  context: TaskContext,
  counters: Counters,
  rows: number | undefined,
): Promise<OutputOutcome> {
  const output = task.output
  switch (output.kind) {
    case 'rows':
      return batchesOut(task, relations, sink, context, counters, rows, { kind: 'partitions', count: 1, by: { kind: 'single' } })
    case 'partitions':
      return batchesOut(task, relations, sink, context, counters, rows, output)
    case 'files':
      return filesOut(await writeFile(task, relations, output, context))
    case 'none':
      return nothingOut(await taskResult(task, relations, [], context, rows, () => undefined), context)
    default:
      return unreachable(output)
  }
}

async function nothingOut(result: ChunkSource, context: TaskContext): Promise<OutputOutcome> {
  let rowsOut = 0
  let chunks = 0
  await result.consume(chunk => {
    context.check()
    rowsOut += native.data_chunk_get_size(chunk)
    context.onChunk(++chunks)
  })
  return { rowsOut, files: [], sinkMs: 0, builderBytes: 0 }
}

function filesOut(file: WrittenFile | undefined): OutputOutcome {
  return { rowsOut: file?.rows ?? 0, files: file === undefined ? [] : [file], sinkMs: 0, builderBytes: 0 }
}

async function batchesOut(
  task: KernelTask,
  relations: readonly Relation[],
  sink: BatchSink,
  context: TaskContext,
  counters: Counters,
  rows: number | undefined,
  output: Extract<KernelOutput, { kind: 'partitions' }>,
): Promise<OutputOutcome> {
  const partitioner = partitionerFor(output, task.seed ?? 0)
  const size = output.sample?.size
  const sampler = size === undefined ? undefined : size === 0 ? new KeyEnds() : new KeySampler(size, task.seed ?? 0)
  const extra = [
    ...(partitioner.column === undefined ? [] : [partitioner.column]),
    ...(output.sample === undefined ? [] : [sortKeySql(output.sample.keys)]),
  ]
  const before = counters.shuffleRowsRead
  const result = await taskResult(task, relations, extra, context, rows, () => {
    counters.shuffleRowsRead = before
  })
  const types = result.columnTypes()
  const schema = task.output.kind === 'partitions' ? narrowDecimals(task.schema) : task.schema
  const readers: ColumnReader[] = schema.fields.map((f, i) => columnReader(must(types[i], `column ${f.name}`), f.type))
  const scatter = new Scatter(schema, readers, partitioner, sink, context.limits)
  const sampleColumn = readers.length + extra.length - 1
  let chunks = 0
  await result.consume(async chunk => {
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
