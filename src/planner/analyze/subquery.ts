/** Subqueries as expressions, and lateral joins: the names around a query are in sight inside it, and what it reads of them is remembered. */
import { types } from '../../core/types.js'
import { type Attribute, type BoundExpr, isNullable, type Subquery } from '../bound.js'
import { castTo, sqlTypeName } from '../coercion.js'
import { commonTypes } from '../common-types.js'
import type { SubqueryExpression } from '../expr.js'
import { freeAttributes } from '../free-attributes.js'
import type { Relation } from '../logical.js'
import { outputOf, type Plan } from '../plan.js'
import { type AnalyzerContext, fail, type Names, type OuterScope } from './context.js'
import { type Scoped, trimmed } from './scope.js'

/** Resolves a query that may read what `lists` hold. */
export function resolveInside(
  relation: Relation,
  lists: OuterScope['lists'],
  context: AnalyzerContext,
  groups = false,
): { readonly scope: Scoped; readonly outer: Subquery['outer'] } {
  const used = new Map<number, Attribute>()
  const aggregates: OuterScope['aggregates'] = new Map()
  const scope = context.resolve(relation, { ...context, outer: [{ lists, used, aggregates, groups }, ...context.outer] })
  // What only an aggregate of the query around reads is no parameter of its own.
  const inside = freeAttributes(scope.plan)
  const columns = [...used.values()].filter(a => inside.has(a.id))
  return { scope, outer: [...columns.map(a => ({ parameter: a, value: a })), ...aggregates.values()] }
}

/** `values`: what IN looks for; `shown`: the expression as messages show it. */
export function bindSubquery(
  expr: SubqueryExpression,
  values: readonly BoundExpr[],
  names: Names,
  context: AnalyzerContext,
  shown: () => string,
): Subquery {
  const { scope, outer } = resolveInside(expr.plan, names.lists, context, names.groups)
  const plan = trimmed(scope)
  const common = {
    kind: 'Subquery',
    id: context.nextId(),
    subquery: expr.subquery,
    outer,
  } as const
  switch (expr.subquery) {
    case 'exists':
      return { ...common, plan, values: [], type: types.boolean, nullable: false }
    case 'scalar': {
      const [column, ...more] = outputOf(plan)
      if (column === undefined || more.length > 0) {
        throw fail(
          context,
          expr,
          'INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN',
          '42823',
          `Invalid subquery: Scalar subquery must return only one column, but got ${more.length + (column === undefined ? 0 : 1)}.`,
        )
      }
      return { ...common, plan, values: [], type: column.type, nullable: true }
    }
    case 'in':
      return { ...common, ...bindMembership(expr, values, plan, context, shown), type: types.boolean }
  }
}

/** Both sides of IN, cast to common types. */
function bindMembership(expr: SubqueryExpression, given: readonly BoundExpr[], plan: Plan, context: AnalyzerContext, shown: () => string) {
  const columns = outputOf(plan)
  const [first] = given
  // A struct of as many fields as there are columns is looked for field by field.
  const values = given.length === 1 && first?.kind === 'Call' && first.fn === 'struct' && columns.length > 1 ? first.args : given
  if (values.length !== columns.length) {
    throw fail(
      context,
      expr,
      'DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH',
      '42K09',
      `Cannot resolve "${shown()}" due to data type mismatch: The number of columns in the left hand side of an IN subquery does not match the number of columns in the output of subquery. ` +
        `Left hand side columns(length: ${values.length}), right hand side columns(length: ${columns.length}).`,
    )
  }
  const wanted = values.map((v, i) => {
    const column = columns[i] as Attribute
    const type = commonTypes(context.ansi).comparison(v.type, column.type)
    if (type !== undefined) return type
    throw fail(
      context,
      expr,
      'DATATYPE_MISMATCH.IN_SUBQUERY_DATA_TYPE_MISMATCH',
      '42K09',
      `Cannot resolve "${shown()}" due to data type mismatch: The data type of one or more elements in the left hand side of an IN subquery is not compatible with the data type of the output of the subquery. ` +
        `Mismatched columns: ["${sqlTypeName(v.type)}", "${sqlTypeName(column.type)}"].`,
    )
  })
  const cast = columns.map((c, i) => castTo(c, wanted[i] ?? c.type, context.castMode))
  const same = cast.every((e, i) => e === columns[i])
  const right: Plan = same
    ? plan
    : {
        kind: 'Project',
        input: plan,
        expressions: cast.map((e, i) =>
          e.kind === 'Attribute' ? e : { kind: 'Alias', id: context.nextId(), name: columns[i]?.name ?? '', child: e, qualifier: [] },
        ),
      }
  return {
    plan: right,
    values: values.map((v, i) => castTo(v, wanted[i] ?? v.type, context.castMode)),
    nullable: values.some(isNullable) || outputOf(right).some(a => a.nullable),
  }
}
