/** Arrays, maps and structs: construction, access and the common look-ups. */
import { array, type DataType, field, map, struct, typeString, types } from '../../core/types.js'
import { type BoundExpr, isNullable, literal, nullOf } from '../bound.js'
import { castTo, commonTypeWithoutText, expectedName, implicitCast, sqlTypeName } from '../coercion.js'
import { duckType, quoteName } from '../duck-type.js'
import { type BindContext, call, custom, type Pair, rewritten, type ScalarFunction, scalar, takeArgs, takeCommon, unexpectedInput } from './define.js'

function elementOf(type: DataType): DataType {
  return type.kind === 'array' ? type.element : types.null
}

/** An array and a value brought to its element type. */
function arrayAndElement(args: readonly BoundExpr[], context: BindContext): readonly BoundExpr[] {
  const [list, value] = args as Pair
  if (list.type.kind === 'null' || value.type.kind === 'null') {
    throw context.fail(
      'DATATYPE_MISMATCH.NULL_TYPE',
      '42K09',
      `Cannot resolve "${context.callText}" due to data type mismatch: Null typed values cannot be used as arguments of \`${context.name.toLowerCase()}\`.`,
    )
  }
  if (list.type.kind !== 'array') throw unexpectedInput(context, 0, 'ARRAY', list.type)
  const element = commonTypeWithoutText(list.type.element, value.type)
  if (element === undefined) {
    throw context.fail(
      'DATATYPE_MISMATCH.ARRAY_FUNCTION_DIFF_TYPES',
      '42K09',
      `Cannot resolve "${context.callText}" due to data type mismatch: Input to \`${context.name.toLowerCase()}\` should have been "ARRAY" followed by a value ` +
        `with same element type, but it's ["${sqlTypeName(list.type)}", "${sqlTypeName(value.type)}"].`,
    )
  }
  return [castTo(list, array(element, list.type.containsNull)), castTo(value, element)]
}

/** Names of `struct(a, b + 1, c AS d)`: attributes keep theirs, others are `col1`, `col2`, … */
function bindStruct(args: readonly BoundExpr[], context: BindContext): BoundExpr {
  const names = args.map(
    (a, i) => context.argAlias(i) ?? (a.kind === 'Attribute' ? a.name : a.kind === 'Call' && a.fn === 'getfield' ? fieldName(a) : `col${i + 1}`),
  )
  return call('struct', args, struct(args.map((a, i) => field(names[i] ?? '', a.type, isNullable(a)))), false)
}

function fieldName(e: { readonly args: readonly BoundExpr[] }): string {
  const name = e.args[1]
  return name?.kind === 'Literal' && typeof name.value === 'string' ? name.value : ''
}

function bindNamedStruct(args: readonly BoundExpr[], context: BindContext): BoundExpr {
  if (args.length % 2 !== 0)
    throw context.fail(
      'WRONG_NUM_ARGS.WITHOUT_SUGGESTION',
      '42605',
      `The \`named_struct\` requires 2n (n > 0) parameters but the actual number is ${args.length}.`,
    )
  const names: string[] = []
  const values: BoundExpr[] = []
  for (let i = 0; i + 1 < args.length; i += 2) {
    const name = args[i]
    if (name?.kind !== 'Literal' || typeof name.value !== 'string') {
      throw context.fail(
        'DATATYPE_MISMATCH.CREATE_NAMED_STRUCT_WITHOUT_FOLDABLE_STRING',
        '42K09',
        `Cannot resolve "${context.callText}" due to data type mismatch: Only foldable "STRING" expressions are allowed to appear at odd position.`,
      )
    }
    names.push(name.value)
    values.push(args[i + 1] as BoundExpr)
  }
  return call('struct', values, struct(values.map((v, i) => field(names[i] ?? '', v.type, isNullable(v)))), false)
}

function bindMap(args: readonly BoundExpr[], context: BindContext): BoundExpr {
  if (args.length % 2 !== 0)
    throw context.fail(
      'WRONG_NUM_ARGS.WITHOUT_SUGGESTION',
      '42605',
      `The \`map\` requires 2n (n > 0) parameters but the actual number is ${args.length}.`,
    )
  const keys = takeCommon(
    args.filter((_, i) => i % 2 === 0),
    context,
  )
  const values = takeCommon(
    args.filter((_, i) => i % 2 === 1),
    context,
  )
  return call('map', [...keys.args, ...values.args], map(keys.type, values.type, values.args.some(isNullable)), false)
}

/** `x[y]`: a field, an element counted from 0, or the value of a key. */
function bindGetItem(args: readonly BoundExpr[], context: BindContext): BoundExpr {
  const [from, key] = args as Pair
  switch (from.type.kind) {
    case 'array': {
      if (from.type.element.kind === 'struct' && key.kind === 'Literal' && key.type.kind === 'string') return bindField(args, context)
      const index = key.type.kind === 'string' ? undefined : implicitCast(key, 'integral')
      if (index === undefined) throw unexpectedInput(context, 1, 'INTEGRAL', key.type)
      return call(context.ansi ? 'getitem' : 'get', [from, castTo(index, types.long)], from.type.element, true)
    }
    case 'map': {
      const cast = implicitCast(key, from.type.key)
      if (cast === undefined) throw unexpectedInput(context, 1, expectedName(from.type.key), key.type)
      return call('map_value', [from, cast], from.type.value, true)
    }
    case 'struct':
      return bindField(args, context)
    default:
      throw context.fail(
        'INVALID_EXTRACT_BASE_FIELD_TYPE',
        '42000',
        `Can't extract a value from "${context.argText(0)}". Need a complex type [STRUCT, ARRAY, MAP] but got "${sqlTypeName(from.type)}".`,
      )
  }
}

function bindField(args: readonly BoundExpr[], context: BindContext): BoundExpr {
  const [from, key] = args as Pair
  const name = key.kind === 'Literal' && typeof key.value === 'string' ? key.value : ''
  if (from.type.kind === 'array' && from.type.element.kind === 'struct') {
    const element = from.type.element.fields.find(f => f.name.toLowerCase() === name.toLowerCase())
    if (element !== undefined) return call('getfield_each', [from, literal(element.name, types.string)], array(element.type, true))
  }
  if (from.type.kind === 'map') return bindGetItem(args, context)
  if (from.type.kind !== 'struct') {
    throw context.fail(
      'INVALID_EXTRACT_BASE_FIELD_TYPE',
      '42000',
      `Can't extract a value from "${context.argText(0)}". Need a complex type [STRUCT, ARRAY, MAP] but got "${sqlTypeName(from.type)}".`,
    )
  }
  const found = from.type.fields.filter(f => f.name.toLowerCase() === name.toLowerCase())
  const one = found.find(f => f.name === name) ?? found[0]
  if (one === undefined) {
    throw context.fail('FIELD_NOT_FOUND', '42704', `No such struct field \`${name}\` in ${from.type.fields.map(f => `\`${f.name}\``).join(', ')}.`)
  }
  return call('getfield', [from, literal(one.name, types.string)], one.type, isNullable(from) || one.nullable)
}

/** An element by a checked index; `base` is what the first element is called. */
function checkedElement(list: string, index: string, base: 0 | 1, code: string, message: string): string {
  const zero =
    base === 0
      ? ''
      : `WHEN ${index} = 0 THEN error('[INVALID_INDEX_OF_ZERO] The index 0 is invalid. An index shall be either < 0 or > 0 (the first element has index 1). SQLSTATE: 22003') `
  const outside = base === 0 ? `${index} < 0 OR ${index} >= len(${list})` : `abs(${index}) > len(${list})`
  const text = `error('[${code}] The index ' || ${index} || ' is out of bounds. The array has ' || len(${list}) || ' elements. ${message} SQLSTATE: 22003')`
  return `(CASE ${zero}WHEN ${outside} THEN ${text} ELSE ${list}[${base === 0 ? `${index} + 1` : index}] END)`
}

export const collections: readonly ScalarFunction[] = [
  custom(
    'array',
    [0, Number.POSITIVE_INFINITY],
    (args, context) => {
      const common = takeCommon(args, context)
      return call('array', common.args, array(common.type, common.args.some(isNullable)), false)
    },
    (args, c) =>
      args.length === 0
        ? `CAST([] AS ${duckType(c.type.kind === 'array' && c.type.element.kind === 'null' ? array(types.int) : c.type)})`
        : `[${args.join(', ')}]`,
  ),
  custom('struct', [1, Number.POSITIVE_INFINITY], bindStruct, (args, c) => {
    const fields = c.type.kind === 'struct' ? c.type.fields : []
    return `struct_pack(${args.map((a, i) => `${quoteName(fields[i]?.name ?? '')} := ${a}`).join(', ')})`
  }),
  rewritten('named_struct', [2, Number.POSITIVE_INFINITY], bindNamedStruct),
  custom(
    'map',
    [0, Number.POSITIVE_INFINITY],
    bindMap,
    args => {
      const half = args.length / 2
      return `map([${args.slice(0, half).join(', ')}], [${args.slice(half).join(', ')}])`
    },
    ['create_map'],
  ),
  custom('getitem', 2, bindGetItem, ([list, index]) =>
    checkedElement(
      list ?? '',
      index ?? '',
      0,
      'INVALID_ARRAY_INDEX',
      'Use the SQL function `get()` to tolerate accessing element at invalid index and return NULL instead.',
    ),
  ),
  custom(
    'get',
    2,
    (args, context) => {
      if (args[0]?.type.kind === 'null') throw unexpectedInput(context, 0, 'ARRAY', args[0].type)
      const taken = takeArgs(args, ['array', types.long], context)
      return call('get', taken, elementOf((taken[0] as BoundExpr).type), true)
    },
    ([list, index]) => `(CASE WHEN ${index} >= 0 THEN ${list}[${index} + 1] END)`,
  ),
  custom('map_value', 2, bindGetItem, ([m, key]) => `${m}[${key}]`),
  custom('getfield', 2, bindField, ([s, name]) => `struct_extract(${s}, ${name})`),
  custom('getfield_each', 2, bindField, ([list, name]) => `list_transform(${list}, lambda s_: struct_extract(s_, ${name}))`),
  custom(
    'element_at',
    2,
    (args, context) => {
      const [from, key] = args as Pair
      if (from.type.kind === 'map') return bindGetItem(args, context)
      if (from.type.kind !== 'array') throw unexpectedInput(context, 0, '("ARRAY" or "MAP")', from.type)
      const index = implicitCast(key, 'upToInt')
      if (index === undefined) throw unexpectedInput(context, 1, 'INT', key.type)
      return call(context.ansi ? 'element_at' : 'try_element_at', [from, index], from.type.element, true)
    },
    ([list, index]) =>
      checkedElement(
        list ?? '',
        index ?? '',
        1,
        'INVALID_ARRAY_INDEX_IN_ELEMENT_AT',
        'Use `try_element_at` to tolerate accessing element at invalid index and return NULL instead.',
      ),
  ),
  custom(
    'size',
    1,
    (args, context) => {
      const [arg] = args as readonly [BoundExpr]
      // With ANSI off the size of NULL is -1.
      const absent = literal(-1, types.int)
      if (arg.type.kind === 'null') return context.ansi ? nullOf(types.int) : absent
      if (arg.type.kind !== 'array' && arg.type.kind !== 'map') throw unexpectedInput(context, 0, '("ARRAY" or "MAP")', arg.type)
      const size = call('size', [arg], types.int)
      return context.ansi || !isNullable(arg) ? size : call('coalesce', [size, absent], types.int, false)
    },
    ([x], c) => (c.args[0]?.type.kind === 'map' ? `CAST(cardinality(${x}) AS INTEGER)` : `CAST(len(${x}) AS INTEGER)`),
    ['cardinality'],
  ),
  scalar('array_size', ['array'], types.int, ([x]) => `CAST(len(${x}) AS INTEGER)`),
  custom(
    'array_contains',
    2,
    (args, context) => call('array_contains', arrayAndElement(args, context), types.boolean, true),
    ([list, x]) =>
      `(CASE WHEN list_contains(${list}, ${x}) THEN true WHEN len(list_filter(${list}, lambda e: e IS NULL)) > 0 OR ${x} IS NULL OR ${list} IS NULL THEN NULL ELSE false END)`,
  ),
  custom(
    'array_position',
    2,
    (args, context) => call('array_position', arrayAndElement(args, context), types.long),
    ([list, x]) => `(CASE WHEN ${list} IS NULL OR ${x} IS NULL THEN NULL ELSE CAST(coalesce(list_position(${list}, ${x}), 0) AS BIGINT) END)`,
  ),
  sameArray(
    'array_distinct',
    ([x]) =>
      `list_filter(${x}, lambda e, i: coalesce(i = list_position(${x}, e), i = list_position(list_transform(${x}, lambda n: n IS NULL), true)))`,
  ),
  custom(
    'array_concat',
    [1, Number.POSITIVE_INFINITY],
    (args, context) => {
      const common = takeCommon(args, context)
      return call('array_concat', common.args, common.type)
    },
    args => `(CASE WHEN ${args.map(a => `${a} IS NULL`).join(' OR ')} THEN NULL ELSE ${args.join(' || ')} END)`,
  ),
  scalar(
    'array_join',
    [array(types.string), types.string, types.string],
    types.string,
    ([list, sep, missing]) =>
      `array_to_string(${missing === undefined ? list : `list_transform(${list}, lambda e_: coalesce(e_, ${missing}))`}, ${sep})`,
    { required: 2 },
  ),
  scalar(
    'array_max',
    ['array'],
    args => elementOf(args[0]?.type ?? types.null),
    ([x]) => `list_max(${x})`,
    { nullable: true },
  ),
  scalar(
    'array_min',
    ['array'],
    args => elementOf(args[0]?.type ?? types.null),
    ([x]) => `list_min(${x})`,
    { nullable: true },
  ),
  scalar(
    'map_keys',
    ['map'],
    args => (args[0]?.type.kind === 'map' ? array(args[0].type.key, false) : types.null),
    ([x]) => `map_keys(${x})`,
  ),
  scalar(
    'map_values',
    ['map'],
    args => (args[0]?.type.kind === 'map' ? array(args[0].type.value, args[0].type.valueContainsNull) : types.null),
    ([x]) => `map_values(${x})`,
  ),
  rewritten('typeof', 1, args => literal(typeString(args[0]?.type ?? types.null), types.string)),
]

function sameArray(name: string, sql: (args: readonly string[]) => string): ScalarFunction {
  return custom(
    name,
    1,
    (args, context) => {
      const taken = takeArgs(args, ['array'], context)
      return call(name, taken, (taken[0] as BoundExpr).type)
    },
    sql,
  )
}
