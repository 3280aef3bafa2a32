/** Joins: conditions, USING and NATURAL. A USING column is one column of the output; the sides' own stay reachable by qualifier, out of `*`. */

import { types } from '../../core/types.js'
import { type Attribute, type BoundExpr, isNullable, type NamedExpr } from '../bound.js'
import { castTo } from '../coercion.js'
import { commonTypes } from '../common-types.js'
import { call } from '../functions/define.js'
import { hasAggregate } from '../functions/table.js'
import type { Join } from '../logical.js'
import { joinOutput, outputOf, type Plan } from '../plan.js'
import { type AnalyzerContext, fail, sameName } from './context.js'
import { bindCondition, namesOf } from './expressions.js'
import { lookUp, type Scoped } from './scope.js'
import { named } from './select-list.js'
import { resolveInside } from './subquery.js'

export function bindJoin(relation: Join, context: AnalyzerContext): Scoped {
  if (relation.lateral) return bindLateral(relation, context)
  const left = context.resolve(relation.left, context)
  const right = context.resolve(relation.right, context)
  const using = relation.natural ? commonNames(left, right, context) : relation.using
  if (using !== undefined && using.length > 0) return bindUsing(relation, left, right, using, context)
  // Inside the condition both sides are seen, also for semi and anti joins.
  const seen = namesOf([...left.visible, ...right.visible], [...left.hidden, ...right.hidden])
  const condition = relation.condition === undefined ? undefined : bindCondition(relation.condition, seen, context, 'JOIN')
  if (condition !== undefined && hasAggregate(condition)) {
    throw fail(
      context,
      relation.condition,
      'INVALID_WHERE_CONDITION',
      '42903',
      'The join condition contains aggregate functions. Rewrite the query to avoid aggregate functions in join conditions.',
    )
  }
  // A cross join that has a condition is an inner one, and the other way round.
  const crossed = relation.type === 'inner' || relation.type === 'cross'
  const type = !crossed ? relation.type : condition === undefined ? 'cross' : 'inner'
  return joined({ kind: 'Join', left: left.plan, right: right.plan, type, ...(condition === undefined ? {} : { condition }) }, left, right)
}

/** The right side sees the left one's columns. */
function bindLateral(relation: Join, context: AnalyzerContext): Scoped {
  const { type } = relation
  if (type !== 'inner' && type !== 'cross' && type !== 'left') {
    throw fail(
      context,
      relation,
      'UNSUPPORTED_JOIN_TYPE',
      '0A000',
      `Unsupported join type '${type}'. Supported join types for LATERAL are: inner, cross, left outer.`,
    )
  }
  const left = context.resolve(relation.left, context)
  const { scope: right } = resolveInside(relation.right, [left.visible, left.hidden], context)
  const seen = namesOf([...left.visible, ...right.visible], [...left.hidden, ...right.hidden])
  const condition = relation.condition === undefined ? undefined : bindCondition(relation.condition, seen, context, 'JOIN')
  return joined({ kind: 'LateralJoin', left: left.plan, right: right.plan, type, ...(condition === undefined ? {} : { condition }) }, left, right)
}

function joined(plan: Extract<Plan, { kind: 'Join' | 'LateralJoin' }>, left: Scoped, right: Scoped): Scoped {
  const output = new Map(outputOf(plan).map(a => [a.id, a]))
  const pick = (attributes: readonly Attribute[]) => attributes.map(a => output.get(a.id)).filter(a => a !== undefined)
  return { plan, visible: pick([...left.visible, ...right.visible]), hidden: pick([...left.hidden, ...right.hidden]) }
}

function commonNames(left: Scoped, right: Scoped, context: AnalyzerContext): string[] {
  return left.visible.filter(l => right.visible.some(r => sameName(context, l.name, r.name))).map(l => l.name)
}

function bindUsing(relation: Join, left: Scoped, right: Scoped, using: readonly string[], context: AnalyzerContext): Scoped {
  const pairs = using.map(name => {
    const l = side(name, left, 'left', relation, context)
    const r = side(name, right, 'right', relation, context)
    const type = commonTypes(context.ansi).comparison(l.type, r.type)
    if (type === undefined) {
      throw fail(
        context,
        relation,
        'DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES',
        '42K09',
        `Cannot resolve "(${l.name} = ${r.name})" due to data type mismatch: the columns of USING have incompatible types.`,
      )
    }
    return { name, l, r, type }
  })
  const condition = pairs
    .map((p): BoundExpr => call('=', [castTo(p.l, p.type, context.castMode), castTo(p.r, p.type, context.castMode)], types.boolean))
    .reduce((a, b) => call('and', [a, b], types.boolean))
  const join: Plan = { kind: 'Join', left: left.plan, right: right.plan, type: relation.type === 'cross' ? 'inner' : relation.type, condition }
  const all = joined(join, left, right)
  if (relation.type === 'semi' || relation.type === 'anti') return all
  const after = new Map(joinOutput(join.type, left.visible, right.visible).map(a => [a.id, a]))
  const now = (a: Attribute) => after.get(a.id) ?? a
  const keys: NamedExpr[] = pairs.map(({ l, r, type }) => {
    if (relation.type === 'right') return now(r)
    if (relation.type !== 'full') return now(l)
    const both = [castTo(now(l), type), castTo(now(r), type)]
    return named(call('coalesce', both, type, isNullable(l) && isNullable(r)), l.name, context)
  })
  const merged = new Set(pairs.flatMap(p => [p.l.id, p.r.id]))
  const rest = [...left.visible, ...right.visible].filter(a => !merged.has(a.id)).map(now)
  const kept = new Set(keys.map(k => k.id))
  const hidden = [
    ...pairs
      .flatMap(p => [p.l, p.r])
      .filter(a => !kept.has(a.id))
      .map(now),
    ...all.hidden,
  ]
  const plan: Plan = { kind: 'Project', input: all.plan, expressions: [...keys, ...rest, ...hidden] }
  const output = outputOf(plan)
  const visible = output.slice(0, keys.length + rest.length)
  return { plan, visible, hidden: output.slice(visible.length) }
}

function side(name: string, scope: Scoped, which: 'left' | 'right', relation: Join, context: AnalyzerContext): Attribute {
  const found = lookUp(context, [name], scope.visible, relation)
  if (found !== undefined) return found.attribute
  const names = scope.visible.map(a => a.name).join(', ')
  throw fail(
    context,
    relation,
    'UNRESOLVED_USING_COLUMN_FOR_JOIN',
    '42703',
    `USING column \`${name}\` cannot be resolved on the ${which} side of the join. The ${which}-side columns: [${names}].`,
  )
}
