/** What stands between the parentheses of OVER, in DuckDB's words. */
import { unreachable } from '../../core/errors.js'
import type { BoundExpr, BoundFrameEdge, WindowExpr } from '../bound.js'
import { isIntegral } from '../coercion.js'

type Write = (expr: BoundExpr) => string

export function windowClause(expr: WindowExpr, key: Write, value: Write): string {
  const parts: string[] = []
  if (expr.partitionBy.length > 0) parts.push(`PARTITION BY ${expr.partitionBy.map(key).join(', ')}`)
  if (expr.orderBy.length > 0) {
    const order = expr.orderBy.map(o => `${key(o.child)} ${o.ascending ? 'ASC' : 'DESC'} NULLS ${o.nullsFirst ? 'FIRST' : 'LAST'}`)
    parts.push(`ORDER BY ${order.join(', ')}`)
  }
  if (expr.frame !== undefined) {
    const ordered = expr.orderBy[0]?.child
    const edge = (e: BoundFrameEdge, side: 'PRECEDING' | 'FOLLOWING') =>
      edgeSql(e, side, offset => offsetSql(offset, ordered, expr.frame?.type, value))
    parts.push(`${expr.frame.type.toUpperCase()} BETWEEN ${edge(expr.frame.lower, 'PRECEDING')} AND ${edge(expr.frame.upper, 'FOLLOWING')}`)
  }
  return parts.join(' ')
}

function edgeSql(edge: BoundFrameEdge, side: 'PRECEDING' | 'FOLLOWING', offset: Write): string {
  switch (edge.kind) {
    case 'currentRow':
      return 'CURRENT ROW'
    case 'unbounded':
      return `UNBOUNDED ${side}`
    case 'offset':
      return `${offset(edge.value)} ${edge.preceding ? 'PRECEDING' : 'FOLLOWING'}`
    default:
      return unreachable(edge)
  }
}

/** A distance in days from a date is a number in Spark, an interval in DuckDB. */
function offsetSql(offset: BoundExpr, ordered: BoundExpr | undefined, frame: 'rows' | 'range' | undefined, value: Write): string {
  const sql = value(offset)
  return frame === 'range' && ordered?.type.kind === 'date' && isIntegral(offset.type) ? `to_days(CAST(${sql} AS INTEGER))` : sql
}
