/** Literals as DuckDB SQL of exactly their type. */
import { SpkError } from '../../core/errors.js'
import { duckType, quoteText } from '../duck-type.js'
import type { Literal } from '../expr.js'
import { dateText, timestampText } from '../print.js'

/** Negative numbers are in parentheses, so that a cast or an operator after them means the whole. */
function number(text: string): string {
  return text.startsWith('-') ? `(${text})` : text
}

export function literalSql(literal: Literal): string {
  const { value, type } = literal
  if (value === null) return type.kind === 'null' ? 'NULL' : `CAST(NULL AS ${duckType(type)})`
  switch (type.kind) {
    case 'boolean':
      return value === true ? 'true' : 'false'
    case 'int':
      // 2147483648 without its sign would be a BIGINT.
      return value === -2147483648 ? '(-2147483648)::INTEGER' : number(String(value))
    case 'byte':
    case 'short':
    case 'long':
      return `${number(String(value))}::${duckType(type)}`
    case 'float':
    case 'double':
      return floating(Number(value), duckType(type))
    case 'decimal':
      return `${number(String(value))}::${duckType(type)}`
    case 'string':
      return quoteText(String(value))
    case 'binary':
      return value instanceof Uint8Array
        ? `CAST('${[...value].map(b => `\\x${b.toString(16).padStart(2, '0').toUpperCase()}`).join('')}' AS BLOB)`
        : unwritable(literal)
    case 'date':
      return `DATE '${dateText(Number(value))}'`
    case 'timestamp':
      return typeof value === 'bigint' ? `TIMESTAMPTZ '${timestampText(value)}+00'` : unwritable(literal)
    case 'timestamp_ntz':
      return typeof value === 'bigint' ? `TIMESTAMP '${timestampText(value)}'` : unwritable(literal)
    case 'time':
      return typeof value === 'bigint' ? `TIME '${timestampText(value).slice(11)}'` : unwritable(literal)
    case 'interval':
      if (typeof value !== 'object' || value instanceof Uint8Array) return unwritable(literal)
      return `(to_months(${value.months}) + to_days(${value.days}) + to_microseconds(${value.micros}))`
    case 'daytime_interval':
      return `to_microseconds(${value})`
    case 'yearmonth_interval':
      return `to_months(${value})`
    default:
      return unwritable(literal)
  }
}

function floating(value: number, type: string): string {
  if (Number.isNaN(value)) return `CAST('NaN' AS ${type})`
  if (!Number.isFinite(value)) return `CAST('${value > 0 ? '' : '-'}Infinity' AS ${type})`
  const text = Object.is(value, -0) ? '-0' : String(value)
  // With an exponent the text is read as DOUBLE, without a decimal in between.
  const exact = number(/e/i.test(text) ? text : `${text}e0`)
  return type === 'DOUBLE' ? exact : `${exact}::${type}`
}

function unwritable(literal: Literal): never {
  throw new SpkError('UNSUPPORTED_FEATURE.LITERAL_TYPE', `The feature is not supported: literal of the type "${literal.type.kind.toUpperCase()}".`, {
    sqlState: '0A000',
  })
}
