/** Comparison, boolean logic, NULL tests, IN, BETWEEN and the LIKE family. */
import { type DataType, types } from '../../core/types.js'
import { type BoundExpr, type Call, isNullable } from '../bound.js'
import { castTo, implicitCast, isIntegral, isNumeric, isOrderable, sqlTypeName } from '../coercion.js'
import { commonTypes } from '../common-types.js'
import { quoteText } from '../duck-type.js'
import { type BindContext, call, custom, type Pair, rewritten, type ScalarFunction, scalar, type Triple, takeCommon } from './define.js'
import { differentTypes } from './mismatch.js'
import { likeRegExpSql } from './regexp.js'

/** With ANSI off a boolean equals the number 1 or 0. */
function booleansAsNumbers(op: string, [left, right]: Pair): Pair {
  if (op !== '=' && op !== '<=>') return [left, right]
  if (left.type.kind === 'boolean' && isNumeric(right.type)) return [castTo(left, right.type), right]
  if (right.type.kind === 'boolean' && isNumeric(left.type)) return [left, castTo(right, left.type)]
  return [left, right]
}

function bindComparison(op: string, args: readonly BoundExpr[], context: BindContext): BoundExpr {
  const [left, right] = context.ansi ? (args as Pair) : booleansAsNumbers(op, args as Pair)
  const type = commonTypes(context.ansi).comparison(left.type, right.type)
  if (type === undefined) throw differentTypes(context, left.type, right.type)
  if (!isOrderable(type)) {
    throw context.fail(
      'DATATYPE_MISMATCH.INVALID_ORDERING_TYPE',
      '42K09',
      `Cannot resolve "${context.callText}" due to data type mismatch: The \`${op}\` does not support ordering on type "${sqlTypeName(type)}".`,
    )
  }
  const bound = [castTo(left, type, context.castMode), castTo(right, type, context.castMode)]
  return call(op, bound, types.boolean, op !== '<=>' && bound.some(isNullable))
}

function comparison(op: string, sql: string, aliases: readonly string[] = []): ScalarFunction {
  const template = (args: readonly string[], c: Call) => {
    const [a, b] = barely(args, c)
    return `(${a} ${sql} ${b})`
  }
  return custom(op, 2, (args, context) => bindComparison(op, args, context), template, aliases)
}

/** Whole numbers beside a column of their type need no cast to it. */
function barely(args: readonly string[], c: Call): readonly string[] {
  if (c.args.every(a => a.kind === 'Literal')) return args
  return args.map((sql, i) => {
    const arg = c.args[i]
    return arg?.kind === 'Literal' && (typeof arg.value === 'number' || typeof arg.value === 'bigint') && isIntegral(arg.type)
      ? String(arg.value)
      : sql
  })
}

/** Written as SQL by `lower/logic-sql.ts`, which has to see what stands below. */
function logic(op: 'and' | 'or'): ScalarFunction {
  const bind = (args: readonly BoundExpr[], context: BindContext): BoundExpr => {
    const [left, right] = args as Pair
    const taken = args.map(a => implicitCast(a, types.boolean, context.castMode)).filter(a => a !== undefined)
    if (taken.length === 2) return call(op, taken, types.boolean)
    throw left.type.kind === right.type.kind
      ? context.fail(
          'DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE',
          '42K09',
          `Cannot resolve "${context.callText}" due to data type mismatch: the binary operator requires the input type "BOOLEAN", not "${sqlTypeName(left.type)}".`,
        )
      : differentTypes(context, left.type, right.type)
  }
  return rewritten(op, 2, bind)
}

/** LIKE with Spark's default escape, the backslash, spelled out only where the pattern may hold one. */
function likeSql(operator: 'LIKE' | 'ILIKE') {
  return (args: readonly string[], c: Call) => {
    const pattern = c.args[1]
    const escapeChar = args[2] ?? quoteText('\\')
    const plain = args[2] === undefined && pattern?.kind === 'Literal' && typeof pattern.value === 'string' && !pattern.value.includes('\\')
    return plain ? `(${args[0]} ${operator} ${args[1]})` : `(${args[0]} ${operator} ${args[1]} ESCAPE ${escapeChar})`
  }
}

const text: DataType = types.string

/** A constant pattern in which the escape character stands before anything but `_`, `%` and itself is refused. */
function like(name: string, operator: 'LIKE' | 'ILIKE'): ScalarFunction {
  const entry = scalar(name, [text, text, text], types.boolean, likeSql(operator), { required: 2 })
  return {
    ...entry,
    bind: (args, context) => {
      const [, pattern, escaped] = args
      const mark = escaped === undefined ? '\\' : escaped.kind === 'Literal' ? escaped.value : undefined
      if (pattern?.kind === 'Literal' && typeof pattern.value === 'string' && typeof mark === 'string') checkPattern(pattern.value, mark, context)
      return entry.bind(args, context)
    },
  }
}

function checkPattern(pattern: string, mark: string, context: BindContext): void {
  for (let i = 0; i < pattern.length; i++) {
    if (pattern[i] !== mark) continue
    const next = pattern[++i]
    if (next === '_' || next === '%' || next === mark) continue
    throw next === undefined
      ? context.fail(
          'INVALID_FORMAT.ESC_AT_THE_END',
          '42601',
          `The format is invalid: '${pattern}'. The escape character is not allowed to end with.`,
        )
      : context.fail(
          'INVALID_FORMAT.ESC_IN_THE_MIDDLE',
          '42601',
          `The format is invalid: '${pattern}'. The escape character is not allowed to precede '${next}'.`,
        )
  }
}

export const predicates: readonly ScalarFunction[] = [
  comparison('=', '=', ['==']),
  comparison('<', '<'),
  comparison('<=', '<='),
  comparison('>', '>'),
  comparison('>=', '>='),
  comparison('<=>', 'IS NOT DISTINCT FROM', ['equal_null']),
  rewritten('<>', 2, (args, context) => context.bind('not', [context.bind('=', args)]), ['!=']),
  logic('and'),
  logic('or'),
  scalar('not', [types.boolean], types.boolean, ([x]) => `(NOT ${x})`, { aliases: ['!'] }),
  scalar('isnull', ['any'], types.boolean, ([x]) => `(${x} IS NULL)`, { nullable: false }),
  scalar('isnotnull', ['any'], types.boolean, ([x]) => `(${x} IS NOT NULL)`, { nullable: false }),
  scalar('isnan', [types.double], types.boolean, ([x]) => `coalesce(isnan(${x}), false)`, { nullable: false }),
  custom(
    'in',
    [1, Number.POSITIVE_INFINITY],
    (args, context) => {
      const common = takeCommon(args, context)
      return call('in', common.args, types.boolean)
    },
    (args, c) => {
      const [x, ...list] = barely(args, c)
      return list.length === 0 ? 'false' : `(${x} IN (${list.join(', ')}))`
    },
  ),
  rewritten('between', 3, (args, context) => {
    const [x, low, high] = args as Triple
    return context.bind('and', [context.bind('>=', [x, low]), context.bind('<=', [x, high])])
  }),
  like('like', 'LIKE'),
  like('ilike', 'ILIKE'),
  scalar('rlike', [text, text], types.boolean, likeRegExpSql, { aliases: ['regexp', 'regexp_like'] }),
]
