/** DuckDB alone over a suite's files: what spk is compared with, in answers and in time. */
import { type DuckDBConnection, DuckDBInstance, DuckDBTypeId } from '@duckdb/node-api'
import { type Cell, exact, type Result } from './compare.js'
import { duckdbText, duckdbViews, sparkOrder } from './suites.js'

export class DuckDbSide {
  readonly #instance: DuckDBInstance
  readonly connection: DuckDBConnection

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance
    this.connection = connection
  }

  /** Views over the folder's tables; NULLs are ordered as in Spark. */
  static async open(folder: string, threads: number, settings: Readonly<Record<string, string>> = {}): Promise<DuckDbSide> {
    const instance = await DuckDBInstance.create(':memory:', { threads: String(threads), ...settings })
    const connection = await instance.connect()
    await connection.run(sparkOrder)
    for (const sql of duckdbViews(folder)) await connection.run(sql)
    return new DuckDbSide(instance, connection)
  }

  /** Milliseconds that a query takes until all its rows are there. */
  async time(text: string): Promise<number> {
    const began = performance.now()
    await this.connection.runAndReadAll(duckdbText(text))
    return performance.now() - began
  }

  async rows(text: string): Promise<Result> {
    const reader = await this.connection.runAndReadAll(duckdbText(text))
    const types = reader.columnTypes()
    const rows = reader.getRows().map(row => row.map((value, i) => cell(value, types[i]?.typeId)))
    return { columns: reader.columnNames(), rows }
  }

  close(): void {
    this.connection.closeSync()
    this.#instance.closeSync()
  }
}

function cell(value: unknown, type: DuckDBTypeId | undefined): Cell {
  if (value === null || value === undefined) return null
  switch (type) {
    case DuckDBTypeId.DOUBLE:
    case DuckDBTypeId.FLOAT:
      return { double: Number(value) }
    case DuckDBTypeId.DECIMAL:
    case DuckDBTypeId.TINYINT:
    case DuckDBTypeId.SMALLINT:
    case DuckDBTypeId.INTEGER:
    case DuckDBTypeId.BIGINT:
    case DuckDBTypeId.HUGEINT:
      return exact(String(value))
    default:
      return String(value)
  }
}
