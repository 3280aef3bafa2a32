/** Where programs, commands and nodes log: always standard error. Nodes write readable lines on a terminal, else JSON; for people it is always readable. */
import { type Logger, rootLogger } from '../core/log.js'
import { prettyDestination } from './pretty-log.js'

function readable(level = 'info', hidden: readonly string[] = []): Logger {
  const { stderr } = process
  return rootLogger({}, { level, destination: prettyDestination(text => void stderr.write(text), stderr.isTTY && stderr.hasColors(), hidden) })
}

/** A node's log. */
export function nodeLogger(): Logger {
  return process.stderr.isTTY ? readable() : rootLogger({ pid: process.pid })
}

/** The log of a short command: only what is wrong, always readable. */
export function commandLogger(): Logger {
  return readable('error')
}

/** The log of a user's program: what goes wrong, not what goes well; lines of JSON with `SPK_LOG_FORMAT=json`. */
export function programLogger(): Logger {
  return process.env['SPK_LOG_FORMAT'] === 'json' ? rootLogger({ pid: process.pid }, { level: 'warn' }) : readable('warn', ['appId'])
}
