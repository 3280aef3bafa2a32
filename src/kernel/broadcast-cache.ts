/** Broadcast relations kept as tables of the slot's instance, so that each is decoded once per slot however many tasks read it. */
import { type Connection, quoteName } from './duckdb.js'

export class BroadcastCache {
  readonly #tables = new Map<string, string>()
  #next = 1

  /** A SELECT over the cached table; the first call for a key makes it from `sql`. A failed or interrupted making leaves nothing. */
  async relation(key: string, sql: string, connection: Connection): Promise<string> {
    let table = this.#tables.get(key)
    if (table === undefined) {
      table = `spk_broadcast_${this.#next++}`
      await connection.run(`CREATE TABLE memory.main.${quoteName(table)} AS ${sql}`)
      this.#tables.set(key, table)
    }
    return `SELECT * FROM memory.main.${quoteName(table)}`
  }

  /** Forgets keys; unknown ones are ignored. */
  async drop(keys: readonly string[], connection: Connection): Promise<void> {
    for (const key of keys) {
      const table = this.#tables.get(key)
      if (table === undefined) continue
      this.#tables.delete(key)
      await connection.run(`DROP TABLE memory.main.${quoteName(table)}`)
    }
  }
}
