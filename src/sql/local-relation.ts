/** Rows held by the driver as a leaf of a plan. */

import { decodeStream } from '../core/arrow/decode.js'
import { encodeStream } from '../core/arrow/encode.js'
import type { Batch } from '../core/batch.js'
import { field, type StructType, struct, types } from '../core/types.js'
import type { LocalRelation } from '../planner/logical.js'
import { encodeRows, type InputRow } from './encode.js'

/** Rows in at most `partitions` even parts. */
export function localRelation(rows: readonly InputRow[], schema: StructType, partitions = 1): LocalRelation {
  const parts = Math.max(1, Math.min(partitions, rows.length))
  const streams = Array.from({ length: parts }, (_, p) => {
    const part = rows.slice(Math.floor((rows.length * p) / parts), Math.floor((rows.length * (p + 1)) / parts))
    return encodeStream(schema, [encodeRows(part, schema)])
  })
  return { kind: 'LocalRelation', schema, partitions: streams, rows: rows.length }
}

/** Rows of text columns: results of commands. */
export function textRelation(names: readonly string[], rows: readonly (readonly (string | null)[])[]): LocalRelation {
  return localRelation(rows, struct(names.map(n => field(n, types.string))))
}

/** What a command without rows gives. */
export function noRows(): LocalRelation {
  return { kind: 'LocalRelation', schema: struct([]), partitions: [], rows: 0 }
}

export function batchesOf(relation: LocalRelation): Batch[] {
  return relation.partitions.flatMap(p => [...decodeStream(p, relation.schema)])
}
