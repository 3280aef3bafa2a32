/** Names, strings and types as SQL text. */
import type { DataType } from '../../core/types.js'
import { keywords } from './keywords.js'

/** A name, quoted unless it is a plain word and no keyword. */
export function printName(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !keywords.has(name.toUpperCase()) ? name : `\`${name.replaceAll('`', '``')}\``
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
  daytime_interval: 'INTERVAL DAY TO SECOND',
  yearmonth_interval: 'INTERVAL YEAR TO MONTH',
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
    default:
      return typeNames[type.kind] ?? type.kind.toUpperCase()
  }
}
