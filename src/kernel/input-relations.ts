/**
 * A task's inputs as relations of its statement: file scans, batches of segments (cached as tables of the slot where asked), ranges. Counts what is read.
 */

import type { Batch } from '../core/batch.js'
import { unreachable } from '../core/errors.js'
import { type BatchSource, batchesSql } from './batch-scan.js'
import type { Relation } from './fragment-sql.js'
import { type ParquetTree, parquetTrees } from './parquet-tree.js'
import { type ScanInput, scanSql } from './scan-sql.js'
import type { KernelInput, Segment } from './task.js'
import type { TaskContext } from './task-context.js'

/** Bytes up to which a broadcast is decoded for each task that reads it: to make a table of it takes milliseconds, to drop it another one. */
const smallBroadcast = 64 * 2 ** 10

export interface Counters {
  rowsRead: number
  bytesRead: number
  shuffleRowsRead: number
}

/** Relations of the inputs, in order. `sources` gets the numbers of registered batch sources, to be released when the task ends. */
export async function inputRelations(
  inputs: readonly KernelInput[],
  context: TaskContext,
  counters: Counters,
  sources: number[],
): Promise<Relation[]> {
  const relations: Relation[] = []
  for (const input of inputs) {
    context.check()
    const sql = await inputSql(input, relations.length, context, counters, sources)
    relations.push({ name: input.name, sql, ...sharedForm(input, sql) })
  }
  return relations
}

/** What is known of an input's size before it is read, at most: undefined = no bound worth using. */
export function inputRows(input: KernelInput): number | undefined {
  switch (input.kind) {
    case 'scan': {
      const rows = input.splits.map(split => (split.rowGroups === undefined ? split.rows : split.rowGroups.rowTo - split.rowGroups.rowFrom))
      return rows.includes(undefined) ? undefined : rows.reduce<number>((sum, n) => sum + (n ?? 0), 0)
    }
    case 'segments':
      // A row of an uncompressed batch takes at least a bit; a few bytes is a fair guess for what this is used for.
      return input.segments.reduce((sum, segment) => sum + segmentBytes(segment), 0) / 8
    case 'range':
      return rangeLength(BigInt(input.start), BigInt(input.end), BigInt(input.step))
    default:
      return unreachable(input)
  }
}

function segmentBytes(segment: Segment): number {
  return segment.kind === 'bytes' ? segment.bytes.length : segment.extents.reduce((sum, extent) => sum + extent.length, 0)
}

async function inputSql(input: KernelInput, position: number, context: TaskContext, counters: Counters, sources: number[]): Promise<string> {
  switch (input.kind) {
    case 'scan':
      for (const split of input.splits) {
        counters.bytesRead += split.bytes
        counters.rowsRead += split.rowGroups === undefined ? (split.rows ?? 0) : split.rowGroups.rowTo - split.rowGroups.rowFrom
      }
      return scanSql(input, await treesOf(input, context))
    case 'segments': {
      const source: BatchSource = { schema: input.schema, batches: () => decodeAll(input.segments, context.decode, counters) }
      const id = context.scans.add(position, source)
      sources.push(id)
      const sql = batchesSql(id, input.schema)
      const small = input.segments.reduce((sum, segment) => sum + segmentBytes(segment), 0) <= smallBroadcast
      return input.cacheKey === undefined || small ? sql : context.cache.relation(input.cacheKey, sql, context.connection)
    }
    case 'range':
      counters.rowsRead += rangeLength(BigInt(input.start), BigInt(input.end), BigInt(input.step))
      return `SELECT range AS id FROM range(${BigInt(input.start)}, ${BigInt(input.end)}, ${BigInt(input.step)})`
    default:
      return unreachable(input)
  }
}

/** Only where they matter: instants may be INT96, and fields may be missing. */
async function treesOf(input: ScanInput, context: TaskContext): Promise<ReadonlyMap<string, ParquetTree>> {
  const matter = input.fields !== undefined || input.schema.fields.some(f => f.type.kind === 'timestamp')
  if (input.format !== 'parquet' || !matter) return new Map()
  return parquetTrees(
    context.connection,
    input.splits.map(split => split.file.uri),
  )
}

function sharedForm(input: KernelInput, sql: string): Pick<Relation, 'shared'> {
  switch (input.kind) {
    case 'range':
      return { shared: sharedRange(input) }
    case 'segments':
      // Their statement names a place, in which each task puts its own batches, or the table of a broadcast.
      return { shared: { parameters: [], sql: () => sql } }
    case 'scan':
      return {}
    default:
      return unreachable(input)
  }
}

/** As a list, whose bounds may be parameters; those of the table function would have the statement planned anew for each task. Small ranges only. */
function sharedRange({ start, end, step }: Extract<KernelInput, { kind: 'range' }>): NonNullable<Relation['shared']> {
  return {
    parameters: [BigInt(start), BigInt(end), BigInt(step)],
    sql: first => `SELECT unnest(range($${first}::BIGINT, $${first + 1}::BIGINT, $${first + 2}::BIGINT)) AS id`,
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
