/** The driver's own DuckDB, opened at first use: footers and inference, never a query's rows. Each use has a connection of its own. */
import { type Connection, Database } from './duckdb.js'

export class PlanningDatabase {
  readonly #spillDir: string
  #database: Promise<Database> | undefined

  /** `spillDir`: absolute, of this process alone. */
  constructor(spillDir: string) {
    this.#spillDir = spillDir
  }

  async use<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    this.#database ??= Database.open({ spillDir: this.#spillDir })
    const connection = await (await this.#database).connect()
    try {
      return await work(connection)
    } finally {
      connection.close()
    }
  }

  /** Only when nothing uses it. */
  async close(): Promise<void> {
    const database = await this.#database?.catch(() => undefined)
    this.#database = undefined
    database?.close()
  }
}
