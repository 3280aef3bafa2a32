/** Mathematical functions. Where Spark gives NaN or NULL and DuckDB fails (roots and logarithms outside their domain), the template says so. */
import { types } from '../../core/types.js'
import type { BoundExpr } from '../bound.js'
import { castTo, isIntegral } from '../coercion.js'
import { bounded } from '../decimal-rules.js'
import { duckType } from '../duck-type.js'
import { type BindContext, call, custom, type ScalarFunction, scalar, takeArgs, takeCommon } from './define.js'
import { checkedSql, roundedInteger, wrappedSql } from './integers.js'
import { intervalUnary } from './intervals.js'
import { wholeToDigits } from './more-math.js'

const double = types.double
const nan = "CAST('NaN' AS DOUBLE)"

/** double → double under DuckDB's own name. */
function plain(name: string, duck = name, aliases: readonly string[] = []): ScalarFunction {
  return scalar(name, [double], double, ([x]) => `${duck}(${x})`, { aliases })
}

function logarithm(name: string, sql: (x: string) => string, aliases: readonly string[] = []): ScalarFunction {
  return scalar(name, [double], double, ([x]) => `(CASE WHEN ${x} > 0 THEN ${sql(x ?? '')} END)`, { aliases, nullable: true })
}

/** The number of digits argument of round and its kin. */
function digits(arg: BoundExpr | undefined, context: BindContext): number {
  if (arg === undefined) return 0
  let plainArg = arg
  let sign = 1
  while (plainArg.kind === 'Cast' || (plainArg.kind === 'Call' && plainArg.fn === 'negative')) {
    if (plainArg.kind === 'Call') sign = -sign
    plainArg = (plainArg.kind === 'Cast' ? plainArg.child : plainArg.args[0]) as BoundExpr
  }
  if (plainArg.kind === 'Literal' && (typeof plainArg.value === 'number' || typeof plainArg.value === 'bigint')) return sign * Number(plainArg.value)
  throw context.fail(
    'DATATYPE_MISMATCH.NON_FOLDABLE_INPUT',
    '42K09',
    `Cannot resolve "${context.callText}" due to data type mismatch: the input \`scale\` should be a foldable "INT" expression; however, got "${context.argText(1)}".`,
  )
}

/** round (half up) and bround (half even). Integers and decimals keep exact types. */
function rounding(name: string, duck: string): ScalarFunction {
  return custom(
    name,
    [1, 2],
    (args, context) => {
      const [value] = takeArgs(args.slice(0, 1), ['numeric'], context) as [BoundExpr]
      const scale = digits(args[1], context)
      const to = { kind: 'Literal', value: scale, type: types.int } as const
      if (isIntegral(value.type) && scale >= 0) return value
      if (value.type.kind !== 'decimal') return call(isIntegral(value.type) && !context.ansi ? `wrap_${name}` : name, [value, to], value.type)
      const kept = Math.max(0, Math.min(value.type.scale, scale))
      const whole = value.type.precision - value.type.scale + 1
      return call(name, [value, to], scale < 0 ? bounded(Math.max(whole, -scale + 1), 0) : bounded(whole + kept, kept))
    },
    ([x, d], c) => {
      const type = c.args[0]?.type
      if (type !== undefined && isIntegral(type)) {
        const exact = roundedInteger(x ?? '', -Number(d?.replace(/[()]/g, '')), duck === 'round_even')
        return name.startsWith('wrap_') ? wrappedSql(exact, c.type) : checkedSql(exact, c.type)
      }
      if (type?.kind !== 'double' && type?.kind !== 'float') return `CAST(${duck}(${x}, ${d}) AS ${duckType(c.type)})`
      if (Number(d?.replace(/[()]/g, '')) <= 0) return `CAST(${duck}(${x}, ${d}) AS ${duckType(c.type)})`
      // As the decimal that the number is printed as: 1.005 is rounded up, although the double is a little less.
      const printed = `CAST(CAST(${x} AS VARCHAR) AS DECIMAL(38, 17))`
      return `CAST(CASE WHEN abs(${x}) < 1e15 THEN CAST(${duck}(${printed}, ${d}) AS DOUBLE) ELSE ${duck}(${x}, ${d}) END AS ${duckType(c.type)})`
    },
  )
}

/** floor and ceil: bigint, or a decimal without scale. */
function toWhole(name: 'ceil' | 'floor', aliases: readonly string[] = []): ScalarFunction {
  return custom(
    name,
    [1, 2],
    (args, context) => {
      if (args.length === 2) return wholeToDigits(name, args, context)
      const [value] = takeArgs(args, ['numeric'], context) as [BoundExpr]
      if (value.type.kind === 'decimal') return call(name, [value], bounded(value.type.precision - value.type.scale + 1, 0))
      return isIntegral(value.type) ? castTo(value, types.long) : call(name, [castTo(value, double)], types.long)
    },
    ([x], c) => {
      if (c.args[0]?.type.kind === 'decimal') return `CAST(${name}(${x}) AS ${duckType(c.type)})`
      // Doubles stop at the ends of bigint, as in Java.
      return `CAST(CASE WHEN isnan(${x}) THEN 0 WHEN ${x} >= 9223372036854775807 THEN 9223372036854775807 WHEN ${x} <= -9223372036854775808 THEN -9223372036854775808 ELSE CAST(${name}(${x}) AS BIGINT) END AS BIGINT)`
    },
    aliases,
  )
}

function bitwise(name: string, sql: string): ScalarFunction {
  return custom(
    name,
    2,
    (args, context) => {
      const common = takeCommon(takeArgs(args, ['integral'], context), context)
      return call(name, common.args, common.type)
    },
    ([a, b]) => (sql === 'xor' ? `xor(${a}, ${b})` : `(${a} ${sql} ${b})`),
  )
}

export const math: readonly ScalarFunction[] = [
  custom(
    'abs',
    1,
    (args, context) => {
      const interval = intervalUnary('abs', args[0])
      if (interval !== undefined) return interval
      const [value] = takeArgs(args, ['numeric'], context) as [BoundExpr]
      return call(!context.ansi && isIntegral(value.type) ? 'wrap_abs' : 'abs', [value], value.type)
    },
    ([x]) => `abs(${x})`,
  ),
  {
    ...custom(
      'wrap_abs',
      1,
      args => args[0] as BoundExpr,
      ([x], c) => wrappedSql(`abs(CAST(${x} AS HUGEINT))`, c.type),
    ),
    internal: true,
  },
  rounding('round', 'round'),
  rounding('bround', 'round_even'),
  { ...rounding('wrap_round', 'round'), internal: true },
  { ...rounding('wrap_bround', 'round_even'), internal: true },
  toWhole('floor'),
  toWhole('ceil', ['ceiling']),
  scalar('rint', [double], double, ([x]) => `round_even(${x}, 0)`),
  scalar('sqrt', [double], double, ([x]) => `(CASE WHEN ${x} < 0 THEN ${nan} ELSE sqrt(${x}) END)`),
  plain('cbrt'),
  plain('exp'),
  scalar('expm1', [double], double, ([x]) => `(exp(${x}) - 1)`),
  // C says 1 to the power of anything is 1, Java does not.
  scalar(
    'pow',
    [double, double],
    double,
    ([x, y]) => `(CASE WHEN isnan(${y}) OR (isinf(${y}) AND abs(${x}) = 1) THEN ${nan} ELSE pow(${x}, ${y}) END)`,
    { aliases: ['power'] },
  ),
  logarithm('ln', x => `ln(${x})`),
  logarithm('log10', x => `log10(${x})`),
  logarithm('log2', x => `log2(${x})`),
  scalar('log1p', [double], double, ([x]) => `(CASE WHEN ${x} > -1 THEN ln(1 + ${x}) END)`, { nullable: true }),
  scalar(
    'log',
    [double, double],
    double,
    ([x, y]) => (y === undefined ? `(CASE WHEN ${x} > 0 THEN ln(${x}) END)` : `(CASE WHEN ${x} > 0 AND ${y} > 0 THEN ln(${y}) / ln(${x}) END)`),
    { required: 1, nullable: true },
  ),
  custom(
    'sign',
    1,
    (args, context) => intervalUnary('sign', args[0]) ?? call('sign', takeArgs(args, [double], context), double),
    ([x]) => `CAST(sign(${x}) AS DOUBLE)`,
    ['signum'],
  ),
  plain('sin'),
  plain('cos'),
  plain('tan'),
  scalar('asin', [double], double, ([x]) => `(CASE WHEN abs(${x}) > 1 THEN ${nan} ELSE asin(${x}) END)`),
  scalar('acos', [double], double, ([x]) => `(CASE WHEN abs(${x}) > 1 THEN ${nan} ELSE acos(${x}) END)`),
  plain('atan'),
  scalar('atan2', [double, double], double, ([y, x]) => `atan2(${y}, ${x})`),
  plain('sinh'),
  plain('cosh'),
  plain('tanh'),
  plain('degrees'),
  plain('radians'),
  scalar('pi', [], double, () => 'pi()'),
  scalar('e', [], double, () => 'exp(1.0::DOUBLE)'),
  scalar('hypot', [double, double], double, ([a, b]) => `sqrt(${a} * ${a} + ${b} * ${b})`),
  bitwise('&', '&'),
  bitwise('|', '|'),
  bitwise('^', 'xor'),
  scalar(
    '~',
    ['integral'],
    args => args[0]?.type ?? types.int,
    ([x]) => `(~${x})`,
  ),
]
