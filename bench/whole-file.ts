/** One Parquet file as the input `t` of a task, whole. */
import { statSync } from 'node:fs'
import type { StructType } from '#src/core/types.js'
import type { KernelInput } from '#src/kernel/task.js'

export function wholeFile(uri: string, schema: StructType): KernelInput {
  const { size, mtimeMs } = statSync(uri)
  const splits = [{ file: { uri, size, mtimeMs }, bytes: size }]
  return { kind: 'scan', name: 't', format: 'parquet', options: {}, schema, fileSchema: schema, splits }
}
