/** What a session's settings mean for the parser. */
import type { Conf } from '../core/config.js'
import { conf } from '../core/config-table.js'
import { processTimeZone } from '../core/datetime.js'
import type { Expr } from '../planner/expr.js'
import type { ParseOptions } from '../planner/parse/options.js'
import { type ColumnOrValue, toColumn } from './column.js'

/** Values of parameter markers: by name for `:name`, in order for `?`. */
export type SqlArguments = Readonly<Record<string, ColumnOrValue>> | readonly ColumnOrValue[]

/** The session's time zone, else the process's. */
export function timeZoneOf(settings: Conf): string {
  return settings.optional(conf.sessionTimeZone) ?? processTimeZone()
}

export function parseOptions(settings: Conf, args?: SqlArguments): ParseOptions {
  const ansi = settings.get(conf.ansiEnabled)
  const node = (value: ColumnOrValue): Expr => toColumn(value).node
  const base: ParseOptions = {
    reservedKeywords: ansi && settings.get(conf.enforceReservedKeywords),
    doubleQuotedIdentifiers: ansi && settings.get(conf.doubleQuotedIdentifiers),
    timestampNtz: settings.get(conf.timestampType).toUpperCase() === 'TIMESTAMP_NTZ',
    legacyIdentifierClause: settings.get(conf.legacyIdentifierClause),
    singlePipe: settings.get(conf.singlePipe),
    timeZone: timeZoneOf(settings),
  }
  if (args === undefined) return base
  if (Array.isArray(args)) return { ...base, positional: (args as readonly ColumnOrValue[]).map(node) }
  return { ...base, named: Object.fromEntries(Object.entries(args).map(([k, v]) => [k, node(v)])) }
}
