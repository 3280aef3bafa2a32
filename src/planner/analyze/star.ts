/** What `*`, `t.*` and `* EXCEPT (a)` stand for. */
import type { Attribute } from '../bound.js'
import type { UnresolvedStar } from '../expr.js'
import { type AnalyzerContext, fail, quoted, sameName } from './context.js'
import { lookUp, unresolvedColumn } from './scope.js'

/** Whether a column is one of the relation of that name. */
export function isQualified(a: Attribute, target: readonly string[], context: AnalyzerContext): boolean {
  return target.every((part, i) => sameName(context, part, a.qualifier[a.qualifier.length - target.length + i] ?? ''))
}

/** The attributes, in order. Fails when the qualifier or an excepted column does not exist. */
export function expandStar(
  star: UnresolvedStar,
  visible: readonly Attribute[],
  context: AnalyzerContext,
  hidden: readonly Attribute[] = [],
): readonly Attribute[] {
  const target = star.target
  let selected = visible
  if (target !== undefined) {
    const qualified = (a: Attribute) => isQualified(a, target, context)
    const out = hidden.filter(qualified)
    selected = visible.filter(qualified)
    // A table's own columns, those that a USING join keeps out of `*` too, in the table's order: that of their ids.
    if (out.length > 0) selected = [...selected, ...out].sort((a, b) => a.id - b.id)
    if (selected.length === 0) {
      const columns = visible.map(a => quoted([...a.qualifier, a.name])).join(', ')
      throw fail(
        context,
        star,
        'CANNOT_RESOLVE_STAR_EXPAND',
        '42704',
        `Cannot resolve ${quoted(target)}.* given input columns ${columns}. Please check that the specified table or struct exists and is accessible in the input columns.`,
      )
    }
  }
  if (star.except === undefined) return selected
  const dropped = new Set<number>()
  for (const parts of star.except) {
    const found = lookUp(context, parts, selected, star)
    if (found === undefined) throw unresolvedColumn(context, parts, selected, star)
    dropped.add(found.attribute.id)
  }
  return selected.filter(a => !dropped.has(a.id))
}
