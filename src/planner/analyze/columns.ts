/** The DataFrame relations that change the list of columns, and the ones that only rename: withColumn(s), renamed, drop, toDF, dropDuplicates, aliases. */
import { type Attribute, type NamedExpr, toAttribute, unaliased } from '../bound.js'
import { aggregateCall } from '../functions/define.js'
import { hasAggregate } from '../functions/table.js'
import type { Deduplicate, Drop, Project, SubqueryAlias, ToDF, WithColumns, WithColumnsRenamed } from '../logical.js'
import { outputOf, type Plan } from '../plan.js'
import { mapNamed } from '../tree.js'
import { globalAggregate } from './aggregate.js'
import { type AnalyzerContext, fail, sameName } from './context.js'
import { bindExpr, namesOf } from './expressions.js'
import { extractWindows } from './extract-windows.js'
import { withGenerated } from './generators.js'
import { lookUp, type Scoped, scoped, trimmed, unresolvedColumn } from './scope.js'
import { bindSelectList, named } from './select-list.js'
import { checkNoMaps } from './set-operation.js'

/** A select list; with aggregate functions in it, an aggregation over all rows. */
export function bindProject(relation: Project, context: AnalyzerContext): Scoped {
  const input = context.resolve(relation.input, context)
  const { list, generators } = bindSelectList(relation.expressions, namesOf(input.visible, input.hidden), context)
  const result = list.some(item => hasAggregate(unaliased(item)))
    ? globalAggregate(input, list, relation, context)
    : projectOver(input, list, context)
  return generators.reduce((scope, generator) => withGenerated(scope, generator, context), result)
}

export function projectOver(input: Scoped, list: readonly NamedExpr[], context: AnalyzerContext): Scoped {
  const build = (all: readonly NamedExpr[]): Scoped => {
    const windows = extractWindows(input.plan, all.map(unaliased), () => context.nextId())
    const plan: Plan = { kind: 'Project', input: windows.plan, expressions: all.map(e => mapNamed(e, windows.replace)) }
    return {
      plan,
      visible: outputOf(plan).slice(0, list.length),
      hidden: [],
      below: { kind: 'project', input, list: all, grouping: new Set(), extend: more => build([...all, ...more]) },
    }
  }
  return build(list)
}

export function bindWithColumns(relation: WithColumns, context: AnalyzerContext): Scoped {
  const input = context.resolve(relation.input, context)
  const names = namesOf(input.visible, input.hidden)
  const fresh = relation.columns.map(c => ({ name: c.name, item: named(bindExpr(c.expr, names, context), c.name, context) }))
  const replaced: NamedExpr[] = input.visible.map(a => fresh.findLast(f => sameName(context, f.name, a.name))?.item ?? a)
  const added = fresh.filter(
    (f, i) => !input.visible.some(a => sameName(context, a.name, f.name)) && fresh.findLastIndex(o => sameName(context, o.name, f.name)) === i,
  )
  // A name that stands for several columns is computed once and given a fresh id where it repeats.
  const seen = new Set<number>()
  const unique = replaced.map(item => {
    if (item.kind !== 'Alias' || !seen.has(item.id)) {
      seen.add(item.id)
      return item
    }
    return { ...item, id: context.nextId() }
  })
  return projectOver(input, [...unique, ...added.map(f => f.item)], context)
}

export function bindRenamed(relation: WithColumnsRenamed, context: AnalyzerContext): Scoped {
  const input = context.resolve(relation.input, context)
  const renames = Object.entries(relation.renames)
  return projectOver(
    input,
    input.visible.map(a => {
      const to = renames.find(([from]) => sameName(context, from, a.name))?.[1]
      return to === undefined ? a : named(a, to, context)
    }),
    context,
  )
}

/** Names that do not exist are ignored, as in Spark. */
export function bindDrop(relation: Drop, context: AnalyzerContext): Scoped {
  const input = context.resolve(relation.input, context)
  return projectOver(
    input,
    input.visible.filter(a => !relation.columns.some(name => sameName(context, name, a.name))),
    context,
  )
}

export function bindToDF(relation: ToDF, context: AnalyzerContext): Scoped {
  const input = context.resolve(relation.input, context)
  return rename(input, relation.columns, relation, context)
}

function rename(input: Scoped, columns: readonly string[], node: ToDF | SubqueryAlias, context: AnalyzerContext): Scoped {
  if (columns.length !== input.visible.length) {
    throw fail(
      context,
      node,
      'ASSIGNMENT_ARITY_MISMATCH',
      '42802',
      `The number of columns or variables assigned or aliased: ${columns.length} does not match the number of source expressions: ${input.visible.length}.`,
    )
  }
  return projectOver(
    input,
    input.visible.map((a, i) => named(a, columns[i] ?? a.name, context)),
    context,
  )
}

export function bindSubqueryAlias(relation: SubqueryAlias, context: AnalyzerContext): Scoped {
  const resolved = context.resolve(relation.input, context)
  const input = relation.columns === undefined ? resolved : rename(resolved, relation.columns, relation, context)
  return aliased(input, relation.alias, relation.qualifier)
}

/** Everything under one qualifier; hidden columns end here. */
export function aliased(input: Scoped, alias: string, qualifier?: readonly string[]): Scoped {
  return scoped({ kind: 'SubqueryAlias', input: trimmed(input), alias, ...(qualifier === undefined ? {} : { qualifier }) })
}

/** dropDuplicates: of all columns a Distinct, of some the first row of each group. */
export function bindDeduplicate(relation: Deduplicate, context: AnalyzerContext): Scoped {
  const input = context.resolve(relation.input, context)
  checkNoMaps(relation.columns === undefined ? input.visible : [], relation, context)
  if (relation.columns === undefined) return scoped({ kind: 'Distinct', input: trimmed(input) })
  const keys: Attribute[] = relation.columns.map(name => {
    const found = lookUp(context, [name], input.visible, relation)
    if (found === undefined) throw unresolvedColumn(context, [name], input.visible, relation)
    return found.attribute
  })
  const aggregates = input.visible.map((a): NamedExpr => {
    if (keys.some(k => k.id === a.id)) return a
    return { ...named(aggregateCall('first', [a], a.type, true), a.name, context), qualifier: a.qualifier } as NamedExpr
  })
  const plan: Plan = { kind: 'Aggregate', input: input.plan, grouping: keys, aggregates }
  return { plan, visible: aggregates.map(toAttribute), hidden: [] }
}
