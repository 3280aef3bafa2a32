/** DuckDB as the judge of types: binds expressions over an empty relation of the given columns, runs nothing. Implements the planner's `TypeOracle`. */
import type { DataType, StructType } from '../core/types.js'
import { type Connection, quoteName } from './duckdb.js'
import type { PlanningDatabase } from './planning-database.js'
import { dataType, duckdbTypeName } from './spark-types.js'

export class DuckdbOracle {
  readonly #database: PlanningDatabase
  constructor(database: PlanningDatabase) {
    this.#database = database
  }

  /** The type of each expression. Rejects with `SpkError` (`SPK_DUCKDB`, params.type `Binder` or `Catalog`) when one does not bind. */
  async typesOf(columns: StructType, expressions: readonly string[]): Promise<readonly DataType[]> {
    if (expressions.length === 0) return []
    const from =
      columns.fields.length === 0
        ? ''
        : ` FROM (SELECT ${columns.fields.map(f => `CAST(NULL AS ${duckdbTypeName(f.type)}) AS ${quoteName(f.name)}`).join(', ')})`
    return this.#database.use(async connection => {
      try {
        return await bind(connection, expressions, from)
      } catch (error) {
        if (expressions.length === 1) throw error
        // Aggregates and plain columns do not bind side by side: one at a time, so that each is judged alone and an error names the one at fault.
        const types: DataType[] = []
        for (const expression of expressions) types.push(...(await bind(connection, [expression], from)))
        return types
      }
    })
  }
}

async function bind(connection: Connection, expressions: readonly string[], from: string): Promise<DataType[]> {
  const statement = await connection.prepare(`SELECT ${expressions.map((e, i) => `(${e}) AS c${i}`).join(', ')}${from}`)
  const types = statement.columns().map(c => dataType(c.type))
  statement.destroy()
  return types
}
