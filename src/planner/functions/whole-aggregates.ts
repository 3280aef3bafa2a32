/** Aggregates over lists and order: collections, extremes by another column, percentiles. What has no `split` sees all rows of a group at once. */
import { array, type DataType, types } from '../../core/types.js'
import { type BoundExpr, literal } from '../bound.js'
import { aggregate, buffer } from './aggregates.js'
import { type AggregateFunction, aggregateCall, type BindContext, takeArgs, unexpectedInput } from './define.js'
import { percentage } from './percentage.js'

const and = (a: string | undefined, b: string) => ` FILTER (WHERE ${a === undefined ? b : `${a} AND ${b}`})`

/** NULLs are left out, no rows give an empty array. */
function collect(name: string, distinct: boolean, aliases: readonly string[]): AggregateFunction {
  return aggregate({
    name,
    aliases,
    minArgs: 1,
    maxArgs: 1,
    deterministic: false,
    bind: (args, _, modifiers) => {
      const [value] = args as readonly [BoundExpr]
      return aggregateCall(name, [value], array(value.type, false), false, modifiers)
    },
    sql: ([x], _, m) => `coalesce(list(${distinct ? 'DISTINCT ' : m.distinct}${x})${and(m.condition, `${x} IS NOT NULL`)}${m.over}, [])`,
    split: c => ({
      buffers: [buffer(c, name, name, c.args, c.type, false, distinct ? 'concat_sets' : 'concat_lists')],
      finish: states => states[0] as BoundExpr,
    }),
  })
}

function concatenate(name: string, sql: (x: string) => string): AggregateFunction {
  return aggregate({
    name,
    minArgs: 1,
    maxArgs: 1,
    internal: true,
    deterministic: false,
    bind: args => aggregateCall(name, args, (args[0] as BoundExpr).type, false),
    sql: ([x]) => sql(x ?? ''),
    split: c => ({ buffers: [buffer(c, 'list', name, c.args, c.type, false)], finish: states => states[0] as BoundExpr }),
  })
}

/** The value of `x` in the row where `y` is greatest or least; rows without `y` do not count. */
function extremeBy(name: 'max_by' | 'min_by', duck: string, extreme: 'max' | 'min'): AggregateFunction {
  return aggregate({
    name,
    minArgs: 2,
    maxArgs: 2,
    ignoresDistinct: true,
    deterministic: false,
    bind: (args, _, modifiers) => aggregateCall(name, args, (args[0] as BoundExpr).type, true, modifiers),
    sql: ([x, y], _, m) => `${duck}(${x}, ${y})${m.filter}`,
    split: c => {
      const [x, y] = c.args as readonly [BoundExpr, BoundExpr]
      const value = buffer(c, name, name, [x, y], c.type, true)
      return {
        buffers: [
          { ...value, combine: (own, all) => aggregateCall(name, [own, all[1] as BoundExpr], c.type, true) },
          buffer(c, extreme, extreme, [y], y.type, true),
        ],
        finish: states => states[0] as BoundExpr,
      }
    },
  })
}

/** One value, or one per percentage when there is an array of them. */
function perFraction(p: BoundExpr, type: DataType): DataType {
  return p.type.kind === 'array' ? array(type, false) : type
}

function whole(
  name: string,
  arity: readonly [number, number],
  bind: (args: readonly BoundExpr[], context: BindContext) => { readonly args: readonly BoundExpr[]; readonly type: DataType },
  sql: (args: readonly string[], distinct: string) => string,
  aliases: readonly string[] = [],
): AggregateFunction {
  return aggregate({
    name,
    aliases,
    minArgs: arity[0],
    maxArgs: arity[1],
    bind: (args, context, modifiers) => {
      const bound = bind(args, context)
      return aggregateCall(name, bound.args, bound.type, true, modifiers)
    },
    sql: (args, _, m) => `${sql(args, m.distinct)}${m.filter}`,
  })
}

/** Exact, which is within any error asked for; distributed like every DISTINCT. */
const approxCountDistinct = aggregate({
  name: 'approx_count_distinct',
  minArgs: 1,
  maxArgs: 2,
  bind: (args, _, modifiers) => aggregateCall('count', args.slice(0, 1), types.long, false, { ...modifiers, distinct: true }),
  sql: () => '',
})

/** The most frequent value. Of several the least with a true second argument, or the first in the order of WITHIN GROUP. */
const mode = aggregate({
  name: 'mode',
  minArgs: 0,
  maxArgs: 2,
  bind: (args, context, modifiers) => {
    const order = context.withinGroup
    if (order !== undefined) {
      if (modifiers.distinct)
        throw context.fail(
          'INVALID_WITHIN_GROUP_EXPRESSION.DISTINCT_UNSUPPORTED',
          '42K0K',
          'Invalid function `mode` with WITHIN GROUP. The function does not support DISTINCT with WITHIN GROUP.',
        )
      if (order.length !== 1)
        throw context.fail(
          'INVALID_WITHIN_GROUP_EXPRESSION.WRONG_NUM_ORDERINGS',
          '42K0K',
          `Invalid function \`mode\` with WITHIN GROUP. The function requires 1 orderings in WITHIN GROUP but got ${order.length}.`,
        )
      const [{ child, ascending }] = order as readonly [(typeof order)[number]]
      if (args.length > 0) throw wrongNumber(context, '0', args.length)
      return aggregateCall('mode', [child, literal(ascending ? 'ASC' : 'DESC', types.string)], child.type, true, modifiers)
    }
    const [value, least] = args as readonly [BoundExpr?, BoundExpr?]
    if (value === undefined) throw wrongNumber(context, '1', 0)
    if (least !== undefined && (least.kind !== 'Literal' || typeof least.value !== 'boolean'))
      throw unexpectedInput(context, 1, 'BOOLEAN', least.type)
    const sorted = least?.kind === 'Literal' && least.value === true
    return aggregateCall('mode', sorted ? [value, literal('ASC', types.string)] : [value], value.type, true, modifiers)
  },
  // The mode of one value is that value, and DuckDB takes a constant with an order for a percentage.
  sql: ([x, order], c, m) =>
    `mode(${x}${order === undefined || c.args[0]?.kind === 'Literal' ? '' : ` ORDER BY ${x} ${order.slice(1, -1)}`})${m.filter}`,
})

function wrongNumber(context: BindContext, wanted: string, given: number) {
  return context.fail(
    'WRONG_NUM_ARGS.WITHOUT_SUGGESTION',
    '42605',
    `The \`${context.name}\` requires ${wanted} parameters but the actual number is ${given}.`,
  )
}

export const wholeAggregates: readonly AggregateFunction[] = [
  collect('collect_list', false, ['array_agg']),
  collect('collect_set', true, []),
  concatenate('concat_lists', x => `coalesce(flatten(list(${x})), [])`),
  concatenate('concat_sets', x => `coalesce(list_distinct(flatten(list(${x}))), [])`),
  extremeBy('max_by', 'arg_max_null', 'max'),
  extremeBy('min_by', 'arg_min_null', 'min'),
  approxCountDistinct,
  whole(
    'median',
    [1, 1],
    (args, context) => ({ args: takeArgs(args, [types.double], context), type: types.double }),
    ([x], d) => `median(${d}${x})`,
  ),
  whole(
    'percentile',
    [2, 3],
    (args, context) => {
      if (args.length === 3)
        throw context.fail('UNSUPPORTED_FEATURE.PERCENTILE_FREQUENCY', '0A000', `The feature is not supported: frequencies in "${context.callText}".`)
      const p = percentage(args[1], 1, context)
      return { args: [...takeArgs(args.slice(0, 1), [types.double], context), p], type: perFraction(p, types.double) }
    },
    ([x, p], d) => `quantile_cont(${d}${x}, ${p})`,
  ),
  whole(
    'percentile_approx',
    [2, 3],
    (args, context) => {
      const [value] = takeArgs(args.slice(0, 1), ['numeric'], context) as [BoundExpr]
      const p = percentage(args[1], 1, context)
      return { args: [value, p], type: perFraction(p, value.type) }
    },
    ([x, p], d) => `quantile_disc(${d}${x}, ${p})`,
    ['approx_percentile'],
  ),
  mode,
]
