/** `grouping(a)` and `grouping_id()`: which keys a row of GROUPING SETS is not grouped by. The analyzer replaces them; anywhere else they are refused. */
import { SpkError } from '../../core/errors.js'
import { types } from '../../core/types.js'
import type { BoundExpr } from '../bound.js'
import { call, custom, type ScalarFunction } from './define.js'

function misplaced(): never {
  throw new SpkError('UNSUPPORTED_GROUPING_EXPRESSION', 'grouping()/grouping_id() can only be used with GroupingSets/Cube/Rollup.', {
    sqlState: '42K0E',
  })
}

export const grouping: readonly ScalarFunction[] = [
  custom('grouping', 1, args => call('grouping', args, types.byte, false), misplaced),
  custom('grouping_id', [0, Number.POSITIVE_INFINITY], args => call('grouping_id', args, types.long, false), misplaced),
]

export function isGroupingCall(expr: BoundExpr): boolean {
  return expr.kind === 'Call' && (expr.fn === 'grouping' || expr.fn === 'grouping_id')
}
