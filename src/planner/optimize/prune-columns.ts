/**
 * Reads and moves only the columns that something above needs: scans shrink, lists lose what nobody reads, and rows are narrowed before joins, sorts and
 * other operators that hold or move them. Knows the whole plan, since need comes from above. No node is left without any column.
 */

import { typeString } from '../../core/types.js'
import { type Attribute, type BoundExpr, type NamedExpr, toAttribute, unaliased } from '../bound.js'
import { outputOf, type Plan } from '../plan.js'
import { mapSame, planExpressions, references } from '../tree.js'
import type { Rule } from './rule.js'

export const pruneColumns: Rule = {
  name: 'ColumnPruning',
  order: 'whole',
  rewrite: plan => prune(plan, new Set(outputOf(plan).map(a => a.id))),
}

type Needed = ReadonlySet<number>

function withReferences(needed: Needed, plan: Plan): Needed {
  const all = new Set(needed)
  for (const e of planExpressions(plan)) references(e, all)
  return all
}

/** The plan with at least the needed columns, possibly more. */
function prune(plan: Plan, needed: Needed): Plan {
  switch (plan.kind) {
    case 'Scan':
    case 'LocalRows': {
      const output = atLeastOne(plan.output, needed)
      return output.length === plan.output.length ? plan : { ...plan, output }
    }
    case 'Values':
    case 'Range':
      return plan
    case 'Project': {
      const kept = plan.expressions.filter(e => needed.has(e.id))
      const expressions = kept.length === plan.expressions.length ? plan.expressions : kept.length > 0 ? kept : plan.expressions.slice(0, 1)
      return withInput({ ...plan, expressions }, plan, prune(plan.input, readBy(expressions)))
    }
    case 'Aggregate': {
      const kept = plan.aggregates.filter(e => needed.has(e.id))
      const aggregates = kept.length === plan.aggregates.length ? plan.aggregates : kept.length > 0 ? kept : plan.aggregates.slice(0, 1)
      const read = new Set(readBy(aggregates))
      for (const g of plan.grouping) references(g, read)
      return withInput({ ...plan, aggregates }, plan, prune(plan.input, read))
    }
    case 'Filter':
      return withInput(plan, plan, prune(plan.input, withReferences(needed, plan)))
    case 'Sort':
    case 'Repartition':
    case 'WindowGroupLimit':
      return withInput(plan, plan, narrow(plan.input, withReferences(needed, plan)))
    case 'Limit':
    case 'Offset':
      return withInput(plan, plan, narrow(plan.input, needed))
    case 'Join': {
      const all = withReferences(needed, plan)
      const left = narrow(plan.left, all)
      const right = narrow(plan.right, all)
      return left === plan.left && right === plan.right ? plan : { ...plan, left, right }
    }
    case 'Union':
      return pruneUnion(plan, needed)
    case 'Distinct':
      return withInput(plan, plan, prune(plan.input, new Set(outputOf(plan.input).map(a => a.id))))
    case 'SetOperation':
    case 'RecursiveCte': {
      const left = prune(plan.left, new Set(outputOf(plan.left).map(a => a.id)))
      const right = prune(plan.right, new Set(outputOf(plan.right).map(a => a.id)))
      return left === plan.left && right === plan.right ? plan : { ...plan, left, right }
    }
    case 'LateralJoin':
    case 'RecursiveRef':
      return plan
    case 'Window': {
      const windows = plan.windows.filter(w => needed.has(w.id))
      if (windows.length === 0) return prune(plan.input, needed)
      const next = windows.length === plan.windows.length ? plan : { ...plan, windows }
      const input = narrow(plan.input, withReferences(needed, next))
      return next === plan && input === plan.input ? plan : { ...next, input }
    }
    case 'Expand':
      return pruneExpand(plan, needed)
    case 'Generate':
      return withInput(plan, plan, narrow(plan.input, withReferences(needed, plan)))
    case 'SubqueryAlias':
    case 'Hint':
      return withInput(plan, plan, prune(plan.input, needed))
  }
}

/** Keeps references: the old node when neither its list nor its input changed. */
function withInput<P extends Extract<Plan, { readonly input: Plan }>>(next: P, before: P, input: Plan): Plan {
  const sameList =
    next === before ||
    ('expressions' in next && 'expressions' in before && next.expressions === before.expressions) ||
    ('aggregates' in next && 'aggregates' in before && next.aggregates === before.aggregates)
  return sameList && input === before.input ? before : { ...next, input }
}

function readBy(list: readonly NamedExpr[]): Set<number> {
  const read = new Set<number>()
  for (const e of list) references(unaliased(e), read)
  return read
}

/** Exactly the needed columns, by a projection where the plan itself has more. */
function narrow(plan: Plan, needed: Needed): Plan {
  const pruned = prune(plan, needed)
  const output = outputOf(pruned)
  const kept = atLeastOne(output, needed)
  return kept.length === output.length ? pruned : { kind: 'Project', input: pruned, expressions: kept }
}

/** The needed columns; when none is, the narrowest one, since rows without columns cannot be counted everywhere. */
function atLeastOne(output: readonly Attribute[], needed: Needed): readonly Attribute[] {
  const kept = output.filter(a => needed.has(a.id))
  if (kept.length > 0 || output.length === 0) return kept
  const cost = (a: Attribute) => ['boolean', 'byte', 'short', 'int', 'date', 'float', 'long', 'double', 'timestamp'].indexOf(a.type.kind)
  const fixed = output.filter(a => cost(a) >= 0).sort((a, b) => cost(a) - cost(b))
  const flat = output.find(a => !typeString(a.type).includes('<'))
  return [fixed[0] ?? flat ?? (output[0] as Attribute)]
}

function pruneExpand(plan: Extract<Plan, { kind: 'Expand' }>, needed: Needed): Plan {
  const output = atLeastOne(plan.output, needed)
  const positions = output.map(a => plan.output.indexOf(a))
  const projections = output.length === plan.output.length ? plan.projections : plan.projections.map(p => positions.map(i => p[i] as BoundExpr))
  const read = new Set<number>()
  for (const e of projections.flat()) references(e, read)
  const input = narrow(plan.input, read)
  return input === plan.input && projections === plan.projections ? plan : { ...plan, input, projections, output }
}

function pruneUnion(plan: Extract<Plan, { kind: 'Union' }>, needed: Needed): Plan {
  const output = atLeastOne(plan.output, needed)
  const positions = output.map(a => plan.output.indexOf(a))
  const inputs = mapSame(plan.inputs, (input): Plan => {
    const columns = outputOf(input)
    const wanted = positions.map(i => columns[i] as Attribute)
    const pruned = prune(input, new Set(wanted.map(a => a.id)))
    const have = outputOf(pruned)
    // Positions count: the columns must be exactly these, in this order.
    const exact = have.length === wanted.length && have.every((a, i) => a.id === wanted[i]?.id)
    return exact ? pruned : { kind: 'Project', input: pruned, expressions: wanted.map(toAttribute) }
  })
  return inputs === plan.inputs && output.length === plan.output.length ? plan : { ...plan, inputs, output }
}
