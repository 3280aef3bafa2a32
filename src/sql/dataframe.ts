/** The public DataFrame: lazy transformations (`transforms.ts`) and the actions here, which plan, run and hand out rows. */

import type { StageSummary } from '../actors/driver/handle.js'
import { encodeStream } from '../core/arrow/encode.js'
import { conf } from '../core/config-table.js'
import { type StructType, typeString } from '../core/types.js'
import type { Relation } from '../planner/logical.js'
import { arrowTable, type Table } from './arrow-table.js'
import { described } from './call-site.js'
import { cellText } from './cell-text.js'
import { callFunction, lit } from './column.js'
import { type DecodeOptions, decodeArrays, decodeRows } from './decode.js'
import type { QueryResult } from './query-runner.js'
import type { Row, Value } from './row.js'
import { schemaTree } from './schema-tree.js'
import type { ExplainMode } from './services.js'
import type { SparkSession } from './session.js'
import { showString } from './show.js'
import { Transforms } from './transforms.js'
import { DataFrameWriter } from './writer.js'

/**
 * Rows with named columns, not yet computed. `R` is the type of its rows, for TypeScript alone.
 *
 * @example
 * const totals = spark.read.parquet('customers').filter(col('age').gt(25)).groupBy('country').agg(functions.sum('sales').as('total'))
 * await totals.orderBy(col('total').desc()).show()
 */
export class DataFrame<R extends object = Row> extends Transforms<R> {
  /** The session it belongs to. */
  readonly sparkSession: SparkSession
  #lastStages: readonly StageSummary[] = []

  constructor(session: SparkSession, plan: Relation, text?: string) {
    super(plan, text)
    this.sparkSession = session
  }

  protected override over<T extends object = Row>(plan: Relation): DataFrame<T> {
    return new DataFrame<T>(this.sparkSession, plan, this.text)
  }

  // schema

  /** Names and types of the columns. Checks the whole plan; runs nothing. */
  schema(): Promise<StructType> {
    return this.sparkSession.runner.schemaOf(this.plan, this.text)
  }
  /** Names of the columns. */
  async columns(): Promise<string[]> {
    return (await this.schema()).fields.map(f => f.name)
  }
  /** Names and types: `[['id', 'bigint'], …]`. */
  async dtypes(): Promise<[string, string][]> {
    return (await this.schema()).fields.map(f => [f.name, typeString(f.type)])
  }
  /** Prints the schema as a tree. */
  async printSchema(): Promise<void> {
    this.#print(`${schemaTree(await this.schema())}\n`)
  }

  // actions

  async #result(action: string, plan: Relation = this.plan): Promise<QueryResult> {
    const result = await this.sparkSession.runner.collect(plan, described(action), this.text)
    this.#lastStages = result.job?.stages ?? []
    return result
  }

  #decoding(): DecodeOptions {
    return { longAsBigInt: this.sparkSession.conf.snapshot().get(conf.longAsBigInt) }
  }

  async #rows(action: string, plan?: Relation): Promise<R[]> {
    const { batches } = await this.#result(action, plan)
    const options = this.#decoding()
    return batches.flatMap(b => decodeRows(b, options)) as R[]
  }

  #first(n: number): Relation {
    return this.limit(n).plan
  }

  /** All rows. They must fit into memory, and into `spark.driver.maxResultSize`. */
  collect(): Promise<R[]> {
    return this.#rows('collect')
  }
  /** All rows as arrays of values, in column order: also where names repeat. */
  async collectArrays(): Promise<Value[][]> {
    const { batches } = await this.#result('collect')
    const options = this.#decoding()
    return batches.flatMap(b => decodeArrays(b, options))
  }
  /** The first `n` rows. */
  async take(n: number): Promise<R[]> {
    return (await this.#rows('take', this.#first(n))).slice(0, n)
  }
  /** The first row, or undefined when there is none. */
  async first(): Promise<R | undefined> {
    return (await this.#rows('first', this.#first(1)))[0]
  }
  /** The first row, or with `n` the first `n` rows. */
  head(): Promise<R | undefined>
  head(n: number): Promise<R[]>
  head(n?: number): Promise<R[] | R | undefined> {
    return n === undefined ? this.first() : this.take(n)
  }
  /** How many rows there are. */
  async count(): Promise<number> {
    const counted = this.agg(callFunction('count', [lit(1)]).as('count'))
    const { batches } = await this.#result('count', counted.plan)
    return Number(batches.flatMap(b => decodeArrays(b))[0]?.[0] ?? 0)
  }
  /** Whether there are no rows. */
  async isEmpty(): Promise<boolean> {
    const { batches } = await this.#result('isEmpty', this.#first(1))
    return batches.every(b => b.rows === 0)
  }

  /** Rows one after the other. @example for await (const row of df.toLocalIterator()) … */
  async *toLocalIterator(): AsyncGenerator<R, void, undefined> {
    const { batches } = await this.#result('toLocalIterator')
    const options = this.#decoding()
    for (const batch of batches) yield* decodeRows(batch, options) as R[]
  }

  /** All rows as a `Table` of the package apache-arrow. @example (await df.toArrow()).getChild('sales')?.toArray() */
  async toArrow(): Promise<Table> {
    const { schema, batches } = await this.#result('toArrow')
    return arrowTable(schema, batches)
  }
  /** All rows as one Arrow IPC stream, for any Arrow library in any language. @example writeFileSync('rows.arrows', await df.toArrowIPC()) */
  async toArrowIPC(): Promise<Uint8Array> {
    const { schema, batches } = await this.#result('toArrowIPC')
    return encodeStream(schema, batches)
  }

  /**
   * Prints the first rows as a table.
   *
   * @param n - how many rows, 20 when not given
   * @param truncate - longest cell, or false for no limit; true, the default, is 20
   * @param vertical - one line per value
   */
  async show(n = 20, truncate: boolean | number = true, vertical = false): Promise<void> {
    this.#print(await this.showString(n, truncate, vertical))
  }
  /** What `show` prints. */
  async showString(n = 20, truncate: boolean | number = true, vertical = false): Promise<string> {
    const count = Math.max(0, n)
    const { schema, batches } = await this.#result('show', this.#first(count + 1))
    const rows = batches.flatMap(b => decodeArrays(b))
    const zone = this.sparkSession.timeZone
    const cells = rows.slice(0, count).map(row => row.map((value, i) => cellText(value, schema.fields[i]?.type ?? { kind: 'string' }, zone)))
    return showString(
      schema.fields.map(f => f.name),
      cells,
      rows.length > count,
      { truncate: truncate === true ? 20 : Number(truncate), vertical },
    )
  }

  /** Prints the plan: physical alone, or with `true` and `'extended'` every step of planning. */
  async explain(mode: boolean | ExplainMode = 'simple'): Promise<void> {
    this.#print(`${await this.explainString(mode)}\n`)
  }
  /** What `explain` prints. */
  explainString(mode: boolean | ExplainMode = 'simple'): Promise<string> {
    return this.sparkSession.runner.explain(this.plan, mode === true ? 'extended' : mode === false ? 'simple' : mode, this.text)
  }

  /** Stages of the last action on this very DataFrame: tasks, rows, bytes, times. */
  lastStages(): readonly StageSummary[] {
    return this.#lastStages
  }

  /** Writes the rows. @example await df.write.mode('overwrite').parquet('/data/out') */
  get write(): DataFrameWriter {
    const { plan, text, sparkSession: session } = this
    const { runner } = session
    return new DataFrameWriter({
      save: (target, action) => runner.write(plan, target, described(action), text),
      command: async (run, action) => {
        await runner.collect(
          runner.command(() => run(plan, { session, text })),
          described(action),
        )
      },
    })
  }

  // views

  /** Makes it a temp view of that name; an existing one is replaced. @example df.createOrReplaceTempView('customers') */
  createOrReplaceTempView(name: string): void {
    this.sparkSession.runner.views.create(name, this.plan, true)
  }
  /** Makes it a temp view of that name. Error when there is one: `TEMP_TABLE_OR_VIEW_ALREADY_EXISTS`. */
  createTempView(name: string): void {
    this.sparkSession.runner.views.create(name, this.plan, false)
  }

  #print(text: string): void {
    this.sparkSession.runner.services.terminal.out(text)
  }
}
