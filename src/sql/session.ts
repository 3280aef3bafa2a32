/** The session: where DataFrames come from. The SDK's `SparkSession.builder()` makes it; several can share a cluster connection. */
import { conf } from '../core/config-table.js'
import { SpkError } from '../core/errors.js'
import { type StructType, struct } from '../core/types.js'
import type { Relation } from '../planner/logical.js'
import { parseName, parseStatement, parseTableSchema } from '../planner/parse/parse.js'
import { asCalled } from './call-site.js'
import { Catalog } from './catalog.js'
import { DataFrame } from './dataframe.js'
import type { InputRow } from './encode.js'
import { inferSchema } from './infer.js'
import { localRelation } from './local-relation.js'
import { parseOptions, type SqlArguments, timeZoneOf } from './parse-options.js'
import { QueryRunner } from './query-runner.js'
import { DataFrameReader } from './reader.js'
import type { Row } from './row.js'
import { RuntimeConfig } from './runtime-config.js'
import type { SessionServices } from './services.js'
import { SessionTables } from './session-tables.js'
import { runStatement } from './statement.js'
import { TempViews } from './temp-views.js'

/** Rows per partition of `createDataFrame` before a second one is made. */
const ROWS_PER_PARTITION = 10_000

export class SparkSession {
  /** Settings of this session. */
  readonly conf: RuntimeConfig
  /** Temp views. */
  readonly catalog: Catalog
  /** Plans and runs: for DataFrames. @internal */
  readonly runner: QueryRunner
  #stopped: Promise<void> | undefined

  constructor(services: SessionServices, settings: Readonly<Record<string, string>>) {
    this.conf = new RuntimeConfig(settings, sentence => services.terminal.err(`WARN ${sentence}\n`))
    const views = new TempViews(() => this.conf.snapshot().get(conf.caseSensitive))
    const tables = new SessionTables(
      () => services.warehouse(),
      () => this.conf.snapshot().get(conf.caseSensitive),
    )
    this.runner = new QueryRunner(services, this.conf, views, tables)
    this.catalog = new Catalog(views, tables)
  }

  /** Version of spk. */
  get version(): string {
    return this.runner.services.version
  }
  /** Id of the application on the cluster. */
  get applicationId(): string {
    return this.runner.services.cluster.appId
  }
  /** The session's time zone. */
  get timeZone(): string {
    return timeZoneOf(this.conf.snapshot())
  }

  readonly #over = <T extends object>(plan: Relation): DataFrame<T> => new DataFrame<T>(this, plan)

  /**
   * A SQL statement. A query is a lazy DataFrame; `CREATE TEMP VIEW`, `DROP VIEW`, `SET` and `RESET` take effect at once.
   *
   * @param args - values of `:name` or `?` markers; they are values, never text that is parsed
   * @example spark.sql('SELECT * FROM customers WHERE age > :age', { age: 25 })
   */
  sql<T extends object = Row>(text: string, args?: SqlArguments): DataFrame<T> {
    try {
      return new DataFrame<T>(this, runStatement(parseStatement(text, parseOptions(this.conf.snapshot(), args)), this, text), text)
    } catch (error) {
      throw asCalled(error, new Error('called'))
    }
  }

  /** Reads files. @example spark.read.option('header', true).csv('customers.csv') */
  get read(): DataFrameReader {
    return new DataFrameReader(this.#over)
  }

  /** A table or view by name. */
  table<T extends object = Row>(name: string): DataFrame<T> {
    return this.#over<T>({ kind: 'UnresolvedRelation', nameParts: parseName(name) })
  }

  /**
   * Whole numbers from `start` (0 when only one is given) to before `end`, in a column `id`.
   *
   * @example spark.range(10), spark.range(0, 1_000_000, 2, 8)
   */
  range(start: number | bigint, end?: number | bigint, step: number | bigint = 1, numPartitions?: number): DataFrame<{ id: number }> {
    const from = end === undefined ? 0n : whole(start, 'start')
    const by = whole(step, 'step')
    if (by === 0n) throw new SpkError('SPK_INVALID_CALL', 'range() needs a step other than 0.')
    return this.#over<{ id: number }>({
      kind: 'Range',
      start: from,
      end: whole(end ?? start, 'end'),
      step: by,
      ...(numPartitions === undefined ? {} : { numPartitions }),
    })
  }

  /**
   * Rows of the program as a DataFrame. Without a schema it is inferred from all rows; with names, types are inferred.
   *
   * @param rows - objects, or arrays of values
   * @param schema - DDL text (`'id INT, name STRING'`), a type, or column names
   * @example spark.createDataFrame([{ id: 1, name: 'Ada' }])
   * @example spark.createDataFrame([[1, 'Ada']], 'id INT, name STRING')
   */
  createDataFrame<T extends object>(
    rows: readonly T[],
    schema?: string | StructType | readonly string[],
  ): DataFrame<T extends readonly unknown[] ? Row : T> {
    const given = rows as readonly InputRow[]
    const type =
      typeof schema === 'string' ? parseTableSchema(schema) : Array.isArray(schema) ? inferSchema(given, schema) : (schema ?? inferSchema(given))
    const parallelism = this.runner.services.cluster.defaultParallelism()
    const partitions = Math.min(parallelism, Math.ceil(rows.length / ROWS_PER_PARTITION))
    return this.#over(localRelation(given, type as StructType, partitions))
  }

  /** No rows and no columns. */
  emptyDataFrame(): DataFrame {
    return this.#over(localRelation([], struct([])))
  }

  /**
   * Cancels every action of this session that runs now: each rejects with `SPARK_JOB_CANCELLED`, its tasks stop and free their slots.
   *
   * @returns how many actions were cancelled
   */
  interruptAll(reason = 'interrupted by the session'): number {
    return this.runner.interruptAll(reason)
  }

  /** Ends the application: executors stop, the connection closes. Idempotent. */
  stop(): Promise<void> {
    this.#stopped ??= this.runner.services.cluster.stop()
    return this.#stopped
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

function whole(n: number | bigint, what: string): bigint {
  if (typeof n === 'bigint') return n
  if (!Number.isInteger(n)) throw new SpkError('SPK_INVALID_CALL', `range() takes whole numbers; ${what} is ${n}.`)
  return BigInt(n)
}
