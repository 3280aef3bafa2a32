/**
 * Casts as DuckDB SQL with Spark's meaning: fractions are cut and not rounded, texts are read as Spark reads them, and what cannot be cast raises Spark's
 * own condition (`ansi`) or gives NULL (`try`, `legacy`).
 */
import type { DataType } from '../../core/types.js'
import type { CastMode } from '../bound.js'
import { isIntegral, isNumeric, sqlTypeName } from '../coercion.js'
import { duckType } from '../duck-type.js'
import { intervalCastSql } from './interval-cast-sql.js'

export function castSql(sql: string, from: DataType, to: DataType, mode: CastMode): string {
  const type = duckType(to)
  const cast = mode === 'ansi' ? 'CAST' : 'TRY_CAST'
  if (from.kind === 'null') return `CAST(${sql} AS ${type})`
  const interval = intervalCastSql(sql, from, to, mode)
  if (interval !== undefined) return interval
  if (from.kind === 'string') return fromString(sql, to, mode)
  if (to.kind === 'string') return toText(sql, from)
  if (isIntegral(to) && (from.kind === 'double' || from.kind === 'float' || from.kind === 'decimal')) return `${cast}(trunc(${sql}) AS ${type})`
  if (from.kind === 'timestamp' && isNumeric(to)) {
    if (isIntegral(to)) return `${cast}(floor(epoch_us(${sql}) / 1000000) AS ${type})`
    return `${cast}(epoch_us(${sql}) / 1000000 AS ${type})`
  }
  if (to.kind === 'timestamp' && isNumeric(from)) return `to_timestamp(CAST(${sql} AS DOUBLE))`
  if (from.kind === 'decimal' && to.kind === 'boolean') return `(${sql} <> 0)`
  if (from.kind === 'boolean' && to.kind === 'decimal') return `${cast}(CAST(${sql} AS INTEGER) AS ${type})`
  if (to.kind === 'binary') return `encode(${sql})`
  return `${cast}(${sql} AS ${type})`
}

/** What Spark takes off both ends: blanks and control characters. */
const blanks = `' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)`

function fromString(sql: string, to: DataType, mode: CastMode): string {
  const type = duckType(to)
  const trimmed = `trim(${sql}, ${blanks})`
  if (to.kind === 'string') return sql
  if (to.kind === 'binary') return `encode(${sql})`
  if (isIntegral(to))
    return checked(
      sql,
      `CASE WHEN regexp_full_match(${trimmed}, '[+-]?[0-9]+${mode === 'legacy' ? '(\\.[0-9]*)?' : ''}') THEN TRY_CAST(${mode === 'legacy' ? `trunc(TRY_CAST(${trimmed} AS DECIMAL(38, 10)))` : trimmed} AS ${type}) END`,
      to,
      mode,
    )
  if (to.kind === 'boolean') {
    const lower = `lower(${trimmed})`
    return checked(
      sql,
      `CASE WHEN ${lower} IN ('t', 'true', 'y', 'yes', '1') THEN true WHEN ${lower} IN ('f', 'false', 'n', 'no', '0') THEN false END`,
      to,
      mode,
    )
  }
  if (to.kind === 'date' || to.kind === 'timestamp' || to.kind === 'timestamp_ntz') {
    // A year or a month stands for its first day; what follows a date must look like a time.
    const whole = `CASE WHEN regexp_full_match(${trimmed}, '[0-9]{4}') THEN ${trimmed} || '-01-01' WHEN regexp_full_match(${trimmed}, '[0-9]{4}-[0-9]{1,2}') THEN ${trimmed} || '-01' ELSE ${trimmed} END`
    return checked(
      sql,
      `CASE WHEN regexp_full_match(${trimmed}, '[+-]?[0-9]{4,7}(-[0-9]{1,2}(-[0-9]{1,2}([ T].*)?)?)?') THEN TRY_CAST(${whole} AS ${type}) END`,
      to,
      mode,
    )
  }
  return checked(sql, `TRY_CAST(${trimmed} AS ${type})`, to, mode)
}

/** The value, or Spark's error for a text that has none. */
function checked(sql: string, value: string, to: DataType, mode: CastMode): string {
  const plain = value.startsWith('CASE') ? `(${value})` : value
  if (mode !== 'ansi') return plain
  const message =
    `'[CAST_INVALID_INPUT] The value ''' || ${sql} || ''' of the type "STRING" cannot be cast to "${sqlTypeName(to)}" because it is malformed. ` +
    `Correct the value as per the syntax, or change its target type. Use \`try_cast\` to tolerate malformed input and return NULL instead. SQLSTATE: 22018'`
  return `(CASE WHEN ${sql} IS NULL THEN NULL ELSE coalesce(${plain}, error(${message})) END)`
}

/** A floating value as Java prints it: plain between 10^-3 and 10^7, else with one digit before the point and an exponent (`1.0E7`). */
function floatingText(sql: string): string {
  const digits = "rtrim(ltrim(replace(split_part(t, 'e', 1), '.', ''), '0'), '0')"
  const given = "coalesce(TRY_CAST(nullif(split_part(t, 'e', 2), '') AS INTEGER), 0)"
  const whole = "split_part(split_part(t, 'e', 1), '.', 1)"
  const fraction = "split_part(split_part(t, 'e', 1), '.', 2)"
  const point = `CASE WHEN ${whole} <> '0' THEN length(${whole}) - 1 ELSE length(ltrim(${fraction}, '0')) - length(${fraction}) - 1 END`
  const scientific =
    `list_transform([CAST(abs(${sql}) AS VARCHAR)], lambda t: left(${digits}, 1) || '.' || coalesce(nullif(substring(${digits}, 2), ''), '0') || ` +
    `'E' || CAST(${point} + ${given} AS VARCHAR))[1]`
  return (
    `(CASE WHEN isnan(${sql}) THEN 'NaN' WHEN isinf(${sql}) THEN CASE WHEN ${sql} > 0 THEN 'Infinity' ELSE '-Infinity' END ` +
    `WHEN ${sql} = 0 OR abs(${sql}) BETWEEN 0.001 AND 9999999.999999999 THEN CAST(${sql} AS VARCHAR) ELSE CASE WHEN ${sql} < 0 THEN '-' ELSE '' END || ${scientific} END)`
  )
}

function toText(sql: string, from: DataType): string {
  switch (from.kind) {
    case 'binary':
      return `decode(${sql})`
    case 'timestamp':
      // Local time without an offset, as Spark prints it.
      return `CAST(CAST(${sql} AS TIMESTAMP) AS VARCHAR)`
    case 'float':
    case 'double':
      return floatingText(sql)
    default:
      return `CAST(${sql} AS VARCHAR)`
  }
}
