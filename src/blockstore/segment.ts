/**
 * Segments back to batches, checked against their checksums before a byte of them is believed. Called by slot threads (through the kernel) and by the
 * driver for results.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { decodeBatch, decodeStream, messageSchema, PREFIX, readMessage, readPrefix } from '../core/arrow/decode.js'
import type { Batch } from '../core/batch.js'
import { SpkError, unreachable } from '../core/errors.js'
import type { BlockExtent, Segment, SegmentOrigin } from '../core/segment.js'
import type { StructType } from '../core/types.js'
import { neighbours } from './blocks.js'

/** Segments up to this size are read whole; larger ones message by message, after a pass that checks them. */
const WHOLE = 8 * 2 ** 20
const CHECK_STEP = 2 ** 20

/**
 * The batches of a segment, read as they are asked for, synchronously. Throws `SPK_FETCH_FAILED` naming the map output when the file is gone, short or
 * does not match its checksum (`SPK_CORRUPT_BLOCK` without an origin). A codec other than lz4 must have been loaded.
 */
export function* readSegment(segment: Segment): Generator<Batch, void, undefined> {
  switch (segment.kind) {
    case 'bytes':
      yield* decodeStream(segment.bytes)
      return
    case 'file':
      try {
        yield* readFileSegment(segment.path, segment.extents)
      } catch (error) {
        throw blockFailure(error, segment.path, segment.origin)
      }
      return
    default:
      unreachable(segment)
  }
}

/** All bytes of a segment in one array, checked. Throws like `readSegment`. */
export function readSegmentBytes(segment: Segment): Uint8Array {
  switch (segment.kind) {
    case 'bytes':
      return segment.bytes.buffer instanceof SharedArrayBuffer ? segment.bytes.slice() : segment.bytes
    case 'file': {
      let file: number | undefined
      try {
        file = openSync(segment.path, 'r')
        return readWhole(file, segment.path, segment.extents, sizeOf(segment.extents))
      } catch (error) {
        throw blockFailure(error, segment.path, segment.origin)
      } finally {
        if (file !== undefined) closeSync(file)
      }
    }
    default:
      return unreachable(segment)
  }
}

function sizeOf(extents: readonly BlockExtent[]): number {
  return extents.reduce((sum, extent) => sum + extent.length, 0)
}

function* readFileSegment(path: string, extents: readonly BlockExtent[]): Generator<Batch, void, undefined> {
  const size = sizeOf(extents)
  if (size === 0) return
  const file = openSync(path, 'r')
  try {
    if (size <= WHOLE) {
      yield* decodeStream(readWhole(file, path, extents, size))
      return
    }
    let schema: StructType | undefined
    for (const extent of extents) {
      checkExtent(file, path, extent)
      for (let at = 0; at < extent.length; ) {
        const prefix = readAt(file, path, extent.offset + at, PREFIX)
        const length = readPrefix(prefix, 0)
        if (length === undefined) {
          at += PREFIX
          continue
        }
        const message = readMessage(readAt(file, path, extent.offset + at + PREFIX, length))
        const body = readAt(file, path, extent.offset + at + PREFIX + length, message.bodyLength)
        at += PREFIX + length + message.bodyLength
        if (message.kind === 'schema') schema = messageSchema(message)
        else if (message.kind === 'recordBatch' && schema !== undefined) yield decodeBatch(message, body, schema)
        else throw new SpkError('SPK_CORRUPT_BLOCK', `Block file ${path} holds a message where a record batch was expected.`, { retryable: true })
      }
    }
  } finally {
    closeSync(file)
  }
}

/** The bytes of all extents, checked. Neighbours are read in one go. */
function readWhole(file: number, path: string, extents: readonly BlockExtent[], size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  let at = 0
  for (const run of neighbours(extents)) {
    readInto(file, path, run.offset, bytes.subarray(at, at + run.length))
    at += run.length
  }
  at = 0
  for (const extent of extents) {
    if (crc32(bytes.subarray(at, at + extent.length)) !== extent.crc32) throw mismatch(path, extent)
    at += extent.length
  }
  return bytes
}

function checkExtent(file: number, path: string, extent: BlockExtent): void {
  const step = new Uint8Array(Math.min(CHECK_STEP, extent.length))
  let sum = 0
  for (let at = 0; at < extent.length; at += step.length) {
    const part = step.subarray(0, Math.min(step.length, extent.length - at))
    readInto(file, path, extent.offset + at, part)
    sum = crc32(part, sum)
  }
  if (sum !== extent.crc32) throw mismatch(path, extent)
}

function readAt(file: number, path: string, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  readInto(file, path, offset, bytes)
  return bytes
}

function readInto(file: number, path: string, offset: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) {
    const read = readSync(file, bytes, at, bytes.length - at, offset + at)
    if (read === 0) {
      throw new SpkError('SPK_CORRUPT_BLOCK', `Block file ${path} has ${fstatSync(file).size} bytes and should reach to ${offset + bytes.length}.`, {
        retryable: true,
      })
    }
    at += read
  }
}

function mismatch(path: string, extent: BlockExtent): SpkError {
  return new SpkError(
    'SPK_CORRUPT_BLOCK',
    `Block file ${path} does not match its checksum at bytes ${extent.offset} to ${extent.offset + extent.length}.`,
    {
      retryable: true,
    },
  )
}

/** What went wrong with a block, as the failure that names its map output, so that the driver can have it made again. */
export function blockFailure(cause: unknown, where: string, origin: SegmentOrigin | undefined): unknown {
  if (origin === undefined || (cause instanceof SpkError && cause.code === 'SPK_FETCH_FAILED')) return cause
  const { stage, map, mapAttempt, workerId } = origin
  return new SpkError(
    'SPK_FETCH_FAILED',
    `Output ${map}.${mapAttempt} of stage ${stage} could not be read from ${where} of ${workerId}: ${cause instanceof Error ? cause.message : String(cause)}`,
    { cause, retryable: true, params: { stage: String(stage), map: String(map), mapAttempt: String(mapAttempt), workerId } },
  )
}
