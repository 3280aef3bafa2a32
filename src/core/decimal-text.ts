/** DuckDB SQL for the text of a decimal as Spark shows it. Pure; for the SQL of fragments and of files that are written. */
import type { DecimalType } from './types.js'

/** DuckDB leaves out the zero before the point where the type has no digit for it. */
export function decimalText(sql: string, { precision, scale }: DecimalType): string {
  if (precision > scale) return `CAST(${sql} AS VARCHAR)`
  return precision < 38
    ? `CAST(CAST(${sql} AS DECIMAL(${precision + 1}, ${scale})) AS VARCHAR)`
    : `regexp_replace(CAST(${sql} AS VARCHAR), '^(-?)[.]', '\\10.')`
}
