/** What names mean at a point of the plan, and how a name becomes an attribute. */
import { editDistance } from '../../core/config.js'
import { types } from '../../core/types.js'
import { type Attribute, type BoundExpr, literal, type NamedExpr } from '../bound.js'
import type { Expr, Span } from '../expr.js'
import { outputOf, type Plan } from '../plan.js'
import { type AnalyzerContext, fail, quoted, sameName } from './context.js'

/**
 * A resolved relation and its names. The plan's output holds at least `visible` and `hidden`; whoever needs exactly the visible columns calls `trimmed`.
 */
export interface Scoped {
  readonly plan: Plan
  /** What `*` means, in order. */
  readonly visible: readonly Attribute[]
  /** Can be named but are not in `*`: the other side's columns of a USING join. */
  readonly hidden: readonly Attribute[]
  /** The Project or Aggregate at the top, where ORDER BY and HAVING find what the output lacks. */
  readonly below?: Below
}

export interface Below {
  readonly kind: 'project' | 'aggregate'
  /** Names of the node's input. */
  readonly input: Scoped
  /** The output list. */
  readonly list: readonly NamedExpr[]
  /** Keys of the grouping expressions of an aggregate. */
  readonly grouping: ReadonlySet<string>
  /** The same relation with more columns, which stay out of `visible`. */
  extend(more: readonly NamedExpr[]): Scoped
  /** Of an aggregate: the same with only the groups for which a condition over its output holds. */
  having?(condition: BoundExpr, node: Expr): Scoped
}

export function scoped(plan: Plan): Scoped {
  return { plan, visible: outputOf(plan), hidden: [] }
}

/** Puts a node that keeps its input's columns above a relation. */
export function above(input: Scoped, node: (plan: Plan) => Plan): Scoped {
  const below = input.below
  const plan = node(input.plan)
  // Nullability and qualifiers may differ above; ids do not.
  return {
    plan,
    visible: input.visible,
    hidden: input.hidden,
    ...(below === undefined ? {} : { below: { ...below, extend: (more: readonly NamedExpr[]) => above(below.extend(more), node) } }),
  }
}

/** The plan with exactly the visible columns. */
export function trimmed(input: Scoped): Plan {
  const output = outputOf(input.plan)
  if (output.length === input.visible.length && output.every((a, i) => a.id === input.visible[i]?.id)) return input.plan
  return { kind: 'Project', input: input.plan, expressions: input.visible }
}

/** An attribute found by a name, and the parts of the name that are fields inside it. */
export interface Found {
  readonly attribute: Attribute
  readonly fields: readonly string[]
  /** How many leading parts were qualifiers. */
  readonly qualifiers: number
}

/** Looks a name up among attributes: the longest qualifier that fits wins. Undefined when there is none; fails when there are several. */
export function lookUp(
  context: AnalyzerContext,
  parts: readonly string[],
  attributes: readonly Attribute[],
  node?: { readonly span?: Span },
): Found | undefined {
  for (let i = parts.length - 1; i >= 0; i--) {
    const name = parts[i] ?? ''
    const prefix = parts.slice(0, i)
    const found = attributes.filter(a => sameName(context, a.name, name) && endsWith(context, a.qualifier, prefix))
    const ids = new Set(found.map(a => a.repeats ?? a.id))
    if (ids.size > 1) {
      const names = found.map(a => quoted([...a.qualifier, a.name])).join(', ')
      throw fail(context, node, 'AMBIGUOUS_REFERENCE', '42704', `Reference ${quoted(parts)} is ambiguous, could be: [${names}].`)
    }
    const attribute = found[0]
    if (attribute !== undefined) return { attribute, fields: parts.slice(i + 1), qualifiers: i }
  }
  return undefined
}

function endsWith(context: AnalyzerContext, qualifier: readonly string[], suffix: readonly string[]): boolean {
  if (suffix.length > qualifier.length) return false
  return suffix.every((s, i) => sameName(context, s, qualifier[qualifier.length - suffix.length + i] ?? ''))
}

/** The error for a name that is no column, with the nearest names there are. */
export function unresolvedColumn(
  context: AnalyzerContext,
  parts: readonly string[],
  candidates: readonly Attribute[],
  node?: { readonly span?: Span },
) {
  const name = parts[parts.length - 1] ?? ''
  const near = suggestions(name, candidates)
  const what = `A column, variable, or function parameter with name ${quoted(parts)} cannot be resolved.`
  if (near.length === 0) return fail(context, node, 'UNRESOLVED_COLUMN.WITHOUT_SUGGESTION', '42703', what)
  return fail(context, node, 'UNRESOLVED_COLUMN.WITH_SUGGESTION', '42703', `${what} Did you mean one of the following? [${near.join(', ')}].`)
}

/** Up to five names, the most similar first; qualified only where the name alone is not unique. */
function suggestions(name: string, candidates: readonly Attribute[]): string[] {
  const wanted = name.toLowerCase()
  const seen = new Set<number>()
  const unique = candidates.filter(a => !seen.has(a.id) && seen.add(a.id) !== undefined)
  return unique
    .map((a, i) => ({ a, i, d: editDistance(wanted, a.name.toLowerCase()) }))
    .sort((x, y) => x.d - y.d || x.i - y.i)
    .slice(0, 5)
    .map(({ a }) => quoted(unique.filter(o => o.name.toLowerCase() === a.name.toLowerCase()).length > 1 ? [...a.qualifier, a.name] : [a.name]))
}

export function nameLiteral(name: string) {
  return literal(name, types.string)
}
