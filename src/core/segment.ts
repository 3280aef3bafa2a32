/**
 * Where a task finds Arrow IPC bytes. The executor makes segments from block locations, the slot hands them to the block store's `readSegment`, and the
 * kernel in between does not look inside. Plain data: a segment crosses a thread boundary.
 */

/** A byte range of a block file with the CRC-32 of its bytes. It holds whole IPC messages. */
export interface BlockExtent {
  readonly offset: number
  readonly length: number
  readonly crc32: number
}

/** The map output a segment belongs to, for the error that names it. */
export interface SegmentOrigin {
  readonly stage: number
  readonly map: number
  readonly mapAttempt: number
  readonly workerId: string
}

/**
 * file: the extents, one after the other, are IPC streams one after the other; checked when read. bytes: the same, checked already (in shared memory when
 * another thread reads it).
 */
export type Segment =
  | { readonly kind: 'file'; readonly path: string; readonly extents: readonly BlockExtent[]; readonly origin?: SegmentOrigin }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
