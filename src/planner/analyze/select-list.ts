/** A select list: stars expanded, names given, later items may use earlier aliases. */
import type { BoundExpr, NamedExpr } from '../bound.js'
import type { Expr } from '../expr.js'
import { text } from './calls.js'
import { type AnalyzerContext, type Names, sameName, unsupported } from './context.js'
import { bindExpr } from './expressions.js'
import { type SelectedGenerator, selectedGenerator } from './generators.js'
import { lookUp } from './scope.js'
import { expandStar, isQualified } from './star.js'

/** Resolves the items in order. Aggregate functions are allowed. */
export interface SelectList {
  readonly list: NamedExpr[]
  /** The generators of the list, whose arrays stand in their places. */
  readonly generators: readonly SelectedGenerator[]
}

export function bindSelectList(items: readonly Expr[], names: Names, context: AnalyzerContext): SelectList {
  const aliases = new Map<string, BoundExpr>(names.aliases)
  const result: NamedExpr[] = []
  const generators: SelectedGenerator[] = []
  const withAliases: Names = { ...names, aliases }
  for (const item of items.flatMap(i => structFields(i, names, context) ?? [i])) {
    if (item.kind === 'UnresolvedStar') {
      result.push(...expandStar(item, names.star, context, names.hidden))
      continue
    }
    const made = selectedGenerator(item, withAliases, context)
    if (made !== undefined) {
      generators.push(made.selected)
      result.push(made.array)
      continue
    }
    const named = bindNamed(item, withAliases, context)
    result.push(named)
    if (named.kind === 'Alias') aliases.set(named.name.toLowerCase(), named.child)
  }
  return { list: withoutRepeats(result, context), generators }
}

/** `s.*` of a column that is a struct: its fields. A relation of the name comes first. */
function structFields(item: Expr, names: Names, context: AnalyzerContext): Expr[] | undefined {
  if (item.kind !== 'UnresolvedStar' || item.target === undefined) return undefined
  const { target, except = [] } = item
  if (names.star.some(a => isQualified(a, target, context)) || lookUp(context, target, names.star) === undefined) return undefined
  const { type } = bindExpr({ kind: 'UnresolvedAttribute', nameParts: target }, names, context)
  if (type.kind !== 'struct') return undefined
  const dropped = (name: string) => except.some(parts => parts.length === 1 && sameName(context, parts[0] ?? '', name))
  return type.fields.filter(f => !dropped(f.name)).map((f): Expr => ({ kind: 'UnresolvedAttribute', nameParts: [...target, f.name] }))
}

/** A column named twice is two columns of the output: the second gets an id of its own. */
function withoutRepeats(list: readonly NamedExpr[], context: AnalyzerContext): NamedExpr[] {
  const seen = new Set<number>()
  return list.map((item): NamedExpr => {
    if (item.kind === 'Alias' || !seen.has(item.id)) {
      seen.add(item.id)
      return item
    }
    return { kind: 'Alias', id: context.nextId(), name: item.name, child: item, qualifier: item.qualifier, repeats: item.repeats ?? item.id }
  })
}

/** One item under its alias, its column's own name, or the name that Spark generates. */
export function bindNamed(item: Expr, names: Names, context: AnalyzerContext): NamedExpr {
  if (item.kind === 'ExpressionString') return bindNamed(context.parseExpression(item.text), names, { ...context, text: item.text })
  if (item.kind === 'SortOrder') throw unsupported(context, item, 'SORT_ORDER_IN_SELECT', 'a sort order in a select list')
  const child = bindExpr(item, names, context)
  if (item.kind === 'Alias') return named(child, item.name, context)
  if (child.kind === 'Attribute' && item.kind === 'UnresolvedAttribute') {
    // A column of the query around is a value here: the result is another column.
    const own = names.lists.some(list => list.some(a => a.id === child.id))
    return own ? child : named(child, child.name, context)
  }
  return named(child, generatedName(item, child, names, context), context)
}

export function named(child: BoundExpr, name: string, context: AnalyzerContext): NamedExpr {
  return { kind: 'Alias', id: context.nextId(), name, child, qualifier: [] }
}

function generatedName(item: Expr, child: BoundExpr, names: Names, context: AnalyzerContext): string {
  // A field reached by a plain name is named like the field alone; a cast column keeps its name.
  if (item.kind === 'UnresolvedAttribute') return item.nameParts[item.nameParts.length - 1] ?? ''
  if (item.kind === 'Cast' && item.child.kind === 'UnresolvedAttribute') return item.child.nameParts[item.child.nameParts.length - 1] ?? ''
  if (item.kind === 'UnresolvedExtractValue' && child.kind === 'Call' && child.fn === 'map_value') {
    return `${text(item.child, names, context)}[${text(item.extraction, names, context)}]`
  }
  if (item.kind === 'UnresolvedFunction' && child.kind === 'Call' && (child.fn === 'date_add' || child.fn === 'date_sub')) {
    return text({ ...item, name: child.fn }, names, context)
  }
  return text(item, names, context)
}
