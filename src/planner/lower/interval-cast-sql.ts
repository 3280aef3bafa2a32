/** Casts to and from intervals as DuckDB SQL. */
import { intervalOf, isAnsiInterval, unitRange, unitsText } from '../../core/intervals.js'
import type { AtomicType, DataType } from '../../core/types.js'
import type { CastMode } from '../bound.js'
import { isIntegral } from '../coercion.js'
import { duckType, quoteText } from '../duck-type.js'
import { countOf, intervalSql } from '../functions/intervals.js'

type AnsiInterval = AtomicType & { readonly kind: 'yearmonth_interval' | 'daytime_interval' }

const microsOf = [86_400_000_000n, 3_600_000_000n, 60_000_000n, 1_000_000n]

/** How many of the counted unit (months, microseconds) one of a type's last unit is. */
function lastUnit(type: AnsiInterval): bigint {
  const last = unitRange(type)[1]
  return type.kind === 'yearmonth_interval' ? (last === 0 ? 12n : 1n) : (microsOf[last] ?? 1n)
}

/** Undefined when neither side is an interval. */
export function intervalCastSql(sql: string, from: DataType, to: DataType, mode: CastMode): string | undefined {
  if (isAnsiInterval(from)) {
    if (to.kind === 'string')
      return `spk_interval_text(CAST(${countOf(sql, from)} AS VARCHAR), ${quoteText(from.kind)}, ${quoteText(unitsText(from))})`
    if (isAnsiInterval(to)) return intervalOf(from.kind, ...unitRange(from)).units === to.units ? sql : narrowed(sql, to)
    // What does not fit fails with ANSI off too.
    return toNumber(sql, from, to, mode === 'try' ? 'try' : 'ansi')
  }
  if (from.kind === 'interval')
    return to.kind === 'string'
      ? `spk_calendar_text(CAST(year(${sql}) * 12 + month(${sql}) AS VARCHAR), CAST(day(${sql}) AS VARCHAR), CAST(${calendarMicros(sql)} AS VARCHAR))`
      : undefined
  if (isAnsiInterval(to)) {
    if (from.kind === 'string') return ofText(sql, to, mode)
    return ofNumber(sql, from, to, mode === 'try' ? 'try' : 'ansi')
  }
  if (to.kind !== 'interval' || from.kind !== 'string') return undefined
  const parsed = `${mode === 'ansi' ? 'spk_calendar_interval' : 'spk_try_calendar_interval'}(${sql})`
  return `(list_transform([${parsed}], lambda p_: to_months(CAST(split_part(p_, ',', 1) AS INTEGER)) + to_days(CAST(split_part(p_, ',', 2) AS INTEGER)) + to_microseconds(CAST(split_part(p_, ',', 3) AS BIGINT)))[1])`
}

function calendarMicros(x: string): string {
  return `(epoch_us(${x}) - epoch_us(to_days(CAST(day(${x}) AS INTEGER))) - epoch_us(to_months(CAST(year(${x}) * 12 + month(${x}) AS INTEGER))))`
}

/** Units below the type's last one are cut. */
function narrowed(sql: string, to: AnsiInterval): string {
  const unit = lastUnit(to)
  if (unit === 1n || unit === 1_000_000n) return sql
  const count = countOf(sql, to)
  return to.kind === 'yearmonth_interval'
    ? `to_months(CAST(${count} // ${unit} * ${unit} AS INTEGER))`
    : `to_microseconds(${count} // ${unit} * ${unit})`
}

function toNumber(sql: string, from: AnsiInterval, to: DataType, mode: CastMode): string {
  const count = countOf(sql, from)
  const unit = lastUnit(from)
  const cast = mode === 'ansi' ? 'CAST' : 'TRY_CAST'
  if (isIntegral(to)) return `${cast}(${count} // ${unit} AS ${duckType(to)})`
  return `${cast}(CAST(${count} AS DECIMAL(38, 9)) / ${unit} AS ${duckType(to)})`
}

function ofNumber(sql: string, from: DataType, to: AnsiInterval, mode: CastMode): string {
  const unit = lastUnit(to)
  // Only months and seconds have fractions, which are rounded; of any other unit the whole ones count.
  const fractional = unit === 1n || unit === 1_000_000n
  const count = isIntegral(from)
    ? `(CAST(${sql} AS HUGEINT) * ${unit})`
    : fractional
      ? `CAST(round(CAST(${sql} AS DECIMAL(38, 6)) * ${unit}) AS HUGEINT)`
      : `(CAST(trunc(${sql}) AS HUGEINT) * ${unit})`
  if (mode !== 'ansi') return intervalSql(count, to, undefined)
  return intervalSql(count, to, '')
    .replace('INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION', 'CAST_OVERFLOW')
    .replace('SQLSTATE: 22015', 'SQLSTATE: 22003')
}

function ofText(sql: string, to: AnsiInterval, mode: CastMode): string {
  const parsed = `${mode === 'ansi' ? 'spk_ansi_interval' : 'spk_try_ansi_interval'}(${sql}, ${quoteText(to.kind)}, ${quoteText(unitsText(to))})`
  return to.kind === 'yearmonth_interval' ? `to_months(CAST(${parsed} AS INTEGER))` : `to_microseconds(CAST(${parsed} AS BIGINT))`
}
