/**
 * PIVOT: groups by what is neither pivoted by nor aggregated, and one column for each value and aggregate. The aggregates are computed per value first, so
 * that a value without rows gives NULL, also for a count. UNPIVOT: a row for each set of columns.
 */
import { types } from '../../core/types.js'
import { type Attribute, type BoundExpr, isNullable, literal, type NamedExpr, toAttribute, unaliased } from '../bound.js'
import { castPossible } from '../cast-rules.js'
import { castTo, commonTypeOf, sqlTypeName } from '../coercion.js'
import { commonTypes } from '../common-types.js'
import { conjunction } from '../conjuncts.js'
import { evaluate } from '../evaluate.js'
import type { Expr } from '../expr.js'
import { aggregateCall, call } from '../functions/define.js'
import { hasAggregate } from '../functions/table.js'
import type { Pivot, Unpivot } from '../logical.js'
import type { Plan } from '../plan.js'
import { exprText, prettyText } from '../print.js'
import { exprChildren, visitExpr } from '../tree.js'
import { type AnalyzerContext, fail, quoted } from './context.js'
import { bindExpr, namesOf } from './expressions.js'
import { hasWindow } from './extract-windows.js'
import { lookUp, type Scoped, scoped, unresolvedColumn } from './scope.js'
import { bindNamed, named } from './select-list.js'

function column(parts: readonly string[], input: Scoped, node: Pivot | Unpivot, context: AnalyzerContext): Attribute {
  const found = lookUp(context, parts, input.visible, node)
  if (found === undefined || found.fields.length > 0) throw unresolvedColumn(context, parts, input.visible, node)
  return found.attribute
}

interface PivotValue {
  readonly name: string
  readonly parts: readonly BoundExpr[]
}

export function bindPivot(relation: Pivot, context: AnalyzerContext): Scoped {
  const input = context.resolve(relation.input, context)
  const names = namesOf(input.visible, input.hidden)
  const by = relation.columns.map(name => column([name], input, relation, context))
  const values = relation.values.map(v => pivotValue(v, by, context))
  const aggregates = relation.aggregates.map(item => {
    const bound = bindNamed(item, names, context)
    if (!hasAggregate(unaliased(bound)) || hasWindow(unaliased(bound)) || readsOutside(unaliased(bound))) {
      throw fail(
        context,
        item,
        'UNSUPPORTED_PIVOT_AGGREGATE',
        '42K0E',
        `Aggregate expression required for pivot, but "${prettyText(item)}" did not appear in any aggregate function.`,
      )
    }
    return { item: bound, name: item.kind === 'Alias' ? item.name : undefined, text: prettyText(item) }
  })
  const used = new Set(by.map(a => a.id))
  for (const { item } of aggregates)
    visitExpr(unaliased(item), e => {
      if (e.kind === 'Attribute') used.add(e.id)
    })
  const groups = input.visible.filter(a => !used.has(a.id))
  const perValue: Plan = {
    kind: 'Aggregate',
    input: input.plan,
    grouping: [...groups, ...by],
    aggregates: [...groups, ...by, ...aggregates.map(a => a.item)],
  }
  const columns = values.flatMap(({ name, parts }) => {
    const filter = conjunction(parts.map((p, i) => call('<=>', [by[i] as Attribute, p], types.boolean, false)))
    return aggregates.map((a): NamedExpr => {
      const result = toAttribute(a.item)
      const first = aggregateCall('first', [result], result.type, true, filter === undefined ? {} : { filter })
      return named(first, aggregates.length === 1 ? name : `${name}_${a.name ?? a.text}`, context)
    })
  })
  return scoped({ kind: 'Aggregate', input: perValue, grouping: groups, aggregates: [...groups, ...columns] })
}

/** Whether a column stands outside all aggregate functions. */
function readsOutside(expr: BoundExpr): boolean {
  if (expr.kind === 'AggregateCall') return false
  return expr.kind === 'Attribute' || exprChildren(expr).some(readsOutside)
}

/** A value, or one for each column, in their types. */
function pivotValue(expr: Expr, by: readonly Attribute[], context: AnalyzerContext): PivotValue {
  const written = expr.kind === 'Alias' ? expr.child : expr
  const bound = bindExpr(written, namesOf([]), context)
  const parts = by.length > 1 && bound.kind === 'Call' && bound.fn === 'struct' ? bound.args : [bound]
  if (parts.some(p => !isConstant(p))) {
    throw fail(context, expr, 'NON_LITERAL_PIVOT_VALUES', '42K08', `Literal expressions required for pivot values, found "${prettyText(written)}".`)
  }
  const fits = parts.length === by.length && parts.every((p, i) => castPossible(p.type, (by[i] as Attribute).type, context.castMode))
  if (!fits) {
    throw fail(
      context,
      expr,
      'PIVOT_VALUE_DATA_TYPE_MISMATCH',
      '42K09',
      `Invalid pivot value '${prettyText(written)}': value data type "${sqlTypeName(bound.type)}" does not match pivot column data type "${by.map(a => sqlTypeName(a.type)).join(', ')}".`,
    )
  }
  const shown = (e: BoundExpr) => {
    const text = evaluate(castTo(e, types.string))?.value
    return typeof text === 'string' ? text : text === null ? 'null' : exprText(e)
  }
  const name = expr.kind === 'Alias' ? expr.name : parts.length === 1 ? shown(bound) : `{${parts.map(shown).join(', ')}}`
  return { name, parts: parts.map((p, i) => castTo(p, (by[i] as Attribute).type, context.castMode)) }
}

function isConstant(expr: BoundExpr): boolean {
  return expr.kind === 'Literal' || ((expr.kind === 'Call' || expr.kind === 'Cast') && exprChildren(expr).every(isConstant))
}

export function bindUnpivot(relation: Unpivot, context: AnalyzerContext): Scoped {
  const input = context.resolve(relation.input, context)
  const sets = relation.sets.map(set => ({ columns: set.columns.map(parts => column(parts, input, relation, context)), alias: set.alias }))
  const width = relation.valueColumns.length
  const uneven = sets.find(s => s.columns.length !== width)
  if (uneven !== undefined) {
    throw fail(
      context,
      relation,
      'UNPIVOT_VALUE_SIZE_MISMATCH',
      '428C4',
      `All unpivot value columns must have the same size as there are value column names (${quoted(relation.valueColumns)}).`,
    )
  }
  const moved = new Set(sets.flatMap(s => s.columns.map(c => c.id)))
  const kept = input.visible.filter(a => !moved.has(a.id))
  const values = relation.valueColumns.map((name, i): Attribute => {
    const cells = sets.map(s => s.columns[i] as Attribute)
    const type = commonTypeOf(
      cells.map(c => c.type),
      commonTypes(context.ansi).withoutText,
    )
    if (type === undefined) {
      throw fail(
        context,
        relation,
        'UNPIVOT_VALUE_DATA_TYPE_MISMATCH',
        '42K09',
        `Unpivot value columns must share a least common type, some types do not: [${cells.map(c => `"${sqlTypeName(c.type)}" (\`${c.name}\`)`).join(', ')}].`,
      )
    }
    return { kind: 'Attribute', id: context.nextId(), name, type, nullable: cells.some(isNullable), qualifier: [] }
  })
  const label: Attribute = { kind: 'Attribute', id: context.nextId(), name: relation.nameColumn, type: types.string, nullable: false, qualifier: [] }
  const projections = sets.map((s): readonly BoundExpr[] => [
    ...kept,
    literal(s.alias ?? s.columns.map(c => c.name).join('_'), types.string),
    ...s.columns.map((c, i) => castTo(c, (values[i] as Attribute).type, context.castMode)),
  ])
  const expanded: Plan = { kind: 'Expand', input: input.plan, projections, output: [...kept, label, ...values] }
  if (relation.includeNulls) return scoped(expanded)
  const present = values.map((v): BoundExpr => call('isnotnull', [v], types.boolean, false))
  const condition = present.reduce((a, b) => call('or', [a, b], types.boolean, false))
  return scoped({ kind: 'Filter', input: expanded, condition })
}
