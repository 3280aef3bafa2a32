/** `df.write`: where and how rows become files. */
import { resolve } from 'node:path'
import type { JobResult } from '../actors/driver/handle.js'
import { SpkError } from '../core/errors.js'
import type { FileFormat, WriteTarget } from '../core/stage.js'
import { checkPath, formatOf } from './formats.js'

const modes = {
  error: 'error',
  errorifexists: 'error',
  default: 'error',
  append: 'append',
  overwrite: 'overwrite',
  ignore: 'ignore',
} as const

/** What happens when the target exists: an error, rows added, rows replaced, or nothing written. */
export type SaveMode = keyof typeof modes

export class DataFrameWriter {
  readonly #save: (target: WriteTarget, action: string) => Promise<JobResult>
  #format: FileFormat | 'noop' = 'parquet'
  #options: Readonly<Record<string, string>> = {}
  #mode = 'error'

  constructor(save: (target: WriteTarget, action: string) => Promise<JobResult>) {
    this.#save = save
  }

  /** What to do when the target exists; `'error'` when not set. Error: `INVALID_SAVE_MODE` (42000). */
  mode(mode: SaveMode | (string & {})): this {
    const known = (modes as Readonly<Record<string, string>>)[mode.toLowerCase()]
    if (known === undefined) {
      const message = `The specified save mode "${mode}" is invalid. Valid save modes include "append", "overwrite", "ignore", "error", "errorifexists", and "default".`
      throw new SpkError('INVALID_SAVE_MODE', message, { sqlState: '42000' })
    }
    this.#mode = known
    return this
  }
  /** `parquet`, `csv` or `json`; `noop` makes every row and drops it. */
  format(format: FileFormat | 'noop' | (string & {})): this {
    this.#format = format.toLowerCase() === 'noop' ? 'noop' : formatOf(format)
    return this
  }
  /** An option of the format: `compression`, `header`, `sep`, … */
  option(key: string, value: string | number | boolean): this {
    this.#options = { ...this.#options, [key.toLowerCase()]: String(value) }
    return this
  }
  options(options: Readonly<Record<string, string | number | boolean>>): this {
    for (const [key, value] of Object.entries(options)) this.option(key, value)
    return this
  }

  /**
   * Writes one file per task into a folder, all or nothing: files appear with `_SUCCESS` when the whole job is done. `noop` takes no path; its mode must be
   * `append` or `overwrite`, else `UNSUPPORTED_DATA_SOURCE_SAVE_MODE` (0A000).
   *
   * @returns the files written
   */
  async save(path?: string): Promise<readonly { readonly path: string; readonly bytes: number; readonly rows: number }[]> {
    return (await this.#save(this.#target(path), `save ${this.#format}`)).files
  }

  #target(path: string | undefined): WriteTarget {
    const format = this.#format
    if (format === 'noop') {
      if (this.#mode !== 'append' && this.#mode !== 'overwrite') throw unsupportedMode(this.#mode)
      return { kind: 'noop' }
    }
    checkPath(path, `save() of format ${format} writes into a folder`)
    return { kind: 'write', write: { format, path: resolve(path), options: { ...this.#options, mode: this.#mode } } }
  }
  parquet(path: string): ReturnType<DataFrameWriter['save']> {
    return this.format('parquet').save(path)
  }
  csv(path: string): ReturnType<DataFrameWriter['save']> {
    return this.format('csv').save(path)
  }
  json(path: string): ReturnType<DataFrameWriter['save']> {
    return this.format('json').save(path)
  }
}

function unsupportedMode(mode: string): SpkError {
  const name = mode === 'ignore' ? 'Ignore' : 'ErrorIfExists'
  const message = `The data source "noop" cannot be written in the "${name}" mode. Please use either the "Append" or "Overwrite" mode instead.`
  return new SpkError('UNSUPPORTED_DATA_SOURCE_SAVE_MODE', message, { sqlState: '0A000', params: { source: 'noop', createMode: `"${name}"` } })
}
