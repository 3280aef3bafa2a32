/**
 * A task's output as one file: the COPY statement and the file's name for a format and its options. Called by `run-task.ts`, which runs it in the
 * job's temporary folder; the driver makes files visible when the job succeeds.
 */
import { decimalText } from '../core/decimal-text.js'
import { SpkError, unreachable } from '../core/errors.js'
import type { WriteSpec } from '../core/stage.js'
import { type DataType, type StructType, typeString } from '../core/types.js'
import { quoteName, quoteText } from './duckdb.js'
import { jsonLine } from './json-text.js'
import { SourceOptions } from './source-options.js'
import { textOfTime } from './text-values.js'

export interface FileWrite {
  /** After the file's prefix, e.g. `-c000.snappy.parquet`. */
  readonly suffix: string
  /** The COPY statement, given the statement whose rows to write (with its WITH clause) and the absolute path. */
  sql(rows: string, path: string): string
}

/** Checks options and types. Errors: `SPK_UNKNOWN_OPTION`, `SPK_BAD_OPTION_VALUE`, `UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE` (0A000). */
export function fileWrite(write: WriteSpec, schema: StructType): FileWrite {
  const options = new SourceOptions(write.format, 'writing', write.options)
  switch (write.format) {
    case 'parquet':
      return parquetWrite(options, schema)
    case 'csv':
      return csvWrite(options, schema)
    case 'json':
      return jsonWrite(options, schema)
    default:
      return unreachable(write.format)
  }
}

/** Spark's codec names, DuckDB's, and what Spark puts into file names. */
const parquetCodecs: Readonly<Record<string, readonly [string, string]>> = {
  none: ['uncompressed', ''],
  uncompressed: ['uncompressed', ''],
  snappy: ['snappy', '.snappy'],
  gzip: ['gzip', '.gz'],
  zstd: ['zstd', '.zstd'],
  lz4: ['lz4_raw', '.lz4raw'],
  lz4_raw: ['lz4_raw', '.lz4raw'],
  brotli: ['brotli', '.br'],
}
const textCodecs: Readonly<Record<string, readonly [string, string]>> = {
  none: ['none', ''],
  uncompressed: ['none', ''],
  gzip: ['gzip', '.gz'],
  zstd: ['zstd', '.zst'],
}

function codec(options: SourceOptions, known: typeof textCodecs, otherwise: string): readonly [string, string] {
  const name = (options.text('compression', 'codec') ?? otherwise).toLowerCase()
  const found = known[name]
  if (found === undefined) {
    const valid = Object.keys(known)
    throw new SpkError(
      'CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION',
      `The codec ${name} is not available. Available codecs are ${valid.join(', ')}.`,
      {
        sqlState: '56038',
        params: { codecName: name, availableCodecs: valid.join(', ') },
      },
    )
  }
  return found
}

function parquetWrite(options: SourceOptions, schema: StructType): FileWrite {
  const [compression, extension] = codec(options, parquetCodecs, 'snappy')
  const groups = options.integer('rowGroupSize')
  for (const f of schema.fields) refuse(f.name, f.type, 'parquet', type => type.kind === 'null')
  return {
    suffix: `-c000${extension}.parquet`,
    sql: (rows, path) =>
      `COPY (${projected(rows, schema, parquetColumn)}) TO ${quoteText(path)} (FORMAT parquet, COMPRESSION ${compression}${groups === undefined ? '' : `, ROW_GROUP_SIZE ${groups}`})`,
  }
}

/** Parquet has no 128-bit integer, and DuckDB would write a double: a decimal keeps every digit, or fails. */
function parquetColumn(value: string, type: DataType): string {
  return type.kind === 'hugeint' ? `CAST(${value} AS DECIMAL(38,0))` : value
}

function csvWrite(options: SourceOptions, schema: StructType): FileWrite {
  const [compression, extension] = codec(options, textCodecs, 'none')
  for (const f of schema.fields) refuse(f.name, f.type, 'csv', type => ['array', 'map', 'struct', 'binary', 'null'].includes(type.kind))
  const nullValue = options.text('nullValue') ?? ''
  const list = [
    'FORMAT csv',
    `HEADER ${options.flag('header', false)}`,
    `DELIMITER ${quoteText(options.text('sep', 'delimiter') ?? ',')}`,
    `QUOTE ${quoteText(options.character('quote', '"'))}`,
    `ESCAPE ${quoteText(options.character('escape', '\\'))}`,
    `NULLSTR ${quoteText(nullValue)}`,
    ...(options.flag('quoteAll', false) ? ['FORCE_QUOTE *'] : []),
    `COMPRESSION ${compression}`,
  ]
  // A lone NULL would be an empty line, which readers skip: an empty value is quoted.
  const only = schema.fields.length === 1 && nullValue === ''
  const column = (value: string, type: DataType) => {
    const text = textOfTime(value, type, options) ?? (type.kind === 'decimal' ? decimalText(value, type) : value)
    return only ? `COALESCE(CAST(${text} AS VARCHAR), '')` : text
  }
  return {
    suffix: `-c000.csv${extension}`,
    sql: (rows, path) => `COPY (${projected(rows, schema, column)}) TO ${quoteText(path)} (${list.join(', ')})`,
  }
}

function jsonWrite(options: SourceOptions, schema: StructType): FileWrite {
  const [compression, extension] = codec(options, textCodecs, 'none')
  const line = jsonLine(schema.fields, options)
  return {
    suffix: `-c000.json${extension}`,
    // Lines of finished text: a csv of one column, without quotes.
    sql: (rows, path) =>
      `COPY (SELECT ${line} AS line FROM (${rows})) TO ${quoteText(path)} (FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '', COMPRESSION ${compression})`,
  }
}

function projected(rows: string, schema: StructType, column: (value: string, type: DataType) => string): string {
  const columns = schema.fields.map(f => {
    const name = quoteName(f.name)
    const value = column(name, f.type)
    return value === name ? name : `${value} AS ${name}`
  })
  return `SELECT ${columns.join(', ')} FROM (${rows})`
}

function refuse(name: string, type: DataType, format: string, bad: (type: DataType) => boolean): void {
  if (bad(type)) {
    throw new SpkError(
      'UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE',
      `The ${format.toUpperCase()} datasource doesn't support the column ${quoteTick(name)} of the type "${typeString(type).toUpperCase()}". Cast it to a type that the format has, such as STRING.`,
      { sqlState: '0A000', params: { columnName: name, columnType: typeString(type), format } },
    )
  }
}

function quoteTick(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}
