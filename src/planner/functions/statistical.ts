/**
 * Variance and its kin. The state of a task is (n, mean, m2), and states are combined by Chan's formula, as Spark does: no sum of squares, which loses
 * all digits when the mean is large.
 */
import { field, type StructType, struct, types } from '../../core/types.js'
import type { BoundExpr } from '../bound.js'
import { type AggregateParts, aggregate } from './aggregates.js'
import { type AggregateFunction, type AggregateModifiers, aggregateCall, call, custom, type ScalarFunction, takeArgs } from './define.js'

const moments: StructType = struct([field('n', types.long, false), field('mean', types.double), field('m2', types.double)])

const combineStep =
  'lambda a, b: {n: a.n + b.n, mean: a.mean + (b.mean - a.mean) * b.n / (a.n + b.n), ' +
  'm2: a.m2 + b.m2 + (b.mean - a.mean) * (b.mean - a.mean) * a.n * b.n / (a.n + b.n)}'

/**
 * DuckDB fails where the square of a number of this size overflows, and for NaN and infinities; Spark goes on as IEEE says. So DuckDB's own functions see
 * the smaller numbers, and a list takes the others: hardly ever there is one.
 */
const large = '1e147'

/** The same for products of two, each of which may be a sum of many. */
const largePair = '1e150'

/** What follows the call's parenthesis, when only rows of one kind count. */
function only(condition: string, m: AggregateModifiers): string {
  return ` FILTER (WHERE ${m.condition === undefined ? '' : `${m.condition} AND `}${condition})${m.over}`
}

/**
 * A statistic made of the sum of squared distances from the mean. `small`: its text where no number is large, with DuckDB's own function of the smaller
 * ones written `var_pop(...)`, `var_samp(...)`; `factor`: what the sum is multiplied by else, given the text of the count.
 */
function squares(x: string, m: AggregateModifiers, small: string, factor: (n: string) => string): string {
  const over = `(${m.distinct}${x})${m.filter}`
  const within = `(${m.distinct}${x})${only(`abs(${x}) < ${large}`, m)}`
  const beyond = `list(${m.distinct}${x})${only(`NOT abs(${x}) < ${large}`, m)}`
  const parts = `{l: ${beyond}, n: count${over}, mean: avg${over}, m2: coalesce(var_pop${within}, 0)}`
  const rest = '(p_.n - len(p_.l))'
  const distance = `((p_.mean * p_.n - list_sum(p_.l)) / nullif(${rest}, 0) - p_.mean)`
  const sum = `list_sum(list_transform(p_.l, lambda v_: (v_ - p_.mean) * (v_ - p_.mean))) + ${rest} * (p_.m2 + coalesce(${distance} * ${distance}, 0))`
  // Spark merges each state with an empty one: a mean whose square overflows gives NaN there, and so does a distance that overflows itself.
  const strict = '(p_.mean * p_.mean + list_max(p_.l) - list_min(p_.l)) * 0'
  const all = `list_transform([${parts}], lambda p_: (${sum} + ${strict}) * ${factor('p_.n')})[1]`
  return `(CASE WHEN ${beyond} IS NULL THEN ${small.replaceAll('(...)', within)} ELSE ${all} END)`
}

const momentsOf = aggregate({
  name: 'moments',
  minArgs: 1,
  maxArgs: 1,
  internal: true,
  bind: args => aggregateCall('moments', args, moments, true),
  sql: ([x], _, m) => {
    const over = `(${m.distinct}${x})${m.filter}`
    const m2 = squares(x ?? '', m, `var_pop(...) * count${over}`, () => '1')
    return `struct_pack(n := count${over}, mean := avg${over}, m2 := ${m2})`
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
    sql: ([x], _, m) => {
      const variance = squares(x ?? '', m, `${duck.replace('stddev', 'var')}(...)`, n => `(1 / ${sample ? `nullif(${n} - 1, 0)` : n})`)
      return root ? `sqrt(${variance})` : variance
    },
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

/** A statistic of pairs by DuckDB's function, which fails where products overflow; Spark gives NaN there. */
export function ofPairs(name: string, a: string, b: string, m: AggregateModifiers): string {
  const fits = `abs(${a}) < ${largePair} AND abs(${b}) < ${largePair}`
  const beyond = `bool_or(NOT (${fits}))${only(`${a} IS NOT NULL AND ${b} IS NOT NULL`, m)}`
  return `(CASE WHEN coalesce(${beyond}, false) THEN CAST('NaN' AS DOUBLE) ELSE ${name}(${m.distinct}${a}, ${b})${only(fits, m)} END)`
}

/** Two-argument statistics are DuckDB's own, over all rows of a group at once. */
function paired(name: string): AggregateFunction {
  return aggregate({
    name,
    minArgs: 2,
    maxArgs: 2,
    bind: (args, context, modifiers) => aggregateCall(name, takeArgs(args, [types.double], context), types.double, true, modifiers),
    sql: ([x, y], _, m) => {
      const value = ofPairs(name, x ?? '', y ?? '', m)
      // One pair correlates with nothing, and is no sample.
      return name !== 'covar_pop' ? `(CASE WHEN regr_count(${x}, ${y})${m.filter} > 1 THEN ${value} END)` : value
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
