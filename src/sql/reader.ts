/** `spark.read`: files to DataFrames. Nothing is opened before the schema or an action asks. */
import type { FileFormat } from '../core/stage.js'
import type { StructType } from '../core/types.js'
import type { Relation } from '../planner/logical.js'
import { parseTableSchema } from '../planner/parse/parse.js'
import type { DataFrame } from './dataframe.js'
import { checkPath, formatOf } from './formats.js'
import type { Row } from './row.js'

type Option = string | number | boolean

export class DataFrameReader {
  readonly #over: <T extends object>(plan: Relation) => DataFrame<T>
  #format: FileFormat = 'parquet'
  #schema: StructType | undefined
  #options: Readonly<Record<string, string>> = {}

  constructor(over: <T extends object>(plan: Relation) => DataFrame<T>) {
    this.#over = over
  }

  /** `parquet`, `csv` or `json`; Parquet when not set. */
  format(format: FileFormat | (string & {})): this {
    this.#format = formatOf(format)
    return this
  }
  /** The columns, in DDL form or as a type: csv and json are then not read to find them. @example spark.read.schema('id INT, name STRING').csv('a.csv') */
  schema(schema: string | StructType): this {
    this.#schema = typeof schema === 'string' ? parseTableSchema(schema) : schema
    return this
  }
  /** An option of the format: `header`, `sep`, `inferSchema`, `multiLine`, … */
  option(key: string, value: Option): this {
    this.#options = { ...this.#options, [key.toLowerCase()]: String(value) }
    return this
  }
  options(options: Readonly<Record<string, Option>>): this {
    for (const [key, value] of Object.entries(options)) this.option(key, value)
    return this
  }

  /** Files, folders and globs, read as one. Error: `INVALID_EMPTY_LOCATION` (42K05). @example spark.read.format('csv').option('header', true).load('in/2026-*.csv', 'more') */
  load<T extends object = Row>(...paths: readonly (string | readonly string[])[]): DataFrame<T> {
    const given = paths.flat()
    for (const path of given.length === 0 ? [''] : given) checkPath(path, 'load() reads files, folders and globs')
    return this.#over<T>({
      kind: 'ReadFiles',
      format: this.#format,
      paths: given,
      options: this.#options,
      ...(this.#schema === undefined ? {} : { schema: this.#schema }),
    })
  }
  parquet<T extends object = Row>(...paths: readonly (string | readonly string[])[]): DataFrame<T> {
    return this.format('parquet').load<T>(...paths)
  }
  /** CSV files. Options: `header`, `sep`, `quote`, `escape`, `nullValue`, `inferSchema`, … */
  csv<T extends object = Row>(...paths: readonly (string | readonly string[])[]): DataFrame<T> {
    return this.format('csv').load<T>(...paths)
  }
  /** One JSON object per line; with `multiLine`, one document per file. */
  json<T extends object = Row>(...paths: readonly (string | readonly string[])[]): DataFrame<T> {
    return this.format('json').load<T>(...paths)
  }
  /** A temp view by name. */
  table<T extends object = Row>(name: string): DataFrame<T> {
    return this.#over<T>({ kind: 'UnresolvedRelation', nameParts: name.split('.') })
  }
}
