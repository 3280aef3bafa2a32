/** Values as text the way Spark's `show()` and its shell print them. */
import { formatDate } from '../core/datetime.js'
import { doubleText, floatText } from '../core/java-number.js'
import type { DataType } from '../core/types.js'
import { type Interval, secondsText } from './interval.js'
import type { Value } from './row.js'
import type { Timestamp } from './timestamp.js'

/** Text of a value of a type. `timeZone` is the session's, for timestamps. */
export function cellText(value: Value, type: DataType, timeZone: string): string {
  if (value === null || value === undefined) return 'NULL'
  switch (type.kind) {
    case 'float':
      return floatText(value as number)
    case 'double':
      return doubleText(value as number)
    case 'date':
      return formatDate(Math.round((value as Date).getTime() / 86_400_000))
    case 'timestamp':
      return (value as Timestamp).format(timeZone)
    case 'timestamp_ntz':
      return (value as Timestamp).format()
    case 'binary':
      return `[${[...(value as Uint8Array)].map(b => b.toString(16).padStart(2, '0').toUpperCase()).join(' ')}]`
    case 'daytime_interval':
      return dayTimeText(value as Interval)
    case 'yearmonth_interval':
      return yearMonthText(value as Interval)
    case 'array':
      return `[${(value as readonly Value[]).map(v => cellText(v, type.element, timeZone)).join(', ')}]`
    case 'map':
      return `{${[...(value as ReadonlyMap<Value, Value>)]
        .map(([k, v]) => `${cellText(k, type.key, timeZone)} -> ${cellText(v, type.value, timeZone)}`)
        .join(', ')}}`
    case 'struct':
      return `{${type.fields.map(f => cellText((value as Readonly<Record<string, Value>>)[f.name] ?? null, f.type, timeZone)).join(', ')}}`
    default:
      return String(value)
  }
}

function dayTimeText({ days, micros }: Interval): string {
  const negative = days < 0 || micros < 0n
  const rest = micros < 0n ? -micros : micros
  const two = (n: bigint): string => n.toString().padStart(2, '0')
  const seconds = secondsText(rest % 60_000_000n)
  const time = `${two(rest / 3_600_000_000n)}:${two((rest / 60_000_000n) % 60n)}:${rest % 60_000_000n < 10_000_000n ? '0' : ''}${seconds}`
  return `INTERVAL '${negative ? '-' : ''}${Math.abs(days)} ${time}' DAY TO SECOND`
}

function yearMonthText({ months }: Interval): string {
  const size = Math.abs(months)
  return `INTERVAL '${months < 0 ? '-' : ''}${Math.trunc(size / 12)}-${size % 12}' YEAR TO MONTH`
}
