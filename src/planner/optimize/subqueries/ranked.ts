/** LIMIT and OFFSET per group of rows: by number within a window. */
import { types } from '../../../core/types.js'
import { type BoundAlias, type BoundExpr, type BoundSortOrder, literal, toAttribute, type WindowExpr } from '../../bound.js'
import { conjunction } from '../../conjuncts.js'
import { call } from '../../functions/define.js'
import { outputOf, type Plan } from '../../plan.js'
import type { RuleContext } from '../rule.js'

/** The rows after `offset`, at most `limit` of them, of each group by `keys`. */
export function firstRows(
  plan: Plan,
  keys: readonly BoundExpr[],
  order: readonly BoundSortOrder[],
  offset: number,
  limit: number | undefined,
  context: RuleContext,
): Plan {
  const number: WindowExpr = {
    kind: 'Window',
    function: { kind: 'WindowCall', fn: 'row_number', args: [], ignoreNulls: false, type: types.int, nullable: false },
    partitionBy: keys,
    orderBy: order,
    type: types.int,
    nullable: false,
  }
  const column: BoundAlias = { kind: 'Alias', id: context.nextId(), name: 'row_number', child: number, qualifier: [] }
  const at = (n: number) => literal(n, types.int)
  const tests = [
    ...(offset > 0 ? [call('>', [toAttribute(column), at(offset)], types.boolean)] : []),
    ...(limit === undefined ? [] : [call('<=', [toAttribute(column), at(offset + limit)], types.boolean)]),
  ]
  const condition = conjunction(tests)
  const numbered: Plan = { kind: 'Window', input: plan, windows: [column] }
  const kept: Plan = condition === undefined ? numbered : { kind: 'Filter', input: numbered, condition }
  return { kind: 'Project', input: kept, expressions: outputOf(plan) }
}
