/**
 * Functions that go by chance, or by a row's place in its task. With a seed, numbers are those of Spark, and the same in every run over the same rows;
 * each call has a number, so that two calls with one seed give the same. `kernel/random-streams.ts` makes them.
 */
import { types } from '../../core/types.js'
import { type BoundExpr, literal } from '../bound.js'
import { evaluate } from '../evaluate.js'
import { type BindContext, call, custom, type ScalarFunction, unexpectedInput } from './define.js'

const { double, int, long } = types

function seeded(name: string, fn: string, unseeded: string, aliases: readonly string[]): ScalarFunction {
  return {
    ...custom(
      name,
      [0, 1],
      (args, context) =>
        call(name, args[0] === undefined ? [] : [literal(seedOf(args[0], context), long), literal(BigInt(context.id()), long)], double, false),
      ([seed, id]) => (seed === undefined ? unseeded : `${fn}(${seed}, ${id})`),
      aliases,
    ),
    deterministic: false,
  }
}

/** A constant whole number; NULL is 0. */
function seedOf(arg: BoundExpr, context: BindContext): bigint {
  if (arg.type.kind !== 'int' && arg.type.kind !== 'long' && arg.type.kind !== 'null')
    throw unexpectedInput(context, 0, '("INT" or "BIGINT")', arg.type)
  const value = evaluate(arg)?.value
  if (value === null) return 0n
  if (typeof value === 'number' || typeof value === 'bigint') return BigInt(value)
  throw context.fail(
    'SEED_EXPRESSION_IS_UNFOLDABLE',
    '42K08',
    `The seed expression "${context.argText(0)}" of the expression "${context.callText}" must be foldable.`,
  )
}

export const random: readonly ScalarFunction[] = [
  seeded('rand', 'spk_rand', 'random()', ['random']),
  seeded('randn', 'spk_randn', '(sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()))', []),
  {
    ...custom(
      'monotonically_increasing_id',
      0,
      (_, context) => call('monotonically_increasing_id', [literal(BigInt(context.id()), long)], long, false),
      ([id]) => `spk_row_id(${id})`,
    ),
    deterministic: false,
  },
  {
    ...custom(
      'spark_partition_id',
      0,
      () => call('spark_partition_id', [], int, false),
      () => 'spk_partition_id()',
    ),
    deterministic: false,
  },
]
