/**
 * Casts as DuckDB SQL with Spark's meaning: fractions are cut and not rounded, texts are read as Spark reads them, and what cannot be cast raises Spark's
 * own condition (`ansi`) or gives NULL (`try`, `legacy`).
 */
import { decimalText } from '../../core/decimal-text.js'
import { type DataType, type DecimalType, sameType } from '../../core/types.js'
import type { CastMode } from '../bound.js'
import { isIntegral, isNumeric, sqlTypeName } from '../coercion.js'
import { duckType, quoteName, quoteText } from '../duck-type.js'
import { intervalCastSql } from './interval-cast-sql.js'

export function castSql(sql: string, from: DataType, to: DataType, mode: CastMode, depth = 0): string {
  const type = duckType(to)
  const cast = mode === 'ansi' ? 'CAST' : 'TRY_CAST'
  if (from.kind === 'null') return `CAST(${sql} AS ${type})`
  const interval = intervalCastSql(sql, from, to, mode)
  if (interval !== undefined) return interval
  if (from.kind === 'string') return fromString(sql, to, mode)
  if (to.kind === 'string') return toText(sql, from, depth)
  const nested = nestedCast(sql, from, to, mode, depth)
  if (nested !== undefined) return nested
  if (mode === 'legacy' && isIntegral(to) && isNumeric(from)) return legacyWhole(sql, from, to)
  if (isIntegral(to) && (from.kind === 'double' || from.kind === 'float' || from.kind === 'decimal')) return `${cast}(trunc(${sql}) AS ${type})`
  if (from.kind === 'timestamp' && isNumeric(to)) {
    if (isIntegral(to)) return `${cast}(floor(epoch_us(${sql}) / 1000000) AS ${type})`
    return `${cast}(epoch_us(${sql}) / 1000000 AS ${type})`
  }
  if (from.kind === 'time' && isNumeric(to)) {
    const seconds = `(hour(${sql}) * 3600 + minute(${sql}) * 60 + second(${sql}))`
    return isIntegral(to)
      ? `${cast}(${seconds} AS ${type})`
      : `${cast}(${seconds} + CAST(microsecond(${sql}) % 1000000 AS DECIMAL(18, 6)) / 1000000 AS ${type})`
  }
  if (to.kind === 'timestamp' && isNumeric(from)) return numberToInstant(sql, from, mode)
  if (from.kind === 'boolean' && to.kind === 'timestamp') return `make_timestamptz(CAST(${sql} AS BIGINT))`
  if (from.kind === 'timestamp' && to.kind === 'boolean') return `(epoch_us(${sql}) <> 0)`
  if (from.kind === 'date' && (isNumeric(to) || to.kind === 'boolean')) return `CAST(NULL AS ${type})`
  if (to.kind === 'decimal' && (from.kind === 'double' || from.kind === 'float')) return decimalOfDouble(sql, type, cast)
  if (from.kind === 'decimal' && to.kind === 'boolean') return `(${sql} <> 0)`
  if (from.kind === 'boolean' && to.kind === 'decimal') return `${cast}(CAST(${sql} AS INTEGER) AS ${type})`
  if (to.kind === 'binary')
    return isIntegral(from) ? `unhex(right(repeat('0', 16) || to_hex(CAST(${sql} AS BIGINT)), ${byteWidth(from) * 2}))` : `encode(${sql})`
  return `${cast}(${sql} AS ${type})`
}

/** The decimal of the digits that a double is printed with, as Java has it: its binary digits have others. What is not finite is NULL. */
function decimalOfDouble(sql: string, type: string, cast: string): string {
  const printed = `CAST(CAST(${sql} AS DOUBLE) AS VARCHAR)`
  const plain = `CASE WHEN contains(${printed}, 'e') THEN spk_plain_number(${printed}) ELSE ${printed} END`
  return `(CASE WHEN isfinite(${sql}) THEN ${cast}(${plain} AS ${type}) END)`
}

/** Seconds since the epoch, with a fraction of at most six digits. */
function numberToInstant(sql: string, from: DataType, mode: CastMode): string {
  if (isIntegral(from)) return `make_timestamptz(CAST(${sql} AS BIGINT) * 1000000)`
  if (from.kind === 'decimal') return `make_timestamptz(CAST(trunc(${sql} * 1000000) AS BIGINT))`
  const instant = `make_timestamptz(CAST(trunc(CAST(${sql} AS DOUBLE) * 1000000) AS BIGINT))`
  // What is not finite fails as DuckDB's own cast.
  return `(CASE WHEN isfinite(${sql}) THEN ${instant}${mode === 'ansi' ? ` ELSE to_timestamp(CAST(${sql} AS DOUBLE))` : ''} END)`
}

function byteWidth(type: DataType): number {
  return { byte: 1, short: 2, int: 4, long: 8 }[type.kind as 'int']
}

/** With ANSI off whole numbers keep their low bits, fractions stop at the ends of int and bigint, and NaN is 0: Java's conversions. */
function legacyWhole(sql: string, from: DataType, to: DataType): string {
  const low = (value: string, type: DataType): string => {
    const bits = BigInt(byteWidth(type) * 8)
    const [size, half] = [2n ** bits, 2n ** (bits - 1n)]
    return `CAST(((CAST(${value} AS HUGEINT) % ${size} + ${size + half}) % ${size}) - ${half} AS ${duckType(type)})`
  }
  if (isIntegral(from)) return byteWidth(from) <= byteWidth(to) ? `CAST(${sql} AS ${duckType(to)})` : low(sql, to)
  if (from.kind === 'decimal') return low(`trunc(${sql})`, to)
  const long = to.kind === 'long'
  const [least, most] = long ? ['-9223372036854775808', '9223372036854775807'] : ['-2147483648', '2147483647']
  const whole = `CASE WHEN isnan(${sql}) THEN 0 WHEN ${sql} >= ${most} THEN ${most} WHEN ${sql} <= ${least} THEN ${least} ELSE CAST(trunc(${sql}) AS BIGINT) END`
  return long || to.kind === 'int' ? `CAST(${whole} AS ${duckType(to)})` : low(whole, to)
}

/** Casts of what is inside arrays, maps and structs; undefined where DuckDB's own cast means the same or neither is nested. */
function nestedCast(sql: string, from: DataType, to: DataType, mode: CastMode, depth: number): string | undefined {
  const name = `e${depth}_`
  if (from.kind === 'array' && to.kind === 'array') {
    return sameType(from.element, to.element)
      ? sql
      : `list_transform(${sql}, lambda ${name}: ${castSql(name, from.element, to.element, mode, depth + 1)})`
  }
  if (from.kind === 'map' && to.kind === 'map') {
    const key = castSql(`${name}.key`, from.key, to.key, mode, depth + 1)
    const value = castSql(`${name}.value`, from.value, to.value, mode, depth + 1)
    return `map_from_entries(list_transform(map_entries(${sql}), lambda ${name}: {key: ${key}, value: ${value}}))`
  }
  if (from.kind === 'struct' && to.kind === 'struct') {
    const fields = from.fields.map((f, i) => {
      const other = to.fields[i] as (typeof to.fields)[number]
      return `${quoteName(other.name)} := ${castSql(`struct_extract(${sql}, ${quoteText(f.name)})`, f.type, other.type, mode, depth + 1)}`
    })
    return `(CASE WHEN ${sql} IS NULL THEN NULL ELSE struct_pack(${fields.join(', ')}) END)`
  }
  return undefined
}

/** What Spark takes off both ends: blanks and control characters. */
const blanks = `' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)`

function fromString(sql: string, to: DataType, mode: CastMode): string {
  const type = duckType(to)
  const trimmed = `trim(${sql}, ${blanks})`
  if (to.kind === 'string') return sql
  if (to.kind === 'binary') return `encode(${sql})`
  if (isIntegral(to))
    return mode === 'legacy'
      ? wholePart(trimmed, type)
      : checked(sql, `CASE WHEN regexp_full_match(${trimmed}, '[+-]?[0-9]+') THEN TRY_CAST(${trimmed} AS ${type}) END`, to, mode)
  if (to.kind === 'double' || to.kind === 'float') return checked(sql, floatingOfText(trimmed, type), to, mode)
  if (to.kind === 'boolean') {
    const lower = `lower(${trimmed})`
    return checked(
      sql,
      `CASE WHEN ${lower} IN ('t', 'true', 'y', 'yes', '1') THEN true WHEN ${lower} IN ('f', 'false', 'n', 'no', '0') THEN false END`,
      to,
      mode,
    )
  }
  if (to.kind === 'date') {
    const plain = `regexp_full_match(${sql}, '[0-9]{4}-[0-9]{2}-[0-9]{2}')`
    return checked(
      sql,
      `CASE WHEN ${plain} THEN TRY_CAST(${sql} AS DATE) ELSE DATE '1970-01-01' + CAST(spk_text_days(${trimmed}) AS INTEGER) END`,
      to,
      mode,
    )
  }
  if (to.kind === 'timestamp' || to.kind === 'timestamp_ntz') {
    // The form that DuckDB reads as Spark does; any other goes through JavaScript.
    const plain = `regexp_full_match(${sql}, '(1[6-9]|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?)?')`
    const slow =
      to.kind === 'timestamp'
        ? `make_timestamptz(CAST(spk_text_instant(${trimmed}, current_setting('TimeZone')) AS BIGINT))`
        : `make_timestamp(CAST(spk_text_wall_clock(${trimmed}) AS BIGINT))`
    return checked(sql, `CASE WHEN ${plain} THEN TRY_CAST(${sql} AS ${type}) ELSE ${slow} END`, to, mode)
  }
  if (to.kind === 'decimal') return decimalOfText(sql, trimmed, to, mode)
  return checked(sql, `TRY_CAST(${trimmed} AS ${type})`, to, mode)
}

/** DuckDB reads a number with an exponent by way of a double, which has fewer digits. A number that does not fit fails as one. */
function decimalOfText(sql: string, trimmed: string, to: DecimalType, mode: CastMode): string {
  const plain = `(CASE WHEN contains(lower(${trimmed}), 'e') THEN spk_plain_number(${trimmed}) ELSE ${trimmed} END)`
  const value = `TRY_CAST(${plain} AS ${duckType(to)})`
  if (mode !== 'ansi') return value
  const number = '[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?'
  const tooLarge =
    `'[NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION] ' || ${sql} || ' cannot be represented as Decimal(${to.precision}, ${to.scale}). ` +
    `If necessary set "spark.sql.ansi.enabled" to "false" to bypass this error, and return NULL instead. SQLSTATE: 22003'`
  return checked(sql, `coalesce(${value}, CASE WHEN regexp_full_match(${trimmed}, '${number}') THEN error(${tooLarge}) END)`, to, mode)
}

/** With ANSI off a fraction is cut, and a whole part that is left out is 0. */
function wholePart(text: string, type: string): string {
  const whole = `split_part(${text}, '.', 1)`
  return `(CASE WHEN regexp_full_match(${text}, '[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]*)') THEN CASE WHEN ${whole} IN ('', '+', '-') THEN 0 ELSE TRY_CAST(${whole} AS ${type}) END END)`
}

/** Java's form of a number, which may end in its type's letter. */
function floatingOfText(text: string, type: string): string {
  const form = '[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?[dDfF]?|(?i:[+-]?inf(inity)?|nan)'
  return `CASE WHEN regexp_full_match(${text}, '${form}') THEN TRY_CAST(CASE WHEN right(${text}, 1) IN ('d', 'D') OR (right(${text}, 1) IN ('f', 'F') AND length(${text}) > 1 AND left(right(${text}, 2), 1) NOT IN ('n', 'N')) THEN left(${text}, -1) ELSE ${text} END AS ${type}) END`
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

function toText(sql: string, from: DataType, depth = 0): string {
  const name = `t${depth}_`
  const part = (value: string, type: DataType) => `coalesce(${type.kind === 'string' ? value : toText(value, type, depth + 1)}, 'null')`
  switch (from.kind) {
    case 'binary':
      return `decode(${sql})`
    case 'timestamp':
      // Local time without an offset, as Spark prints it.
      return `CAST(CAST(${sql} AS TIMESTAMP) AS VARCHAR)`
    case 'float':
    case 'double':
      return floatingText(sql)
    case 'daytime_interval':
    case 'yearmonth_interval':
    case 'interval':
      return intervalCastSql(sql, from, { kind: 'string' }, 'ansi') ?? sql
    case 'decimal':
      return decimalText(sql, from)
    case 'null':
      return 'CAST(NULL AS VARCHAR)'
    case 'array':
      return `('[' || array_to_string(list_transform(${sql}, lambda ${name}: ${part(name, from.element)}), ', ') || ']')`
    case 'map':
      return `('{' || array_to_string(list_transform(map_entries(${sql}), lambda ${name}: ${part(`${name}.key`, from.key)} || ' -> ' || ${part(`${name}.value`, from.value)}), ', ') || '}')`
    case 'struct': {
      const fields = from.fields.map(f => part(`struct_extract(${sql}, ${quoteText(f.name)})`, f.type))
      return `(CASE WHEN ${sql} IS NULL THEN NULL ELSE '{' || ${fields.length === 0 ? "''" : fields.join(" || ', ' || ")} || '}' END)`
    }
    default:
      return `CAST(${sql} AS VARCHAR)`
  }
}
