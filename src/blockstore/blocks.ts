/** Words of the block store that its server, its client and the actors share: how a block is named, asked for and located. */

/** Sidecar `<file>.index`: where each partition lies in `<file>.data`. JSON, so that a person can read it. */
export interface BlockIndex {
  readonly v: number
  /** Per partition: offset and length in bytes, rows, CRC-32 of the bytes. A partition's bytes are a complete Arrow IPC stream, or empty. */
  readonly partitions: readonly { readonly offset: number; readonly length: number; readonly rows: number; readonly crc32: number }[]
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

/** Name of a result block file. */
export function resultFileName(stage: number, partition: number, attempt: number): string {
  return `result_${stage}_${partition}_${attempt}`
}
