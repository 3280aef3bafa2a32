/** Block files for tests: a folder of its own per test, and files written the way a task writes them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BlockWriter, type BlockWritten } from '#src/blockstore/block-writer.js'
import type { Codec } from '#src/core/arrow/compression.js'
import type { Batch } from '#src/core/batch.js'
import type { StructField, StructType } from '#src/core/types.js'
import { makeBatch } from '../core/arrow/random-batch.js'

/** Calls `use` with a new folder, which is removed afterwards. */
export async function withFolder<T>(use: (dir: string) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'spk-blocks-'))
  try {
    return await use(dir)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

export const fields: readonly StructField[] = [
  { name: 'id', type: { kind: 'long' }, nullable: false },
  { name: 'name', type: { kind: 'string' }, nullable: true },
]
export const schema: StructType = { kind: 'struct', fields }

export interface FileSpec {
  readonly partitions: number
  /** Rows of each batch, dealt round to the partitions. */
  readonly batches: readonly number[]
  readonly codec?: Codec | undefined
  readonly holdBytes?: number
}

/** Writes a block file; returns what went into each partition. */
export async function writeBlocks(path: string, spec: FileSpec): Promise<{ written: BlockWritten; expected: Batch[][] }> {
  const writer = new BlockWriter({
    path,
    partitions: spec.partitions,
    codec: spec.codec,
    ...(spec.holdBytes === undefined ? {} : { holdBytes: spec.holdBytes }),
  })
  const expected: Batch[][] = Array.from({ length: spec.partitions }, () => [])
  for (const [i, rows] of spec.batches.entries()) {
    const batch = makeBatch(fields, rows, i)
    if (rows > 0) expected[i % spec.partitions]?.push(batch)
    await writer.write(i % spec.partitions, batch)
  }
  return { written: await writer.finish(), expected }
}
