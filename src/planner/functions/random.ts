/**
 * Functions that go by chance, or by a row's place in its task. With a seed, numbers are those of Spark, and the same in every run over the same rows;
 * each call has a number, so that two calls with one seed give the same. `kernel/random-streams.ts` makes them.
 */
import { type DataType, types } from '../../core/types.js'
import { type BoundExpr, literal } from '../bound.js'
import { castTo, isNumeric } from '../coercion.js'
import { evaluate } from '../evaluate.js'
import { references } from '../tree.js'
import { type BindContext, call, custom, rewritten, type ScalarFunction, unexpectedInput } from './define.js'

const { double, int, long } = types

function seeded(name: string, fn: string, unseeded: string, aliases: readonly string[]): ScalarFunction {
  return {
    ...custom(
      name,
      [0, 1],
      (args, context) =>
        call(name, args[0] === undefined ? [] : [literal(seedOf(args[0], 0, context), long), literal(BigInt(context.id()), long)], double, false),
      ([seed, id]) => (seed === undefined ? unseeded : `${fn}(${seed}, ${id})`),
      aliases,
    ),
    deterministic: false,
  }
}

function seedOf(arg: BoundExpr, index: number, context: BindContext): bigint {
  if (!isSeedType(arg.type)) throw unexpectedInput(context, index, '("INT" or "BIGINT")', arg.type)
  const seed = constantSeed(arg)
  if (seed !== undefined) return seed
  throw context.fail(
    'SEED_EXPRESSION_IS_UNFOLDABLE',
    '42K08',
    `The seed expression "${context.argText(index)}" of the expression "${context.callText}" must be foldable.`,
  )
}

function isSeedType({ kind }: DataType): boolean {
  return kind === 'int' || kind === 'long' || kind === 'null'
}

/** The value of a constant whole number, 0 of NULL; undefined of anything else. */
export function constantSeed(arg: BoundExpr): bigint | undefined {
  const value = isSeedType(arg.type) ? evaluate(arg)?.value : undefined
  if (value === null) return 0n
  return typeof value === 'number' || typeof value === 'bigint' ? BigInt(value) : undefined
}

/** A number between two constants, of their type: `min + (max - min) * rand(seed)`, in DOUBLE. */
const uniform = rewritten('uniform', [2, 3], (args, context) => {
  const [min, max, seed] = args as readonly [BoundExpr, BoundExpr, BoundExpr?]
  for (const [i, name] of ['min', 'max', 'seed'].entries()) {
    const arg = args[i]
    if (arg === undefined || references(arg).size === 0) continue
    throw context.fail(
      'DATATYPE_MISMATCH.NON_FOLDABLE_INPUT',
      '42K09',
      `Cannot resolve "${context.callText}" due to data type mismatch: the input \`${name}\` should be a foldable integer or floating-point expression; however, got "${context.argText(i)}".`,
    )
  }
  for (const [i, arg] of [min, max].entries())
    if (!isNumeric(arg.type) && arg.type.kind !== 'null') throw unexpectedInput(context, i, 'NUMERIC', arg.type)
  const [from, to] = [min, max].map(e => castTo(e, double, context.castMode)) as [BoundExpr, BoundExpr]
  const chance = context.bind('rand', seed === undefined ? [] : [literal(seedOf(seed, 2, context), long)])
  const value = context.bind('+', [from, context.bind('*', [context.bind('-', [to, from]), chance])])
  return castTo(value, uniformType(min.type, max.type), context.castMode)
})

/** Of two decimals the first when it holds all of the second, else the second; else what is not a whole number wins. */
function uniformType(min: DataType, max: DataType): DataType {
  if (min.kind === 'null' || max.kind === 'null') return double
  if (min.kind === 'decimal' && max.kind === 'decimal')
    return min.precision - min.scale >= max.precision - max.scale && min.scale >= max.scale ? min : max
  const ranks = ['byte', 'short', 'int', 'long', 'decimal', 'float', 'double']
  return ranks.indexOf(min.kind) > ranks.indexOf(max.kind) ? min : max
}

export const random: readonly ScalarFunction[] = [
  seeded('rand', 'spk_rand', 'random()', ['random']),
  uniform,
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
