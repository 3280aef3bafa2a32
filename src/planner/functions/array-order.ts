/** Functions that put the elements of an array in another order: by their values, or by chance. */
import { array, types } from '../../core/types.js'
import { type BoundExpr, literal } from '../bound.js'
import { isOrderable, sqlTypeName } from '../coercion.js'
import { arrayType } from './arrays.js'
import { type BindContext, call, custom, type ScalarFunction, takeArgs, unexpectedInput } from './define.js'
import { constantSeed } from './random.js'

const { boolean, long } = types

/** The array, whose elements have an order. */
function sortable(list: BoundExpr, context: BindContext): BoundExpr {
  const { element } = arrayType(list, 0, context)
  if (isOrderable(element)) return list
  throw context.fail(
    'DATATYPE_MISMATCH.INVALID_ORDERING_TYPE',
    '42K09',
    `Cannot resolve "${context.callText}" due to data type mismatch: The \`${context.name.toLowerCase()}\` does not support ordering on type "${sqlTypeName(element)}".`,
  )
}

export const arrayOrder: readonly ScalarFunction[] = [
  custom(
    'sort_array',
    [1, 2],
    (args, context) => {
      const [given, ascending = literal(true, boolean)] = args as readonly [BoundExpr, BoundExpr?]
      const list = sortable(given, context)
      if (ascending.type.kind === 'string') throw unexpectedInput(context, 1, 'BOOLEAN', ascending.type)
      const order = ascending.type.kind === 'boolean' ? [ascending] : takeArgs([ascending], [boolean], context)
      return call('sort_array', [list, ...order], arrayType(list, 0, context))
    },
    ([list, ascending]) => {
      const up = `list_sort(${list}, 'ASC', 'NULLS FIRST')`
      const down = `list_sort(${list}, 'DESC', 'NULLS LAST')`
      return ascending === 'true' ? up : ascending === 'false' ? down : `(CASE WHEN ${ascending} THEN ${up} WHEN NOT ${ascending} THEN ${down} END)`
    },
  ),
  // With a comparison of its own it is bound by the analyzer.
  custom(
    'array_sort',
    [1, 2],
    ([list], context) => {
      if (list?.type.kind !== 'array') throw unexpectedInput(context, 0, 'ARRAY', list?.type ?? types.null)
      return call('array_sort', [sortable(list, context)], list.type)
    },
    ([list]) => `list_sort(${list}, 'ASC', 'NULLS LAST')`,
  ),
  {
    ...custom(
      'shuffle',
      [1, 2],
      ([given, seed], context) => {
        const list = given as BoundExpr
        const type = arrayType(list, 0, context)
        const kept = list.type.kind === 'array' ? list : literal(null, array(types.null))
        return call(
          'shuffle',
          [kept, ...(seed === undefined ? [] : [literal(seedOf(seed, context), long), literal(BigInt(context.id()), long)])],
          type,
        )
      },
      ([list, seed, id]) => {
        const chance = seed === undefined ? 'random()' : `spk_rand(${seed}, ${id})`
        return `list_transform(list_sort(list_transform(${list}, lambda e_: {'by': ${chance}, 'e': e_})), lambda e_: e_.e)`
      },
    ),
    deterministic: false,
  },
]

function seedOf(seed: BoundExpr, context: BindContext): bigint {
  const value = constantSeed(seed)
  if (value !== undefined) return value
  throw context.fail(
    'INVALID_PARAMETER_VALUE.LONG',
    '22023',
    `The value of parameter(s) \`seed\` in \`shuffle\` is invalid: expects a long literal, but got "${context.argText(1)}".`,
  )
}
