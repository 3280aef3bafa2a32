/** Literals as SQL text that reads back as the same value and type. */

import { formatDate, formatTimestamp } from '../../core/datetime.js'
import { intervalText } from '../../core/intervals.js'
import type { Literal } from '../expr.js'
import { printString, printType } from './print-names.js'

export function printLiteral({ value, type }: Literal): string {
  if (value === null) return type.kind === 'null' ? 'NULL' : `CAST(NULL AS ${printType(type)})`
  switch (type.kind) {
    case 'long':
      return `${value}L`
    case 'short':
      return `${value}S`
    case 'byte':
      return `${value}Y`
    case 'double':
    case 'float':
      return floating(value as number, type.kind)
    case 'decimal':
      return `${value}BD`
    case 'string':
      return printString(value as string)
    case 'binary':
      return `X'${Buffer.from(value as Uint8Array).toString('hex')}'`
    case 'date':
      return `DATE '${formatDate(value as number)}'`
    case 'timestamp':
      return `TIMESTAMP_LTZ '${formatTimestamp(value as bigint)} UTC'`
    case 'timestamp_ntz':
      return `TIMESTAMP_NTZ '${formatTimestamp(value as bigint)}'`
    case 'time':
      return `TIME '${formatTimestamp(value as bigint).slice(11)}'`
    case 'yearmonth_interval':
      return intervalText(BigInt(value as number), type as Parameters<typeof intervalText>[1])
    case 'daytime_interval':
      return intervalText(value as bigint, type as Parameters<typeof intervalText>[1])
    case 'interval': {
      const { months, days, micros } = value as { months: number; days: number; micros: bigint }
      return `make_interval(0, ${months}, 0, ${days}, 0, 0, CAST(${micros} AS DECIMAL(20, 0)) / 1000000)`
    }
    default:
      return String(value)
  }
}

function floating(value: number, kind: 'double' | 'float'): string {
  if (!Number.isFinite(value)) return `CAST('${value}' AS ${kind.toUpperCase()})`
  const text = Object.is(value, -0) ? '-0' : String(value)
  return `${text}${kind === 'double' ? 'D' : 'F'}`
}
