/** String functions. Positions count characters from 1; a NULL argument gives NULL except where Spark says otherwise. */
import { type DataType, types } from '../../core/types.js'
import { type BoundExpr, type Call, isNullable } from '../bound.js'
import { implicitCast } from '../coercion.js'
import { type BindContext, call, custom, type ScalarFunction, scalar, takeArgs, takeCommon, unexpectedInput } from './define.js'

const string = types.string
const int = types.int

/** The value of an integer literal argument, also a negated one. */
function constantInt(arg: BoundExpr | undefined): number | undefined {
  if (arg?.kind === 'Literal' && typeof arg.value === 'number') return arg.value
  if (arg?.kind === 'Call' && arg.fn === 'negative') {
    const inner = constantInt(arg.args[0])
    return inner === undefined ? undefined : -inner
  }
  return undefined
}

/** The same positions among bytes, which are two digits each. */
function bytesWithin(x: string, p: string, n: string | undefined): string {
  const start = `(CASE WHEN ${p} > 0 THEN ${p} - 1 WHEN ${p} < 0 THEN octet_length(${x}) + ${p} ELSE 0 END)`
  const size = n === undefined ? '' : `, 2 * (CASE WHEN ${n} IS NULL THEN NULL ELSE greatest(${start} + ${n} - greatest(${start}, 0), 0) END)`
  return `unhex(substring(hex(${x}), 2 * greatest(${start}, 0) + 1${size}))`
}

/** Spark counts a negative position from the end and then cuts to the string; position 0 is 1. */
function substringSql(args: readonly string[], c: Call): string {
  const [s, p, n] = args
  if (c.type.kind === 'binary') return bytesWithin(s ?? '', p ?? '', n)
  const position = constantInt(c.args[1])
  const size = constantInt(c.args[2])
  if (position !== undefined && position >= 0 && (n === undefined || size !== undefined)) {
    if (size !== undefined && size <= 0) return `left(${s}, 0)`
    return n === undefined ? `substring(${s}, ${Math.max(position, 1)})` : `substring(${s}, ${Math.max(position, 1)}, ${n})`
  }
  const start = `(CASE WHEN ${p} > 0 THEN ${p} - 1 WHEN ${p} < 0 THEN length(${s}) + ${p} ELSE 0 END)`
  if (n === undefined) return `substring(${s}, greatest(${start}, 0) + 1)`
  return `substring(${s}, greatest(${start}, 0) + 1, CASE WHEN ${n} IS NULL THEN NULL ELSE greatest(${start} + ${n} - greatest(${start}, 0), 0) END)`
}

/** `trim(s)` and its kin; with two arguments the characters come first, as in Spark's registry. */
function trimming(name: 'trim' | 'ltrim' | 'rtrim'): ScalarFunction {
  return custom(
    name,
    [1, 2],
    (args, context) => {
      const [first, second] = takeArgs(args, [string], context)
      return call(name, second === undefined ? [first as BoundExpr] : [second, first as BoundExpr], string)
    },
    args => `${name}(${args.join(', ')})`,
  )
}

function bindConcat(args: readonly BoundExpr[], context: BindContext): BoundExpr {
  if (args.length === 0) return { kind: 'Literal', value: '', type: string }
  if (args.some(a => a.type.kind === 'array')) {
    const common = takeCommon(args, context)
    return call('array_concat', common.args, common.type)
  }
  const binary = args.every(a => a.type.kind === 'binary')
  const taken = args.map((a, i) => {
    const cast = binary
      ? a
      : implicitCast(a.type.kind === 'binary' ? { kind: 'Cast', child: a, type: string, mode: context.castMode, nullable: true } : a, string)
    if (cast === undefined) throw unexpectedInput(context, i, '("STRING" or "BINARY" or "ARRAY")', a.type)
    return cast
  })
  return call('concat', taken, binary ? types.binary : string)
}

/** A count of characters; a negative one is none, NULL stays NULL. */
const count = (n: string | undefined) => (/^\d+$/.test(n ?? '') ? n : `(CASE WHEN ${n} < 0 THEN 0 ELSE ${n} END)`)

function textPadding(name: 'lpad' | 'rpad'): ScalarFunction {
  return scalar(
    name,
    [string, int, string],
    string,
    ([s, n, pad], c) => {
      const fill = pad ?? "' '"
      const padArg = c.args[2]
      const padded = `${name}(${s}, ${count(n)}, ${fill})`
      const certain = padArg === undefined || (padArg.kind === 'Literal' && padArg.value !== '')
      return certain ? padded : `(CASE WHEN ${fill} = '' THEN left(${s}, ${count(n)}) ELSE ${padded} END)`
    },
    { required: 2 },
  )
}

/** Of texts, or of bytes, which are padded with zeros. */
function padding(name: 'lpad' | 'rpad'): ScalarFunction {
  const texts = textPadding(name)
  return {
    ...texts,
    bind: (args, context) => {
      const [value, , pad] = args
      if (value?.type.kind !== 'binary' || (pad !== undefined && pad.type.kind !== 'binary' && pad.type.kind !== 'null'))
        return texts.bind(args, context)
      const all = [
        value,
        ...takeArgs(args.slice(1, 2), [int], context),
        pad ?? ({ kind: 'Literal', value: new Uint8Array(1), type: types.binary } as const),
      ]
      return call(name, all, types.binary)
    },
    sql: (args, c) => {
      if (c.type.kind !== 'binary') return texts.sql(args, c)
      const [x, n, pad] = args
      return `unhex(CASE WHEN octet_length(${pad}) = 0 THEN left(hex(${x}), 2 * ${count(n)}) ELSE ${name}(hex(${x}), CAST(2 * ${count(n)} AS INTEGER), hex(${pad})) END)`
    },
  }
}

/** On texts or on bytes. */
function within(name: string, duck: string): ScalarFunction {
  return custom(
    name,
    2,
    (args, context) => {
      const binary = args.some(a => a.type.kind === 'binary') && args.every(a => a.type.kind === 'binary' || a.type.kind === 'null')
      return call(name, takeArgs(args, [binary ? types.binary : string], context), types.boolean)
    },
    ([x, y], c) => (c.args[0]?.type.kind === 'binary' ? `${duck}(hex(${x}), hex(${y}))` : `${duck}(${x}, ${y})`),
  )
}

/** The separator, then texts and arrays of texts; NULLs are left out. */
function bindConcatWs(args: readonly BoundExpr[], context: BindContext): BoundExpr {
  const texts: DataType = { kind: 'array', element: string, containsNull: true }
  const taken = args.map((a, i) => {
    const cast = a.type.kind === 'array' && i > 0 ? implicitCast(a, texts) : implicitCast(a, string)
    if (cast === undefined) throw unexpectedInput(context, i, i === 0 ? 'STRING' : '("ARRAY<STRING>" or "STRING")', a.type)
    return cast
  })
  return call('concat_ws', taken, string, taken[0] === undefined || isNullable(taken[0]))
}

function concatWsSql(args: readonly string[], c: Call): string {
  const [separator, ...rest] = args
  if (rest.length === 0) return `(CASE WHEN ${separator} IS NOT NULL THEN '' END)`
  if (c.args.every(a => a.type.kind === 'string')) return `concat_ws(${args.join(', ')})`
  const lists = rest.map((sql, i) => (c.args[i + 1]?.type.kind === 'array' ? `coalesce(${sql}, [])` : `[${sql}]`))
  return `array_to_string(list_filter(flatten([${lists.join(', ')}]), lambda x: x IS NOT NULL), ${separator})`
}

export const strings: readonly ScalarFunction[] = [
  custom(
    'length',
    1,
    bindLength('length'),
    ([x], c) => (c.args[0]?.type.kind === 'binary' ? `CAST(octet_length(${x}) AS INTEGER)` : `CAST(length(${x}) AS INTEGER)`),
    ['len', 'char_length', 'character_length'],
  ),
  custom('octet_length', 1, bindLength('octet_length'), ([x], c) =>
    c.args[0]?.type.kind === 'binary' ? `CAST(octet_length(${x}) AS INTEGER)` : `CAST(strlen(${x}) AS INTEGER)`,
  ),
  scalar('upper', [string], string, ([x]) => `upper(${x})`, { aliases: ['ucase'] }),
  scalar('lower', [string], string, ([x]) => `lower(${x})`, { aliases: ['lcase'] }),
  scalar(
    'initcap',
    [string],
    string,
    ([x]) => `array_to_string(list_transform(string_split(lower(${x}), ' '), lambda w: upper(left(w, 1)) || substring(w, 2)), ' ')`,
  ),
  trimming('trim'),
  trimming('ltrim'),
  trimming('rtrim'),
  custom(
    'btrim',
    [1, 2],
    (args, context) => call('btrim', takeArgs(args, [string], context), string),
    ([x, set]) => `trim(${set === undefined ? x : `${x}, ${set}`})`,
  ),
  scalar('substring', ['stringOrBinary', int, int], args => args[0]?.type ?? string, substringSql, { required: 2, aliases: ['substr', 'mid'] }),
  scalar('left', [string, int], string, ([s, n]) => `left(${s}, ${count(n)})`),
  scalar('right', [string, int], string, ([s, n]) => `right(${s}, ${count(n)})`),
  custom('concat', [0, Number.POSITIVE_INFINITY], bindConcat, args => (args.length === 1 ? (args[0] ?? '') : `(${args.join(' || ')})`), ['||']),
  custom('concat_ws', [1, Number.POSITIVE_INFINITY], bindConcatWs, concatWsSql),
  scalar('replace', [string, string, string], string, ([s, what, by]) => `replace(${s}, ${what}, ${by ?? "''"})`, { required: 2 }),
  scalar('instr', [string, string], int, ([s, sub]) => `CAST(instr(${s}, ${sub}) AS INTEGER)`),
  scalar(
    'locate',
    [string, string, int],
    int,
    ([sub, s, from]) => {
      if (from === undefined) return `CAST(instr(${s}, ${sub}) AS INTEGER)`
      const found = `instr(substring(${s}, ${from}), ${sub})`
      return `CAST(CASE WHEN ${from} IS NULL OR ${from} < 1 OR ${found} = 0 THEN 0 ELSE ${found} + ${from} - 1 END AS INTEGER)`
    },
    { required: 2, aliases: ['position'] },
  ),
  padding('lpad'),
  padding('rpad'),
  custom(
    'split',
    [2, 3],
    (args, context) => {
      const taken = takeArgs(args, [string, string, int], context)
      return call('split', [taken[0] as BoundExpr, taken[1] as BoundExpr, taken[2] ?? { kind: 'Literal', value: -1, type: int }], {
        kind: 'array',
        element: string,
        containsNull: false,
      })
    },
    ([s, pattern, limit], c) => {
      const by = c.args[1]
      // Plain texts mean the same to both engines.
      const plain =
        by?.kind === 'Literal' && typeof by.value === 'string' && /^[\w ,;:/#@!%&=<>~'"-]+$/.test(by.value) && (constantInt(c.args[2]) ?? 1) <= 0
      return plain ? `string_split(${s}, ${pattern})` : `CAST(CAST(spk_split(${s}, ${pattern}, CAST(${limit} AS VARCHAR)) AS JSON) AS VARCHAR[])`
    },
  ),
  within('startswith', 'starts_with'),
  within('endswith', 'ends_with'),
  within('contains', 'contains'),
  custom(
    'reverse',
    1,
    (args, context) => {
      const [arg] = args as readonly [BoundExpr]
      if (arg.type.kind === 'array' || arg.type.kind === 'binary') return call('reverse', [arg], arg.type)
      return call('reverse', takeArgs(args, [string], context), string)
    },
    ([x], c) => {
      if (c.type.kind === 'binary') return `unhex(array_to_string(list_reverse(regexp_extract_all(hex(${x}), '..')), ''))`
      return c.type.kind === 'array' ? `list_reverse(${x})` : `reverse(${x})`
    },
  ),
  scalar('repeat', [string, int], string, ([s, n]) => `repeat(${s}, ${count(n)})`),
  scalar('space', [int], string, ([n]) => `repeat(' ', ${count(n)})`),
  scalar('translate', [string, string, string], string, ([s, from, to]) => `translate(${s}, ${from}, ${to})`),
  scalar('ascii', [string], int, ([s]) => `CAST(CASE WHEN ${s} = '' THEN 0 ELSE unicode(${s}) END AS INTEGER)`),
  scalar('md5', ['stringOrBinary'], string, ([x]) => `md5(${x})`),
  scalar(
    'levenshtein',
    [string, string, int],
    int,
    ([a, b, most]) =>
      most === undefined
        ? `CAST(levenshtein(${a}, ${b}) AS INTEGER)`
        : `CAST(CASE WHEN levenshtein(${a}, ${b}) > ${most} THEN -1 ELSE levenshtein(${a}, ${b}) END AS INTEGER)`,
    { required: 2 },
  ),
  scalar('chr', [types.long], string, ([n]) => `(CASE WHEN ${n} < 0 THEN '' ELSE chr(CAST(${n} % 256 AS INTEGER)) END)`, { aliases: ['char'] }),
  scalar(
    'find_in_set',
    [string, string],
    int,
    ([x, list]) => `CAST(CASE WHEN contains(${x}, ',') THEN 0 ELSE coalesce(list_position(string_split(${list}, ','), ${x}), 0) END AS INTEGER)`,
  ),
  scalar('substring_index', [string, string, int], string, ([x, by, n]) => {
    const parts = `string_split(${x}, ${by})`
    const chosen = `CASE WHEN ${n} > 0 THEN ${parts}[1:${n}] ELSE ${parts}[greatest(len(${parts}) + ${n} + 1, 1):len(${parts})] END`
    return `(CASE WHEN ${by} = '' OR ${n} = 0 THEN '' WHEN ${x} IS NULL OR ${by} IS NULL OR ${n} IS NULL THEN NULL ELSE array_to_string(${chosen}, ${by}) END)`
  }),
  custom(
    'overlay',
    [3, 4],
    (args, context) => {
      const binary = args[0]?.type.kind === 'binary' && args[1]?.type.kind === 'binary'
      const text = binary ? types.binary : string
      return call('overlay', takeArgs(args, [text, text, int, int], context), text)
    },
    ([x, by, from, size], c) => {
      const binary = c.type.kind === 'binary'
      const [text, part, unit] = binary ? [`hex(${x})`, `hex(${by})`, 2] : [x, by, 1]
      const length = size === undefined ? `length(${part})` : `(CASE WHEN ${size} < 0 THEN length(${part}) ELSE ${size} * ${unit} END)`
      const start = unit === 1 ? from : `((${from} - 1) * 2 + 1)`
      const made = `left(${text}, CAST(${start} - 1 AS INTEGER)) || ${part} || substring(${text}, CAST(${start} + ${length} AS INTEGER))`
      return binary ? `unhex(${made})` : `(${made})`
    },
  ),
]

function bindLength(name: string) {
  return (args: readonly BoundExpr[], context: BindContext) => call(name, takeArgs(args, ['stringOrBinary'], context), int)
}
