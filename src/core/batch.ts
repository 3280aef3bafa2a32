/**
 * A batch of rows as column buffers in Arrow's memory layout, without any library behind it: what the kernel makes from DuckDB vectors, what a segment
 * encodes to Arrow IPC, and what the SDK turns into rows. Little-endian. A batch is immutable once handed over.
 *
 * Buffers by type: boolean = bit-packed `data`; byte…double, date (int32 days), timestamp and time (int64 microseconds), decimal (int128, 16 bytes; int64 where its type says `bits: 64`),
 * hugeint (int128, 16 bytes), uuid (16 bytes, big-endian text order), interval (int32 months, int32 days, int64 NANOseconds),
 * daytime_interval (int64 microseconds), yearmonth_interval (int32 months) = fixed-width `data`; string, binary, enum = int32 `offsets` (length + 1,
 * first is 0) and bytes in `data`; array, map = `offsets` and `children` (map: one struct-less pair [keys, values]); struct = `children`;
 * null = nothing.
 */
import type { DataType, StructType } from './types.js'

export interface ColumnData {
  readonly type: DataType
  readonly length: number
  readonly nullCount: number
  /** LSB-first bitmap, 1 = valid; absent when all rows are valid. */
  readonly validity?: Uint8Array
  readonly offsets?: Int32Array
  readonly data?: Uint8Array
  readonly children?: readonly ColumnData[]
}

export interface Batch {
  readonly schema: StructType
  readonly rows: number
  readonly columns: readonly ColumnData[]
}

/** Whether row `index` of the column is not NULL. */
export function isValid(column: ColumnData, index: number): boolean {
  return column.validity === undefined ? column.type.kind !== 'null' : ((column.validity[index >> 3] ?? 0) & (1 << (index & 7))) !== 0
}
