/**
 * Streams result chunks into batches: accumulates rows column by column, and when a byte or row limit is reached cuts them into partitions and awaits
 * the sink with one batch per non-empty partition. Memory is bounded by the limit (twice, while cutting) whatever the result's size.
 */
import type { Batch } from '../core/batch.js'
import type { StructType } from '../core/types.js'
import type { ColumnReader } from './column-reader.js'
import { cutBy, whole } from './cut.js'
import { type DataChunk, native } from './duckdb.js'
import type { Partitioner } from './partitioner.js'
import type { BatchSink } from './task.js'

export interface ScatterLimits {
  /** Bytes accumulated over all partitions before a flush. */
  readonly bytes: number
  /** Where partitions are many, a flush waits for so many bytes per partition, up to `mostBytes`, so that batches do not get too small. */
  readonly bytesPerPartition?: number
  /** Rows of a batch, on average over the partitions. */
  readonly rows: number
}

/** Small enough for what is cut to stay near the processor: 32 MiB at once take a tenth longer. */
export const defaultLimits: ScatterLimits = { bytes: 8 * 2 ** 20, bytesPerPartition: 128 * 2 ** 10, rows: 122_880 }

const mostBytes = 32 * 2 ** 20

export class Scatter {
  readonly #schema: StructType
  readonly #readers: readonly ColumnReader[]
  readonly #partitioner: Partitioner
  readonly #sink: BatchSink
  readonly #flushBytes: number
  readonly #flushRows: number
  #pid = new Uint32Array(0)
  #rows = 0
  /** Rows that went to the sink. */
  rowsOut = 0
  /** Milliseconds in the sink. */
  sinkMs = 0
  /** Most bytes held. */
  peakBytes = 0

  /** `readers` read the first columns of each chunk, in order; the partitioner's column, if any, is right after them. */
  constructor(
    schema: StructType,
    readers: readonly ColumnReader[],
    partitioner: Partitioner,
    sink: BatchSink,
    limits: ScatterLimits = defaultLimits,
  ) {
    this.#schema = schema
    this.#readers = readers
    this.#partitioner = partitioner
    this.#sink = sink
    this.#flushBytes = Math.max(limits.bytes, Math.min(partitioner.partitions * (limits.bytesPerPartition ?? 0), mostBytes))
    this.#flushRows = limits.rows * partitioner.partitions
  }

  /** Takes a chunk's rows; the chunk may be freed when this returns. Flushes when a limit is reached. */
  async add(chunk: DataChunk): Promise<void> {
    const rows = native.data_chunk_get_size(chunk)
    this.#readers.forEach((reader, i) => {
      reader.bind(native.data_chunk_get_vector(chunk, i), rows)
      reader.add(0, rows)
    })
    const { partitions, column } = this.#partitioner
    if (partitions > 1) {
      if (this.#rows + rows > this.#pid.length) {
        const grown = new Uint32Array(Math.max(this.#rows + rows, this.#pid.length * 2))
        grown.set(this.#pid.subarray(0, this.#rows))
        this.#pid = grown
      }
      const vector = column === undefined ? undefined : native.data_chunk_get_vector(chunk, this.#readers.length)
      this.#partitioner.assign(vector, rows, this.#pid, this.#rows)
    }
    this.#rows += rows
    const bytes = this.#bytes()
    if (bytes >= this.#flushBytes || this.#rows >= this.#flushRows) await this.flush()
  }

  /** Cuts what is held and hands it to the sink. */
  async flush(): Promise<void> {
    const rows = this.#rows
    if (rows === 0) return
    this.peakBytes = Math.max(this.peakBytes, this.#bytes() * 2)
    const { partitions } = this.#partitioner
    const cut = partitions === 1 ? whole(rows) : cutBy(this.#pid, rows, partitions)
    const columns = this.#readers.map(reader => reader.take(cut))
    this.#rows = 0
    for (let p = 0; p < partitions; p++) {
      const count = cut.counts[p] as number
      if (count === 0) continue
      const batch: Batch = { schema: this.#schema, rows: count, columns: columns.map(parts => parts[p] as (typeof parts)[number]) }
      const began = performance.now()
      const done = this.#sink.write(p, batch)
      if (done !== undefined) await done
      this.sinkMs += performance.now() - began
    }
    this.rowsOut += rows
  }

  #bytes(): number {
    return this.#readers.reduce((sum, reader) => sum + reader.bytes(), this.#partitioner.partitions > 1 ? this.#rows * 8 : 0)
  }
}
