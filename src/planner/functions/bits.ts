/** Shifts and bits of integers. Shift distances count modulo the width, as in Java. */
import { types } from '../../core/types.js'
import { type BoundExpr, type Call, literal } from '../bound.js'
import { castTo, implicitCast } from '../coercion.js'
import { call, custom, rewritten, type ScalarFunction, scalar, takeArgs, unexpectedInput } from './define.js'

const { byte, int, long } = types

function shift(name: string, sql: (x: string, n: string, wide: boolean) => string, aliases: readonly string[]): ScalarFunction {
  return custom(
    name,
    2,
    (args, context) => {
      const [value] = args as readonly [BoundExpr]
      const wide = value.type.kind === 'long'
      const number = wide ? value : implicitCast(value, int)
      if (number === undefined || (!wide && value.type.kind === 'boolean')) throw unexpectedInput(context, 0, '("INT" or "BIGINT")', value.type)
      return call(name, [number, ...takeArgs(args.slice(1), [int], context)], number.type)
    },
    ([x, n], c) => {
      const wide = c.type.kind === 'long'
      return sql(x ?? '', `(${n} & ${wide ? 63 : 31})`, wide)
    },
    aliases,
  )
}

/** Arithmetic on HUGEINT, cut to the width: DuckDB's own shifts fail on overflow and negative numbers. */
function wrapped(value: string, wide: boolean): string {
  const size = wide ? '18446744073709551616' : '4294967296'
  const half = wide ? '9223372036854775808' : '2147483648'
  return `CAST((((${value}) % ${size} + ${size} + ${half}) % ${size}) - ${half} AS ${wide ? 'BIGINT' : 'INTEGER'})`
}

function unsigned(x: string, wide: boolean): string {
  return `((CAST(${x} AS HUGEINT) + ${wide ? '18446744073709551616' : '4294967296'}) % ${wide ? '18446744073709551616' : '4294967296'})`
}

const power = (n: string) => `CAST(pow(2, ${n}) AS HUGEINT)`

function bitAt(name: string, aliases: readonly string[]): ScalarFunction {
  return custom(
    name,
    2,
    (args, context) => call('bit_get', takeArgs(args, ['integral', int], context), byte),
    ([x, n], c) => {
      const width = bits(c)
      const wrong = `error('[INVALID_PARAMETER_VALUE.BIT_POSITION_RANGE] The value of parameter(s) \`pos\` in \`getbit\` is invalid: expects an integer value in [0, ${width}), but got ' || ${n} || '. SQLSTATE: 22023')`
      return `CAST(CASE WHEN ${n} < 0 OR ${n} >= ${width} THEN ${wrong} ELSE (CAST(${x} AS BIGINT) >> ${n}) & 1 END AS TINYINT)`
    },
    aliases,
  )
}

function bits(c: Call): number {
  const kind = c.args[0]?.type.kind
  return kind === 'long' ? 64 : kind === 'short' ? 16 : kind === 'byte' ? 8 : 32
}

export const bitFunctions: readonly ScalarFunction[] = [
  shift('shiftleft', (x, n, wide) => wrapped(`CAST(${x} AS HUGEINT) * ${power(n)} % ${wide ? '18446744073709551616' : '4294967296'}`, wide), ['<<']),
  shift('shiftright', (x, n) => `(${x} >> ${n})`, ['>>']),
  shift('shiftrightunsigned', (x, n, wide) => wrapped(`${unsigned(x, wide)} // ${power(n)}`, wide), ['>>>']),
  custom(
    'bit_count',
    1,
    (args, context) => {
      const [value] = args as readonly [BoundExpr]
      if (value.type.kind === 'boolean') return castTo(value, int)
      if (value.type.kind === 'string') throw unexpectedInput(context, 0, '("INTEGRAL" or "BOOLEAN")', value.type)
      return call('bit_count', takeArgs(args, ['integral'], context), int)
    },
    ([x], c) => (c.args[0]?.type.kind === 'long' ? `CAST(bit_count(${x}) AS INTEGER)` : `CAST(bit_count(CAST(${x} AS BIGINT)) AS INTEGER)`),
  ),
  bitAt('bit_get', ['getbit']),
  rewritten('bit_length', 1, (args, context) => context.bind('*', [context.bind('octet_length', args), literal(8, int)])),
  scalar(
    'bitwise_not',
    ['integral'],
    args => args[0]?.type ?? long,
    ([x]) => `(~${x})`,
  ),
]
