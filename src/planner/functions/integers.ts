/** Integers of a certain width: what wraps around with ANSI off, and rounding to tens, hundreds, … in exact numbers. For templates of the table of functions. */
import type { DataType } from '../../core/types.js'
import { duckType } from '../duck-type.js'
import { raise } from './define.js'

const overflow = raise('ARITHMETIC_OVERFLOW', '22003', 'Overflow. If necessary set "spark.sql.ansi.enabled" to "false" to bypass this error.')

function rangeOf(type: DataType): readonly [size: bigint, half: bigint] {
  const width = { byte: 8n, short: 16n, int: 32n, long: 64n }[type.kind as 'int']
  return [2n ** width, 2n ** (width - 1n)]
}

/** Two's complement: what is too large starts again at the other end. `exact` is a HUGEINT of at most twice the width. */
export function wrappedSql(exact: string, type: DataType): string {
  const [size, half] = rangeOf(type)
  return `CAST((((${exact}) % ${size} + ${size + half}) % ${size}) - ${half} AS ${duckType(type)})`
}

/** The value, or Spark's overflow. */
export function checkedSql(exact: string, type: DataType): string {
  const [, half] = rangeOf(type)
  return `CAST(CASE WHEN ${exact} NOT BETWEEN ${-half} AND ${half - 1n} THEN ${overflow} ELSE ${exact} END AS ${duckType(type)})`
}

/** Rounded to a multiple of 10^digits, exact: halves go away from zero, or to the even neighbour. */
export function roundedInteger(x: string, digits: number, even: boolean): string {
  // No bigint is as large as half of 10^20.
  if (digits >= 20) return `(CAST(${x} AS HUGEINT) * 0)`
  const step = `CAST(1${'0'.repeat(digits)} AS HUGEINT)`
  const half = `CAST(5${'0'.repeat(digits - 1)} AS HUGEINT)`
  const size = `abs(CAST(${x} AS HUGEINT))`
  const up = even
    ? `(CASE WHEN ${size} % ${step} > ${half} OR (${size} % ${step} = ${half} AND (${size} // ${step}) % 2 = 1) THEN ${size} // ${step} + 1 ELSE ${size} // ${step} END)`
    : `((${size} + ${half}) // ${step})`
  return `(sign(${x}) * ${up} * ${step})`
}
