/** Aggregates over all rows of a group at once: sums that tolerate overflow, regressions, shapes of distributions, ordered texts and percentiles, sums of intervals. */
import { isAnsiInterval } from '../../core/intervals.js'
import { array, type DataType, type DecimalType, field, struct, types } from '../../core/types.js'
import { type BoundExpr, literal } from '../bound.js'
import { castTo, implicitCast, isIntegral, isOrderable, sqlTypeName } from '../coercion.js'
import { bounded } from '../decimal-rules.js'
import { duckType, keyText } from '../duck-type.js'
import { aggregate, sumMayOverflow } from './aggregates.js'
import { decimalQuotient, scaled, unscaled } from './decimal-quotient.js'
import { type AggregateFunction, type AggregateModifiers, aggregateCall, takeArgs, unexpectedInput } from './define.js'
import { countOf, intervalSql } from './intervals.js'
import { percentage } from './percentage.js'
import { ofPairs } from './statistical.js'

const { double, long, string } = types

/** A statistic of pairs (y, x); rows where either is NULL do not count. */
function regression(name: string, type: DataType, sql: (y: string, x: string, m: AggregateModifiers) => string): AggregateFunction {
  return aggregate({
    name,
    minArgs: 2,
    maxArgs: 2,
    bind: (args, context, modifiers) => aggregateCall(name, takeArgs(args, [double], context), type, type.kind !== 'long', modifiers),
    sql: ([y, x], _, m) => sql(y ?? '', x ?? '', m),
  })
}

const duckRegression = (name: string) => regression(name, double, (y, x, m) => ofPairs(name, y, x, m))
/** One pair has no slope. */
const slope = regression(
  'regr_slope',
  double,
  (y, x, m) => `(CASE WHEN regr_count(${y}, ${x})${m.filter} > 1 THEN ${ofPairs('regr_slope', y, x, m)} END)`,
)
const duckMean = (name: string) => regression(name, double, (y, x, m) => `${name}(${y}, ${x})${m.filter}`)

/** Third and fourth standardised moments of a population, as Spark has them; NULL when all values are the same. */
function shape(name: 'skewness' | 'kurtosis'): AggregateFunction {
  return aggregate({
    name,
    minArgs: 1,
    maxArgs: 1,
    bind: (args, context, modifiers) => aggregateCall(name, takeArgs(args, [double], context), double, true, modifiers),
    sql: ([x], _, m) => {
      const values = `list(${m.distinct}${x}) FILTER (WHERE ${m.condition === undefined ? '' : `${m.condition} AND `}${x} IS NOT NULL)${m.over}`
      const power = name === 'skewness' ? 3 : 4
      const step = `lambda v_: pow(v_ - list_avg(l_), ${power})`
      const second = `list_avg(list_transform(l_, lambda v_: pow(v_ - list_avg(l_), 2)))`
      const value = `list_avg(list_transform(l_, ${step})) / pow(${second}, ${power / 2})${name === 'kurtosis' ? ' - 3' : ''}`
      return `(list_transform([${values}], lambda l_: CASE WHEN l_ IS NULL OR len(l_) = 0 THEN NULL WHEN ${second} = 0 THEN NULL ELSE ${value} END)[1])`
    },
  })
}

/** NULL when the sum does not fit. */
const trySum = aggregate({
  name: 'try_sum',
  minArgs: 1,
  maxArgs: 1,
  bind: (args, context, modifiers) => {
    if (args[0] !== undefined && isAnsiInterval(args[0].type)) return aggregateCall('try_interval_sum', args, args[0].type, true, modifiers)
    const [arg] = takeArgs(args, ['numeric'], context) as [BoundExpr]
    const type = isIntegral(arg.type) ? long : arg.type.kind === 'decimal' ? bounded(arg.type.precision + 10, arg.type.scale) : double
    return aggregateCall('try_sum', [arg.type.kind === 'float' ? castTo(arg, double) : arg], type, true, modifiers)
  },
  sql: ([x], c, m) => {
    const from = c.args[0]?.type
    if (from?.kind === 'decimal' && c.type.kind === 'decimal' && sumMayOverflow(from) && m.distinct === '')
      return boundedSum(x ?? '', from, c.type, m)
    const sum = `sum(${m.distinct}${x})${m.filter}`
    return c.type.kind === 'double' ? sum : `TRY_CAST(${sum} AS ${duckType(c.type)})`
  },
})

const tryAvg = aggregate({
  name: 'try_avg',
  minArgs: 1,
  maxArgs: 1,
  bind: (args, context, modifiers) => {
    if (args[0] !== undefined && isAnsiInterval(args[0].type))
      return aggregateCall('try_interval_avg', args, { kind: args[0].type.kind }, true, modifiers)
    const [arg] = takeArgs(args, ['numeric'], context) as [BoundExpr]
    const type = arg.type.kind === 'decimal' ? bounded(arg.type.precision + 4, arg.type.scale + 4) : double
    return aggregateCall(
      arg.type.kind === 'decimal' && !sumMayOverflow(arg.type) ? 'avg' : 'try_avg',
      [arg.type.kind === 'float' ? castTo(arg, double) : arg],
      type,
      true,
      modifiers,
    )
  },
  sql: ([x], c, m) => {
    const from = c.args[0]?.type
    if (from?.kind !== 'decimal' || c.type.kind !== 'decimal') return `avg(${m.distinct}${x})${m.filter}`
    const total = bounded(from.precision + 10, from.scale)
    const sum = m.distinct === '' ? boundedSum(x ?? '', from, total, m) : `TRY_CAST(sum(${m.distinct}${x})${m.filter} AS ${duckType(total)})`
    // TRY takes no aggregate, but what a lambda is given.
    const quotient = decimalQuotient('t_.s', total, 't_.n', bounded(20, 0), c.type)
    return `(list_transform([{s: ${sum}, n: nullif(count(${m.distinct}${x})${m.filter}, 0)}], lambda t_: TRY(${quotient}))[1])`
  },
})

/** A sum of decimals of any size, NULL when it does not fit: of the upper and the lower digits by themselves, which no number of rows makes too large. */
function boundedSum(x: string, from: DecimalType, to: DecimalType, m: AggregateModifiers): string {
  const unit = `CAST(1${'0'.repeat(18)} AS HUGEINT)`
  const part = (operator: string) => `sum(CAST(${unscaled(x, from)} ${operator} ${unit} AS DECIMAL(38, 0)))${m.filter}`
  const [upper, lower] = [`CAST(${part('//')} AS HUGEINT)`, `CAST(${part('%')} AS HUGEINT)`]
  const carried = `(${upper} + ${lower} // ${unit})`
  const limit = `CAST(1${'0'.repeat(20)} AS HUGEINT)`
  return `(CASE WHEN abs(${carried}) < ${limit} THEN ${scaled(`(${carried} * ${unit} + ${lower} % ${unit})`, to)} END)`
}

function intervalAggregate(
  name: string,
  count: (x: string, m: AggregateModifiers, half: bigint) => string,
  tolerant: boolean,
  advice: string,
): AggregateFunction {
  return aggregate({
    name,
    minArgs: 1,
    maxArgs: 1,
    internal: true,
    bind: (args, _, modifiers) => aggregateCall(name, args, (args[0] as BoundExpr).type, true, modifiers),
    sql: ([x], c, m) => {
      const type = c.args[0]?.type ?? c.type
      const value = count(countOf(x ?? '', type), m, type.kind === 'yearmonth_interval' ? 2n ** 31n : 2n ** 63n)
      return tolerant ? intervalSql(value, c.type, undefined) : intervalSql(value, c.type, advice)
    },
  })
}

const sumOf = (x: string, m: AggregateModifiers) => `sum(${m.distinct}CAST(${x} AS HUGEINT))${m.filter}`
/** The sum must fit as well: one that does not stands for the mean, and overflows in its place. */
const meanOf = (x: string, m: AggregateModifiers, half: bigint) => {
  const mean = `CAST(round(CAST(${sumOf(x, m)} AS DOUBLE) / nullif(count(${m.distinct}${x})${m.filter}, 0)) AS HUGEINT)`
  return `(CASE WHEN ${sumOf(x, m)} BETWEEN ${-half} AND ${half - 1n} THEN ${mean} ELSE ${sumOf(x, m)} END)`
}

/** `percentile_cont(p) WITHIN GROUP (ORDER BY x)`. */
function orderedPercentile(name: string, duck: string): AggregateFunction {
  return aggregate({
    name,
    minArgs: 1,
    maxArgs: 1,
    bind: (args, context, modifiers) => {
      const order = context.withinGroup
      if (order === undefined || order.length === 0) {
        throw context.fail(
          'INVALID_WITHIN_GROUP_EXPRESSION.WITHIN_GROUP_MISSING',
          '42K0K',
          `Invalid function \`${name}\` with WITHIN GROUP. WITHIN GROUP is required for the function.`,
        )
      }
      if (modifiers.distinct) {
        throw context.fail(
          'INVALID_WITHIN_GROUP_EXPRESSION.DISTINCT_UNSUPPORTED',
          '42K0K',
          `Invalid function \`${name}\` with WITHIN GROUP. The function does not support DISTINCT with WITHIN GROUP.`,
        )
      }
      if (order.length > 1) {
        throw context.fail(
          'INVALID_WITHIN_GROUP_EXPRESSION.WRONG_NUM_ORDERINGS',
          '42K0K',
          `Invalid function \`${name}\` with WITHIN GROUP. The function requires 1 orderings in WITHIN GROUP but got ${order.length}.`,
        )
      }
      const key = order[0] as (typeof order)[number]
      const value = implicitCast(key.child, 'numeric')
      if (value === undefined) throw unexpectedInput(context, 0, 'NUMERIC', key.child.type)
      const p = percentage(args[0], 0, context)
      const type = p.type.kind === 'array' ? array(double, false) : double
      return aggregateCall(name, [castTo(value, double), p, literal(key.ascending, types.boolean)], type, true, modifiers)
    },
    sql: ([x, p, up], c, m) => {
      if (duck === 'quantile_disc') {
        // The first value that at least this part of the values does not exceed.
        const sorted = `list(${x} ORDER BY ${x} ${up === 'true' ? 'ASC' : 'DESC'}) FILTER (WHERE ${m.condition === undefined ? '' : `${m.condition} AND `}${x} IS NOT NULL)${m.over}`
        const nth = (q: string) => `l_[greatest(CAST(ceil(round(${q} * len(l_), 9)) AS BIGINT), 1)]`
        const value = c.type.kind === 'array' ? `list_transform(${p}, lambda q_: ${nth('q_')})` : nth(p ?? '')
        return `list_transform([${sorted}], lambda l_: ${value})[1]`
      }
      const at = up === 'true' ? p : c.type.kind === 'array' ? `list_transform(${p}, lambda p_: 1 - p_)` : `(1 - ${p})`
      return `${duck}(${x}, ${at})${m.filter}`
    },
  })
}

/** Texts of a group joined, in the order of WITHIN GROUP; NULLs are left out. */
const listagg = aggregate({
  name: 'listagg',
  aliases: ['string_agg'],
  minArgs: 1,
  maxArgs: 2,
  deterministic: false,
  bind: (args, context, modifiers) => {
    const [value, delimiter] = args as readonly [BoundExpr, BoundExpr?]
    const binary = value.type.kind === 'binary'
    const taken = binary ? value : implicitCast(value, string)
    if (taken === undefined) throw unexpectedInput(context, 0, '("STRING" or "BINARY")', value.type)
    if (delimiter !== undefined && delimiter.kind !== 'Literal' && !isConstant(delimiter)) {
      throw context.fail(
        'DATATYPE_MISMATCH.NON_FOLDABLE_INPUT',
        '42K09',
        `Cannot resolve "${context.callText}" due to data type mismatch: the input \`delimiter\` should be a foldable "STRING" expression; however, got "${context.argText(1)}".`,
      )
    }
    if (delimiter !== undefined && delimiter.type.kind !== 'null' && (delimiter.type.kind === 'binary') !== binary) {
      throw context.fail(
        'DATATYPE_MISMATCH.DATA_DIFF_TYPES',
        '42K09',
        `Cannot resolve "${context.callText}" due to data type mismatch: Input to \`listagg\` should all be the same type, but it's ["${sqlTypeName(value.type)}", "${sqlTypeName(delimiter.type)}"].`,
      )
    }
    const between = delimiter === undefined || delimiter.type.kind === 'null' ? literal('', string) : delimiter
    const order = context.withinGroup ?? []
    if (modifiers.distinct && order.some(o => context.key(o.child) !== context.key(value) && context.key(o.child) !== context.key(taken))) {
      throw context.fail(
        'INVALID_WITHIN_GROUP_EXPRESSION.MISMATCH_WITH_DISTINCT_INPUT',
        '42K0K',
        'Invalid function `listagg` with WITHIN GROUP. The function is invoked with DISTINCT and WITHIN GROUP but expressions do not match. The WITHIN GROUP ordering expression must be picked from the function inputs.',
      )
    }
    const bad = order.find(o => !isOrderable(o.child.type))
    if (bad !== undefined) throw unexpectedInput(context, 0, 'ORDERABLE', bad.child.type)
    const flags = order.map(o => `${o.ascending ? 'ASC' : 'DESC'} NULLS ${o.nullsFirst ? 'FIRST' : 'LAST'}`).join(',')
    const keys = modifiers.distinct ? order.slice(0, 1).map(() => (binary ? taken : value)) : order.map(o => o.child)
    return aggregateCall('listagg', [taken, between, literal(flags, string), ...keys], binary ? types.binary : string, true, modifiers)
  },
  sql: ([x, by, flags, ...keys], c, m) => {
    const directions = (flags ?? "''").slice(1, -1).split(',')
    const order =
      keys.length === 0 ? '' : ` ORDER BY ${keys.map((k, i) => `${keyText(k, c.args[i + 3]?.type ?? string)} ${directions[i]}`).join(', ')}`
    // DuckDB orders distinct values by themselves alone: here by the value, and then its text is taken.
    if (c.type.kind !== 'binary' && m.distinct !== '' && keys.length > 0 && c.args[3]?.type.kind !== 'string') {
      const pair = `{k: ${keys[0]}, t: ${x}}`
      const texts = `list_transform(list_filter(l_, lambda p_: p_.t IS NOT NULL), lambda p_: p_.t)`
      return `(list_transform([list(DISTINCT ${pair} ORDER BY ${pair} ${directions[0]})${m.filter}], lambda l_: CASE WHEN len(${texts}) > 0 THEN array_to_string(${texts}, ${by}) END)[1])`
    }
    if (c.type.kind !== 'binary') return `string_agg(${m.distinct}${x}, ${by}${order})${m.filter}`
    const delimiter = c.args[1]?.type.kind === 'binary' ? `hex(${by})` : "''"
    return `unhex(string_agg(${m.distinct}hex(${x}), ${delimiter}${keys.length === 0 ? '' : ` ORDER BY ${keys.map((k, i) => `hex(${k}) ${directions[i]}`).join(', ')}`})${m.filter})`
  },
})

function isConstant(e: BoundExpr): boolean {
  return e.kind === 'Literal' || (e.kind === 'Cast' && isConstant(e.child)) || (e.kind === 'Call' && e.args.every(isConstant))
}

const histogramNumeric = aggregate({
  name: 'histogram_numeric',
  minArgs: 2,
  maxArgs: 2,
  bind: (args, context, modifiers) => {
    const [value, bins] = args as readonly [BoundExpr, BoundExpr]
    const moment = value.type.kind === 'date' || value.type.kind.startsWith('timestamp') || isAnsiInterval(value.type)
    const taken = moment ? value : implicitCast(value, 'numeric')
    if (taken === undefined)
      throw unexpectedInput(
        context,
        0,
        '("NUMERIC" or "DATE" or "TIMESTAMP" or "TIMESTAMP_NTZ" or "INTERVAL DAY TO SECOND" or "INTERVAL YEAR TO MONTH")',
        value.type,
      )
    const n = implicitCast(bins, types.int)
    if (n === undefined || !isConstant(bins)) throw unexpectedInput(context, 1, 'INT', bins.type)
    const element = struct([field('x', taken.type), field('y', double)])
    return aggregateCall('histogram_numeric', [taken, n], array(element, true), true, modifiers)
  },
  sql: ([x, n], c, m) => {
    const type = c.args[0]?.type ?? double
    const number =
      type.kind === 'date'
        ? `(${x} - DATE '1970-01-01')`
        : type.kind.startsWith('timestamp')
          ? `epoch_us(${x})`
          : isAnsiInterval(type)
            ? countOf(x ?? '', type)
            : x
    const values = `string_agg(${m.distinct}CAST(CAST(${number} AS DOUBLE) AS VARCHAR), ',')${m.filter}`
    const bins = `CAST(CAST(spk_histogram(${values}, CAST(${n} AS VARCHAR)) AS JSON) AS DOUBLE[][])`
    const back =
      type.kind === 'date'
        ? "(DATE '1970-01-01' + CAST(trunc(b_[1]) AS INTEGER))"
        : type.kind === 'timestamp'
          ? 'make_timestamptz(CAST(trunc(b_[1]) AS BIGINT))'
          : type.kind === 'timestamp_ntz'
            ? 'make_timestamp(CAST(trunc(b_[1]) AS BIGINT))'
            : type.kind === 'yearmonth_interval'
              ? 'to_months(CAST(trunc(b_[1]) AS INTEGER))'
              : type.kind === 'daytime_interval'
                ? 'to_microseconds(CAST(trunc(b_[1]) AS BIGINT))'
                : isIntegral(type)
                  ? `CAST(trunc(b_[1]) AS ${duckType(type)})`
                  : `CAST(b_[1] AS ${duckType(type)})`
    return `list_transform(${bins}, lambda b_: {x: ${back}, y: b_[2]})`
  },
})

export const moreAggregates: readonly AggregateFunction[] = [
  trySum,
  tryAvg,
  intervalAggregate('interval_sum', sumOf, false, ''),
  intervalAggregate('interval_avg', meanOf, false, ''),
  intervalAggregate('try_interval_sum', sumOf, true, ''),
  intervalAggregate('try_interval_avg', meanOf, true, ''),
  shape('skewness'),
  shape('kurtosis'),
  regression('regr_count', long, (y, x, m) => `CAST(regr_count(${y}, ${x})${m.filter} AS BIGINT)`),
  ...['regr_avgx', 'regr_avgy'].map(duckMean),
  slope,
  ...['regr_intercept', 'regr_r2', 'regr_sxx', 'regr_sxy', 'regr_syy'].map(duckRegression),
  orderedPercentile('percentile_cont', 'quantile_cont'),
  orderedPercentile('percentile_disc', 'quantile_disc'),
  listagg,
  histogramNumeric,
]
