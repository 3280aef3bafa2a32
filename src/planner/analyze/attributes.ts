/** Names to columns: of the query itself, of a certain DataFrame, of an alias, of the queries around; and functions that are written without parentheses. */
import type { Attribute, BoundExpr } from '../bound.js'
import type { UnresolvedAttribute } from '../expr.js'
import { bindCall } from './calls.js'
import type { AnalyzerContext, Names } from './context.js'
import { type Found, lookUp, nameLiteral, unresolvedColumn } from './scope.js'

/** Names that are functions when no column has the name. */
const niladic = new Set(
  'current_date current_timestamp localtimestamp current_timezone now current_catalog current_database current_schema current_user session_user user'.split(
    ' ',
  ),
)

/** What a name stands for; throws `UNRESOLVED_COLUMN` where that is nothing. */
export function bindAttribute(expr: UnresolvedAttribute, names: Names, context: AnalyzerContext): BoundExpr {
  const variable = names.variables?.get(expr.nameParts[0]?.toLowerCase() ?? '')
  if (variable !== undefined) {
    return expr.nameParts
      .slice(1)
      .reduce<BoundExpr>((from, name) => bindCall('getfield', [from, nameLiteral(name)], expr, [expr, nameLiteral(name)], names, context), variable)
  }
  const own = findIn(expr, names.lists, context)
  if (own !== undefined) return bindFound(expr, own, names, context)
  const [only] = expr.nameParts
  const alias = expr.nameParts.length === 1 && only !== undefined ? names.aliases?.get(only.toLowerCase()) : undefined
  if (alias !== undefined) return alias
  for (const [level, scope] of context.outer.entries()) {
    const found = findIn(expr, scope.lists, context)
    if (found === undefined) continue
    // Every query in between hands the value on.
    for (const between of context.outer.slice(0, level + 1)) between.used.set(found.attribute.id, found.attribute)
    return bindFound(expr, found, names, context)
  }
  if (expr.nameParts.length === 1 && only?.toLowerCase() === 'grouping__id') return bindCall('grouping_id', [], expr, [], names, context)
  if (expr.nameParts.length === 1 && only !== undefined && niladic.has(only.toLowerCase())) return bindCall(only, [], expr, [], names, context)
  throw unresolvedColumn(context, expr.nameParts, names.lists.flat(), expr)
}

function findIn(expr: UnresolvedAttribute, lists: Names['lists'], context: AnalyzerContext): Found | undefined {
  for (const all of lists) {
    const found = lookUpInDataFrame(expr, all, context) ?? lookUp(context, expr.nameParts, all, expr)
    if (found !== undefined) return found
  }
  return undefined
}

function bindFound(expr: UnresolvedAttribute, found: Found, names: Names, context: AnalyzerContext): BoundExpr {
  // The column goes on under the name as it was written.
  const written = expr.nameParts[found.qualifiers] ?? found.attribute.name
  let result: BoundExpr = written === found.attribute.name ? found.attribute : { ...found.attribute, name: written }
  for (const name of found.fields) result = bindCall('getfield', [result, nameLiteral(name)], expr, [expr, nameLiteral(name)], names, context)
  return result
}

/**
 * A column of a certain DataFrame: only its output counts, as long as any of it is in sight. Where that DataFrame occurs twice (`a.join(a.filter(…), …)`)
 * the occurrence nearer to the top is meant, as in Spark Connect.
 */
function lookUpInDataFrame(expr: UnresolvedAttribute, all: readonly Attribute[], context: AnalyzerContext): Found | undefined {
  const depths = expr.planId === undefined ? undefined : context.dataFrames.get(expr.planId)
  if (depths === undefined) return undefined
  const inSight = [...new Set(all.flatMap(a => depths.get(a.id) ?? []))].sort((a, b) => a - b)
  for (const depth of inSight) {
    const found = lookUp(
      context,
      expr.nameParts,
      all.filter(a => depths.get(a.id) === depth),
      expr,
    )
    if (found !== undefined) return found
  }
  return undefined
}
