/** Bytes and texts: hexadecimal, base 64, character sets, hashes, URLs. What DuckDB lacks is JavaScript; bytes go there as hexadecimal digits. */
import { decimalText } from '../../core/decimal-text.js'
import { array, type DataType, types } from '../../core/types.js'
import { type BoundExpr, type Call, isNullable, literal } from '../bound.js'
import { implicitCast, isIntegral } from '../coercion.js'
import { type BindContext, call, custom, rewritten, type ScalarFunction, scalar, takeArgs, unexpectedInput } from './define.js'

const { binary, boolean, int, long, string } = types

const hexOf = (sql: string, arg: BoundExpr | undefined) => (arg?.type.kind === 'binary' ? `hex(${sql})` : `hex(encode(${sql}))`)

/** A text or bytes as bytes. */
function bytes(args: readonly BoundExpr[], context: BindContext): BoundExpr[] {
  return takeArgs(args, ['stringOrBinary'], context)
}

/** What Spark's `hash` sees of a value: a letter for its type and a text. Arrays and structs are their parts. */
function hashPairs(sql: string, type: DataType): string[] {
  switch (type.kind) {
    case 'boolean':
      return ["'b'", `CAST(${sql} AS VARCHAR)`]
    case 'byte':
    case 'short':
    case 'int':
      return ["'i'", `CAST(${sql} AS VARCHAR)`]
    case 'date':
      return ["'i'", `CAST(${sql} - DATE '1970-01-01' AS VARCHAR)`]
    case 'long':
      return ["'l'", `CAST(${sql} AS VARCHAR)`]
    case 'timestamp':
    case 'timestamp_ntz':
      return ["'l'", `CAST(epoch_us(${sql}) AS VARCHAR)`]
    case 'float':
      return ["'f'", `CAST(${sql} AS VARCHAR)`]
    case 'double':
      return ["'d'", `CAST(${sql} AS VARCHAR)`]
    case 'decimal':
      return [`'D${type.precision}'`, `CAST(${sql} AS VARCHAR)`]
    case 'binary':
      return ["'x'", `hex(${sql})`]
    case 'struct':
      return type.fields.flatMap(f => hashPairs(`struct_extract(${sql}, '${f.name.replaceAll("'", "''")}')`, f.type))
    default:
      return ["'s'", `CAST(${sql} AS VARCHAR)`]
  }
}

function hashing(name: string, type: DataType, duck: string): ScalarFunction {
  return custom(
    name,
    [1, Number.POSITIVE_INFINITY],
    (args, context) => {
      const bad = args.findIndex(a => a.type.kind === 'map' || a.type.kind === 'array')
      if (bad >= 0)
        throw context.fail(
          'DATATYPE_MISMATCH.HASH_MAP_TYPE',
          '42K09',
          `Cannot resolve "${context.callText}" due to data type mismatch: Input to the function \`${name}\` cannot contain elements of a nested type.`,
        )
      return call(name, args, type, false)
    },
    (args, c) => `CAST(spk_${name}(${args.flatMap((a, i) => hashPairs(a, c.args[i]?.type ?? types.null)).join(', ')}) AS ${duck})`,
  )
}

function bindDecode(args: readonly BoundExpr[], context: BindContext): BoundExpr {
  if (args.length < 2)
    throw context.fail('WRONG_NUM_ARGS.WITHOUT_SUGGESTION', '42605', `The \`decode\` requires 2 parameters but the actual number is ${args.length}.`)
  if (args.length === 2) return call('decode_charset', takeArgs(args, [binary, string], context), string)
  // `decode(x, value, result, …, otherwise)`: NULL equals NULL here.
  const [value, ...rest] = args as readonly [BoundExpr, ...BoundExpr[]]
  const branches: BoundExpr[] = []
  for (let i = 0; i + 1 < rest.length; i += 2) branches.push(context.bind('<=>', [value, rest[i] as BoundExpr]), rest[i + 1] as BoundExpr)
  if (rest.length % 2 === 1) branches.push(rest[rest.length - 1] as BoundExpr)
  return context.bind('when', branches)
}

function toBinary(name: string): ScalarFunction {
  return custom(
    name,
    [1, 2],
    (args, context) => {
      const [text, format] = args as readonly [BoundExpr, BoundExpr?]
      if (format !== undefined) {
        const known = format.kind === 'Literal' && (format.value === null || typeof format.value === 'string')
        if (!known && format.kind !== 'Literal')
          throw context.fail(
            'DATATYPE_MISMATCH.NON_FOLDABLE_INPUT',
            '42K09',
            `Cannot resolve "${context.callText}" due to data type mismatch: the input \`fmt\` should be a foldable "STRING" expression; however, got "${context.argText(1)}".`,
          )
        const name_ = known ? format.value : ''
        if (name_ !== null && !['hex', 'utf-8', 'utf8', 'base64'].includes(String(name_).toLowerCase()))
          throw context.fail(
            'DATATYPE_MISMATCH.INVALID_ARG_VALUE',
            '42K09',
            `Cannot resolve "${context.callText}" due to data type mismatch: The \`fmt\` value must to be a case-insensitive "STRING" literal of 'hex', 'utf-8', 'utf8', or 'base64', but got '${name_}'.`,
          )
      }
      return call(name, [...takeArgs([text], [string], context), format ?? literal('hex', string)], binary, true)
    },
    ([x, format]) => `unhex(spk_${name}(${x}, ${format}))`,
  )
}

/** A JavaScript function of texts that gives a text. */
function js(name: string, arity: number, fn = `spk_${name}`): ScalarFunction {
  return scalar(
    name,
    Array.from({ length: arity }, () => string),
    string,
    args => `${fn}(${args.join(', ')})`,
    { nullable: true },
  )
}

const urlParts: Readonly<Record<string, string>> = {
  HOST: '^[^:/?#]+://(?:[^/?#@]*@)?([^/?#:]*)',
  PATH: '^[^:/?#]+://[^/?#]*([^?#]*)',
  QUERY: '^[^?#]*[?]([^#]*)',
  REF: '#(.*)$',
  PROTOCOL: '^([^:/?#]+):',
  FILE: '^[^:/?#]+://[^/?#]*([^#]*)',
  AUTHORITY: '^[^:/?#]+://([^/?#]*)',
  USERINFO: '^[^:/?#]+://([^/?#@]*)@',
}

export const encodings: readonly ScalarFunction[] = [
  custom(
    'hex',
    1,
    (args, context) => {
      const [value] = args as readonly [BoundExpr]
      if (isIntegral(value.type)) return call('hex', takeArgs(args, [long], context), string)
      if (value.type.kind === 'string' || value.type.kind === 'binary' || value.type.kind === 'null') return call('hex', bytes(args, context), string)
      const number = implicitCast(value, long)
      if (number === undefined) throw unexpectedInput(context, 0, '("BIGINT" or "BINARY" or "STRING")', value.type)
      return call('hex', [number], string)
    },
    ([x], c) => (c.args[0]?.type.kind === 'long' ? `upper(to_hex(${x}))` : hexOf(x ?? '', c.args[0])),
  ),
  scalar('unhex', [string], binary, ([x]) => `unhex(spk_unhex(${x}))`, { nullable: true }),
  scalar('bin', [long], string, ([x]) => `bin(${x})`),
  scalar('base64', ['stringOrBinary'], string, ([x], c) => `to_base64(${c.args[0]?.type.kind === 'binary' ? x : `encode(${x})`})`),
  scalar('unbase64', [string], binary, ([x]) => `unhex(spk_unbase64(${x}))`),
  custom(
    'encode',
    2,
    (args, context) => call('encode', takeArgs(args, [string], context), binary),
    ([x, charset], c) => (isUtf8(c) ? `encode(${x})` : `unhex(spk_encode(${x}, ${charset}))`),
  ),
  rewritten('decode', [0, Number.POSITIVE_INFINITY], bindDecode),
  {
    ...custom(
      'decode_charset',
      2,
      (args, context) => call('decode_charset', takeArgs(args, [binary, string], context), string),
      ([x, charset]) => `spk_decode(hex(${x}), ${charset})`,
    ),
    internal: true,
  },
  toBinary('to_binary'),
  toBinary('try_to_binary'),
  scalar('sha1', ['stringOrBinary'], string, ([x], c) => `spk_sha1(${hexOf(x ?? '', c.args[0])})`, { aliases: ['sha'] }),
  scalar('sha2', ['stringOrBinary', int], string, ([x, bits], c) => `spk_sha2(${hexOf(x ?? '', c.args[0])}, CAST(${bits} AS VARCHAR))`, {
    nullable: true,
  }),
  scalar('crc32', ['stringOrBinary'], long, ([x], c) => `CAST(spk_crc32(${hexOf(x ?? '', c.args[0])}) AS BIGINT)`),
  hashing('hash', int, 'INTEGER'),
  hashing('xxhash64', long, 'BIGINT'),
  js('soundex', 1),
  js('url_encode', 1),
  js('url_decode', 1),
  js('try_url_decode', 1),
  js('quote', 1),
  scalar('luhn_check', [string], boolean, ([x]) => `(spk_luhn(${x}) = 'true')`),
  custom(
    'conv',
    3,
    (args, context) => call('conv', [...takeArgs(args, [string, int, int], context), literal(String(context.ansi), string)], string, true),
    ([x, from, to, ansi]) => `spk_conv(${x}, CAST(${from} AS VARCHAR), CAST(${to} AS VARCHAR), ${ansi})`,
  ),
  scalar('is_valid_utf8', ['stringOrBinary'], boolean, ([x], c) => `(spk_is_valid_utf8(${hexOf(x ?? '', c.args[0])}) = 'true')`),
  scalar('make_valid_utf8', ['stringOrBinary'], string, ([x], c) => `spk_make_valid_utf8(${hexOf(x ?? '', c.args[0])})`),
  scalar('validate_utf8', ['stringOrBinary'], string, ([x], c) => `spk_validate_utf8(${hexOf(x ?? '', c.args[0])})`),
  scalar(
    'try_validate_utf8',
    ['stringOrBinary'],
    string,
    ([x], c) => `(CASE WHEN spk_is_valid_utf8(${hexOf(x ?? '', c.args[0])}) = 'true' THEN spk_make_valid_utf8(${hexOf(x ?? '', c.args[0])}) END)`,
    { nullable: true },
  ),
  custom(
    'parse_url',
    [2, 3],
    (args, context) => call('parse_url', takeArgs(args, [string], context), string, true),
    ([url, part, key]) => {
      const cases = Object.entries(urlParts).map(
        ([name, regex]) => `WHEN '${name}' THEN CASE WHEN regexp_matches(${url}, '${regex}') THEN regexp_extract(${url}, '${regex}', 1) END`,
      )
      const whole = `(CASE ${part} ${cases.join(' ')} END)`
      if (key === undefined) return whole
      const pattern = `'(?:^|&)' || regexp_escape(${key}) || '=([^&]*)'`
      return `(CASE WHEN ${part} = 'QUERY' AND regexp_matches(${whole}, ${pattern}) THEN regexp_extract(${whole}, ${pattern}, 1) END)`
    },
  ),
  {
    ...custom(
      'mask',
      [1, 5],
      (args, context) => {
        const defaults = ['', 'X', 'x', 'n', null]
        const given = takeArgs(args, [string], context)
        const all = defaults.map((d, i) => given[i] ?? literal(d, string))
        return call('mask', all, string, isNullable(given[0] as BoundExpr))
      },
      args => `spk_mask(${args.join(', ')})`,
    ),
  },
  custom(
    'format_string',
    [1, Number.POSITIVE_INFINITY],
    (args, context) => call('format_string', [...takeArgs(args.slice(0, 1), [string], context), ...args.slice(1)], string),
    (args, c) => {
      const values = args.slice(1).flatMap((a, i) => {
        const type = c.args[i + 1]?.type
        return [`'${kindLetter(type)}'`, type?.kind === 'decimal' ? decimalText(a, type) : `CAST(${a} AS VARCHAR)`]
      })
      return `spk_format_string(${[args[0], ...values].join(', ')})`
    },
    ['printf'],
  ),
  custom(
    'format_number',
    2,
    (args, context) => {
      const [value] = takeArgs(args.slice(0, 1), ['numeric'], context) as [BoundExpr]
      return call('format_number', [value, ...takeArgs(args.slice(1), [int], context)], string, true)
    },
    ([x, d]) => `spk_format_number(CAST(${x} AS VARCHAR), CAST(${d} AS VARCHAR))`,
  ),
  custom(
    'sentences',
    [1, 3],
    (args, context) => call('sentences', takeArgs(args, [string], context).slice(0, 1), array(array(string, false), false)),
    ([x]) => {
      const parts = `string_split_regex(${x}, '[.!?]+\\s*')`
      return `list_transform(list_filter(${parts}, lambda s: trim(s) <> ''), lambda s: list_filter(string_split_regex(s, '[^\\w]+'), lambda w: w <> ''))`
    },
  ),
]

function isUtf8(c: Call): boolean {
  const charset = c.args[1]
  return charset?.kind === 'Literal' && typeof charset.value === 'string' && /^utf-8$/i.test(charset.value)
}

function kindLetter(type: DataType | undefined): string {
  switch (type?.kind) {
    case 'byte':
    case 'short':
    case 'int':
    case 'long':
      return 'i'
    case 'float':
    case 'double':
    case 'decimal':
      return 'f'
    case 'boolean':
      return 'b'
    default:
      return 's'
  }
}
