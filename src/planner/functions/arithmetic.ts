/** Arithmetic operators and their ANSI checks. DuckDB itself fails on integer overflow; zero divisors and decimal quotients are spelled out here. */
import { type DataType, type DecimalType, decimal, sameType, types } from '../../core/types.js'
import { type BoundExpr, type Call, isNullable, literal } from '../bound.js'
import { castTo, implicitCast, isIntegral, isNumeric, sqlTypeName } from '../coercion.js'
import { commonTypes } from '../common-types.js'
import { type DecimalOperator, decimalFor, decimalForLiteral, decimalResult } from '../decimal-rules.js'
import { duckType } from '../duck-type.js'
import { someExpr } from '../tree.js'
import { decimalQuotient } from './decimal-quotient.js'
import { type BindContext, call, custom, type Pair, raise, rewritten, type ScalarFunction, unexpectedInput } from './define.js'
import { wrappedSql } from './integers.js'
import { dateArithmetic, intervalDiv, intervalScaling, intervalUnary } from './intervals.js'
import { differentTypes } from './mismatch.js'

function wrongType(context: BindContext, type: DataType) {
  return context.fail(
    'DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE',
    '42K09',
    `Cannot resolve "${context.callText}" due to data type mismatch: the binary operator requires the input type ("NUMERIC" or "INTERVAL DAY TO SECOND" ` +
      `or "INTERVAL YEAR TO MONTH" or "INTERVAL"), not "${sqlTypeName(type)}".`,
  )
}

/** Both operands as numbers: strings become bigint beside an integer, else double; NULL takes the other's type. */
function numbers(args: readonly BoundExpr[], context: BindContext): [BoundExpr, BoundExpr] {
  // With ANSI off a text is a double wherever a number is wanted.
  const doubles = (e: BoundExpr) => (!context.ansi && e.type.kind === 'string' ? castTo(e, types.double, context.castMode) : e)
  const [left, right] = args.map(doubles) as unknown as Pair
  if (left.type.kind === 'string' && right.type.kind === 'string') throw wrongType(context, left.type)
  const as = (e: BoundExpr, other: DataType): BoundExpr => {
    if (e.type.kind === 'null') return castTo(e, isNumeric(other) ? other : types.double)
    if (e.type.kind === 'string') return castTo(e, isIntegral(other) ? types.long : types.double, context.castMode)
    return e
  }
  const result: [BoundExpr, BoundExpr] = [as(left, right.type), as(right, left.type)]
  const bad = result.find(e => !isNumeric(e.type))
  // A string takes the other's type, so that both have the wrong one.
  const promoted = left.type.kind === 'string' || right.type.kind === 'string'
  if (bad !== undefined)
    throw promoted || sameType(left.type, right.type) ? wrongType(context, bad.type) : differentTypes(context, left.type, right.type)
  return result
}

/** Casts integers beside a decimal to the narrowest decimal. */
function asDecimal(e: BoundExpr): { readonly expr: BoundExpr; readonly type: DecimalType } | undefined {
  const type = (e.kind === 'Literal' ? decimalForLiteral(e) : undefined) ?? decimalFor(e.type)
  return type === undefined ? undefined : { expr: castTo(e, type), type }
}

function bindArithmetic(op: DecimalOperator, args: readonly BoundExpr[], context: BindContext): BoundExpr {
  const [left, right] = numbers(args, context)
  const nullable = isNullable(left) || isNullable(right) || (!context.ansi && (op === '/' || op === '%' || op === 'div'))
  const decimals = left.type.kind === 'decimal' || right.type.kind === 'decimal'
  const floats = [left, right].some(e => e.type.kind === 'float' || e.type.kind === 'double')
  if (decimals && !floats) {
    const a = asDecimal(left)
    const b = asDecimal(right)
    if (a === undefined || b === undefined) throw differentTypes(context, left.type, right.type)
    const type = decimalResult(op, a.type, b.type, context.precisionLoss)
    const result = call(nameOf(op, context, type), [a.expr, b.expr], type, nullable || !context.ansi)
    return op === 'div' ? castTo(result, types.long, context.castMode) : result
  }
  if (op === '/') return call(nameOf(op, context), [castTo(left, types.double), castTo(right, types.double)], types.double, nullable)
  if (op === 'div') {
    if (floats) throw wrongType(context, (isIntegral(left.type) ? right : left).type)
    return call(nameOf(op, context), [castTo(left, types.long), castTo(right, types.long)], types.long, nullable)
  }
  const type = commonTypes(context.ansi).withoutText(left.type, right.type)
  if (type === undefined) throw differentTypes(context, left.type, right.type)
  return call(nameOf(op, context, type), [castTo(left, type), castTo(right, type)], type, nullable)
}

/** With ANSI off a zero divisor or a decimal that does not fit gives NULL, the same operation under its `try_` name; integers wrap around. */
function nameOf(op: DecimalOperator, context: BindContext, type?: DataType): string {
  if (context.ansi) return op
  if (op === '/' || op === '%' || op === 'div') return `try_${op}`
  if (type?.kind === 'decimal') return `try_${op}`
  return type !== undefined && isIntegral(type) ? `wrap_${op}` : op
}

/** What is too large starts again at the other end. */
function wrapSql(op: string, args: readonly string[], c: Call): string {
  return wrappedSql(`CAST(${args[0]} AS HUGEINT) ${op} CAST(${args[1]} AS HUGEINT)`, c.type)
}

/** NULL when the result does not fit; failures of the operands stay failures. */
function trySql(op: string, args: readonly string[], c: Call): string {
  if (isIntegral(c.type)) return `TRY_CAST(CAST(${args[0]} AS HUGEINT) ${op} CAST(${args[1]} AS HUGEINT) AS ${duckType(c.type)})`
  if (c.type.kind !== 'decimal') return `(${args[0]} ${op} ${args[1]})`
  return exactDecimal(op, args, c, false)
}

function wrapping(op: '+' | '-' | '*'): ScalarFunction {
  const entry = custom(
    `wrap_${op}`,
    2,
    (args, context) => bindArithmetic(op, args, context),
    (args, c) => wrapSql(op, args, c),
  )
  return { ...entry, internal: true }
}

/** `try_add` and its kin, on moments and intervals too. */
function tolerant(name: string, op: '+' | '-' | '*'): ScalarFunction {
  return rewritten(name, 2, (args, context) => {
    const moments = args.some(a => a.type.kind.endsWith('interval') || ['date', 'timestamp', 'timestamp_ntz'].includes(a.type.kind))
    const scaled = op === '*' ? intervalScaling('*', args, context, true) : undefined
    if (scaled !== undefined) return scaled
    if (moments) {
      const bound = context.bind(op, args)
      return bound.kind === 'Call' && bound.fn.startsWith('interval_')
        ? { ...bound, fn: `try_${bound.fn}`, nullable: true }
        : tried(withoutFailure(bound))
    }
    const bound = bindArithmetic(
      op,
      context.ansi ? args : args.map(a => (a.type.kind === 'string' ? castTo(a, types.double, context.castMode) : a)),
      { ...context, ansi: true },
    )
    return bound.kind === 'Call' && bound.fn === op ? { ...bound, fn: `try_${op}`, nullable: true } : bound
  })
}

/** The negation of an interval that is subtracted, NULL when it does not fit: TRY takes nothing that fails on purpose. */
function withoutFailure(expr: BoundExpr): BoundExpr {
  if (expr.kind !== 'Call') return expr
  return { ...expr, fn: expr.fn === 'interval_negative' ? 'try_interval_negative' : expr.fn, args: expr.args.map(withoutFailure) }
}

/** NULL when evaluating fails. */
export function tried(expr: BoundExpr): BoundExpr {
  return call('try_expression', [expr], expr.type, true)
}

const divideByZero = raise(
  'DIVIDE_BY_ZERO',
  '22012',
  'Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead. If necessary set "spark.sql.ansi.enabled" to "false" to bypass this error.',
)
const remainderByZero = raise(
  'REMAINDER_BY_ZERO',
  '22012',
  'Remainder by zero. Use `try_mod` to tolerate divisor being 0 and return NULL instead. If necessary set "spark.sql.ansi.enabled" to "false" to bypass this error.',
)

/** Guards a division: no check for a non-zero literal; NULL divided by zero is NULL. */
function guarded(quotient: string, args: readonly string[], call: Call, otherwise: string): string {
  const divisor = call.args[1]
  let plain = divisor
  while (plain?.kind === 'Cast') plain = plain.child
  if (plain?.kind === 'Literal' && plain.value !== null && Number(plain.value) !== 0) return quotient
  const dividend = call.args[0]
  const both = dividend !== undefined && isNullable(dividend) && otherwise !== 'NULL' ? ` AND ${args[0]} IS NOT NULL` : ''
  return `CASE WHEN ${args[1]} = 0${both} THEN ${otherwise} ELSE ${quotient} END`
}

function typed(sql: string, call: Call): string {
  return call.type.kind === 'decimal' ? `CAST(${sql} AS ${duckType(call.type)})` : `(${sql})`
}

/** Whether DuckDB's decimals, of 38 digits, may be too narrow for a step on the way to a result that Spark has. */
function tooWide(op: string, c: Call): boolean {
  const [a, b] = c.args.map(x => x.type)
  if (c.type.kind !== 'decimal' || a?.kind !== 'decimal' || b?.kind !== 'decimal') return false
  if (op === '*') return a.scale + b.scale > 38
  if (op === '/') {
    const shift = c.type.scale + b.scale - a.scale
    return a.precision + Math.max(0, shift) > 38 || b.precision + Math.max(0, -shift) > 38
  }
  const common = Math.max(a.precision - a.scale, b.precision - b.scale) + Math.max(a.scale, b.scale)
  return (op === '+' || op === '-' ? common + 1 : common) > 38
}

/** The operation on numbers of any size. */
function exactDecimal(op: string, args: readonly string[], c: Call, fails: boolean): string {
  if (c.type.kind !== 'decimal') return ''
  const texts = args.map(x => `CAST(${x} AS VARCHAR)`).join(', ')
  return `CAST(${fails ? 'spk_decimal' : 'spk_try_decimal'}('${op}', ${texts}, '${c.type.precision}', '${c.type.scale}') AS ${duckType(c.type)})`
}

/** DuckDB multiplies decimals of up to 18 digits in 64 bits, whatever the product needs. */
function overflows64(a: DecimalType, b: DecimalType): boolean {
  return a.precision <= 18 && b.precision <= 18 && a.precision + b.precision > 18
}

/** `NarrowDecimals` has found that the values fit: no other product has fewer digits than its operands together. */
function isProven(c: Call): boolean {
  return c.type.kind === 'decimal' && c.type.precision <= 18
}

/** In 64 bits, which is twice as fast; in 128 where that does not do. TRY takes no function that fails on purpose. */
function product64([a, b]: readonly string[], left: DecimalType, right: DecimalType, c: Call): string {
  const type = duckType(c.type)
  const wide = `CAST(CAST(${a} AS ${duckType(decimal(left.precision + right.precision, left.scale))}) * ${b} AS ${type})`
  return /\b(error|random|uuid)\(/.test(`${a} ${b}`) ? wide : `coalesce(CAST(TRY(${a} * ${b}) AS ${type}), ${wide})`
}

function plainSql(op: string, args: readonly string[], c: Call): string {
  const plain = typed(`${args[0]} ${op} ${args[1]}`, c)
  if (tooWide(op, c)) return exactDecimal(op, args, c, true)
  const [a, b] = c.args.map(x => x.type)
  if (op === '*' && a?.kind === 'decimal' && b?.kind === 'decimal' && overflows64(a, b)) return isProven(c) ? plain : product64(args, a, b, c)
  // Nearly always 38 digits are enough for a product; TRY takes no function that fails on purpose.
  const mayOverflow = op === '*' && a?.kind === 'decimal' && b?.kind === 'decimal' && a.precision + b.precision > 38
  // Aggregates are computed a block below whatever holds TRY: what fails in them does not fail here.
  const fails = /\b(error|random|uuid)\(/.test(plain) && !c.args.some(e => someExpr(e, x => x.kind === 'AggregateCall'))
  if (!mayOverflow || fails) return plain
  return `coalesce(TRY(${plain}), CASE WHEN ${args[0]} IS NOT NULL AND ${args[1]} IS NOT NULL THEN ${exactDecimal(op, args, c, true)} END)`
}

function divide(args: readonly string[], call: Call, otherwise: string): string {
  const [left, right] = call.args
  const quotient =
    call.type.kind === 'decimal' && left?.type.kind === 'decimal' && right?.type.kind === 'decimal'
      ? tooWide('/', call)
        ? exactDecimal('/', args, call, otherwise !== 'NULL')
        : decimalQuotient(args[0] ?? '', left.type, args[1] ?? '', right.type, call.type)
      : `(${args[0]} / ${args[1]})`
  return parenthesised(guarded(quotient, args, call, otherwise))
}
function remainder(args: readonly string[], call: Call, otherwise: string): string {
  const rest = tooWide('%', call) ? exactDecimal('%', args, call, otherwise !== 'NULL') : typed(remainderOf(args, call), call)
  return parenthesised(guarded(rest, args, call, otherwise))
}
/** DuckDB fails on the least number modulo -1, which leaves nothing. */
function remainderOf([a, b]: readonly string[], c: Call): string {
  let divisor = c.args[1]
  while (divisor?.kind === 'Cast') divisor = divisor.child
  const safe = !isIntegral(c.type) || (divisor?.kind === 'Literal' && divisor.value !== null && Number(divisor.value) !== -1)
  return safe ? `${a} % ${b}` : `CASE WHEN ${b} = -1 THEN 0 ELSE ${a} % ${b} END`
}
function integralDivide(args: readonly string[], call: Call, otherwise: string): string {
  const [left, right] = call.args
  const quotient =
    call.type.kind === 'decimal' && left?.type.kind === 'decimal' && right?.type.kind === 'decimal'
      ? tooWide('div', call)
        ? exactDecimal('div', args, call, otherwise !== 'NULL')
        : decimalQuotient(args[0] ?? '', left.type, args[1] ?? '', right.type, call.type, 'truncate')
      : `(${args[0]} // ${args[1]})`
  return parenthesised(guarded(quotient, args, call, otherwise))
}
const parenthesised = (sql: string) => (sql.startsWith('CASE') ? `(${sql})` : sql)

function operator(op: DecimalOperator, sql: (args: readonly string[], call: Call) => string, aliases: readonly string[] = []): ScalarFunction {
  return custom(op, 2, (args, context) => bindArithmetic(op, args, context), sql, aliases)
}
function tryOperator(op: DecimalOperator, sql: (args: readonly string[], call: Call) => string): ScalarFunction {
  return custom(`try_${op}`, 2, (args, context) => bindArithmetic(op, args, { ...context, ansi: false }), sql)
}

function pmodSql(args: readonly string[], c: Call, otherwise: string): string {
  if (tooWide('pmod', c)) return parenthesised(guarded(exactDecimal('pmod', args, c, otherwise !== 'NULL'), args, c, otherwise))
  const b = args[1]
  const rest = `(${remainderOf(args, c)})`
  const positive = `CASE WHEN ${rest} < 0 THEN (${rest} + ${b}) % ${b} ELSE ${rest} END`
  return parenthesised(guarded(`CAST(${positive} AS ${duckType(c.type)})`, args, c, otherwise))
}

export const arithmetic: readonly ScalarFunction[] = [
  custom(
    '+',
    2,
    (args, context) => dateArithmetic('+', args, context) ?? bindArithmetic('+', args, context),
    (args, c) => plainSql('+', args, c),
  ),
  custom(
    '-',
    2,
    (args, context) => dateArithmetic('-', args, context) ?? bindArithmetic('-', args, context),
    (args, c) => plainSql('-', args, c),
  ),
  custom(
    '*',
    2,
    (args, context) => intervalScaling('*', args, context) ?? bindArithmetic('*', args, context),
    (args, c) => plainSql('*', args, c),
  ),
  custom(
    '/',
    2,
    (args, context) => intervalScaling('/', args, context) ?? bindArithmetic('/', args, context),
    (args, c) => divide(args, c, divideByZero),
  ),
  operator('%', (args, c) => remainder(args, c, remainderByZero), ['mod']),
  custom(
    'div',
    2,
    (args, context) => intervalDiv(args, context) ?? bindArithmetic('div', args, context),
    (args, c) => integralDivide(args, c, divideByZero),
  ),
  {
    ...custom(
      'try_pmod',
      2,
      (args, context) => context.bind('pmod', args),
      (args, c) => pmodSql(args, c, 'NULL'),
    ),
    internal: true,
  },
  wrapping('+'),
  wrapping('-'),
  wrapping('*'),
  tolerant('try_add', '+'),
  tolerant('try_subtract', '-'),
  tolerant('try_multiply', '*'),
  ...(['+', '-', '*'] as const).map(op => ({ ...tryOperator(op, (args, c) => trySql(op, args, c)), internal: true })),
  {
    ...custom(
      'try_expression',
      1,
      args => tried(args[0] as BoundExpr),
      ([x]) => `TRY(${x})`,
    ),
    internal: true,
  },
  tryOperator('/', (args, c) => divide(args, c, 'NULL')),
  tryOperator('%', (args, c) => remainder(args, c, 'NULL')),
  tryOperator('div', (args, c) => integralDivide(args, c, 'NULL')),
  rewritten('try_divide', 2, (args, context) => intervalScaling('/', args, context, true) ?? context.bind('try_/', args)),
  rewritten('try_mod', 2, (args, context) => context.bind('try_%', args)),
  custom(
    'negative',
    1,
    (args, context) => {
      const interval = intervalUnary('negative', args[0])
      if (interval !== undefined) return interval
      const arg = args[0] === undefined ? undefined : implicitCast(args[0], 'numeric', context.castMode)
      if (arg === undefined) throw unexpectedInput(context, 0, 'NUMERIC', args[0]?.type ?? types.null)
      return !context.ansi && isIntegral(arg.type)
        ? call('wrap_-', [castTo(literal(0, types.int), arg.type), arg], arg.type)
        : call('negative', [arg], arg.type)
    },
    ([x]) => `(-${x})`,
  ),
  custom(
    'positive',
    1,
    (args, context) => {
      const interval = intervalUnary('positive', args[0])
      if (interval !== undefined) return interval
      const arg = args[0] === undefined ? undefined : implicitCast(args[0], 'numeric', context.castMode)
      if (arg === undefined) throw unexpectedInput(context, 0, 'NUMERIC', args[0]?.type ?? types.null)
      return arg
    },
    ([x]) => `(+${x})`,
  ),
  custom(
    'pmod',
    2,
    (args, context) => {
      const bound = bindArithmetic('%', args, context)
      return bound.kind === 'Call' ? { ...bound, fn: context.ansi ? 'pmod' : 'try_pmod' } : bound
    },
    (args, c) => pmodSql(args, c, remainderByZero),
  ),
]
