/** Clauses that follow a relation in FROM, as SQL text. */
import type { Pivot, Sample, Unpivot, UnresolvedRelation } from '../logical.js'
import type { ExpressionPrinter } from './print-expression.js'
import { printName, printNameParts, printString } from './print-names.js'

export function pivotClause({ aggregates, columns, values }: Pivot, expressions: ExpressionPrinter): string {
  const names = columns.map(printName).join(', ')
  return `PIVOT (${expressions.list(aggregates)} FOR ${columns.length === 1 ? names : `(${names})`} IN (${expressions.list(values)}))`
}

export function unpivotClause({ includeNulls, valueColumns, nameColumn, sets }: Unpivot): string {
  const several = (names: readonly string[]): string => (valueColumns.length === 1 ? names.join(', ') : `(${names.join(', ')})`)
  const list = sets.map(s => `${several(s.columns.map(printNameParts))}${s.alias === undefined ? '' : ` AS ${printName(s.alias)}`}`)
  return `UNPIVOT ${includeNulls ? 'INCLUDE NULLS ' : ''}(${several(valueColumns.map(printName))} FOR ${printName(nameColumn)} IN (${list.join(', ')}))`
}

export function sampleClause({ method, seed }: Sample, expressions: ExpressionPrinter): string {
  const what =
    method.kind === 'rows'
      ? `${expressions.print(method.rows)} ROWS`
      : method.kind === 'percent'
        ? `${method.percent} PERCENT`
        : `BUCKET ${method.bucket} OUT OF ${method.of}`
  return `TABLESAMPLE (${what})${seed === undefined ? '' : ` REPEATABLE (${seed})`}`
}

export function timeTravel(asOf: UnresolvedRelation['asOf'], expressions: ExpressionPrinter): string {
  if (asOf === undefined) return ''
  return 'version' in asOf ? ` VERSION AS OF ${printString(asOf.version)}` : ` TIMESTAMP AS OF ${expressions.print(asOf.timestamp, 5)}`
}
