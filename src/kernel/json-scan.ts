/**
 * JSON files as SQL: lines (or whole documents with `multiLine`), fields by name, values by type and by `mode`. DuckDB reads a JSON number with a
 * fraction or beyond 64 bits as a double, so a decimal keeps about 15 digits of one (all of them when it is written as a text).
 */
import type { DataType, StructField, StructType } from '../core/types.js'
import { compressionOf } from './csv-scan.js'
import { quoteName, quoteText } from './duckdb.js'
import { malformedSql, readModes } from './malformed.js'
import { SourceOptions } from './source-options.js'
import { duckdbTypeName } from './spark-types.js'
import { valueOfText } from './text-values.js'

/** A SELECT of `schema`'s columns; a field that a record lacks is NULL. */
export function jsonSql(files: readonly string[], given: Readonly<Record<string, string>>, schema: StructType): string {
  const options = new SourceOptions('json', 'reading', given)
  const mode = options.choice('mode', readModes, 'PERMISSIVE')
  const list = `[${files.map(quoteText).join(', ')}]`
  if (mode === 'DROPMALFORMED') return droppingSql(list, options, schema)
  const columns = `{${schema.fields.map(f => `${quoteText(f.name)}: ${quoteText(duckdbTypeName(readType(f, options)))}`).join(', ')}}`
  // At least one column must be read to count rows.
  const read = schema.fields.length === 0 ? `{'__spk_row': 'VARCHAR'}` : columns
  const reader = `read_json(${list}, auto_detect = false, columns = ${read}, ${jsonReaderOptions(options, mode === 'PERMISSIVE')})`
  return malformedSql(
    `SELECT * FROM ${reader}`,
    schema.fields.map(f => ({ name: f.name, type: f.type, value: fieldValue(f, options) })),
    mode,
  )
}

export function jsonReaderOptions(options: SourceOptions, ignoreErrors: boolean): string {
  options.only('encoding', ['UTF-8'])
  options.only('charset', ['UTF-8'])
  const format = options.flag('multiLine', false) ? 'auto' : 'newline_delimited'
  // DuckDB can look past an error in lines only.
  return `format = '${format}', compression = ${quoteText(compressionOf(options))}, ignore_errors = ${ignoreErrors && format === 'newline_delimited'}`
}

/** Types whose texts are read by rules of our own come as text. */
function readType(f: StructField, options: SourceOptions): DataType {
  return readAsText(f, options) ? { kind: 'string' } : f.type
}

function readAsText(f: StructField, options: SourceOptions): boolean {
  switch (f.type.kind) {
    case 'binary':
      return true
    case 'date':
      return options.text('dateFormat') !== undefined
    case 'timestamp':
      return options.text('timestampFormat') !== undefined
    case 'timestamp_ntz':
      return options.text('timestampNTZFormat') !== undefined
    default:
      return false
  }
}

function fieldValue(f: StructField, options: SourceOptions): string {
  const name = quoteName(f.name)
  if (f.type.kind === 'binary') return `TRY(from_base64(${name}))`
  return readAsText(f, options) ? valueOfText(name, f.type, options) : name
}

/** Every record as JSON, so that a field that is there but unusable can be told from one that is not there. */
function droppingSql(list: string, options: SourceOptions, schema: StructType): string {
  const reader = `read_json_objects(${list}, ${jsonReaderOptions(options, true)})`
  const structure = `{${schema.fields.map(f => `${JSON.stringify(f.name)}: ${JSON.stringify(duckdbTypeName(readType(f, options)))}`).join(', ')}}`
  const records = `SELECT json, json_transform(json, ${quoteText(structure)}) AS r FROM ${reader} WHERE json_type(json) = 'OBJECT'`
  if (schema.fields.length === 0) return `SELECT NULL AS "__spk_row" FROM ${reader} WHERE json_type(json) = 'OBJECT'`
  const columns = schema.fields.map((f, i) => {
    const path = quoteText(`$.${JSON.stringify(f.name)}`)
    return { f, name: `v${i}`, there: `COALESCE(json_type(json, ${path}), 'NULL') <> 'NULL'` }
  })
  const texts = columns.map(c => `r.${quoteName(c.f.name)} AS ${quoteName(c.f.name)}, ${c.there} AS ${c.name}`)
  const kept = columns.map(c => `(NOT ${c.name} OR ${fieldValue(c.f, options)} IS NOT NULL)`)
  return `SELECT ${columns.map(c => `${fieldValue(c.f, options)} AS ${quoteName(c.f.name)}`).join(', ')} FROM (SELECT ${texts.join(', ')} FROM (${records})) WHERE ${kept.join(' AND ')}`
}
