/** Literals as SQL text that reads back as the same value and type. */
import { formatDate, formatTimestamp } from '../../core/datetime.js'
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
      return yearMonth(value as number)
    case 'daytime_interval':
      return dayTime(value as bigint)
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

function yearMonth(months: number): string {
  const size = Math.abs(months)
  return `INTERVAL '${months < 0 ? '-' : ''}${Math.trunc(size / 12)}-${size % 12}' YEAR TO MONTH`
}

function dayTime(micros: bigint): string {
  const size = micros < 0n ? -micros : micros
  const two = (n: bigint): string => n.toString().padStart(2, '0')
  const time = `${two((size / 3_600_000_000n) % 24n)}:${two((size / 60_000_000n) % 60n)}:${two((size / 1_000_000n) % 60n)}`
  return `INTERVAL '${micros < 0n ? '-' : ''}${size / 86_400_000_000n} ${time}.${(size % 1_000_000n).toString().padStart(6, '0')}' DAY TO SECOND`
}
