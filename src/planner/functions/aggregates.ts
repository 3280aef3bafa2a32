/** Aggregates that are computed in two steps: partial states per task, combined after the exchange. */
import { isAnsiInterval } from '../../core/intervals.js'
import { type DataType, types } from '../../core/types.js'
import { type AggregateCall, type BoundExpr, isNullable, literal, trueLiteral } from '../bound.js'
import { castTo, implicitCast, isIntegral, isOrderable, sqlTypeName } from '../coercion.js'
import { bounded } from '../decimal-rules.js'
import { duckType } from '../duck-type.js'
import { decimalQuotient } from './decimal-quotient.js'
import {
  type AggregateBuffer,
  type AggregateFunction,
  type AggregateModifiers,
  aggregateCall,
  type BindContext,
  call,
  custom,
  raise,
  type ScalarFunction,
  takeArgs,
  unexpectedInput,
} from './define.js'
import { wrappedSql } from './integers.js'

export type AggregateParts = Pick<AggregateFunction, 'name' | 'minArgs' | 'maxArgs' | 'bind' | 'sql'> & Partial<AggregateFunction>

export function aggregate(parts: AggregateParts): AggregateFunction {
  return { kind: 'aggregate', aliases: [], internal: false, deterministic: true, ignoresDistinct: false, ...parts }
}

/** A buffer that `fn` fills and `combineFn` combines. */
export function buffer(
  of: AggregateCall,
  name: string,
  fn: string,
  args: readonly BoundExpr[],
  type: DataType,
  nullable: boolean,
  combineFn = fn,
): AggregateBuffer {
  return {
    name,
    partial: aggregateCall(fn, args, type, nullable, of.filter === undefined ? {} : { filter: of.filter }),
    combine: state => aggregateCall(combineFn, [state], type, nullable),
  }
}

/** A function whose state is its own result. */
function selfCombining(of: AggregateCall, name: string, combineFn = of.fn) {
  return {
    buffers: [buffer(of, name, of.fn, of.args, of.type, of.nullable, combineFn)],
    finish: (states: readonly BoundExpr[]) => states[0] as BoundExpr,
  }
}

const overflow = raise(
  'ARITHMETIC_OVERFLOW',
  '22003',
  'long overflow. Use `try_sum` to tolerate overflow and return NULL instead. If necessary set "spark.sql.ansi.enabled" to "false" to bypass this error.',
)

const decimalOverflow = raise(
  'ARITHMETIC_OVERFLOW',
  '22003',
  'Overflow in sum of decimals. Use `try_sum` to tolerate overflow and return NULL instead. If necessary set "spark.sql.ansi.enabled" to "false" to bypass this error.',
)

/** A sum of bigint is a HUGEINT: cut back with Spark's own error. Narrower integers cannot get there in practice, a plain cast guards them. */
function sumSql([x]: readonly string[], c: AggregateCall, m: AggregateModifiers): string {
  const sum = `sum(${m.distinct}${x})${m.filter}`
  switch (c.type.kind) {
    case 'double':
      return sum
    case 'long':
      return c.args[0]?.type.kind === 'long' && c.fn === 'sum'
        ? `CAST(CASE WHEN ${sum} NOT BETWEEN -9223372036854775808 AND 9223372036854775807 THEN ${overflow} ELSE ${sum} END AS BIGINT)`
        : `CAST(${sum} AS BIGINT)`
    default: {
      const from = c.args[0]?.type
      if (from === undefined || c.type.kind !== 'decimal' || !sumMayOverflow(from)) return `CAST(${sum} AS ${duckType(c.type)})`
      // DuckDB counts on in 128 bits, which hold a little more than 38 digits. Sums of partial sums have the type of these.
      const most = `${'9'.repeat(c.type.precision - c.type.scale)}.${'9'.repeat(c.type.scale)}`.replace(/[.]$/, '').replace(/^[.]/, '0.')
      return `(CASE WHEN abs(${sum}) > CAST('${most}' AS ${duckType(c.type)}) THEN ${decimalOverflow} ELSE CAST(${sum} AS ${duckType(c.type)}) END)`
    }
  }
}

function sumType(type: DataType): DataType {
  if (isIntegral(type)) return types.long
  return type.kind === 'decimal' ? bounded(type.precision + 10, type.scale) : types.double
}

/** Whether the sum of some values may need more than 38 digits. */
export function sumMayOverflow(type: DataType): boolean {
  return type.kind === 'decimal' && type.precision > 28
}

function numeric(args: readonly BoundExpr[], context: BindContext): BoundExpr {
  const [arg] = takeArgs(args, ['numeric'], context) as [BoundExpr]
  return arg.type.kind === 'float' ? castTo(arg, types.double) : arg
}

function orderable(args: readonly BoundExpr[], context: BindContext): BoundExpr {
  const [arg] = args as readonly [BoundExpr]
  if (!isOrderable(arg.type)) {
    throw context.fail(
      'DATATYPE_MISMATCH.INVALID_ORDERING_TYPE',
      '42K09',
      `Cannot resolve "${context.callText}" due to data type mismatch: The \`${context.name.toLowerCase()}\` does not support ordering on type "${sqlTypeName(arg.type)}".`,
    )
  }
  return arg
}

function extreme(name: 'min' | 'max'): AggregateFunction {
  return aggregate({
    name,
    minArgs: 1,
    maxArgs: 1,
    ignoresDistinct: true,
    bind: (args, context, modifiers) => {
      const arg = orderable(args, context)
      return aggregateCall(name, [arg], arg.type, true, modifiers)
    },
    sql: ([x], _, m) => `${name}(${x})${m.filter}`,
    split: c => selfCombining(c, name),
  })
}

function logical(name: string, duck: string, aliases: readonly string[]): AggregateFunction {
  return aggregate({
    name,
    aliases,
    minArgs: 1,
    maxArgs: 1,
    ignoresDistinct: true,
    bind: (args, context, modifiers) => aggregateCall(name, takeArgs(args, [types.boolean], context), types.boolean, true, modifiers),
    sql: ([x], _, m) => `${duck}(${x})${m.filter}`,
    split: c => selfCombining(c, name),
  })
}

function bitAggregate(name: string): AggregateFunction {
  return aggregate({
    name,
    minArgs: 1,
    maxArgs: 1,
    bind: (args, context, modifiers) => {
      const [arg] = takeArgs(args, ['integral'], context) as [BoundExpr]
      return aggregateCall(name, [arg], arg.type, true, modifiers)
    },
    sql: ([x], c, m) => `CAST(${name}(${m.distinct}${x})${m.filter} AS ${duckType(c.type)})`,
    split: c => (c.distinct ? undefined : selfCombining(c, name)),
  })
}

/** The first or last row's value, NULL included; with a true second argument the first that is not NULL. Which row that is depends on the order of rows. */
function positional(name: string, aliases: readonly string[]): AggregateFunction {
  return aggregate({
    name,
    aliases,
    minArgs: 1,
    maxArgs: 2,
    deterministic: false,
    bind: (args, context, modifiers) => {
      const [value, ignore] = args as readonly [BoundExpr, BoundExpr?]
      const filter = modifiers.filter
      if (ignore === undefined || (ignore.kind === 'Literal' && ignore.value === false))
        return aggregateCall(name, [value], value.type, true, modifiers)
      if (ignore.kind !== 'Literal' || ignore.value !== true) throw unexpectedInput(context, 1, 'BOOLEAN', ignore.type)
      const present = context.bind('isnotnull', [value])
      return aggregateCall(name, [value], value.type, true, {
        ...modifiers,
        filter: filter === undefined ? present : context.bind('and', [filter, present]),
      })
    },
    sql: ([x], _, m) => `${name}(${x})${m.filter}`,
    split: c => {
      const value = buffer(c, name, name, c.args, c.type, true)
      const seen = buffer(c, 'seen', 'bool_or', [trueLiteral], types.boolean, true)
      return {
        // A task that saw no row must not contribute its NULL.
        buffers: [{ ...value, combine: (own, all) => ({ ...value.combine(own, all), filter: all[1] as BoundExpr }) }, seen],
        finish: states => states[0] as BoundExpr,
      }
    },
  })
}

/** count(*) has no arguments; count(a, b) counts the rows in which none is NULL. */
const count = aggregate({
  name: 'count',
  minArgs: 0,
  maxArgs: Number.POSITIVE_INFINITY,
  bind: (args, _, modifiers) => {
    const counted = args.filter(a => !(a.kind === 'Literal' && a.value !== null))
    return aggregateCall('count', modifiers.distinct ? args : counted.filter(isNullable), types.long, false, modifiers)
  },
  sql: (args, _, m) => {
    if (args.length === 0) return `count(*)${m.filter}`
    if (args.length === 1) return `count(${m.distinct}${args[0]})${m.filter}`
    const whole = args.map(a => `${a} IS NOT NULL`).join(' AND ')
    return m.distinct === ''
      ? `count(CASE WHEN ${whole} THEN 1 END)${m.filter}`
      : `count(DISTINCT CASE WHEN ${whole} THEN row(${args.join(', ')}) END)${m.filter}`
  },
  split: c => ({
    buffers: [buffer(c, 'count', 'count', c.args, types.long, false, 'sum_counts')],
    finish: states => states[0] as BoundExpr,
  }),
})

const sum = aggregate({
  name: 'sum',
  minArgs: 1,
  maxArgs: 1,
  bind: (args, context, modifiers) => {
    if (args[0] !== undefined && isAnsiInterval(args[0].type)) return aggregateCall('interval_sum', args, args[0].type, true, modifiers)
    const arg = numeric(args, context)
    const type = sumType(arg.type)
    if (!context.ansi && arg.type.kind === 'long') return aggregateCall('wrap_sum', [arg], type, true, modifiers)
    return aggregateCall(!context.ansi && sumMayOverflow(arg.type) ? 'try_sum' : 'sum', [arg], type, true, modifiers)
  },
  sql: sumSql,
  split: c => ({
    buffers: [buffer(c, 'sum', 'sum', c.args, c.type, true, c.type.kind === 'long' && c.args[0]?.type.kind !== 'long' ? 'sum_narrow' : 'sum')],
    finish: states => states[0] as BoundExpr,
  }),
})

const avg = aggregate({
  name: 'avg',
  aliases: ['mean'],
  minArgs: 1,
  maxArgs: 1,
  bind: (args, context, modifiers) => {
    if (args[0] !== undefined && isAnsiInterval(args[0].type))
      return aggregateCall('interval_avg', args, { kind: args[0].type.kind }, true, modifiers)
    const arg = numeric(args, context)
    const type = arg.type.kind === 'decimal' ? bounded(arg.type.precision + 4, arg.type.scale + 4) : types.double
    return aggregateCall(!context.ansi && sumMayOverflow(arg.type) ? 'try_avg' : 'avg', [arg], type, true, modifiers)
  },
  sql: ([x], c, m) => {
    const from = c.args[0]?.type
    if (c.type.kind !== 'decimal' || from?.kind !== 'decimal') return `avg(${m.distinct}${x})${m.filter}`
    const total = bounded(from.precision + 10, from.scale)
    const sumOf = `CAST(sum(${m.distinct}${x})${m.filter} AS ${duckType(total)})`
    const countOf = `nullif(count(${m.distinct}${x})${m.filter}, 0)`
    return decimalQuotient(sumOf, total, countOf, bounded(20, 0), c.type)
  },
  split: c => {
    const [arg] = c.args as readonly [BoundExpr]
    const totals = arg.type.kind === 'decimal' ? sumType(arg.type) : types.double
    const summed = arg.type.kind === 'decimal' ? arg : castTo(arg, types.double)
    return {
      buffers: [buffer(c, 'sum', 'sum', [summed], totals, true), buffer(c, 'count', 'count', [arg], types.long, false, 'sum_counts')],
      finish: states => call('avg_finish', states, c.type, true),
    }
  },
})

/** The quotient of an average's two states. */
export const averageFinish: ScalarFunction = {
  ...custom(
    'avg_finish',
    2,
    args => call('avg_finish', args, types.double, true),
    ([total, n], c) => {
      const type = c.args[0]?.type
      if (c.type.kind === 'decimal' && type?.kind === 'decimal') return decimalQuotient(total ?? '', type, `nullif(${n}, 0)`, bounded(20, 0), c.type)
      return `(${total} / nullif(${n}, 0))`
    },
  ),
  internal: true,
}

/** Sums of counts and of narrow sums: NULL over no rows only where Spark's result is NULL. */
const sumCounts = aggregate({
  name: 'sum_counts',
  minArgs: 1,
  maxArgs: 1,
  internal: true,
  bind: args => aggregateCall('sum_counts', args, types.long, false),
  sql: ([x], _, m) => `CAST(coalesce(sum(${x})${m.filter}, 0) AS BIGINT)`,
  split: c => selfCombining(c, 'count'),
})
const sumNarrow = aggregate({
  name: 'sum_narrow',
  minArgs: 1,
  maxArgs: 1,
  internal: true,
  bind: args => aggregateCall('sum_narrow', args, types.long, true),
  sql: sumSql,
  split: c => selfCombining(c, 'sum'),
})

/** Sums of bigint with ANSI off. */
const wrapSum = aggregate({
  name: 'wrap_sum',
  minArgs: 1,
  maxArgs: 1,
  internal: true,
  bind: args => aggregateCall('wrap_sum', args, types.long, true),
  sql: ([x], c, m) => wrappedSql(`sum(${m.distinct}${x})${m.filter}`, c.type),
  split: c => selfCombining(c, 'sum'),
})

const countIf = aggregate({
  name: 'count_if',
  minArgs: 1,
  maxArgs: 1,
  bind: (args, context, modifiers) => {
    const [test] = args as readonly [BoundExpr]
    const condition = implicitCast(test, types.boolean)
    if (condition === undefined || test.type.kind === 'string') throw unexpectedInput(context, 0, 'BOOLEAN', test.type)
    return aggregateCall('count', [context.bind('when', [condition, literal(1, types.int)])], types.long, false, modifiers)
  },
  sql: () => '',
})

/** Only the DataFrame API has it in Spark. */
const product = aggregate({
  name: 'product',
  minArgs: 1,
  maxArgs: 1,
  bind: (args, context, modifiers) => aggregateCall('product', takeArgs(args, [types.double], context), types.double, true, modifiers),
  sql: ([x], _, m) => `product(${m.distinct}${x})${m.filter}`,
  split: c => selfCombining(c, 'product'),
})

export const splitAggregates: readonly AggregateFunction[] = [
  count,
  countIf,
  sum,
  sumCounts,
  sumNarrow,
  wrapSum,
  avg,
  extreme('min'),
  extreme('max'),
  logical('bool_and', 'bool_and', ['every']),
  logical('bool_or', 'bool_or', ['any', 'some']),
  bitAggregate('bit_and'),
  bitAggregate('bit_or'),
  bitAggregate('bit_xor'),
  product,
  positional('first', ['first_value', 'any_value']),
  positional('last', ['last_value']),
]
