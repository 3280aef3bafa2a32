/**
 * Writes one block file: the shuffle output of a map task (many partitions) or a large result (one). Batches are encoded at once and held until a limit is
 * reached, then written partition after partition: memory is bounded, and what fits lies in one range per run of partitions. Everything goes to temporary
 * names; `finish` renames the data, then the index, so that an attempt that fails or is cancelled leaves nothing visible. Runs on the slot's thread.
 */
import { closeSync, mkdirSync, openSync, renameSync, writeFileSync, writevSync } from 'node:fs'
import { type FileHandle, mkdir, open, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Codec } from '../core/arrow/compression.js'
import { END_OF_STREAM, encodeBatch, encodeSchema } from '../core/arrow/encode.js'
import type { Batch } from '../core/batch.js'
import { assert } from '../core/errors.js'
import type { BlockExtent } from '../core/segment.js'
import { BLOCK_INDEX_VERSION, type BlockIndex, dataFile, indexFile } from './blocks.js'

export interface BlockWriterOptions {
  /** Absolute path without extension; its folder is made when missing. */
  readonly path: string
  readonly partitions: number
  readonly codec?: Codec | undefined
  /** Encoded bytes held before they are written. Default 32 MiB. */
  readonly holdBytes?: number
}

export interface BlockWritten {
  /** Bytes and rows per partition. */
  readonly bytes: readonly number[]
  readonly rows: readonly number[]
}

interface Partition {
  rows: number
  bytes: number
  /** What is held of it: pieces of whole messages. */
  held: Uint8Array[]
  readonly extents: BlockExtent[]
}

const DEFAULT_HOLD = 32 * 2 ** 20
/** Buffers handed to one `writev`: Linux takes 1,024. */
const MAX_VECTORS = 1000
/** A file of at most so many bytes is written in one go, without waiting: each wait for a thread of the pool takes longer than such a write. */
const AT_ONCE = 2 ** 20
/** Smaller pieces are copied together, since a vector element costs more than its bytes. */
const SMALL_PIECE = 4096

let attempts = 0

export class BlockWriter {
  readonly #options: BlockWriterOptions
  readonly #partitions: Partition[]
  #schema: Uint8Array | undefined
  readonly #temporary: string
  #held = 0
  #offset = 0
  #file: FileHandle | undefined

  constructor(options: BlockWriterOptions) {
    this.#options = options
    this.#partitions = Array.from({ length: options.partitions }, () => ({ rows: 0, bytes: 0, held: [], extents: [] }))
    this.#temporary = `${options.path}.${process.pid}-${attempts++}.tmp`
  }

  /** Takes a batch of one partition; a promise when it had to be written. */
  write(partition: number, batch: Batch): void | Promise<void> {
    const to = this.#partitions[partition]
    assert(to !== undefined, `partition ${partition} of ${this.#partitions.length}`)
    if (batch.rows === 0) return
    if (to.rows === 0) {
      this.#schema ??= encodeSchema(batch.schema)
      this.#hold(to, this.#schema)
    }
    to.rows += batch.rows
    for (const piece of encodeBatch(batch, this.#options.codec)) this.#hold(to, piece)
    if (this.#held >= (this.#options.holdBytes ?? DEFAULT_HOLD)) return this.#flush()
  }

  /** Writes the rest and makes data and index visible, in this order. */
  async finish(): Promise<BlockWritten> {
    for (const partition of this.#partitions) if (partition.rows > 0) this.#hold(partition, END_OF_STREAM)
    const { path } = this.#options
    if (this.#file === undefined && this.#held <= AT_ONCE) {
      const pieces = this.#takeHeld()
      mkdirSync(dirname(path), { recursive: true })
      const file = openSync(dataFile(this.#temporary), 'wx')
      try {
        writeAllSync(file, pieces)
      } finally {
        closeSync(file)
      }
      writeFileSync(indexFile(this.#temporary), this.#index())
      renameSync(dataFile(this.#temporary), dataFile(path))
      renameSync(indexFile(this.#temporary), indexFile(path))
    } else {
      await this.#flush()
      await this.#file?.close()
      this.#file = undefined
      await writeFile(indexFile(this.#temporary), this.#index())
      await rename(dataFile(this.#temporary), dataFile(path))
      await rename(indexFile(this.#temporary), indexFile(path))
    }
    return { bytes: this.#partitions.map(p => p.bytes), rows: this.#partitions.map(p => p.rows) }
  }

  /** Removes what was written. */
  async abort(): Promise<void> {
    await this.#file?.close()
    this.#file = undefined
    await rm(dataFile(this.#temporary), { force: true })
    await rm(indexFile(this.#temporary), { force: true })
  }

  #hold(partition: Partition, piece: Uint8Array): void {
    partition.held.push(piece)
    this.#held += piece.length
  }

  #index(): string {
    const index: BlockIndex = { v: BLOCK_INDEX_VERSION, partitions: this.#partitions.map(({ rows, extents }) => ({ rows, extents })) }
    return JSON.stringify(index)
  }

  async #flush(): Promise<void> {
    const pieces = this.#takeHeld()
    if (this.#file === undefined) {
      await mkdir(dirname(this.#options.path), { recursive: true })
      this.#file = await open(dataFile(this.#temporary), 'wx')
    }
    const file = this.#file
    await writeAll(pieces, async batch => (await file.writev(batch)).bytesWritten)
  }

  /** One run: all that is held, partition after partition. */
  #takeHeld(): Uint8Array[] {
    const run: Uint8Array[] = []
    for (const partition of this.#partitions) {
      if (partition.held.length === 0) continue
      let sum = 0
      let length = 0
      for (const piece of partition.held) {
        sum = crc32(piece, sum)
        length += piece.length
        run.push(piece)
      }
      partition.extents.push({ offset: this.#offset, length, crc32: sum })
      partition.bytes += length
      this.#offset += length
      partition.held = []
    }
    this.#held = 0
    return together(run)
  }
}

/** The same bytes in fewer pieces: neighbours that are small are copied into one. */
function together(pieces: readonly Uint8Array[]): Uint8Array[] {
  const result: Uint8Array[] = []
  for (let i = 0; i < pieces.length; ) {
    let end = i
    let size = 0
    while (end < pieces.length && (pieces[end] as Uint8Array).length < SMALL_PIECE && size < 2 ** 20) size += (pieces[end++] as Uint8Array).length
    if (end - i <= 1) {
      result.push(pieces[i++] as Uint8Array)
      continue
    }
    const joined = new Uint8Array(size)
    for (let at = 0; i < end; i++) {
      const piece = pieces[i] as Uint8Array
      joined.set(piece, at)
      at += piece.length
    }
    result.push(joined)
  }
  return result
}

async function writeAll(pieces: readonly Uint8Array[], write: (batch: Uint8Array[]) => Promise<number>): Promise<void> {
  for (let rest = [...pieces]; rest.length > 0; ) rest = unwritten(rest, await write(rest.slice(0, MAX_VECTORS)))
}

function writeAllSync(file: number, pieces: readonly Uint8Array[]): void {
  for (let rest = [...pieces]; rest.length > 0; ) rest = unwritten(rest, writevSync(file, rest.slice(0, MAX_VECTORS)))
}

/** What is left of the pieces when so many bytes of them are written. */
function unwritten(pieces: Uint8Array[], bytes: number): Uint8Array[] {
  let left = bytes
  let whole = 0
  while (whole < pieces.length && left >= (pieces[whole] as Uint8Array).length) left -= (pieces[whole++] as Uint8Array).length
  const rest = pieces.slice(whole)
  const first = rest[0]
  if (first !== undefined && left > 0) rest[0] = first.subarray(left)
  return rest
}
