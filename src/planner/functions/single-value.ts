/** The value of a scalar subquery: NULL of no rows, an error of several. */
import type { BoundExpr } from '../bound.js'
import { aggregate } from './aggregates.js'
import { aggregateCall, raise } from './define.js'

const tooMany = raise('SCALAR_SUBQUERY_TOO_MANY_ROWS', '21000', 'More than one row returned by a subquery used as an expression.')

export const singleValue = aggregate({
  name: 'single_value',
  minArgs: 1,
  maxArgs: 1,
  internal: true,
  deterministic: false,
  bind: args => aggregateCall('single_value', args, (args[0] as BoundExpr).type, true),
  sql: ([x]) => `(CASE WHEN count(*) > 1 THEN ${tooMany} ELSE first(${x}) END)`,
})
