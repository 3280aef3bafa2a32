/** The file formats that spk reads and writes. */
import { SpkError } from '../core/errors.js'
import type { FileFormat } from '../core/stage.js'

/** Error: `INVALID_EMPTY_LOCATION` (42K05). `use` says what a path is wanted for. */
export function checkPath(path: string | undefined, use: string): asserts path is string {
  if (path !== undefined && path.trim() !== '') return
  const message = `The location name cannot be empty string, but \`${path ?? ''}\` was given. ${use}: name one.`
  throw new SpkError('INVALID_EMPTY_LOCATION', message, { sqlState: '42K05' })
}

const formats: readonly FileFormat[] = ['parquet', 'csv', 'json']

/** Error: `DATA_SOURCE_NOT_FOUND` (42K02). */
export function formatOf(name: string): FileFormat {
  const found = formats.find(f => f === name.toLowerCase())
  if (found !== undefined) return found
  throw new SpkError('DATA_SOURCE_NOT_FOUND', `Failed to find the data source: ${name}. Known are ${formats.join(', ')}.`, { sqlState: '42K02' })
}
