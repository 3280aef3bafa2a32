/**
 * A task's part of a file scan as SQL: each split one reader with one contiguous row range, joined by name so that files with more, fewer or reordered
 * columns fit, and every column cast to its declared type. Only this file and its csv and json neighbours turn files into what DuckDB reads.
 */

import { must, unreachable } from '../core/errors.js'
import type { ScanSplit } from '../core/stage.js'
import type { DataType, StructType } from '../core/types.js'
import { csvSql } from './csv-scan.js'
import { quoteName, quoteText } from './duckdb.js'
import { jsonSql } from './json-scan.js'
import { lacks, type ParquetTree, pathKey } from './parquet-tree.js'
import { duckdbTypeName } from './spark-types.js'
import type { KernelInput } from './task.js'

export type ScanInput = Extract<KernelInput, { kind: 'scan' }>

/** A SELECT that gives exactly the columns of `scan.schema`. `trees`: what Parquet files hold; of one that is not there every column is taken to be as declared. */
export function scanSql(scan: ScanInput, trees: ReadonlyMap<string, ParquetTree>): string {
  if (scan.splits.length === 0) return nothingOf(scan.schema)
  switch (scan.format) {
    case 'parquet':
      return parquetSql(scan, trees)
    case 'csv':
      return csvSql(paths(scan.splits), scan.options, scan.schema, scan.fileSchema)
    case 'json':
      return jsonSql(paths(scan.splits), scan.options, scan.schema)
    default:
      return unreachable(scan.format)
  }
}

function paths(splits: readonly ScanSplit[]): string[] {
  return splits.map(split => split.file.uri)
}

/** No rows, all declared columns: in a union by name it gives a file that lacks a column NULLs for it. */
function nothingOf(schema: StructType): string {
  const columns = schema.fields.map(f => `CAST(NULL AS ${duckdbTypeName(f.type)}) AS ${quoteName(f.name)}`)
  return `SELECT ${columns.length === 0 ? 'NULL AS "__spk_row"' : columns.join(', ')} WHERE false`
}

function rowRange({ rowGroups }: ScanSplit): string[] {
  return rowGroups === undefined ? [] : [`file_row_number >= ${rowGroups.rowFrom}`, `file_row_number < ${rowGroups.rowTo}`]
}

/** Which rows of a row group that several tasks read are this one's. */
function keyRange({ keyRange: range }: ScanSplit, schema: StructType): string[] {
  if (range === undefined) return []
  const type = must(
    schema.fields.find(f => f.name === range.column),
    'the key of a range is read',
  ).type
  const key = quoteName(range.column)
  const ends = [
    ...(range.from === undefined ? [] : [`${key} >= ${keyValue(range.from, type)}`]),
    ...(range.to === undefined ? [] : [`${key} < ${keyValue(range.to, type)}`]),
  ]
  if (ends.length === 0) return range.nulls ? [] : [`${key} IS NOT NULL`]
  return range.nulls ? [`(${ends.join(' AND ')} OR ${key} IS NULL)`] : ends
}

function keyValue(text: string, type: DataType): string {
  const value = BigInt(text)
  switch (type.kind) {
    case 'date':
      return `(DATE '1970-01-01' + (${value})::INTEGER)`
    case 'timestamp':
      return `make_timestamptz((${value})::BIGINT)`
    case 'timestamp_ntz':
      return `make_timestamp((${value})::BIGINT)`
    default:
      return `(${value})`
  }
}

function parquetSql(scan: ScanInput, trees: ReadonlyMap<string, ParquetTree>): string {
  const { schema, splits } = scan
  const branches = splits.map(split => {
    const tree = trees.get(split.file.uri)
    const file = `SELECT ${[ownColumns(scan, tree), ...fieldColumns(scan, tree)].join(', ')} FROM read_parquet(${quoteText(split.file.uri)})`
    const conditions = [...rowRange(split), ...keyRange(split, schema)]
    return conditions.length === 0 ? file : `${file} WHERE ${conditions.join(' AND ')}`
  })
  const columns = schema.fields.map(f => `CAST(${quoteName(f.name)} AS ${duckdbTypeName(f.type)}) AS ${quoteName(f.name)}`)
  // A scan of no columns still counts its rows.
  if (columns.length === 0) columns.push('NULL AS "__spk_row"')
  return `SELECT ${columns.join(', ')} FROM (${[nothingOf(schema), ...branches].join(' UNION ALL BY NAME ')})`
}

/** The columns of a file, but those that the table does not have and that are named as a field's column is. */
function ownColumns({ fields = {} }: ScanInput, tree: ParquetTree | undefined): string {
  const clashing = new Map(Object.keys(fields).flatMap(name => (tree?.paths.has(pathKey([name])) ? [[pathKey([name]), name] as const] : [])))
  const instants = [...(tree?.instants ?? [])].filter(name => !clashing.has(pathKey([name])))
  const without = clashing.size === 0 ? '' : ` EXCLUDE (${[...clashing.values()].map(quoteName).join(', ')})`
  const replaced = instants.map(name => `timezone('UTC', ${quoteName(name)}) AS ${quoteName(name)}`)
  return `*${without}${replaced.length === 0 ? '' : ` REPLACE (${replaced.join(', ')})`}`
}

/** Fields of structs as columns, which stand beside the reader so that it reads nothing else of the structs. What the file lacks is NULL by the union. */
function fieldColumns({ fields = {} }: ScanInput, tree: ParquetTree | undefined): string[] {
  return Object.entries(fields).flatMap(([name, path]) => {
    if (tree !== undefined && lacks(tree, path)) return []
    const [column = '', ...inner] = path
    return [`${inner.reduce((sql, field) => `struct_extract(${sql}, ${quoteText(field)})`, quoteName(column))} AS ${quoteName(name)}`]
  })
}
