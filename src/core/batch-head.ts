/** The first rows of batches, without copying: LIMIT's last cut, where whole tasks gave more rows than were asked for. */
import { fixedWidth } from './arrow/encode.js'
import type { Batch, ColumnData } from './batch.js'

/** The first `limit` rows of a list of batches. */
export function firstRows(batches: readonly Batch[], limit: number): Batch[] {
  const result: Batch[] = []
  let left = limit
  for (const batch of batches) {
    if (left <= 0) break
    result.push(batch.rows <= left ? batch : { ...batch, rows: left, columns: batch.columns.map(c => head(c, left)) })
    left -= batch.rows
  }
  return result
}

function head(column: ColumnData, length: number): ColumnData {
  const { type, validity, offsets, data, children } = column
  const bits = validity?.subarray(0, Math.ceil(length / 8))
  const kept = offsets?.subarray(0, length + 1)
  const end = kept?.[length] ?? 0
  const width = fixedWidth(type)
  return {
    type,
    length,
    nullCount: type.kind === 'null' ? length : bits === undefined ? 0 : length - ones(bits, length),
    ...(bits === undefined ? {} : { validity: bits }),
    ...(kept === undefined ? {} : { offsets: kept }),
    ...(data === undefined
      ? {}
      : { data: data.subarray(0, kept !== undefined ? end : width === undefined ? Math.ceil(length / 8) : length * width) }),
    // Elements of lists and maps end where the last kept list does; fields of structs are as long as the struct.
    ...(children === undefined ? {} : { children: children.map(c => head(c, kept === undefined ? length : end)) }),
  }
}

function ones(bits: Uint8Array, length: number): number {
  let count = 0
  for (let i = 0; i < length; i++) count += ((bits[i >> 3] ?? 0) >> (i & 7)) & 1
  return count
}
