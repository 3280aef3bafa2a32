/**
 * Variance and its kin. The state of a task is (n, mean, m2), and states are combined by Chan's formula, as Spark does: no sum of squares, which loses
 * all digits when the mean is large.
 */
import { field, type StructType, struct, types } from '../../core/types.js'
import type { BoundExpr } from '../bound.js'
import { type AggregateParts, aggregate } from './aggregates.js'
import { type AggregateFunction, aggregateCall, call, custom, type ScalarFunction, takeArgs } from './define.js'

const moments: StructType = struct([field('n', types.long, false), field('mean', types.double), field('m2', types.double)])

const combineStep =
  'lambda a, b: {n: a.n + b.n, mean: a.mean + (b.mean - a.mean) * b.n / (a.n + b.n), ' +
  'm2: a.m2 + b.m2 + (b.mean - a.mean) * (b.mean - a.mean) * a.n * b.n / (a.n + b.n)}'

const momentsOf = aggregate({
  name: 'moments',
  minArgs: 1,
  maxArgs: 1,
  internal: true,
  bind: args => aggregateCall('moments', args, moments, true),
  sql: ([x], _, m) => {
    const over = `(${m.distinct}${x})${m.filter}`
    return `struct_pack(n := count${over}, mean := avg${over}, m2 := var_pop${over} * count${over})`
  },
  split: c => ({
    buffers: [{ name: 'moments', partial: c, combine: own => aggregateCall('moments_combine', [own], moments, true) }],
    finish: states => states[0] as BoundExpr,
  }),
})

const momentsCombine = aggregate({
  name: 'moments_combine',
  minArgs: 1,
  maxArgs: 1,
  internal: true,
  bind: args => aggregateCall('moments_combine', args, moments, true),
  sql: ([x]) => `(CASE WHEN count(*) FILTER (WHERE ${x}.n > 0) > 0 THEN list_reduce(list(${x}) FILTER (WHERE ${x}.n > 0), ${combineStep}) END)`,
})

/** `sample`: divides by n − 1, NULL for one row. */
function spread(name: string, duck: string, sample: boolean, root: boolean, aliases: readonly string[]): AggregateFunction {
  const parts: AggregateParts = {
    name,
    aliases,
    minArgs: 1,
    maxArgs: 1,
    bind: (args, context, modifiers) => aggregateCall(name, takeArgs(args, [types.double], context), types.double, true, modifiers),
    sql: ([x], _, m) => `${duck}(${m.distinct}${x})${m.filter}`,
    split: c => {
      const filter = c.filter === undefined ? {} : { filter: c.filter }
      return {
        buffers: [
          {
            name: 'moments',
            partial: aggregateCall('moments', c.args, moments, true, filter),
            combine: own => aggregateCall('moments_combine', [own], moments, true),
          },
        ],
        finish: states => call(`${root ? 'stddev' : 'variance'}_${sample ? 'samp' : 'pop'}_finish`, states, types.double, true),
      }
    },
  }
  return aggregate(parts)
}

function finish(root: boolean, sample: boolean): ScalarFunction {
  const name = `${root ? 'stddev' : 'variance'}_${sample ? 'samp' : 'pop'}_finish`
  return {
    ...custom(
      name,
      1,
      args => call(name, args, types.double, true),
      ([s]) => {
        const variance = sample ? `${s}.m2 / nullif(${s}.n - 1, 0)` : `${s}.m2 / ${s}.n`
        return root ? `sqrt(${variance})` : `(${variance})`
      },
    ),
    internal: true,
  }
}

export const momentFinishers: readonly ScalarFunction[] = [finish(true, true), finish(true, false), finish(false, true), finish(false, false)]

/** Two-argument statistics are DuckDB's own, over all rows of a group at once. */
function paired(name: string): AggregateFunction {
  return aggregate({
    name,
    minArgs: 2,
    maxArgs: 2,
    bind: (args, context, modifiers) => aggregateCall(name, takeArgs(args, [types.double], context), types.double, true, modifiers),
    sql: ([x, y], _, m) => {
      const value = `${name}(${m.distinct}${x}, ${y})${m.filter}`
      // One pair correlates with nothing.
      return name === 'corr' ? `(CASE WHEN regr_count(${x}, ${y})${m.filter} > 1 THEN ${value} END)` : value
    },
  })
}

export const statistical: readonly AggregateFunction[] = [
  momentsOf,
  momentsCombine,
  spread('stddev', 'stddev_samp', true, true, ['std', 'stddev_samp']),
  spread('stddev_pop', 'stddev_pop', false, true, []),
  spread('variance', 'var_samp', true, false, ['var_samp']),
  spread('var_pop', 'var_pop', false, false, []),
  paired('corr'),
  paired('covar_pop'),
  paired('covar_samp'),
]
