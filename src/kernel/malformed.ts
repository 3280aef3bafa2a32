/** Spark's three parse modes over rows of texts: a text that is no value of its column's type becomes NULL, drops the row, or fails the query. */
import type { DataType } from '../core/types.js'
import { quoteName, quoteText } from './duckdb.js'

export const readModes = ['PERMISSIVE', 'DROPMALFORMED', 'FAILFAST'] as const
export type ReadMode = (typeof readModes)[number]

export interface ParsedColumn {
  readonly name: string
  readonly type: DataType
  /** SQL of the value over the text column of the same name; NULL when the text is no value. */
  readonly value: string
}

/** `texts` gives one column of text per entry of `columns`, under its name. */
export function malformedSql(texts: string, columns: readonly ParsedColumn[], mode: ReadMode): string {
  if (columns.length === 0) return texts
  const values = columns.map(c => {
    const name = quoteName(c.name)
    if (mode !== 'FAILFAST' || c.type.kind === 'string') return `${c.value} AS ${name}`
    const message = `[MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION] Malformed records are detected in record parsing: column ${c.name} holds `
    const rest = `. Parse Mode: FAILFAST. To process malformed records as null result, try setting the option 'mode' as 'PERMISSIVE'. SQLSTATE: 22023`
    return `CASE WHEN ${name} IS NOT NULL AND ${c.value} IS NULL THEN error(${quoteText(message)} || ${name} || ${quoteText(rest)}) ELSE ${c.value} END AS ${name}`
  })
  const kept =
    mode === 'DROPMALFORMED' ? columns.filter(c => c.type.kind !== 'string').map(c => `(${quoteName(c.name)} IS NULL OR ${c.value} IS NOT NULL)`) : []
  return `SELECT ${values.join(', ')} FROM (${texts})${kept.length === 0 ? '' : ` WHERE ${kept.join(' AND ')}`}`
}
