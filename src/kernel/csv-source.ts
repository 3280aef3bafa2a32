/** Schema of csv files: Spark's column names from the first line, all strings, or with `inferSchema` the narrowest type that every value fits. */
import { type DataType, decimal, field, type StructType, struct, types } from '../core/types.js'
import { argumentsSql, csvReaderOptions, csvSql } from './csv-scan.js'
import { type Connection, quoteName, quoteText } from './duckdb.js'
import { SourceOptions } from './source-options.js'
import { valueOfText } from './text-values.js'

/** Undefined when the files have no line at all. */
export async function csvSchema(
  connection: Connection,
  files: readonly string[],
  given: Readonly<Record<string, string>>,
): Promise<StructType | undefined> {
  const options = new SourceOptions('csv', 'reading', given)
  const cells = await firstRecord(connection, files, options)
  if (cells === undefined) return undefined
  const names = options.flag('header', false) ? safeHeader(cells) : cells.map((_, i) => `_c${i}`)
  const schema = struct(names.map(name => field(name, types.string)))
  return options.flag('inferSchema', false) ? infer(connection, files, given, schema, options) : schema
}

/** Cells of the first line that is neither empty nor a comment. */
async function firstRecord(connection: Connection, files: readonly string[], options: SourceOptions): Promise<string[] | undefined> {
  const { compression, encoding, comment } = csvReaderOptions(options, 'PERMISSIVE')
  // The whole line as one column: a separator that text does not have, and no quotes.
  const dialect = argumentsSql({
    auto_detect: 'false',
    columns: "{'line': 'VARCHAR'}",
    header: 'false',
    delim: quoteText('\u0001'),
    quote: "''",
    escape: "''",
    nullstr: "''",
    strict_mode: 'false',
    compression,
    encoding,
    comment,
  })
  for (const file of files) {
    const rows = await connection.rows<{ line: string }>(`SELECT line FROM read_csv(${quoteText(file)}, ${dialect}) WHERE line IS NOT NULL LIMIT 1`)
    const line = rows[0]?.line
    if (line === undefined) continue
    const separator = options.text('sep', 'delimiter') ?? ','
    return cellsOf(
      line.replace(/^\uFEFF/, ''),
      separator === '\\t' ? '\t' : separator,
      options.character('quote', '"'),
      options.character('escape', '\\'),
    )
  }
  return undefined
}

/** Splits one line; a doubled quote inside quotes is one quote, as is an escaped one. */
export function cellsOf(line: string, separator: string, quote: string, escapeBy: string): string[] {
  const cells: string[] = []
  let cell = ''
  let quoted = false
  for (let i = 0; i < line.length; i++) {
    const c = line[i] as string
    if (quoted) {
      if (escapeBy !== '' && c === escapeBy && escapeBy !== quote && (line[i + 1] === quote || line[i + 1] === escapeBy)) cell += line[++i]
      else if (c === quote && line[i + 1] === quote) cell += line[++i]
      else if (c === quote) quoted = false
      else cell += c
    } else if (quote !== '' && c === quote && cell === '') quoted = true
    else if (line.startsWith(separator, i)) {
      cells.push(cell)
      cell = ''
      i += separator.length - 1
    } else cell += c
  }
  cells.push(cell)
  return cells
}

/** Spark's names: an empty cell is `_c<i>`, a repeated name (in any case) gets its index appended. */
export function safeHeader(cells: readonly string[]): string[] {
  const counts = new Map<string, number>()
  for (const cell of cells) counts.set(cell.toLowerCase(), (counts.get(cell.toLowerCase()) ?? 0) + 1)
  return cells.map((cell, i) => (cell === '' ? `_c${i}` : (counts.get(cell.toLowerCase()) ?? 0) > 1 ? `${cell}${i}` : cell))
}

/** A timestamp's text reads as a date, too, but is none. */
function candidateSql(text: string, type: DataType, options: SourceOptions): string {
  const value = valueOfText(text, type, options)
  return type.kind === 'date' && options.text('dateFormat') === undefined ? `CASE WHEN length(${text}) <= 10 THEN ${value} END` : value
}

/** Narrowest first, as Spark tries them. A whole number too long for a long becomes a decimal. */
const candidates: readonly DataType[] = [types.int, types.long, types.double, types.date, types.timestamp, types.boolean]

async function infer(
  connection: Connection,
  files: readonly string[],
  given: Readonly<Record<string, string>>,
  schema: StructType,
  options: SourceOptions,
): Promise<StructType> {
  const counts = schema.fields.flatMap((f, i) => {
    const text = quoteName(f.name)
    return [
      `count(${text}) AS n${i}`,
      `max(CASE WHEN ${text} IS NULL THEN 0 WHEN regexp_full_match(${text}, '[+-]?[0-9]+') THEN length(ltrim(${text}, '+-0')) ELSE 99 END) AS digits${i}`,
      ...candidates.map((type, k) => `count(${candidateSql(text, type, options)}) AS t${i}_${k}`),
    ]
  })
  const rows = await connection.rows<Record<string, number>>(
    `SELECT ${counts.join(', ')} FROM (${csvSql(files, { ...given, mode: 'PERMISSIVE' }, schema, schema)})`,
  )
  const row = rows[0] ?? {}
  return struct(
    schema.fields.map((f, i) => {
      const n = row[`n${i}`] ?? 0
      if (n === 0) return f
      const found = candidates.find((_, k) => row[`t${i}_${k}`] === n)
      const digits = row[`digits${i}`] ?? 99
      if (found?.kind === 'double' && digits <= 38) return { ...f, type: decimal(Math.max(1, digits), 0) }
      return found === undefined ? f : { ...f, type: found }
    }),
  )
}
