/** `df.write`: where and how rows become files and tables. */
import { resolve } from 'node:path'
import type { JobResult } from '../actors/driver/handle.js'
import { SpkError } from '../core/errors.js'
import type { FileFormat, WriteTarget } from '../core/stage.js'
import type { BucketSpec } from '../planner/bucket-spec.js'
import type { Relation } from '../planner/logical.js'
import { parseName } from '../planner/parse/parse.js'
import { checkPath, formatOf } from './formats.js'
import { saveAsTable, type TableWrite } from './save-as-table.js'
import { insertInto, type Order } from './table-commands.js'

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

/** What a writer asks of the session. */
interface WriterPorts {
  save(target: WriteTarget, action: string): Promise<JobResult>
  /** In turn with the session's other statements. */
  command(run: (plan: Relation, order: Order) => Promise<Relation>, action: string): Promise<void>
}

export class DataFrameWriter {
  readonly #ports: WriterPorts
  #format: FileFormat | 'noop' = 'parquet'
  #options: Readonly<Record<string, string>> = {}
  #mode: TableWrite['mode'] = 'error'
  #buckets: Omit<BucketSpec, 'sortColumns'> | undefined
  #sortColumns: readonly string[] = []

  /** @internal */
  constructor(ports: WriterPorts) {
    this.#ports = ports
  }

  /** What to do when the target exists; `'error'` when not set. Error: `INVALID_SAVE_MODE` (42000). */
  mode(mode: SaveMode | (string & {})): this {
    const known = (modes as Readonly<Record<string, TableWrite['mode']>>)[mode.toLowerCase()]
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
   * Of a table that is made with `saveAsTable`: rows go into `numBuckets` buckets by the hash of the columns, each bucket into files of its own. Joins,
   * aggregations and windows by these columns then need no exchange. As `CLUSTERED BY (…) INTO n BUCKETS`.
   *
   * @param numBuckets - from 1 to `spark.sql.sources.bucketing.maxBuckets`
   * @example await df.write.bucketBy(8, 'customer').sortBy('day').saveAsTable('orders')
   */
  bucketBy(numBuckets: number, column: string, ...columns: readonly string[]): this {
    this.#buckets = { count: numBuckets, columns: [column, ...columns] }
    return this
  }
  /** Sorts the rows of each bucket's files. Only with `bucketBy`, else `SORT_BY_WITHOUT_BUCKETING` (42601). */
  sortBy(column: string, ...columns: readonly string[]): this {
    this.#sortColumns = [column, ...columns]
    return this
  }

  /**
   * Makes the rows a table of the session, or with mode `append` adds them to the one of that name, by the names of the columns. Option `path`: the folder of an
   * external table, which outlives the session. Errors: `TABLE_OR_VIEW_ALREADY_EXISTS` (42P07), `SPK_TABLE_FORMAT_MISMATCH`, `SPK_TABLE_BUCKETING_MISMATCH`,
   * `INVALID_BUCKET_COUNT` (22003), `COLUMN_NOT_DEFINED_IN_TABLE` (42703) and those of CREATE TABLE.
   */
  async saveAsTable(name: string): Promise<void> {
    const format = this.#format
    if (format === 'noop') {
      throw new SpkError('SPK_INVALID_CALL', "saveAsTable() needs a format that a table can have: 'parquet', 'csv' or 'json', not 'noop'.")
    }
    const buckets = this.#bucketSpec()
    const write = { format, options: this.#options, mode: this.#mode, ...(buckets === undefined ? {} : { buckets }) }
    const nameParts = parseName(name)
    await this.#ports.command((plan, order) => saveAsTable(plan, nameParts, write, order), `saveAsTable ${name}`)
  }

  /**
   * Adds the rows to a table, by the order of the columns; with mode `overwrite` they replace its rows. Format and options are the table's. Errors:
   * `TABLE_OR_VIEW_NOT_FOUND` (42P01) and those of INSERT.
   */
  async insertInto(name: string): Promise<void> {
    if (this.#bucketSpec() !== undefined) throw noBuckets('insertInto', 'the table knows its buckets itself: leave bucketBy out')
    const nameParts = parseName(name)
    const insert = { kind: 'Insert', nameParts, overwrite: this.#mode === 'overwrite', byName: false, ifNotExists: false } as const
    await this.#ports.command((plan, order) => insertInto({ ...insert, plan }, order), `insertInto ${name}`)
  }

  #bucketSpec(): BucketSpec | undefined {
    if (this.#buckets !== undefined) return { ...this.#buckets, sortColumns: this.#sortColumns }
    if (this.#sortColumns.length === 0) return undefined
    throw new SpkError('SORT_BY_WITHOUT_BUCKETING', 'sortBy must be used together with bucketBy.', { sqlState: '42601' })
  }

  /**
   * Writes one file per task into a folder, all or nothing: files appear with `_SUCCESS` when the whole job is done. `noop` takes no path; its mode must be
   * `append` or `overwrite`, else `UNSUPPORTED_DATA_SOURCE_SAVE_MODE` (0A000).
   *
   * @returns the files written
   */
  async save(path?: string): Promise<readonly { readonly path: string; readonly bytes: number; readonly rows: number }[]> {
    if (this.#bucketSpec() !== undefined) throw noBuckets('save', 'only tables know their buckets: use saveAsTable')
    return (await this.#ports.save(this.#target(path), `save ${this.#format}`)).files
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

function noBuckets(method: string, instead: string): SpkError {
  return new SpkError('SPK_INVALID_CALL', `'${method}' does not support bucketBy; ${instead}.`)
}

function unsupportedMode(mode: string): SpkError {
  const name = mode === 'ignore' ? 'Ignore' : 'ErrorIfExists'
  const message = `The data source "noop" cannot be written in the "${name}" mode. Please use either the "Append" or "Overwrite" mode instead.`
  return new SpkError('UNSUPPORTED_DATA_SOURCE_SAVE_MODE', message, { sqlState: '0A000', params: { source: 'noop', createMode: `"${name}"` } })
}
