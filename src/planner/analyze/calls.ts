/** Calls of functions by name: the number of arguments, the entry of the table of functions, and what messages say about them. */
import type { DataType } from '../../core/types.js'
import type { Attribute, BoundExpr, BoundSortOrder } from '../bound.js'
import type { Expr, Span } from '../expr.js'
import { exprKey } from '../expr-key.js'
import type { BindContext } from '../functions/define.js'
import { findFunction, similarFunctions } from '../functions/table.js'
import { prettyText } from '../print.js'
import { type AnalyzerContext, fail, type Names, quoted } from './context.js'
import { lookUp } from './scope.js'

/** The text of an expression as Spark names it: qualifiers are left out, fields stay. */
export function text(expr: Expr, names: Names, context: AnalyzerContext): string {
  return prettyText(expr, parts => {
    for (const list of names.lists) {
      const found = tryLookUp(parts, list, context)
      if (found !== undefined) return parts.slice(found.qualifiers).join('.')
    }
    return parts.join('.')
  })
}

function tryLookUp(parts: readonly string[], list: readonly Attribute[], context: AnalyzerContext) {
  try {
    return lookUp(context, parts, list)
  } catch {
    // Ambiguous: the name is shown as it was written.
    return undefined
  }
}

/** A call of bound arguments; `written` are the arguments as they stand in the text, for messages. */
export function bindCall(
  name: string,
  args: readonly BoundExpr[],
  expr: Expr,
  written: readonly Expr[],
  names: Names,
  context: AnalyzerContext,
  modifiers: { readonly distinct: boolean; readonly filter?: BoundExpr } = { distinct: false },
  withinGroup?: readonly BoundSortOrder[],
): BoundExpr {
  const entry = findFunction(name, expr.kind === 'UnresolvedFunction' && expr.internal)
  if (entry === undefined) throw unresolvedRoutine({ name, ...(expr.span === undefined ? {} : { span: expr.span }) }, context)
  if (args.length < entry.minArgs || args.length > entry.maxArgs) throw wrongNumber(name, entry.minArgs, entry.maxArgs, args.length, expr, context)
  return bindEntry(name, args, bindingOf(name, expr, written, names, context, withinGroup), modifiers)
}

export function wrongNumber(name: string, fewest: number, most: number, given: number, expr: Expr, context: AnalyzerContext) {
  const wanted = fewest === most ? `${fewest}` : most === Number.POSITIVE_INFINITY ? `> ${fewest - 1}` : `[${fewest}, ${most}]`
  return fail(
    context,
    expr,
    'WRONG_NUM_ARGS.WITHOUT_SUGGESTION',
    '42605',
    `The \`${name.toLowerCase()}\` requires ${wanted} parameters but the actual number is ${given}.`,
  )
}

/** Reads a type through the one parser there is: as the target of a cast, else as the columns of a struct. */
function parsedType(text: string, expr: Expr, context: AnalyzerContext): DataType {
  for (const type of [text, `STRUCT<${text}>`]) {
    try {
      const cast = context.parseExpression(`CAST(NULL AS ${type})`)
      if (cast.kind === 'Cast') return cast.to
    } catch {
      // Not of this form.
    }
  }
  throw fail(context, expr, 'PARSE_SYNTAX_ERROR', '42601', `Syntax error at or near '${text}': not a schema.`)
}

export function bindingOf(
  name: string,
  expr: Expr,
  written: readonly Expr[],
  names: Names,
  context: AnalyzerContext,
  withinGroup?: readonly BoundSortOrder[],
): BindContext {
  const bindContext: BindContext = {
    name,
    ansi: context.ansi,
    precisionLoss: context.precisionLoss,
    castMode: context.castMode,
    now: context.now,
    timeZone: context.timeZone,
    session: context.session,
    timestampNtz: context.timestampNtz,
    id: () => context.nextId(),
    key: exprKey,
    parseType: text => parsedType(text, expr, context),
    ...(withinGroup === undefined ? {} : { withinGroup }),
    get callText() {
      return text(expr, names, context)
    },
    argText: index => (written[index] === undefined ? '' : text(written[index], names, context)),
    argAlias: index => {
      const arg = written[index]
      if (arg?.kind === 'UnresolvedAttribute') return arg.nameParts.at(-1)
      return arg?.kind === 'Alias' ? arg.name : undefined
    },
    fail: (code, sqlState, message) => fail(context, expr, code, sqlState, message),
    bind: (other, otherArgs) => bindEntry(other, otherArgs, bindContext, { distinct: false }),
  }
  return bindContext
}

function bindEntry(
  name: string,
  args: readonly BoundExpr[],
  context: BindContext,
  modifiers: { readonly distinct: boolean; readonly filter?: BoundExpr },
): BoundExpr {
  const entry = findFunction(name, true)
  if (entry === undefined) throw new Error(`bug in spk: no function ${name}`)
  if (entry.kind === 'scalar') return entry.bind(args, context)
  return entry.bind(args, context, { ...modifiers, distinct: modifiers.distinct && !entry.ignoresDistinct })
}

/** Functions of Spark that are planned in another way than a call: refused by what they are. */
const windowOnly = new Set(['row_number', 'rank', 'dense_rank', 'percent_rank', 'cume_dist', 'ntile', 'lag', 'lead', 'nth_value'])
const generators = new Set(['explode', 'explode_outer', 'posexplode', 'posexplode_outer', 'inline', 'inline_outer', 'stack', 'json_tuple'])

export function unresolvedRoutine(expr: { readonly name: string; readonly span?: Span }, context: AnalyzerContext) {
  const name = expr.name.toLowerCase()
  if (windowOnly.has(name)) {
    return fail(context, expr, 'WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE', '42601', `Window function "${name}()" requires an OVER clause.`)
  }
  if (generators.has(name)) {
    return fail(
      context,
      expr,
      'UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS',
      '42K0E',
      `The generator is not supported: nested in expressions "${name}". A generator stands alone in a select list, in LATERAL VIEW, or in FROM.`,
    )
  }
  const similar = similarFunctions(expr.name, [...windowOnly, ...generators]).map(n => quoted([n]))
  return fail(
    context,
    expr,
    'UNRESOLVED_ROUTINE',
    '42883',
    `Cannot resolve routine ${quoted([expr.name])} on search path [\`system\`.\`builtin\`, \`system\`.\`session\`].${similar.length === 0 ? ' No function has a similar name.' : ` Functions with similar names: [${similar.join(', ')}].`}`,
  )
}
