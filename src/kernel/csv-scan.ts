/** CSV files as SQL: texts by position as Spark reads them, then values by type and by `mode`. */
import { SpkError } from '../core/errors.js'
import type { StructType } from '../core/types.js'
import { quoteName, quoteText } from './duckdb.js'
import { malformedSql, type ReadMode, readModes } from './malformed.js'
import { SourceOptions } from './source-options.js'
import { valueOfText } from './text-values.js'

/** A SELECT of `schema`'s columns from files whose columns are `fileSchema`, by position. */
export function csvSql(files: readonly string[], given: Readonly<Record<string, string>>, schema: StructType, fileSchema: StructType): string {
  const options = new SourceOptions('csv', 'reading', given)
  const mode = options.choice('mode', readModes, 'PERMISSIVE')
  const columns = `{${fileSchema.fields.map(f => `${quoteText(f.name)}: 'VARCHAR'`).join(', ')}}`
  // An empty line is no record. In a file of one column DuckDB takes it for NULL, and only quotes tell it from an empty value.
  const only = fileSchema.fields.length === 1 ? fileSchema.fields[0] : undefined
  const reader = argumentsSql({
    auto_detect: 'false',
    columns,
    ...csvReaderOptions(options, mode),
    ...(only === undefined ? {} : { allow_quoted_nulls: 'false' }),
  })
  const texts = schema.fields.map(f => `${textOf(f.name, options, only !== undefined)} AS ${quoteName(f.name)}`)
  return malformedSql(
    `SELECT ${texts.length === 0 ? 'NULL AS "__spk_row"' : texts.join(', ')} FROM read_csv([${files.map(quoteText).join(', ')}], ${reader})${only === undefined ? '' : ` WHERE ${quoteName(only.name)} IS NOT NULL`}`,
    schema.fields.map(f => ({ name: f.name, type: f.type, value: valueOfText(quoteName(f.name), f.type, options) })),
    mode,
  )
}

/** The arguments of `read_csv` that hold for the rows as well as for the inference of the schema. */
export function csvReaderOptions(options: SourceOptions, mode: ReadMode): Record<string, string | undefined> {
  const nullValue = options.text('nullValue') ?? ''
  const comment = options.character('comment', '')
  options.only('enforceSchema', ['true'])
  return {
    header: String(options.flag('header', false)),
    delim: quoteText(separator(options)),
    quote: quoteText(options.character('quote', '"')),
    escape: quoteText(options.character('escape', '\\')),
    // An empty field is NULL whatever nullValue is; a quoted empty one only when nullValue is empty, too.
    nullstr: "''",
    allow_quoted_nulls: String(nullValue === ''),
    compression: quoteText(compressionOf(options).replace('auto_detect', 'auto')),
    encoding: quoteText(encodingOf(options)),
    ...(comment === '' ? {} : { comment: quoteText(comment) }),
    ...(mode === 'PERMISSIVE' ? { null_padding: 'true', strict_mode: 'false', parallel: 'false' } : {}),
    ...(mode === 'DROPMALFORMED' ? { ignore_errors: 'true' } : {}),
  }
}

/** Named arguments of a table function; undefined ones are left out. */
export function argumentsSql(list: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(list)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} = ${value}`)
    .join(', ')
}

function separator(options: SourceOptions): string {
  const text = options.text('sep', 'delimiter') ?? ','
  const value = text === '\\t' ? '\t' : text
  if (value.length < 1 || value.length > 4) {
    throw new SpkError(
      'INVALID_DELIMITER_VALUE.UNSUPPORTED_SPECIAL_CHARACTER',
      `The separator ${JSON.stringify(text)} must have 1 to 4 characters.`,
      { sqlState: '42602' },
    )
  }
  return value
}

/** DuckDB's name of the compression; by the file's extension when not given. */
export function compressionOf(options: SourceOptions): string {
  const codec = (options.text('compression', 'codec') ?? 'auto').toLowerCase()
  const known = { auto: 'auto_detect', none: 'none', uncompressed: 'none', gzip: 'gzip', zstd: 'zstd' }[codec]
  if (known === undefined) throw new SpkError('SPK_BAD_OPTION_VALUE', `Compression "${codec}" cannot be read; valid: none, uncompressed, gzip, zstd.`)
  return known
}

function encodingOf(options: SourceOptions): string {
  const name = (options.text('encoding', 'charset') ?? 'UTF-8').toLowerCase()
  const known = {
    'utf-8': 'utf-8',
    utf8: 'utf-8',
    'us-ascii': 'utf-8',
    'iso-8859-1': 'latin-1',
    'latin-1': 'latin-1',
    latin1: 'latin-1',
    'utf-16': 'utf-16',
  }[name]
  if (known === undefined)
    throw new SpkError('SPK_BAD_OPTION_VALUE', `Encoding "${name}" is not supported; valid: UTF-8, US-ASCII, ISO-8859-1, UTF-16.`)
  return known
}

/** A column's text after white space, nullValue and emptyValue. `quotedEmpty`: a quoted empty text arrives as empty, whatever nullValue is. */
function textOf(name: string, options: SourceOptions, quotedEmpty: boolean): string {
  let text = quoteName(name)
  if (options.flag('ignoreLeadingWhiteSpace', false)) text = `ltrim(${text})`
  if (options.flag('ignoreTrailingWhiteSpace', false)) text = `rtrim(${text})`
  const nullValue = options.text('nullValue') ?? ''
  const emptyValue = options.text('emptyValue') ?? ''
  if (nullValue !== '' || quotedEmpty) text = `NULLIF(${text}, ${quoteText(nullValue)})`
  if (emptyValue !== '') text = `CASE WHEN ${text} = '' THEN ${quoteText(emptyValue)} ELSE ${text} END`
  return text
}
