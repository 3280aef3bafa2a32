/** `df.write`: where and how rows become files. */
import { resolve } from 'node:path'
import type { JobResult } from '../actors/driver/handle.js'
import { SpkError } from '../core/errors.js'
import type { FileFormat, WriteSpec } from '../core/stage.js'
import { formatOf } from './formats.js'

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
  readonly #save: (spec: WriteSpec, action: string) => Promise<JobResult>
  #format: FileFormat = 'parquet'
  #options: Readonly<Record<string, string>> = {}
  #mode = 'error'

  constructor(save: (spec: WriteSpec, action: string) => Promise<JobResult>) {
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
  /** `parquet`, `csv` or `json`. */
  format(format: FileFormat | (string & {})): this {
    this.#format = formatOf(format)
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
   * Writes one file per task into a folder, all or nothing: files appear with `_SUCCESS` when the whole job is done.
   *
   * @returns the files written
   */
  async save(path: string): Promise<readonly { readonly path: string; readonly bytes: number; readonly rows: number }[]> {
    if (path === '') throw new SpkError('SPK_INVALID_CALL', 'save() needs the path of a folder.')
    const spec: WriteSpec = { format: this.#format, path: resolve(path), options: { ...this.#options, mode: this.#mode } }
    return (await this.#save(spec, `save ${this.#format}`)).files
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
