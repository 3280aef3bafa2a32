/** Instants with microseconds: what TIMESTAMP columns hold in rows. A JavaScript `Date` for everything that wants one. */
import { formatTimestamp } from '../core/datetime.js'

/**
 * A `Date` that also knows its microseconds. Columns of type TIMESTAMP_NTZ have no zone: their wall clock is read as UTC.
 *
 * @example
 * const [row] = await spark.sql("SELECT TIMESTAMP '2026-01-31 12:00:00.123456' AS t").collect()
 * row.t.toISOString() // '2026-01-31T12:00:00.123Z'
 * row.t.micros        // 1769860800123456n
 */
export class Timestamp extends Date {
  /** Microseconds since the epoch. */
  readonly micros: bigint

  constructor(micros: bigint) {
    super(Number(micros >= 0n ? micros / 1000n : -((-micros + 999n) / 1000n)))
    this.micros = micros
  }

  /** `2026-01-31 12:00:00.123456` in UTC, or in the zone given. */
  format(zone = 'UTC'): string {
    return formatTimestamp(this.micros, zone)
  }
}
