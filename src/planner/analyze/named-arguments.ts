/** `f(name => value)`: arguments by name are put in their places. Only the functions listed here have names for them, as in Spark. */

import { types } from '../../core/types.js'
import { literal } from '../bound.js'
import type { Expr, NamedArgument, UnresolvedFunction } from '../expr.js'
import { type AnalyzerContext, fail } from './context.js'

interface Parameter {
  readonly name: string
  /** What stands for an argument that is not given; without it the argument must be. */
  readonly otherwise?: Expr
}

const text = (value: string | null) => literal(value, types.string)
const collection: readonly Parameter[] = [{ name: 'collection' }]
const input: readonly Parameter[] = [{ name: 'input' }]

const signatures: Readonly<Record<string, readonly Parameter[]>> = {
  explode: collection,
  explode_outer: collection,
  posexplode: collection,
  posexplode_outer: collection,
  inline: input,
  inline_outer: input,
  mask: [
    { name: 'str' },
    { name: 'upperChar', otherwise: text('X') },
    { name: 'lowerChar', otherwise: text('x') },
    { name: 'digitChar', otherwise: text('n') },
    { name: 'otherChar', otherwise: text(null) },
  ],
}

/** The call with all arguments by position; the same one when none has a name. */
export function inPlaces(expr: UnresolvedFunction, context: AnalyzerContext): UnresolvedFunction {
  const firstNamed = expr.args.findIndex(a => a.kind === 'NamedArgument')
  if (firstNamed < 0) return expr
  const routine = `\`${expr.name.toLowerCase()}\``
  const key = expr.name.toLowerCase()
  const parameters = Object.hasOwn(signatures, key) ? signatures[key] : undefined
  if (parameters === undefined)
    throw fail(
      context,
      expr,
      'NAMED_PARAMETERS_NOT_SUPPORTED',
      '4274K',
      `Named parameters are not supported for function ${routine}; please retry the query with positional arguments to the function call instead.`,
    )
  const named: NamedArgument[] = []
  for (const arg of expr.args.slice(firstNamed)) {
    if (arg.kind !== 'NamedArgument')
      throw fail(
        context,
        arg,
        'UNEXPECTED_POSITIONAL_ARGUMENT',
        '4274K',
        `Cannot invoke routine ${routine} because it contains positional argument(s) following the named argument assigned to \`${named.at(-1)?.name}\`; please rearrange them so the positional arguments come first and then retry the query again.`,
      )
    named.push(arg)
  }
  const given: (Expr | undefined)[] = expr.args.slice(0, firstNamed)
  for (const arg of named) {
    const at = parameters.findIndex(p => p.name.toLowerCase() === arg.name.toLowerCase())
    if (at < 0)
      throw fail(
        context,
        arg,
        'UNRECOGNIZED_PARAMETER_NAME',
        '4274K',
        `Cannot invoke routine ${routine} because the routine call included a named argument reference for the argument named \`${arg.name}\`, but this routine does not include any signature containing an argument with this name. It has: ${parameters.map(p => `\`${p.name}\``).join(', ')}.`,
      )
    if (given[at] !== undefined)
      throw fail(
        context,
        arg,
        `DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT.${at < firstNamed ? 'BOTH_POSITIONAL_AND_NAMED' : 'DOUBLE_NAMED_ARGUMENT_REFERENCE'}`,
        '4274K',
        `Call to routine ${routine} is invalid because it includes multiple argument assignments to the same parameter name \`${arg.name}\`.`,
      )
    given[at] = arg.value
  }
  const missing = parameters.findIndex((p, i) => given[i] === undefined && p.otherwise === undefined)
  if (missing >= 0)
    throw fail(
      context,
      expr,
      'REQUIRED_PARAMETER_NOT_FOUND',
      '4274K',
      `Cannot invoke routine ${routine} because the parameter named \`${parameters[missing]?.name}\` is required at index ${missing}, but the routine call did not supply a value. Please update the routine call to supply an argument value (either positionally at index ${missing} or by name) and retry the query again.`,
    )
  return { ...expr, args: parameters.map((p, i) => given[i] ?? p.otherwise).filter(a => a !== undefined) }
}
