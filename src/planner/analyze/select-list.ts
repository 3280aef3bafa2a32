/** A select list: stars expanded, names given, later items may use earlier aliases. */
import type { BoundExpr, NamedExpr } from '../bound.js'
import type { Expr } from '../expr.js'
import { text } from './calls.js'
import { type AnalyzerContext, fail, type Names, unsupported } from './context.js'
import { bindExpr } from './expressions.js'
import { type SelectedGenerator, selectedGenerator } from './generators.js'
import { expandStar } from './star.js'

/** Resolves the items in order. Aggregate functions are allowed. */
export interface SelectList {
  readonly list: NamedExpr[]
  /** A generator of the list, whose array stands in its place. */
  readonly generator?: SelectedGenerator
}

export function bindSelectList(items: readonly Expr[], names: Names, context: AnalyzerContext): SelectList {
  const aliases = new Map<string, BoundExpr>(names.aliases)
  const result: NamedExpr[] = []
  let generator: SelectedGenerator | undefined
  const withAliases: Names = { ...names, aliases }
  for (const item of items) {
    if (item.kind === 'UnresolvedStar') {
      result.push(...expandStar(item, names.star, context))
      continue
    }
    const made = selectedGenerator(item, withAliases, context)
    if (made !== undefined) {
      if (generator !== undefined) {
        throw fail(
          context,
          item,
          'UNSUPPORTED_GENERATOR.MULTI_GENERATOR',
          '42K0E',
          'The generator is not supported: only one generator allowed per SELECT clause but found 2.',
        )
      }
      generator = made.selected
      result.push(made.array)
      continue
    }
    const named = bindNamed(item, withAliases, context)
    result.push(named)
    if (named.kind === 'Alias') aliases.set(named.name.toLowerCase(), named.child)
  }
  return { list: withoutRepeats(result, context), ...(generator === undefined ? {} : { generator }) }
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
  if (child.kind === 'Attribute' && item.kind === 'UnresolvedAttribute') return child
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
