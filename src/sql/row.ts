/** Rows as the API hands them out. */
import type { Decimal } from './decimal.js'
import type { Interval } from './interval.js'
import type { Timestamp } from './timestamp.js'

/**
 * A value of a row, by column type: BOOLEAN boolean; TINYINT, SMALLINT, INT, FLOAT, DOUBLE number; BIGINT number, or bigint beyond 2^53 (always bigint
 * with `spk.sql.longAsBigInt`); DECIMAL `Decimal`; STRING string; BINARY `Uint8Array`; DATE `Date` at midnight UTC; TIMESTAMP `Timestamp` (a `Date` with
 * microseconds); INTERVAL `Interval`; ARRAY array; MAP `Map`; STRUCT plain object; NULL null.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Decimal
  | Uint8Array
  | Date
  | Timestamp
  | Interval
  | readonly Value[]
  | ReadonlyMap<Value, Value>
  | { readonly [field: string]: Value }

/**
 * A row: a plain object with one property per column, in column order. Of several columns with one name the first is the property, as `row['id']` is
 * in PySpark; `collectArrays()` gives all of them by position.
 */
// biome-ignore lint/suspicious/noExplicitAny: the caller knows the columns; naming a row type makes them exact
export type Row = Record<string, any>
