/** Tells on standard error how long something took, for `docs/reliability.md`; tests never judge a time. */
import { systemClock } from '#src/core/clock.js'

/** `since`: monotonic milliseconds. */
export function measured(what: string, since: number): void {
  process.stderr.write(`    ${what}: ${Math.round(systemClock.monotonic() - since)} ms\n`)
}
