/**
 * DuckDB settings that a task asks for: session time zone and statement-level ones. They are global to the slot's instance, which runs one task at a
 * time, so only differences to the previous task are applied.
 */
import { SpkError } from '../core/errors.js'
import { type Connection, quoteText } from './duckdb.js'

/** Spark writes zones as ids (`Europe/Paris`), `Z`, or offsets (`+01:00`, `GMT+1`, `UTC-3`); DuckDB knows ids only, and POSIX-signed `Etc/GMT±h`. */
export function timeZoneId(zone: string): string {
  const text = zone.trim()
  if (text === 'Z') return 'UTC'
  const offset = /^(?:UTC|GMT|UT)?([+-])(\d{1,2})(?::?(\d{2}))?(?::?(\d{2}))?$/.exec(text)
  if (offset === null) return text
  const hours = Number(offset[2])
  if (Number(offset[3] ?? 0) !== 0 || Number(offset[4] ?? 0) !== 0 || hours > 14 || (offset[1] === '-' && hours > 12)) {
    throw new SpkError(
      'SPK_UNSUPPORTED_TIME_ZONE',
      `spark.sql.session.timeZone=${zone}: offsets that are not whole hours are not supported. Use the id of a region, such as Asia/Kolkata.`,
    )
  }
  return hours === 0 ? 'UTC' : `Etc/GMT${offset[1] === '+' ? '-' : '+'}${hours}`
}

/** No setting's value: that of one whose statement failed, or was interrupted with or without effect. */
const unknown = Symbol('unknown')

export class Settings {
  readonly #current = new Map<string, string | typeof unknown>()

  /** Brings the instance to exactly these settings; what a task before had set and this one does not is reset. Returns whether anything changed. */
  async apply(connection: Connection, conf: Readonly<Record<string, string>>, settings: Readonly<Record<string, string>>): Promise<boolean> {
    let changed = false
    const wanted = new Map(Object.entries(settings))
    const zone = conf['spark.sql.session.timeZone']
    if (zone !== undefined) wanted.set('TimeZone', timeZoneId(zone))
    for (const name of [...this.#current.keys()].filter(name => !wanted.has(name))) {
      this.#current.set(name, unknown)
      await connection.run(`RESET GLOBAL ${setting(name)}`)
      this.#current.delete(name)
      changed = true
    }
    for (const [name, value] of wanted) {
      if (this.#current.get(name) === value) continue
      this.#current.set(name, unknown)
      await connection.run(`SET GLOBAL ${setting(name)} = ${quoteText(value)}`)
      this.#current.set(name, value)
      changed = true
    }
    return changed
  }
}

function setting(name: string): string {
  if (!/^[A-Za-z_]+$/.test(name)) throw new SpkError('SPK_BAD_SETTING', `"${name}" is not the name of a DuckDB setting.`)
  return name
}
