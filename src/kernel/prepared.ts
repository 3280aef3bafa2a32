/**
 * Statements of small tasks, planned once and run again with other parameters: planning costs several times as much as running one. Kept by text, for one
 * connection; what they were planned under (settings) must not change, else `clear`. Owned by the slot, used by `task-result.ts`.
 */
import type { StructType } from '../core/types.js'
import type { Connection, Statement, WholeResult } from './duckdb.js'
import { mismatched } from './fragment-sql.js'

/** Several stages may take turns in a slot. */
const MOST = 16
/** A longer one (a list of values) is hardly run twice. */
const LONGEST = 32 * 1024

interface Entry {
  readonly connection: Connection
  readonly statement: Statement
  /** Its columns are known to have these types. */
  readonly schema: StructType
}

export class PreparedStatements {
  /** The one whose stage came last is the last. */
  readonly #entries = new Map<string, Entry>()

  /** How many statements are kept. */
  get size(): number {
    return this.#entries.size
  }

  /**
   * Runs a statement whose columns must have the schema's types. `sql` makes its text, given the columns that must be cast; `parameters` are bound to $1, $2, …
   */
  async run(
    connection: Connection,
    schema: StructType,
    parameters: readonly bigint[],
    sql: (casts: ReadonlySet<string>) => string,
  ): Promise<WholeResult> {
    const text = sql(new Set())
    const known = this.#entries.get(text)
    if (known?.connection === connection) {
      const result = await known.statement.result(parameters)
      // Tasks of one stage come with the same schema object.
      if (known.schema === schema) return result
      if (mismatched(result.columnTypes(), schema).size === 0) {
        this.#entries.delete(text)
        this.#entries.set(text, { ...known, schema })
        return result
      }
    }
    this.#drop(text)
    let statement = await connection.prepare(text)
    const casts = mismatched(statement.columnTypes(), schema)
    if (casts.size > 0) {
      statement.destroy()
      statement = await connection.prepare(sql(casts))
    }
    if (text.length > LONGEST) return statement.result(parameters).finally(() => statement.destroy())
    this.#entries.set(text, { connection, statement, schema })
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= MOST) break
      this.#drop(oldest)
    }
    return statement.result(parameters)
  }

  /** Forgets all. Only when none of them runs. */
  clear(): void {
    for (const text of [...this.#entries.keys()]) this.#drop(text)
  }

  #drop(text: string): void {
    this.#entries.get(text)?.statement.destroy()
    this.#entries.delete(text)
  }
}
