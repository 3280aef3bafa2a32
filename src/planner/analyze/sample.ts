/** TABLESAMPLE: a part of the rows by chance, or a number of rows. */
import { types } from '../../core/types.js'
import { literal } from '../bound.js'
import { call } from '../functions/define.js'
import type { Sample } from '../logical.js'
import { type AnalyzerContext, fail } from './context.js'
import { bindExpr, namesOf } from './expressions.js'
import { bindLimit } from './query-parts.js'
import { above, type Scoped } from './scope.js'

export function bindSample(relation: Sample, context: AnalyzerContext): Scoped {
  const { method } = relation
  if (method.kind === 'rows') return bindLimit({ kind: 'Limit', input: relation.input, limit: method.rows }, context)
  const part = method.kind === 'percent' ? method.percent / 100 : method.bucket / method.of
  if (!(part >= 0 && part <= 1)) {
    throw fail(context, relation, 'INVALID_SAMPLING_FRACTION', '22003', `The sampling fraction must be on interval [0, 1], but got ${part}.`)
  }
  const input = context.resolve(relation.input, context)
  if (part === 1) return input
  const seed = relation.seed === undefined ? [] : [literal(relation.seed, types.int)]
  const random = bindExpr({ kind: 'UnresolvedFunction', name: 'rand', args: seed }, namesOf([]), context)
  const condition = call('<', [random, literal(part, types.double)], types.boolean, false)
  return above(input, plan => ({ kind: 'Filter', input: plan, condition }))
}
