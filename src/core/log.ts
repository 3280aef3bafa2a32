/** The logger: pino, JSON lines, one child per actor with its ids. The door to pino. Level from `SPK_LOG_LEVEL` (default info). */
import { type DestinationStream, type Logger, pino } from 'pino'

export type { Logger }

/** Logs go to standard error, so that standard output stays the program's own. `level` is the default when `SPK_LOG_LEVEL` is not set. */
export function rootLogger(
  bindings: Record<string, unknown> = {},
  how: { readonly destination?: DestinationStream; readonly level?: string } = {},
): Logger {
  return pino(
    { level: process.env.SPK_LOG_LEVEL || (how.level ?? 'info'), base: bindings, timestamp: pino.stdTimeFunctions.isoTime },
    how.destination ?? pino.destination({ fd: 2, sync: true }),
  )
}

/** A logger that says nothing: tests and the simulator. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' })
}
