/** UNION, INTERSECT and EXCEPT: the same number of columns, brought to common types, by position or by name. */
import { type DataType, types } from '../../core/types.js'
import { type Attribute, type NamedExpr, nullOf, toAttribute } from '../bound.js'
import { castTo, sqlTypeName } from '../coercion.js'
import { commonTypes } from '../common-types.js'
import type { Deduplicate, SetOperation } from '../logical.js'
import { outputOf, type Plan } from '../plan.js'
import { type AnalyzerContext, fail, sameName } from './context.js'
import { type Scoped, scoped, trimmed } from './scope.js'
import { named } from './select-list.js'

const ordinals = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth', 'ninth', 'tenth']

/** Maps have no equality that DISTINCT and the like could go by. */
export function checkNoMaps(columns: readonly Attribute[], node: SetOperation | Deduplicate, context: AnalyzerContext): void {
  const column = columns.find(c => hasMap(c.type))
  if (column === undefined) return
  throw fail(
    context,
    node,
    'UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE',
    '0A000',
    `The feature is not supported: Cannot have MAP type columns in a set operation (INTERSECT, EXCEPT, etc.), but the type of column \`${column.name}\` is "${sqlTypeName(column.type)}".`,
  )
}

function hasMap(type: DataType): boolean {
  if (type.kind === 'array') return hasMap(type.element)
  return type.kind === 'struct' ? type.fields.some(f => hasMap(f.type)) : type.kind === 'map'
}

export function bindSetOperation(relation: SetOperation, context: AnalyzerContext): Scoped {
  let left = trimmed(context.resolve(relation.left, context))
  let right = trimmed(context.resolve(relation.right, context))
  if (relation.byName) [left, right] = alignNames(left, right, relation, context)
  const operator = relation.operation.toUpperCase()
  const [a, b] = [outputOf(left), outputOf(right)]
  if (a.length !== b.length) {
    throw fail(
      context,
      relation,
      'NUM_COLUMNS_MISMATCH',
      '42826',
      `${operator} can only be performed on inputs with the same number of columns, but the first input has ${a.length} columns and the second input has ${b.length} columns.`,
    )
  }
  const wanted = a.map((l, i) => {
    const r = b[i] ?? l
    const type = commonTypes(context.ansi).wider(l.type, r.type)
    if (type !== undefined) return type
    const at = ordinals[i] ?? `${i + 1}th`
    throw fail(
      context,
      relation,
      'INCOMPATIBLE_COLUMN_TYPE',
      '42825',
      `${operator} can only be performed on tables with compatible column types. The ${at} column of the second table is "${sqlTypeName(r.type)}" type which is not compatible with "${sqlTypeName(l.type)}" at the same column of the first table.`,
    )
  })
  const cast = (plan: Plan): Plan => {
    const columns = outputOf(plan)
    const expressions = columns.map((c, i): NamedExpr => {
      const to = castTo(c, wanted[i] ?? types.null, context.castMode)
      return to === c ? c : named(to, c.name, context)
    })
    return expressions.every((e, i) => e === columns[i]) ? plan : { kind: 'Project', input: plan, expressions }
  }
  if (!(relation.operation === 'union' && relation.all)) checkNoMaps(a, relation, context)
  left = cast(left)
  right = cast(right)
  if (relation.operation !== 'union') return scoped({ kind: 'SetOperation', operation: relation.operation, all: relation.all, left, right })
  const [l, r] = [outputOf(left), outputOf(right)]
  const output = l.map((c, i): Attribute => ({ ...c, id: context.nextId(), nullable: c.nullable || (r[i]?.nullable ?? true), qualifier: [] }))
  const union: Plan = { kind: 'Union', inputs: [left, right], output }
  return scoped(relation.all ? union : { kind: 'Distinct', input: union })
}

/** The right input's columns in the order of the left's names; columns that one side lacks are NULL there when that is allowed. */
function alignNames(left: Plan, right: Plan, relation: SetOperation, context: AnalyzerContext): [Plan, Plan] {
  const [a, b] = [outputOf(left), outputOf(right)]
  const find = (columns: readonly Attribute[], name: string) => columns.find(c => sameName(context, c.name, name))
  const missingLeft = b.filter(r => find(a, r.name) === undefined)
  const missingRight = a.filter(l => find(b, l.name) === undefined)
  const first = missingRight[0] ?? missingLeft[0]
  if (!relation.allowMissingColumns && first !== undefined) {
    const other = missingRight.length > 0 ? b : a
    throw fail(
      context,
      relation,
      'UNRESOLVED_COLUMN.WITH_SUGGESTION',
      '42703',
      `A column, variable, or function parameter with name \`${first.name}\` cannot be resolved: one side of the union by name lacks it. That side has [${other.map(c => `\`${c.name}\``).join(', ')}].`,
    )
  }
  const filler = (column: Attribute) => named(nullOf(column.type), column.name, context)
  const leftPlan: Plan = missingLeft.length === 0 ? left : { kind: 'Project', input: left, expressions: [...a, ...missingLeft.map(filler)] }
  const order = [...a, ...missingLeft]
  const expressions = order.map(column => find(b, column.name) ?? filler(column))
  const same = expressions.length === b.length && expressions.every((e, i) => e === b[i])
  return [leftPlan, same ? right : { kind: 'Project', input: right, expressions: expressions.map(e => (e.kind === 'Alias' ? e : toAttribute(e))) }]
}
