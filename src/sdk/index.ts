/**
 * The public entry: `import { SparkSession, col, functions } from 'spk'`. The only file that re-exports; `test/sdk/api.test.ts` guards what it exports.
 */
import type { SparkSession as Session } from '../sql/session.js'
import { create, getOrCreate } from './open-session.js'
import { SessionBuilder } from './session-builder.js'

export type { JobProgress, JobResult, StageSummary } from '../actors/driver/handle.js'
export { SpkError } from '../core/errors.js'
export type { ArrayType, DataType, DecimalType, MapType, StructField, StructType } from '../core/types.js'
export { array, decimal, field, map, struct, types } from '../core/types.js'
export type { Catalog, TableInfo } from '../sql/catalog.js'
export { Column, type ColumnOrName, type ColumnOrValue, col, expr, lit } from '../sql/column.js'
export { DataFrame } from '../sql/dataframe.js'
export { Decimal } from '../sql/decimal.js'
export { functions } from '../sql/functions.js'
export type { GroupedData } from '../sql/grouped-data.js'
export { Interval } from '../sql/interval.js'
export type { JoinTypeName } from '../sql/join-types.js'
export type { LiteralInput } from '../sql/literal.js'
export type { SqlArguments } from '../sql/parse-options.js'
export type { DataFrameReader } from '../sql/reader.js'
export type { Row, Value } from '../sql/row.js'
export type { RuntimeConfig } from '../sql/runtime-config.js'
export type { ExplainMode } from '../sql/services.js'
export { Timestamp } from '../sql/timestamp.js'
export { Window, type WindowSpec } from '../sql/window.js'
export type { DataFrameWriter, SaveMode } from '../sql/writer.js'

/** A session; made by `SparkSession.builder()`. */
export type SparkSession = Session
export const SparkSession = {
  /**
   * Starts to describe a session.
   *
   * @example
   * const spark = await SparkSession.builder().master('local[2]').appName('first').getOrCreate()
   */
  builder: (): SessionBuilder<Session> => new SessionBuilder(getOrCreate, create),
} as const
