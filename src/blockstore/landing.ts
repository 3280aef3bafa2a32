/**
 * Where fetched bytes come down: in shared memory up to a budget, beyond it in one scratch file. One per task; `release` frees the file when the task has
 * ended. Bytes are checked against their checksums as they arrive, before anybody else sees them.
 */
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { SpkError } from '../core/errors.js'
import type { BlockExtent, Segment, SegmentOrigin } from '../core/segment.js'

export interface PieceSize {
  readonly length: number
  readonly crc32: number
}

export class Landing {
  readonly #scratch: string
  readonly #budget: number
  #inMemory = 0
  #file: Promise<FileHandle> | undefined
  #end = 0

  /** `scratch`: absolute path of the file, made when it is needed. `budget`: bytes. */
  constructor(scratch: string, budget: number) {
    this.#scratch = scratch
    this.#budget = budget
  }

  /** Takes the bytes of one block: `read` gives what has arrived, at most as much as asked. Rejects with `SPK_CORRUPT_BLOCK` on a checksum mismatch. */
  async land(pieces: readonly PieceSize[], read: (most: number) => Promise<Uint8Array>, origin: SegmentOrigin | undefined): Promise<Segment> {
    const size = pieces.reduce((sum, piece) => sum + piece.length, 0)
    if (this.#inMemory + size > this.#budget) return this.#toFile(pieces, size, read, origin)
    this.#inMemory += size
    try {
      return await this.#toMemory(pieces, size, read)
    } catch (error) {
      this.#inMemory -= size
      throw error
    }
  }

  async release(): Promise<void> {
    if (this.#file === undefined) return
    await (await this.#file).close()
    await rm(this.#scratch, { force: true })
  }

  async #toMemory(pieces: readonly PieceSize[], size: number, read: (most: number) => Promise<Uint8Array>): Promise<Segment> {
    const bytes = new Uint8Array(new SharedArrayBuffer(size))
    let at = 0
    await receive(pieces, read, async chunk => {
      bytes.set(chunk, at)
      at += chunk.length
    })
    return { kind: 'bytes', bytes }
  }

  async #toFile(
    pieces: readonly PieceSize[],
    size: number,
    read: (most: number) => Promise<Uint8Array>,
    origin: SegmentOrigin | undefined,
  ): Promise<Segment> {
    this.#file ??= mkdir(dirname(this.#scratch), { recursive: true }).then(() => open(this.#scratch, 'wx+'))
    const file = await this.#file
    let at = this.#end
    const extents: BlockExtent[] = []
    for (let offset = at, i = 0; i < pieces.length; i++) {
      const piece = pieces[i] as PieceSize
      extents.push({ offset, ...piece })
      offset += piece.length
    }
    this.#end += size
    await receive(pieces, read, async chunk => {
      for (let from = 0; from < chunk.length; ) from += (await file.write(chunk, from, chunk.length - from, at + from)).bytesWritten
      at += chunk.length
    })
    return { kind: 'file', path: this.#scratch, extents, ...(origin === undefined ? {} : { origin }) }
  }
}

/** Reads piece after piece, checks each. */
async function receive(
  pieces: readonly PieceSize[],
  read: (most: number) => Promise<Uint8Array>,
  take: (chunk: Uint8Array) => Promise<void>,
): Promise<void> {
  for (const piece of pieces) {
    let sum = 0
    for (let left = piece.length; left > 0; ) {
      const chunk = await read(left)
      sum = crc32(chunk, sum)
      left -= chunk.length
      await take(chunk)
    }
    if (sum !== piece.crc32) {
      throw new SpkError('SPK_CORRUPT_BLOCK', `${piece.length} bytes arrived with checksum ${sum} instead of ${piece.crc32}.`, { retryable: true })
    }
  }
}
