/** CASE and its relatives. Branches are evaluated only for the rows that take them, as in Spark. */
import { types } from '../../core/types.js'
import { type BoundExpr, isNullable, literal, nullOf } from '../bound.js'
import { commonTypes } from '../common-types.js'
import { duckType } from '../duck-type.js'
import { call, custom, type Pair, rewritten, type ScalarFunction, type Triple, takeArgs, takeCommon, unexpectedInput } from './define.js'

/** `when(c1, v1, c2, v2, …, else?)` */
function bindWhen(args: readonly BoundExpr[], context: Parameters<ScalarFunction['bind']>[1]): BoundExpr {
  const pairs = Math.floor(args.length / 2)
  const conditions = args.slice(0, pairs * 2).filter((_, i) => i % 2 === 0)
  const values = args.filter((_, i) => i % 2 === 1 || i === pairs * 2)
  const tests = conditions.map((c, i) => {
    if (c.type.kind === 'null') return nullOf(types.boolean)
    // Unlike elsewhere, no text is taken for a boolean.
    if (c.type.kind !== 'boolean') throw unexpectedInput(context, i * 2, 'BOOLEAN', c.type)
    return c
  })
  const common = takeCommon(values, context)
  const interleaved: BoundExpr[] = []
  for (let i = 0; i < pairs; i++) interleaved.push(tests[i] as BoundExpr, common.args[i] as BoundExpr)
  const otherwise = common.args[pairs]
  if (otherwise !== undefined) interleaved.push(otherwise)
  return call('when', interleaved, common.type, otherwise === undefined || common.args.some(isNullable))
}

const zero = literal(0, types.int)

export const conditional: readonly ScalarFunction[] = [
  custom('when', [2, Number.POSITIVE_INFINITY], bindWhen, args => {
    const branches: string[] = []
    for (let i = 0; i + 1 < args.length; i += 2) branches.push(`WHEN ${args[i]} THEN ${args[i + 1]}`)
    const otherwise = args.length % 2 === 1 ? ` ELSE ${args[args.length - 1]}` : ''
    return `(CASE ${branches.join(' ')}${otherwise} END)`
  }),
  rewritten('if', 3, (args, context) => context.bind('when', args)),
  custom(
    'coalesce',
    [1, Number.POSITIVE_INFINITY],
    (args, context) => {
      const common = takeCommon(args, context)
      return common.args.length === 1 && common.args[0] !== undefined
        ? common.args[0]
        : call('coalesce', common.args, common.type, common.args.every(isNullable))
    },
    args => `coalesce(${args.join(', ')})`,
  ),
  rewritten('nvl', 2, (args, context) => context.bind('coalesce', args), ['ifnull']),
  rewritten('nvl2', 3, (args, context) => {
    const [test, yes, no] = args as Triple
    return context.bind('when', [context.bind('isnotnull', [test]), yes, no])
  }),
  rewritten('nullif', 2, (args, context) => {
    const [a, b] = args as Pair
    return context.bind('when', [context.bind('=', [a, b]), nullOf(a.type), a])
  }),
  rewritten('nullifzero', 1, (args, context) => context.bind('nullif', [...args, zero])),
  rewritten('zeroifnull', 1, (args, context) => context.bind('coalesce', [...args, zero])),
  rewritten('nanvl', 2, (args, context) => {
    const [a, b] = args as Pair
    return context.bind('when', [context.bind('isnan', [a]), b, a])
  }),
  custom(
    'greatest',
    [2, Number.POSITIVE_INFINITY],
    (args, context) => {
      const common = takeCommon(args, context, commonTypes(context.ansi).withoutText)
      return call('greatest', common.args, common.type, common.args.every(isNullable))
    },
    args => `greatest(${args.join(', ')})`,
  ),
  custom(
    'least',
    [2, Number.POSITIVE_INFINITY],
    (args, context) => {
      const common = takeCommon(args, context, commonTypes(context.ansi).withoutText)
      return call('least', common.args, common.type, common.args.every(isNullable))
    },
    args => `least(${args.join(', ')})`,
  ),
  custom(
    'assert_true',
    [1, 2],
    (args, context) =>
      call(
        'assert_true',
        [...takeArgs(args.slice(0, 1), [types.boolean], context), ...takeArgs(args.slice(1), [types.string], context)],
        types.null,
        true,
      ),
    ([test, message], c) =>
      `(CASE WHEN ${test} THEN CAST(NULL AS ${duckType(c.type)}) ELSE error('[USER_RAISED_EXCEPTION] ' || ${message ?? "'The condition is not true!'"} || ' SQLSTATE: P0001') END)`,
  ),
]
