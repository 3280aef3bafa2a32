/** Mathematical functions beyond the first: the other trigonometric ones, buckets, factorials, ceil and floor to a number of digits. */
import { type DataType, types } from '../../core/types.js'
import { type BoundExpr, literal } from '../bound.js'
import { castTo, commonType, implicitCast, isIntegral } from '../coercion.js'
import { bounded } from '../decimal-rules.js'
import { duckType } from '../duck-type.js'
import { type BindContext, call, custom, type ScalarFunction, scalar, takeArgs, unexpectedInput } from './define.js'
import { countOf } from './intervals.js'

const { double, int, long } = types
const nan = "CAST('NaN' AS DOUBLE)"

/** `ceil(x, digits)` and `floor(x, digits)`: decimals. */
export function wholeToDigits(name: 'ceil' | 'floor', args: readonly BoundExpr[], context: BindContext): BoundExpr {
  const [value, digitsArg] = args as readonly [BoundExpr, BoundExpr]
  const digits = constantDigits(digitsArg, context)
  const taken = implicitCast(value, 'numeric', context.castMode)
  if (taken === undefined) throw unexpectedInput(context, 0, 'DECIMAL', value.type)
  const from =
    taken.type.kind === 'decimal'
      ? taken.type
      : taken.type.kind === 'double'
        ? bounded(30, 15)
        : taken.type.kind === 'float'
          ? bounded(14, 7)
          : integralDecimal(taken.type)
  const kept = Math.max(0, Math.min(from.scale, digits))
  const whole = Math.max(from.precision - from.scale + 1, -digits + 1)
  return call(`${name}_digits`, [castTo(taken, from), literal(digits, int)], bounded(whole + kept, kept))
}

function integralDecimal(type: DataType) {
  return bounded({ byte: 3, short: 5, int: 10, long: 20 }[type.kind as 'int'] ?? 20, 0)
}

function constantDigits(arg: BoundExpr, context: BindContext): number {
  if (arg.kind === 'Literal' && typeof arg.value === 'number' && isIntegral(arg.type)) return arg.value
  if (arg.kind === 'Call' && arg.fn === 'negative') return -constantDigits(arg.args[0] as BoundExpr, context)
  if (arg.kind === 'Literal' && (arg.value === null || typeof arg.value === 'string'))
    throw context.fail(
      'NON_FOLDABLE_ARGUMENT',
      '42K08',
      `The function \`${context.name}\` requires the parameter \`scale\` to be a foldable expression of the type "INT", but the actual argument is a non-foldable.`,
    )
  if (arg.kind !== 'Literal' && arg.kind !== 'Cast')
    throw context.fail(
      'NON_FOLDABLE_ARGUMENT',
      '42K08',
      `The function \`${context.name}\` requires the parameter \`scale\` to be a foldable expression of the type "INT", but the actual argument is a non-foldable.`,
    )
  throw unexpectedInput(context, 1, 'INT', arg.type)
}

function digitsSql(name: 'ceil' | 'floor') {
  return (args: readonly string[], c: { readonly args: readonly BoundExpr[]; readonly type: DataType }) => {
    const digits = c.args[1]?.kind === 'Literal' ? Number(c.args[1].value) : 0
    const scale = c.args[0]?.type.kind === 'decimal' ? c.args[0].type.scale : 0
    if (digits >= scale) return `CAST(${args[0]} AS ${duckType(c.type)})`
    const unit = digits >= 0 ? `0.${'0'.repeat(Math.max(0, digits - 1))}1` : `1${'0'.repeat(-digits)}`
    const unitSql = digits === 0 ? '1' : `${unit}::DECIMAL(38, ${Math.max(0, digits)})`
    const exact =
      digits >= 0
        ? `CAST(${args[0]} AS DECIMAL(38, ${scale})) * 1${'0'.repeat(digits)}`
        : `CAST(${args[0]} AS DECIMAL(38, ${scale})) / 1${'0'.repeat(-digits)}`
    const stepped = `${name}(${exact})`
    return `CAST(CAST(${stepped} AS DECIMAL(38, 0)) * ${unitSql} AS ${duckType(c.type)})`
  }
}

const hidden = (f: ScalarFunction): ScalarFunction => ({ ...f, internal: true })

export const moreMath: readonly ScalarFunction[] = [
  scalar('sec', [double], double, ([x]) => `(1 / cos(${x}))`),
  scalar('csc', [double], double, ([x]) => `(1 / sin(${x}))`),
  scalar('cot', [double], double, ([x]) => `(1 / tan(${x}))`),
  scalar('asinh', [double], double, ([x]) => `(CASE WHEN ${x} = CAST('-Infinity' AS DOUBLE) THEN ${x} ELSE asinh(${x}) END)`),
  scalar('acosh', [double], double, ([x]) => `(CASE WHEN ${x} < 1 THEN ${nan} ELSE acosh(${x}) END)`),
  scalar(
    'atanh',
    [double],
    double,
    ([x]) =>
      `(CASE WHEN abs(${x}) > 1 THEN ${nan} WHEN ${x} = 1 THEN CAST('Infinity' AS DOUBLE) WHEN ${x} = -1 THEN CAST('-Infinity' AS DOUBLE) ELSE atanh(${x}) END)`,
  ),
  scalar('factorial', [int], long, ([n]) => `(CASE WHEN ${n} BETWEEN 0 AND 20 THEN CAST(factorial(${n}) AS BIGINT) END)`, { nullable: true }),
  hidden(custom('ceil_digits', 2, (args, context) => wholeToDigits('ceil', args, context), digitsSql('ceil'))),
  hidden(custom('floor_digits', 2, (args, context) => wholeToDigits('floor', args, context), digitsSql('floor'))),
  custom(
    'width_bucket',
    4,
    (args, context) => {
      const [value, low, high, buckets] = args as readonly [BoundExpr, BoundExpr, BoundExpr, BoundExpr]
      const kind = value.type.kind
      if (kind === 'daytime_interval' || kind === 'yearmonth_interval') {
        const type = [low, high].reduce<DataType | undefined>((t, e) => (t === undefined ? undefined : commonType(t, e.type)), value.type)
        if (type === undefined || type.kind !== kind)
          throw unexpectedInput(context, 1, kind === 'daytime_interval' ? 'INTERVAL DAY TO SECOND' : 'INTERVAL YEAR TO MONTH', low.type)
        return call('width_bucket', [value, low, high, ...takeArgs([buckets], [long], context)], long, true)
      }
      return call('width_bucket', takeArgs(args, [double, double, double, long], context), long, true)
    },
    ([value, low, high, n], c) => {
      const number = (sql: string | undefined, i: number) => {
        const type = c.args[i]?.type ?? double
        return type.kind === 'double' ? `${sql}` : `CAST(${countOf(sql ?? '', type)} AS DOUBLE)`
      }
      const [v, a, b] = [number(value, 0), number(low, 1), number(high, 2)]
      const wrong = `${n} <= 0 OR ${n} = 9223372036854775807 OR isnan(${v}) OR ${a} = ${b} OR isnan(${a}) OR isinf(${a}) OR isnan(${b}) OR isinf(${b})`
      const up = `CASE WHEN ${v} < ${a} THEN 0 WHEN ${v} >= ${b} THEN ${n} + 1 ELSE CAST(floor(${n} * (${v} - ${a}) / (${b} - ${a})) AS BIGINT) + 1 END`
      const down = `CASE WHEN ${v} > ${a} THEN 0 WHEN ${v} <= ${b} THEN ${n} + 1 ELSE CAST(floor(${n} * (${a} - ${v}) / (${a} - ${b})) AS BIGINT) + 1 END`
      return `(CASE WHEN ${v} IS NULL OR ${a} IS NULL OR ${b} IS NULL OR ${n} IS NULL OR ${wrong} THEN NULL WHEN ${a} < ${b} THEN ${up} ELSE ${down} END)`
    },
  ),
  scalar('uuid', [], types.string, () => 'CAST(uuid() AS VARCHAR)', { deterministic: false, nullable: false }),
]
