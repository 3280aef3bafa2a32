/** Where commands and nodes log: readable lines on a terminal, else JSON; always standard error. */
import { type Logger, rootLogger } from '../core/log.js'
import { prettyDestination } from './pretty-log.js'

function readable(): Logger {
  const { stderr } = process
  return rootLogger({}, { destination: prettyDestination(text => void stderr.write(text), stderr.isTTY && stderr.hasColors()) })
}

/** A node's log. */
export function nodeLogger(): Logger {
  return process.stderr.isTTY ? readable() : rootLogger({ pid: process.pid })
}

/** The log of a short command: only what is wrong, always readable. */
export function commandLogger(): Logger {
  const log = readable()
  log.level = process.env['SPK_LOG_LEVEL'] ?? 'error'
  return log
}
