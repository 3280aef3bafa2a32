/** Names, strings and types as SQL text. */
import { unitsText } from '../../core/intervals.js'
import type { DataType } from '../../core/types.js'
import { ansiReserved, notBareAlias, notColumn } from './keywords.js'

/** Keywords that begin something of their own where a name may stand. */
const beginners = new Set(
  'ALL CASE CAST DATE DISTINCT EXISTS INTERVAL LATERAL NULL RECURSIVE ROLLUP CUBE GROUPING STRUCT TIME TIMESTAMP TIMESTAMP_LTZ TIMESTAMP_NTZ TRY_CAST FALSE TRUE UNBOUNDED CURRENT IDENTIFIER YEAR QUARTER MONTH WEEK DAY DAYOFYEAR HOUR MINUTE SECOND MILLISECOND MICROSECOND'.split(
    ' ',
  ),
)

function isPlain(name: string): boolean {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return false
  const key = name.toUpperCase()
  return !ansiReserved.has(key) && !notBareAlias.has(key) && !notColumn.has(key) && !beginners.has(key)
}

/** A name, quoted unless it is a plain word that cannot be taken for anything else. */
export function printName(name: string): string {
  return isPlain(name) ? name : `\`${name.replaceAll('`', '``')}\``
}

export function printNameParts(parts: readonly string[]): string {
  return parts.map(printName).join('.')
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', "'": "\\'", '\n': '\\n', '\r': '\\r', '\t': '\\t', '\0': '\\0', '\x1a': '\\Z' }

/** A string in single quotes. */
export function printString(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is escaped
  return `'${text.replace(/[\\'\n\r\t\0\x1a]/g, c => escapes[c] ?? c)}'`
}

const typeNames: Readonly<Record<string, string>> = {
  null: 'VOID',
  byte: 'TINYINT',
  short: 'SMALLINT',
  long: 'BIGINT',
  timestamp: 'TIMESTAMP_LTZ',
}

/** A type in DDL form. */
export function printType(type: DataType): string {
  switch (type.kind) {
    case 'decimal':
      return `DECIMAL(${type.precision}, ${type.scale})`
    case 'array':
      return `ARRAY<${printType(type.element)}>`
    case 'map':
      return `MAP<${printType(type.key)}, ${printType(type.value)}>`
    case 'struct':
      return `STRUCT<${type.fields.map(f => `${printName(f.name)}: ${printType(f.type)}${f.nullable ? '' : ' NOT NULL'}`).join(', ')}>`
    case 'daytime_interval':
    case 'yearmonth_interval':
      return `INTERVAL ${unitsText(type as Parameters<typeof unitsText>[0]).toUpperCase()}`
    default:
      return typeNames[type.kind] ?? type.kind.toUpperCase()
  }
}
