/** Percentages of percentile functions: constants from 0 to 1, one or an array of them. */
import { array, types } from '../../core/types.js'
import { type BoundExpr, isNullable } from '../bound.js'
import { castTo, implicitCast } from '../coercion.js'
import { evaluate } from '../evaluate.js'
import { references } from '../tree.js'
import { type BindContext, unexpectedInput } from './define.js'

/** @param index - of the argument, for messages */
export function percentage(arg: BoundExpr | undefined, index: number, context: BindContext): BoundExpr {
  const cast = arg === undefined ? undefined : arg.type.kind === 'array' ? castTo(arg, array(types.double, false)) : implicitCast(arg, types.double)
  if (arg === undefined || cast === undefined) throw unexpectedInput(context, index, 'DOUBLE', arg?.type ?? types.null)
  const mismatch = (what: string, message: string) =>
    context.fail(`DATATYPE_MISMATCH.${what}`, '42K09', `Cannot resolve "${context.callText}" due to data type mismatch: ${message}`)
  if (references(cast).size > 0) {
    throw mismatch(
      'NON_FOLDABLE_INPUT',
      `the input \`percentage\` should be a foldable "DOUBLE" expression; however, got "${context.argText(index)}".`,
    )
  }
  for (const value of elements(cast)) {
    if (value === null) throw mismatch('UNEXPECTED_NULL', 'The `percentage` must not be null.')
    if (value < 0 || value > 1) throw mismatch('VALUE_OUT_OF_RANGE', `The \`percentage\` must be between [0.0, 1.0] (current value = ${value}).`)
  }
  return cast
}

/** As far as they are known before the query runs. */
function elements(expr: BoundExpr): (number | null)[] {
  // Of a number the cast to DOUBLE changes nothing that matters here.
  if (expr.kind === 'Cast' && (expr.type.kind === 'array' || expr.type.kind === 'double')) return elements(expr.child)
  if (expr.kind === 'Call' && expr.fn === 'array') return expr.args.flatMap(elements)
  const value = evaluate(expr)?.value
  if (value === null) return [null]
  const number = typeof value === 'object' || value === undefined ? Number.NaN : Number(value)
  return Number.isNaN(number) || isNullable(expr) ? [] : [number]
}
