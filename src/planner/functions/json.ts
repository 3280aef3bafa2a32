/** JSON and CSV: texts to values of a schema and back. The work is done in JavaScript; here are the schemas, options and the form in which values cross. */
import { array, type DataType, types } from '../../core/types.js'
import { type BoundExpr, literal } from '../bound.js'
import { duckType, quoteName, quoteText } from '../duck-type.js'
import { type BindContext, call, custom, type ScalarFunction, scalar, takeArgs, unexpectedInput } from './define.js'
import { countOf } from './intervals.js'

const { int, string } = types

/** What `json_transform` shall make of a document. */
function shape(type: DataType): unknown {
  switch (type.kind) {
    case 'array':
      return [shape(type.element)]
    case 'map':
      return [{ k: 'VARCHAR', v: shape(type.value) }]
    case 'struct':
      return Object.fromEntries(type.fields.map((f, i) => [`f${i}`, shape(f.type)]))
    default:
      return 'VARCHAR'
  }
}

/** From that to the type. */
function unpacked(sql: string, type: DataType, depth: number): string {
  const name = `j${depth}_`
  switch (type.kind) {
    case 'array':
      return `list_transform(${sql}, lambda ${name}: ${unpacked(name, type.element, depth + 1)})`
    case 'map':
      return `map_from_entries(list_transform(${sql}, lambda ${name}: {key: ${unpacked(`${name}.k`, type.key, depth + 1)}, value: ${unpacked(`${name}.v`, type.value, depth + 1)}}))`
    case 'struct':
      return `(CASE WHEN ${sql} IS NULL THEN NULL ELSE struct_pack(${type.fields.map((f, i) => `${quoteName(f.name)} := ${unpacked(`struct_extract(${sql}, 'f${i}')`, f.type, depth + 1)}`).join(', ')}) END)`
    case 'string':
      return sql
    case 'binary':
      return `unhex(${sql})`
    default:
      return `TRY_CAST(${sql} AS ${duckType(type)})`
  }
}

/** A value in the form in which it crosses to JavaScript: as JSON, with moments as microseconds, bytes as hexadecimal digits and maps as lists. */
function packed(sql: string, type: DataType, depth: number): string {
  const name = `p${depth}_`
  switch (type.kind) {
    case 'array':
      return `list_transform(${sql}, lambda ${name}: ${packed(name, type.element, depth + 1)})`
    case 'map':
      return `list_transform(map_entries(${sql}), lambda ${name}: {k: CAST(${name}.key AS VARCHAR), v: ${packed(`${name}.value`, type.value, depth + 1)}})`
    case 'struct':
      return `(CASE WHEN ${sql} IS NULL THEN NULL ELSE struct_pack(${type.fields.map(f => `${quoteName(f.name)} := ${packed(`struct_extract(${sql}, ${quoteText(f.name)})`, f.type, depth + 1)}`).join(', ')}) END)`
    case 'timestamp':
    case 'timestamp_ntz':
      return `CAST(epoch_us(${sql}) AS VARCHAR)`
    case 'binary':
      return `hex(${sql})`
    case 'daytime_interval':
    case 'yearmonth_interval':
      return `spk_interval_text(CAST(${countOf(sql, type)} AS VARCHAR), '${type.kind}', '${type.units ?? (type.kind === 'daytime_interval' ? 'day to second' : 'year to month')}')`
    default:
      return `CAST(${sql} AS VARCHAR)`
  }
}

/** The text of a constant. */
function constant(arg: BoundExpr): string | undefined {
  return arg.kind === 'Literal' && typeof arg.value === 'string' ? arg.value : undefined
}

/** `map('k', 'v', …)` of literals. Errors: `INVALID_OPTIONS.*` (42K06). */
export function optionsOf(arg: BoundExpr | undefined, context: BindContext): Readonly<Record<string, string>> {
  if (arg === undefined) return {}
  if (arg.kind !== 'Call' || arg.fn !== 'map' || arg.type.kind !== 'map')
    throw context.fail('INVALID_OPTIONS.NON_MAP_FUNCTION', '42K06', 'Invalid options: Must use the `map()` function for options.')
  if (arg.type.key.kind !== 'string' || arg.type.value.kind !== 'string')
    throw context.fail('INVALID_OPTIONS.NON_STRING_TYPE', '42K06', 'Invalid options: A type of keys and values in `map()` must be string.')
  const half = arg.args.length / 2
  return Object.fromEntries(
    Array.from({ length: half }, (_, i) => [
      constant(arg.args[i] as BoundExpr)?.toLowerCase() ?? '',
      constant(arg.args[half + i] as BoundExpr) ?? '',
    ]),
  )
}

/** The type that a constant text names. Error: `INVALID_SCHEMA.NON_STRING_LITERAL` (42K07). */
export function schemaOf(arg: BoundExpr, context: BindContext): DataType {
  const text = constant(arg)
  if (text !== undefined) return context.parseType(text)
  throw context.fail(
    'INVALID_SCHEMA.NON_STRING_LITERAL',
    '42K07',
    `The input schema "${context.argText(1)}" is not a valid schema string. The input expression must be string literal and not null.`,
  )
}

export const jsons: readonly ScalarFunction[] = [
  custom(
    'from_csv',
    [2, 3],
    (args, context) => {
      const [text, schema, options] = args as readonly [BoundExpr, BoundExpr, BoundExpr?]
      const type = schemaOf(schema, context)
      if (type.kind !== 'struct')
        throw context.fail(
          'INVALID_SCHEMA.NON_STRUCT_TYPE',
          '42K07',
          `The input schema "${context.argText(1)}" is not a valid schema string. The input expression should be evaluated to struct type.`,
        )
      const given = optionsOf(options, context)
      const [taken] = takeArgs([text], [string], context) as [BoundExpr]
      return call(
        'from_csv',
        [
          taken,
          literal(JSON.stringify(type), string),
          literal(JSON.stringify(given), string),
          literal(given['timezone'] ?? context.timeZone, string),
        ],
        type,
        true,
      )
    },
    (args, c) => unpacked(`json_transform(CAST(spk_from_csv(${args.join(', ')}) AS JSON), ${quoteText(JSON.stringify(shape(c.type)))})`, c.type, 0),
  ),
  custom(
    'to_csv',
    [1, 2],
    (args, context) => {
      const [value, options] = args as readonly [BoundExpr, BoundExpr?]
      const given = optionsOf(options, context)
      if (value.type.kind !== 'struct') throw unexpectedInput(context, 0, 'STRUCT', value.type)
      return call(
        'to_csv',
        [
          value,
          literal(JSON.stringify(value.type), string),
          literal(JSON.stringify(given), string),
          literal(given['timezone'] ?? context.timeZone, string),
        ],
        string,
      )
    },
    ([x, type, options, zone], c) =>
      `spk_to_csv(CAST(to_json(${packed(x ?? '', c.args[0]?.type ?? string, 0)}) AS VARCHAR), ${type}, ${options}, ${zone})`,
  ),
  custom(
    'from_json',
    [2, 3],
    (args, context) => {
      const [text, schema, options] = args as readonly [BoundExpr, BoundExpr, BoundExpr?]
      const type = schemaOf(schema, context)
      const given = optionsOf(options, context)
      const [taken] = takeArgs([text], [string], context) as [BoundExpr]
      const zone = given['timezone'] ?? context.timeZone
      return call(
        'from_json',
        [taken, literal(JSON.stringify(type), string), literal(JSON.stringify(given), string), literal(zone, string)],
        type,
        true,
      )
    },
    (args, c) => unpacked(`json_transform(CAST(spk_from_json(${args.join(', ')}) AS JSON), ${quoteText(JSON.stringify(shape(c.type)))})`, c.type, 0),
  ),
  custom(
    'to_json',
    [1, 2],
    (args, context) => {
      const [value, options] = args as readonly [BoundExpr, BoundExpr?]
      const given = optionsOf(options, context)
      if (!['struct', 'array', 'map'].includes(value.type.kind)) throw unexpectedInput(context, 0, '("STRUCT" or "ARRAY" or "MAP")', value.type)
      const zone = given['timezone'] ?? context.timeZone
      return call(
        'to_json',
        [value, literal(JSON.stringify(value.type), string), literal(JSON.stringify(given), string), literal(zone, string)],
        string,
      )
    },
    ([x, type, options, zone], c) =>
      `spk_to_json(CAST(to_json(${packed(x ?? '', c.args[0]?.type ?? string, 0)}) AS VARCHAR), ${type}, ${options}, ${zone})`,
  ),
  scalar('get_json_object', [string, string], string, args => `spk_get_json_object(${args.join(', ')})`, { nullable: true }),
  scalar('json_array_length', [string], int, ([x]) => `CAST(spk_json_array_length(${x}) AS INTEGER)`, { nullable: true }),
  scalar('json_object_keys', [string], array(string), ([x]) => `CAST(CAST(spk_json_object_keys(${x}) AS JSON) AS VARCHAR[])`, { nullable: true }),
]
