/** Numbers, moments and bytes by format: `to_char`, `to_varchar`, `to_number`. */
import { types } from '../../core/types.js'
import { type BoundExpr, literal } from '../bound.js'
import { castTo, implicitCast, isNumeric } from '../coercion.js'
import { bounded, decimalFor } from '../decimal-rules.js'
import { duckType } from '../duck-type.js'
import { type BindContext, call, custom, type ScalarFunction, takeArgs, unexpectedInput } from './define.js'

const { string } = types

function formatText(arg: BoundExpr | undefined, context: BindContext): string {
  if (arg?.kind === 'Literal' && typeof arg.value === 'string') return arg.value
  throw context.fail(
    'DATATYPE_MISMATCH.NON_FOLDABLE_INPUT',
    '42K09',
    `Cannot resolve "${context.callText}" due to data type mismatch: the input \`format\` should be a foldable "STRING" expression; however, got "${context.argText(1)}".`,
  )
}

/** Digits of a format, in all and behind the point. Errors: `INVALID_FORMAT.*` (42601). */
function digitsOf(format: string, context: BindContext): { readonly precision: number; readonly scale: number } {
  const text = format.toUpperCase().replaceAll('G', ',').replaceAll('D', '.')
  const bad = (code: string, why: string) => context.fail(`INVALID_FORMAT.${code}`, '42601', `The format is invalid: '${format}'. ${why}`)
  const [whole = '', fraction = ''] = text.split('.')
  if (fraction.includes(','))
    throw bad('THOUSANDS_SEPS_MUST_BEFORE_DEC', 'Thousands separators (, or G) may not appear after the decimal point in the number format.')
  if (text.includes(',,')) throw bad('CONT_THOUSANDS_SEPS', 'Thousands separators (, or G) must have digits in between them in the number format.')
  const count = (s: string) => (s.match(/[09]/g) ?? []).length
  const [before, scale] = [count(whole), count(fraction)]
  if (before + scale === 0) throw bad('WRONG_NUM_DIGIT', 'The format string requires at least one number digit.')
  return { precision: before + scale, scale }
}

function toNumber(name: string): ScalarFunction {
  return custom(
    name,
    2,
    (args, context) => {
      const format = formatText(args[1], context)
      const { precision, scale } = digitsOf(format, context)
      const [text] = takeArgs(args.slice(0, 1), [string], context) as [BoundExpr]
      return call(name, [text, literal(format, string)], bounded(precision, scale), true)
    },
    ([x, format], c) => `CAST(spk_${name}(${x}, ${format}) AS ${duckType(c.type)})`,
  )
}

export const numberFormats: readonly ScalarFunction[] = [
  custom(
    'to_char',
    2,
    (args, context) => {
      const [value, format] = args as readonly [BoundExpr, BoundExpr]
      if (implicitCast(value, 'datetime') === value) return context.bind('date_format', args)
      const text = formatText(format, context)
      if (value.type.kind === 'binary') {
        const lower = text.toLowerCase()
        if (lower === 'base64') return context.bind('base64', [value])
        if (lower === 'hex') return context.bind('hex', [value])
        if (lower === 'utf-8') return context.bind('decode', [value, literal('UTF-8', string)])
        throw context.fail(
          'INVALID_PARAMETER_VALUE.BINARY_FORMAT',
          '22023',
          `The value of parameter(s) \`format\` in \`${context.name}\` is invalid: expects one of binary formats 'base64', 'hex', 'utf-8', but got ${text}.`,
        )
      }
      digitsOf(text, context)
      const number = value.type.kind === 'string' ? castTo(value, bounded(38, 18), context.castMode) : value
      const type = isNumeric(number.type) ? decimalFor(number.type) : undefined
      if (type === undefined) throw unexpectedInput(context, 0, 'DECIMAL', value.type)
      return call('to_char', [castTo(number, type), literal(text, string)], string, true)
    },
    ([x, format]) => `spk_number_text(CAST(${x} AS VARCHAR), ${format})`,
    ['to_varchar'],
  ),
  toNumber('to_number'),
  toNumber('try_to_number'),
]
