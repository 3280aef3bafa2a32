/** Words of the block store that its writer, its server, its client and the actors share: how a block is named, asked for, located and answered. */
import type { BlockExtent } from '../core/segment.js'

/** Sidecar `<file>.index`: where each partition lies in `<file>.data`. JSON, so that a person can read it. */
export interface BlockIndex {
  readonly v: number
  /**
   * Per partition its rows and extents. The bytes of the extents, one after the other, are a complete Arrow IPC stream; no extents when there are no rows.
   * A map task that fits in memory has one extent per partition, in order of partitions, so that a range of partitions is one range of the file; a larger
   * one was flushed in several such runs.
   */
  readonly partitions: readonly BlockPartition[]
}

export interface BlockPartition {
  readonly rows: number
  readonly extents: readonly BlockExtent[]
}

export const BLOCK_INDEX_VERSION = 1

export function dataFile(file: string): string {
  return `${file}.data`
}

export function indexFile(file: string): string {
  return `${file}.index`
}

/** Partitions [from, to) of one block file. */
export interface BlockRange {
  readonly file: string
  readonly from: number
  readonly to: number
}

/** One `POST <blockUrl>/v1/apps/<appId>/blocks` with `Authorization: Bearer <token>` asks for many ranges. */
export interface BlocksRequest {
  readonly blocks: readonly BlockRange[]
}

/**
 * The answer: the length and the CRC-32 of this as JSON (four bytes each, little-endian), this, then the bytes of every piece in the order listed. `blocks`
 * are those of the request, in order.
 */
export interface BlocksManifest {
  readonly v: number
  readonly blocks: readonly BlockAnswer[]
}

/** Partitions without rows are left out. */
export type BlockAnswer =
  | {
      readonly kind: 'found'
      readonly partitions: readonly { readonly rows: number; readonly pieces: readonly { readonly length: number; readonly crc32: number }[] }[]
    }
  | { readonly kind: 'missing'; readonly code: string; readonly message: string }

export const MANIFEST_PREFIX = 8

/** Most ranges in one request, and most bytes of its body. */
export const MAX_RANGES = 100_000
export const MAX_REQUEST_BYTES = 16 * 2 ** 20

/** Name of a result block file. */
export function resultFileName(stage: number, partition: number, attempt: number): string {
  return `result_${stage}_${partition}_${attempt}`
}

/** Where the blocks of one worker lie: its block server, and the application's folder for processes on the same disk (same `hostId`). */
export interface BlockPlace {
  readonly workerId: string
  readonly hostId: string
  /** '' in local mode. */
  readonly blockUrl: string
  readonly blocksDir: string
}

/** Ranges of a file that follow one another, as one each. */
export function neighbours(extents: readonly BlockExtent[]): { offset: number; length: number }[] {
  const runs: { offset: number; length: number }[] = []
  for (const { offset, length } of extents) {
    const last = runs.at(-1)
    if (last !== undefined && last.offset + last.length === offset) last.length += length
    else runs.push({ offset, length })
  }
  return runs
}
