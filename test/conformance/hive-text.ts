/** Values as Hive prints them, which is how the golden files show rows: columns joined by a tab, texts quoted only inside nested values. */
import { formatDate } from '#src/core/datetime.js'
import { doubleText, floatText } from '#src/core/java-number.js'
import type { DataType } from '#src/core/types.js'
import type { Interval } from '#src/sql/interval.js'
import type { Value } from '#src/sql/row.js'
import type { Timestamp } from '#src/sql/timestamp.js'

/** How binary values are shown: `spark.sql.binaryOutputStyle`; plain UTF-8 text unless set. */
export type BinaryStyle = 'UTF-8' | 'HEX' | 'HEX_DISCRETE' | 'BASIC' | 'BASE64'

export interface HiveOptions {
  readonly timeZone: string
  readonly binaryStyle?: BinaryStyle
}

export function hiveText(value: Value, type: DataType, options: HiveOptions, nested = false): string {
  if (value === null || value === undefined) return nested ? 'null' : 'NULL'
  switch (type.kind) {
    case 'float':
      return floatText(value as number)
    case 'double':
      return doubleText(value as number)
    case 'date':
      return formatDate(Math.round((value as Date).getTime() / 86_400_000))
    case 'timestamp':
      return (value as Timestamp).format(options.timeZone)
    case 'timestamp_ntz':
      return (value as Timestamp).format()
    case 'string':
      return nested ? `"${String(value)}"` : String(value)
    case 'binary':
      return binaryText(value as Uint8Array, options.binaryStyle ?? 'UTF-8')
    case 'daytime_interval':
      return dayTimeText(value as Interval)
    case 'yearmonth_interval':
      return yearMonthText(value as Interval)
    case 'array':
      return `[${(value as readonly Value[]).map(v => hiveText(v, type.element, options, true)).join(',')}]`
    case 'map':
      return `{${[...(value as ReadonlyMap<Value, Value>)]
        .map(([k, v]) => `${hiveText(k, type.key, options, true)}:${hiveText(v, type.value, options, true)}`)
        .sort(byCodeUnits)
        .join(',')}}`
    case 'struct':
      return `{${type.fields
        .map(f => `"${f.name}":${hiveText((value as Readonly<Record<string, Value>>)[f.name] ?? null, f.type, options, true)}`)
        .join(',')}}`
    default:
      return String(value)
  }
}

/** The order of texts in Java. */
export function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function binaryText(bytes: Uint8Array, style: BinaryStyle): string {
  const buffer = Buffer.from(bytes)
  switch (style) {
    case 'HEX':
      return buffer.toString('hex').toUpperCase()
    case 'HEX_DISCRETE':
      return `[${[...bytes].map(b => b.toString(16).padStart(2, '0').toUpperCase()).join(' ')}]`
    case 'BASIC':
      return `[${[...bytes].map(b => (b > 127 ? b - 256 : b)).join(', ')}]`
    case 'BASE64':
      return buffer.toString('base64').replace(/=+$/, '')
    default:
      return buffer.toString('utf8')
  }
}

function dayTimeText({ days, micros }: Interval): string {
  const total = BigInt(days) * 86_400_000_000n + micros
  const size = total < 0n ? -total : total
  const two = (n: bigint): string => n.toString().padStart(2, '0')
  const time = `${two((size / 3_600_000_000n) % 24n)}:${two((size / 60_000_000n) % 60n)}:${two((size / 1_000_000n) % 60n)}`
  return `${total < 0n ? '-' : ''}${size / 86_400_000_000n} ${time}.${(size % 1_000_000n).toString().padStart(6, '0')}000`
}

function yearMonthText({ months }: Interval): string {
  const size = Math.abs(months)
  return `${months < 0 ? '-' : ''}${Math.trunc(size / 12)}-${size % 12}`
}
