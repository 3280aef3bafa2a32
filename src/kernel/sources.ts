/** Finds the files of a source and what is in them, before a query is planned: implements the planner's `SourcePort` with the driver's own DuckDB. */
import { SpkError, unreachable } from '../core/errors.js'
import type { FileInfo, SourceInfo } from '../core/sources.js'
import type { FileFormat, FileVersion } from '../core/stage.js'
import type { StructType } from '../core/types.js'
import { csvSchema } from './csv-source.js'
import type { Connection } from './duckdb.js'
import { jsonSchema } from './json-source.js'
import { listFiles } from './list-files.js'
import { ParquetFooters } from './parquet-footers.js'
import type { PlanningDatabase } from './planning-database.js'
import { SourceOptions } from './source-options.js'

export class Sources {
  readonly #database: PlanningDatabase
  readonly #footers = new ParquetFooters()
  constructor(database: PlanningDatabase) {
    this.#database = database
  }

  /**
   * `schema`: what the user declared, or undefined to find out. Errors: `PATH_NOT_FOUND` (42K03), `UNABLE_TO_INFER_SCHEMA` (42KD9),
   * `FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER` and `FAILED_READ_FILE.NO_HINT` (KD001), `SPK_UNKNOWN_OPTION`, and those of mismatched Parquet schemas.
   */
  async describe(
    format: FileFormat,
    paths: readonly string[],
    options: Readonly<Record<string, string>>,
    schema: StructType | undefined,
  ): Promise<SourceInfo> {
    const checked = new SourceOptions(format, 'reading', options)
    const files = listFiles(paths, { recursive: checked.flag('recursiveFileLookup', false), nameGlob: checked.text('pathGlobFilter') })
    return this.#database.use(async connection => {
      const found = schema ?? (await this.#infer(connection, format, files, options, checked))
      if (found === undefined) {
        throw new SpkError(
          'UNABLE_TO_INFER_SCHEMA',
          `Unable to infer schema for ${format} from ${paths.join(', ')} (${files.length} files found). It must be specified manually.`,
          { sqlState: '42KD9', params: { format } },
        )
      }
      if (format !== 'parquet') return { schema: found, files: files.map((file): FileInfo => ({ file })) }
      const groups = await this.#footers.rowGroups(connection, files)
      return { schema: found, files: files.map((file, i): FileInfo => ({ file, rowGroups: groups[i] ?? [] })) }
    })
  }

  async #infer(
    connection: Connection,
    format: FileFormat,
    files: readonly FileVersion[],
    options: Readonly<Record<string, string>>,
    checked: SourceOptions,
  ): Promise<StructType | undefined> {
    if (files.length === 0) return undefined
    const uris = files.map(f => f.uri)
    switch (format) {
      case 'parquet':
        return this.#footers.schema(connection, files, checked.flag('mergeSchema', false))
      case 'csv':
        return csvSchema(connection, uris, options)
      case 'json':
        return jsonSchema(connection, uris, options)
      default:
        return unreachable(format)
    }
  }
}
