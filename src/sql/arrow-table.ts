/** The door to apache-arrow, for users who want their rows as its `Table`. The package is loaded by the first call, not by `import 'spk'`. */
import type { Table } from 'apache-arrow'
import { encodeStream } from '../core/arrow/encode.js'
import type { Batch } from '../core/batch.js'
import type { StructType } from '../core/types.js'

export type { Table }

/** One table of all rows; without any it still has the schema. */
export async function arrowTable(schema: StructType, batches: readonly Batch[]): Promise<Table> {
  const { tableFromIPC } = await import('apache-arrow')
  return tableFromIPC(encodeStream(schema, batches))
}
