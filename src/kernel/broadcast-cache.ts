/**
 * Broadcast relations kept as tables of the slot's instance, from the second task on that reads them: to make a table takes longer than to decode, and where
 * each slot has one task, nobody reads it.
 */
import { type Connection, quoteName } from './duckdb.js'

export class BroadcastCache {
  readonly #tables = new Map<string, string>()
  /** Keys that one task has read. */
  readonly #read = new Set<string>()
  #next = 1

  /** A SELECT over the cached table, which the second call for a key makes from `sql`; `sql` itself before. A failed or interrupted making leaves nothing. */
  async relation(key: string, sql: string, connection: Connection): Promise<string> {
    let table = this.#tables.get(key)
    if (table === undefined) {
      if (!this.#read.has(key)) {
        this.#read.add(key)
        return sql
      }
      table = `spk_broadcast_${this.#next++}`
      await connection.run(`CREATE TABLE memory.main.${quoteName(table)} AS ${sql}`)
      this.#tables.set(key, table)
    }
    return `SELECT * FROM memory.main.${quoteName(table)}`
  }

  /** Forgets keys; unknown ones are ignored. */
  async drop(keys: readonly string[], connection: Connection): Promise<void> {
    for (const key of keys) {
      this.#read.delete(key)
      const table = this.#tables.get(key)
      if (table === undefined) continue
      this.#tables.delete(key)
      await connection.run(`DROP TABLE memory.main.${quoteName(table)}`)
    }
  }
}
