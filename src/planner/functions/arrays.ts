/** Functions on arrays and maps beyond access: those that add, remove, combine. NULL elements are kept, and equal each other, as in Spark. */
import { array, type DataType, field, map, struct, types } from '../../core/types.js'
import { type BoundExpr, isNullable, literal, nullOf } from '../bound.js'
import { castTo, commonTypeWithoutText, implicitCast, isIntegral, sqlTypeName } from '../coercion.js'
import { duckType, quoteName } from '../duck-type.js'
import { type BindContext, call, custom, type Pair, type ScalarFunction, scalar, takeArgs, takeCommon, unexpectedInput } from './define.js'

const { boolean, int, string } = types

export function arrayType(arg: BoundExpr, index: number, context: BindContext): DataType & { kind: 'array' } {
  if (arg.type.kind === 'array') return arg.type
  if (arg.type.kind === 'null') return array(types.null)
  throw unexpectedInput(context, index, 'ARRAY', arg.type)
}

function differ(context: BindContext, code: string, what: string, ...all: readonly BoundExpr[]) {
  return context.fail(
    `DATATYPE_MISMATCH.${code}`,
    '42K09',
    `Cannot resolve "${context.callText}" due to data type mismatch: Input to \`${context.name.toLowerCase()}\` should have been ${what}, but it's [${all.map(a => `"${sqlTypeName(a.type)}"`).join(', ')}].`,
  )
}

/** An array and an element of it, brought to one type. */
function withElement(args: readonly BoundExpr[], context: BindContext): readonly [BoundExpr, BoundExpr, DataType] {
  const [list, value] = args as Pair
  const type = list.type.kind === 'null' ? array(value.type) : list.type
  const element = type.kind === 'array' ? commonTypeWithoutText(type.element, value.type) : undefined
  if (type.kind !== 'array' || element === undefined)
    throw differ(context, 'ARRAY_FUNCTION_DIFF_TYPES', '"ARRAY" followed by a value with same element type', list, value)
  const result = array(element, type.containsNull || isNullable(value))
  return [castTo(list, array(element, type.containsNull)), castTo(value, element), result]
}

/** Two arrays of one type. */
function twoArrays(args: readonly BoundExpr[], context: BindContext): readonly [BoundExpr, BoundExpr, DataType & { kind: 'array' }] {
  const [a, b] = args as Pair
  const element =
    a.type.kind === 'array' && b.type.kind === 'array'
      ? commonTypeWithoutText(a.type.element, b.type.element)
      : a.type.kind === 'null' && b.type.kind === 'array'
        ? b.type.element
        : b.type.kind === 'null' && a.type.kind === 'array'
          ? a.type.element
          : undefined
  if (element === undefined) throw differ(context, 'BINARY_ARRAY_DIFF_TYPES', 'two "ARRAY"s with same element type', a, b)
  const nulls = (t: DataType) => t.kind === 'array' && t.containsNull
  const type = array(element, nulls(a.type) || nulls(b.type))
  return [castTo(a, type), castTo(b, type), type]
}

function elementFunction(name: string, sql: (list: string, x: string) => string, options: { nullable?: boolean } = {}): ScalarFunction {
  return custom(
    name,
    2,
    (args, context) => {
      const [list, value, type] = withElement(args, context)
      return call(name, [list, value], type, options.nullable ?? isNullable(list))
    },
    ([list, x]) => sql(list ?? '', x ?? ''),
  )
}

/** Position of the first equal element, NULL equal to NULL. */
const firstPosition = (list: string, e: string) =>
  `coalesce(list_position(${list}, ${e}), CASE WHEN ${e} IS NULL THEN list_position(list_transform(${list}, lambda n_: n_ IS NULL), true) END)`
const distinctSql = (list: string) => `list_filter(${list}, lambda e_, i_: i_ = ${firstPosition(list, 'e_')})`
const holds = (list: string, e: string) => `${firstPosition(list, e)} IS NOT NULL`

function setFunction(name: string, sql: (a: string, b: string) => string, keep: 'both' | 'left'): ScalarFunction {
  return custom(
    name,
    2,
    (args, context) => {
      const [a, b, type] = twoArrays(args, context)
      return call(
        name,
        [a, b],
        keep === 'left' && a.type.kind === 'array' ? array(type.element, a.type.containsNull) : type,
        isNullable(a) || isNullable(b),
      )
    },
    ([a, b]) => `(CASE WHEN ${a} IS NULL OR ${b} IS NULL THEN NULL ELSE ${sql(a ?? '', b ?? '')} END)`,
  )
}

function bindZip(args: readonly BoundExpr[], context: BindContext): BoundExpr {
  const all = args.map((a, i) => ({ arg: a, type: arrayType(a, i, context) }))
  const names = args.map(
    (a, i) =>
      context.argAlias(i) ??
      (a.kind === 'Attribute'
        ? a.name
        : a.kind === 'Call' && a.fn === 'getfield' && a.args[1]?.kind === 'Literal'
          ? String(a.args[1].value)
          : String(i)),
  )
  const element = struct(all.map((x, i) => field(names[i] as string, x.type.element, true)))
  if (args.some(a => a.type.kind === 'null')) return nullOf(array(element, false))
  return call(
    'arrays_zip',
    all.map(x => x.arg),
    array(element, false),
  )
}

function bindSequence(args: readonly BoundExpr[], context: BindContext): BoundExpr {
  const [from, to, step] = args as readonly [BoundExpr, BoundExpr, BoundExpr?]
  const integral = (e: BoundExpr) => isIntegral(e.type) || (e.type.kind === 'null' && args.some(a => isIntegral(a.type)))
  if (integral(from) && integral(to) && (step === undefined || integral(step))) {
    const common = takeCommon(step === undefined ? [from, to] : [from, to, step], context)
    return call('sequence', common.args, array(common.type, false))
  }
  const moment = (e: BoundExpr) => ['date', 'timestamp', 'timestamp_ntz'].includes(e.type.kind)
  const interval = step === undefined || step.type.kind.endsWith('interval')
  if (moment(from) && moment(to) && interval) {
    const common = takeCommon([from, to], context)
    const by = step ?? literal(86_400_000_000n, { kind: 'daytime_interval' })
    return call('sequence', [...common.args, by], array(common.type, false))
  }
  throw context.fail(
    'DATATYPE_MISMATCH.SEQUENCE_WRONG_INPUT_TYPES',
    '42K09',
    `Cannot resolve "${context.callText}" due to data type mismatch: \`sequence\` uses the wrong parameter type. The parameter type must conform to: 1. The start and stop expressions must resolve to the same type. 2. If start and stop expressions resolve to dates or timestamps, then the step expression must resolve to an interval; otherwise to the same type.`,
  )
}

function sequenceSql(args: readonly string[], type: DataType): string {
  const [from, to, step] = args
  const element = type.kind === 'array' ? type.element : type
  if (step === undefined)
    return `CAST(CASE WHEN ${from} <= ${to} THEN generate_series(${from}, ${to}) ELSE generate_series(${from}, ${to}, -1) END AS ${duckType(type)})`
  if (isIntegral(element)) {
    const wrong = `error('[SPARK_ILLEGAL_SEQUENCE] Illegal sequence boundaries: ' || ${from} || ' to ' || ${to} || ' by ' || ${step} || '.')`
    const bad = `(${step} > 0 AND ${from} > ${to}) OR (${step} < 0 AND ${from} < ${to}) OR (${step} = 0 AND ${from} <> ${to})`
    return `CAST(CASE WHEN ${bad} THEN ${wrong} WHEN ${from} = ${to} THEN [${from}] ELSE generate_series(${from}, ${to}, ${step}) END AS ${duckType(type)})`
  }
  return `CAST(generate_series(CAST(${from} AS TIMESTAMP), CAST(${to} AS TIMESTAMP), ${step}) AS ${duckType(type)})`
}

function insertSql(list: string, at: string, x: string): string {
  const zero = `error('[INVALID_INDEX_OF_ZERO] The index 0 is invalid. An index shall be either < 0 or > 0 (the first element has index 1). SQLSTATE: 22003')`
  const n = `len(${list})`
  const pad = (count: string) => `list_resize(CAST([] AS TYPEOF_), ${count}, NULL)`
  const place = `(CASE WHEN ${at} > 0 THEN ${at} ELSE ${n} + ${at} + 2 END)`
  const inside = `list_concat(list_concat(${list}[1:${place} - 1], [${x}]), ${list}[${place}:])`
  const after = `list_concat(list_resize(${list}, ${at} - 1, NULL), [${x}])`
  const before = `list_concat(list_concat([${x}], ${pad(`abs(${at}) - ${n} - 1`)}), ${list})`
  return `(CASE WHEN ${list} IS NULL OR ${at} IS NULL THEN NULL WHEN ${at} = 0 THEN ${zero} WHEN ${at} > ${n} + 1 THEN ${after} WHEN ${place} < 1 THEN ${before} ELSE ${inside} END)`
}

export const arrays: readonly ScalarFunction[] = [
  elementFunction('array_append', (list, x) => `(CASE WHEN ${list} IS NULL THEN NULL ELSE list_append(${list}, ${x}) END)`),
  elementFunction('array_prepend', (list, x) => `(CASE WHEN ${list} IS NULL THEN NULL ELSE list_prepend(${x}, ${list}) END)`),
  elementFunction(
    'array_remove',
    (list, x) => `(CASE WHEN ${x} IS NULL THEN NULL ELSE list_filter(${list}, lambda e_: e_ IS DISTINCT FROM ${x}) END)`,
    { nullable: true },
  ),
  custom(
    'array_insert',
    3,
    (args, context) => {
      const [list, at, x] = args as readonly [BoundExpr, BoundExpr, BoundExpr]
      const position = implicitCast(at, int)
      if (position === undefined) throw unexpectedInput(context, 1, 'INT', at.type)
      const [l, value, type] = withElement([list, x], context)
      return call('array_insert', [l, position, value], type.kind === 'array' ? array(type.element, true) : type, true)
    },
    ([list, at, x], c) => insertSql(list ?? '', at ?? '', x ?? '').replace('TYPEOF_', duckType(c.type)),
  ),
  custom(
    'array_compact',
    1,
    (args, context) => {
      const type = arrayType(args[0] as BoundExpr, 0, context)
      return call('array_compact', args, array(type.element, false))
    },
    ([list]) => `list_filter(${list}, lambda e_: e_ IS NOT NULL)`,
  ),
  setFunction('array_union', (a, b) => distinctSql(`list_concat(${a}, ${b})`), 'both'),
  setFunction('array_intersect', (a, b) => `list_filter(${distinctSql(a)}, lambda x_: ${holds(b, 'x_')})`, 'both'),
  setFunction('array_except', (a, b) => `list_filter(${distinctSql(a)}, lambda x_: NOT (${holds(b, 'x_')}))`, 'left'),
  custom(
    'arrays_overlap',
    2,
    (args, context) => {
      const [a, b] = twoArrays(args, context)
      return call('arrays_overlap', [a, b], boolean, true)
    },
    ([a, b]) => {
      const nulls = (x: string | undefined) => `len(list_filter(${x}, lambda e_: e_ IS NULL)) > 0`
      return `(CASE WHEN ${a} IS NULL OR ${b} IS NULL THEN NULL WHEN list_has_any(${a}, ${b}) THEN true WHEN len(${a}) > 0 AND len(${b}) > 0 AND (${nulls(a)} OR ${nulls(b)}) THEN NULL ELSE false END)`
    },
  ),
  custom('arrays_zip', [0, Number.POSITIVE_INFINITY], bindZip, (args, c) => {
    const fields = c.type.kind === 'array' && c.type.element.kind === 'struct' ? c.type.element.fields : []
    const longest = args.length === 1 ? `len(${args[0]})` : `greatest(${args.map(a => `len(${a})`).join(', ')})`
    const row = `struct_pack(${args.map((a, i) => `${quoteName(fields[i]?.name ?? '')} := ${a}[i_]`).join(', ')})`
    if (args.length === 0) return `CAST([] AS ${duckType(c.type)})`
    return `(CASE WHEN ${args.map(a => `${a} IS NULL`).join(' OR ')} THEN NULL ELSE list_transform(range(1, ${longest} + 1), lambda i_: ${row}) END)`
  }),
  custom(
    'array_repeat',
    2,
    (args, context) => {
      const [x, n] = args as Pair
      return call('array_repeat', [x, ...takeArgs([n], [int], context)], array(x.type, isNullable(x)), isNullable(n))
    },
    ([x, n]) => `list_transform(range(0, CASE WHEN ${n} < 0 THEN 0 ELSE ${n} END), lambda i_: ${x})`,
  ),
  custom(
    'flatten',
    1,
    (args, context) => {
      const type = arrayType(args[0] as BoundExpr, 0, context)
      if (type.element.kind !== 'array') throw unexpectedInput(context, 0, 'ARRAY<ARRAY>', type)
      return call('flatten', args, array(type.element.element, type.element.containsNull), isNullable(args[0] as BoundExpr) || type.containsNull)
    },
    ([x]) => `(CASE WHEN len(list_filter(${x}, lambda e_: e_ IS NULL)) > 0 THEN NULL ELSE flatten(${x}) END)`,
  ),
  custom('sequence', [2, 3], bindSequence, (args, c) => sequenceSql(args, c.type)),
  custom(
    'slice',
    3,
    (args, context) => {
      const type = arrayType(args[0] as BoundExpr, 0, context)
      return call('slice', [args[0] as BoundExpr, ...takeArgs(args.slice(1), [int], context)], type)
    },
    ([list, start, n]) => {
      const zero = `error('[INVALID_PARAMETER_VALUE.START] The value of parameter(s) \`start\` in \`slice\` is invalid: Expects a positive or a negative value for \`start\`, but got 0. SQLSTATE: 22023')`
      const short = `error('[INVALID_PARAMETER_VALUE.LENGTH] The value of parameter(s) \`length\` in \`slice\` is invalid: Expects \`length\` greater than or equal to 0, but got ' || ${n} || '. SQLSTATE: 22023')`
      const from = `(CASE WHEN ${start} > 0 THEN ${start} ELSE len(${list}) + ${start} + 1 END)`
      return `(CASE WHEN ${list} IS NULL OR ${start} IS NULL OR ${n} IS NULL THEN NULL WHEN ${start} = 0 THEN ${zero} WHEN ${n} < 0 THEN ${short} WHEN ${from} < 1 OR ${n} = 0 THEN ${list}[1:0] ELSE ${list}[${from}:${from} + ${n} - 1] END)`
    },
  ),
  custom(
    'try_element_at',
    2,
    (args, context) => {
      const [from, key] = args as Pair
      if (from.type.kind === 'map') return context.bind('element_at', args)
      const type = arrayType(from, 0, context)
      const index = implicitCast(key, int)
      if (index === undefined) throw unexpectedInput(context, 1, 'INT', key.type)
      return call('try_element_at', [from, index], type.element, true)
    },
    ([list, i]) =>
      `(CASE WHEN ${i} = 0 THEN error('[INVALID_INDEX_OF_ZERO] The index 0 is invalid. An index shall be either < 0 or > 0 (the first element has index 1). SQLSTATE: 22003') WHEN abs(${i}) > len(${list}) THEN NULL ELSE ${list}[${i}] END)`,
  ),
  custom(
    'elt',
    [1, Number.POSITIVE_INFINITY],
    (args, context) => {
      if (args.length < 2)
        throw context.fail(
          'WRONG_NUM_ARGS.WITHOUT_SUGGESTION',
          '42605',
          `The \`elt\` requires > 1 parameters but the actual number is ${args.length}.`,
        )
      const binary = args.slice(1).every(a => a.type.kind === 'binary')
      const rest = binary ? args.slice(1) : takeArgs(args.slice(1), [string], context)
      return call(context.ansi ? 'elt' : 'try_elt', [...takeArgs(args.slice(0, 1), [int], context), ...rest], binary ? types.binary : string, true)
    },
    (args, c) => {
      const [n, ...rest] = args
      const outside = `error('[INVALID_ARRAY_INDEX] The index ' || ${n} || ' is out of bounds. The array has ${rest.length} elements. Use the SQL function \`get()\` to tolerate accessing element at invalid index and return NULL instead. SQLSTATE: 22003')`
      const picked = `CASE ${n} ${rest.map((r, i) => `WHEN ${i + 1} THEN ${r}`).join(' ')} END`
      return `(CASE WHEN ${n} IS NULL THEN NULL WHEN ${n} < 1 OR ${n} > ${rest.length} THEN ${outside} ELSE ${picked} END)::${duckType(c.type)}`
    },
  ),
  {
    ...custom(
      'try_elt',
      [1, Number.POSITIVE_INFINITY],
      args => call('try_elt', args, string, true),
      (args, c) => {
        const [n, ...rest] = args
        return `(CASE ${n} ${rest.map((r, i) => `WHEN ${i + 1} THEN ${r}`).join(' ')} END)::${duckType(c.type)}`
      },
    ),
    internal: true,
  },
  custom(
    'map_contains_key',
    2,
    (args, context) => {
      const [m, key] = args as Pair
      const type = m.type.kind === 'map' ? commonTypeWithoutText(m.type.key, key.type) : undefined
      if (m.type.kind !== 'map' || type === undefined || key.type.kind === 'null')
        throw differ(context, 'MAP_FUNCTION_DIFF_TYPES', '"MAP" followed by a value with same key type', m, key)
      return call('map_contains_key', [castTo(m, map(type, m.type.value, m.type.valueContainsNull)), castTo(key, type)], boolean)
    },
    ([m, key]) => `(CASE WHEN ${m} IS NULL OR ${key} IS NULL THEN NULL ELSE list_contains(map_keys(${m}), ${key}) END)`,
  ),
  custom(
    'map_entries',
    1,
    (args, context) => {
      const [m] = takeArgs(args, ['map'], context) as [BoundExpr]
      const type = m.type.kind === 'map' ? m.type : map(types.null, types.null)
      return call('map_entries', [m], array(struct([field('key', type.key, false), field('value', type.value, type.valueContainsNull)]), false))
    },
    ([m]) => `map_entries(${m})`,
  ),
  custom(
    'map_concat',
    [0, Number.POSITIVE_INFINITY],
    (args, context) => {
      if (args.length === 0) return call('map_concat', [], map(string, string), false)
      const bad = args.findIndex(a => a.type.kind !== 'map')
      if (bad >= 0) {
        throw context.fail(
          'DATATYPE_MISMATCH.MAP_CONCAT_DIFF_TYPES',
          '42K09',
          `Cannot resolve "${context.callText}" due to data type mismatch: The \`map_concat\` should all be of type map, but it's [${args.map(a => `"${sqlTypeName(a.type)}"`).join(', ')}].`,
        )
      }
      const common = takeCommon(args, context)
      return call('map_concat', common.args, common.type)
    },
    (args, c) => {
      if (args.length === 0) return `CAST(MAP {} AS ${duckType(c.type)})`
      const entries = args.map(a => `map_entries(${a})`).reduce((a, b) => `list_concat(${a}, ${b})`)
      return `(CASE WHEN ${args.map(a => `${a} IS NULL`).join(' OR ')} THEN NULL ELSE map_from_entries(${entries}) END)`
    },
  ),
  custom(
    'map_from_arrays',
    2,
    (args, context) => {
      const [k, v] = args as Pair
      const [keys, values] = [arrayType(k, 0, context), arrayType(v, 1, context)]
      return call('map_from_arrays', args, map(keys.element, values.element, values.containsNull))
    },
    ([k, v]) => `(CASE WHEN ${k} IS NULL OR ${v} IS NULL THEN NULL ELSE map(${k}, ${v}) END)`,
  ),
  custom(
    'map_from_entries',
    1,
    (args, context) => {
      const type = arrayType(args[0] as BoundExpr, 0, context)
      const [k, v] = type.element.kind === 'struct' ? type.element.fields : []
      if (type.element.kind !== 'struct' || type.element.fields.length !== 2 || k === undefined || v === undefined)
        throw unexpectedInput(context, 0, 'ARRAY<STRUCT<key, value>>', type)
      return call('map_from_entries', args, map(k.type, v.type, v.nullable))
    },
    ([x]) => `map_from_entries(${x})`,
  ),
  custom(
    'str_to_map',
    [1, 3],
    (args, context) =>
      call(
        'str_to_map',
        takeArgs([args[0] as BoundExpr, args[1] ?? literal(',', string), args[2] ?? literal(':', string)], [string], context),
        map(string, string),
      ),
    ([x, pair, kv]) => {
      const pairs = `list_transform(string_split_regex(${x}, ${pair}), lambda p_: string_split_regex(p_, ${kv}))`
      return `map(list_transform(${pairs}, lambda p_: p_[1]), list_transform(${pairs}, lambda p_: CASE WHEN len(p_) > 1 THEN array_to_string(p_[2:], ${kv}) END))`
    },
  ),
  scalar('raise_error', [string], types.null, ([message]) => `error('[USER_RAISED_EXCEPTION] ' || ${message} || ' SQLSTATE: P0001')`, {
    nullable: true,
  }),
  custom(
    'split_part',
    3,
    (args, context) => call('split_part', takeArgs(args, [string, string, int], context), string),
    ([x, by, n]) => {
      const parts = `(CASE WHEN ${by} = '' THEN [${x}] ELSE string_split(${x}, ${by}) END)`
      return `(CASE WHEN ${x} IS NULL OR ${by} IS NULL OR ${n} IS NULL THEN NULL WHEN ${n} = 0 THEN error('[INVALID_INDEX_OF_ZERO] The index 0 is invalid. An index shall be either < 0 or > 0 (the first element has index 1). SQLSTATE: 22003') ELSE coalesce(${parts}[${n}], '') END)`
    },
  ),
]
