/**
 * The driver's own DuckDB, opened at first use: footers and inference, never a query's rows. Each use has a connection for itself; one whose use ended well
 * is kept for the next, since most find all they need in memory, and to connect is a hop to the thread pool.
 */
import { type Connection, Database } from './duckdb.js'

const MOST_IDLE = 4

export class PlanningDatabase {
  readonly #spillDir: string
  #database: Promise<Database> | undefined
  #idle: Connection[] = []

  /** `spillDir`: absolute, of this process alone. */
  constructor(spillDir: string) {
    this.#spillDir = spillDir
  }

  async use<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    this.#database ??= Database.open({ spillDir: this.#spillDir })
    const connection = this.#idle.pop() ?? (await (await this.#database).connect())
    let well = false
    try {
      const result = await work(connection)
      well = true
      return result
    } finally {
      if (well && this.#idle.length < MOST_IDLE) this.#idle.push(connection)
      else connection.close()
    }
  }

  /** Only when nothing uses it. */
  async close(): Promise<void> {
    const database = await this.#database?.catch(() => undefined)
    this.#database = undefined
    for (const connection of this.#idle.splice(0)) connection.close()
    database?.close()
  }
}
