/**
 * What an entry of the table of functions is, and the combinators that entries are written with. An entry binds arguments (casts them, gives the type,
 * or rewrites itself into other functions) and knows its DuckDB SQL, whose type must be exactly the DuckDB type of the result. A template's result is
 * atomic: a call, a cast or something in parentheses.
 */
import type { SpkError } from '../../core/errors.js'
import type { DataType } from '../../core/types.js'
import { type AggregateCall, type BoundExpr, type BoundSortOrder, type Call, type CastMode, isNullable } from '../bound.js'
import { castTo, commonTypeOf, type Expected, expectedName, implicitCast, sqlTypeName } from '../coercion.js'
import { type CommonType, commonTypes } from '../common-types.js'
import type { SessionNames } from '../ports.js'

/** What binding may ask about the call at hand. */
export interface BindContext {
  /** The name as written. */
  readonly name: string
  readonly ansi: boolean
  /** Decimal results may give up scale: `spark.sql.decimalOperations.allowPrecisionLoss`. */
  readonly precisionLoss: boolean
  /** The cast mode of the session. */
  readonly castMode: CastMode
  /** The query's one current time, microseconds since the epoch. */
  readonly now: bigint
  /** Session time zone. */
  readonly timeZone: string
  readonly session: SessionNames
  /** What TIMESTAMP means: without a time zone. */
  readonly timestampNtz: boolean
  /** The order that WITHIN GROUP gives. */
  readonly withinGroup?: readonly BoundSortOrder[]
  /** A number that nothing else of the query has. */
  id(): number
  /** Equal for equal expressions. */
  key(expr: BoundExpr): string
  /** A type, or the columns of a struct, in DDL form. */
  parseType(text: string): DataType
  /** The whole call as messages show it. */
  readonly callText: string
  /** One argument as messages show it. */
  argText(index: number): string
  /** The name that an argument was given by AS. */
  argAlias(index: number): string | undefined
  /** Makes the error to throw, pointing at the call. */
  fail(code: string, sqlState: string, message: string): SpkError
  /** Binds another function of the table in this one's place. */
  bind(name: string, args: readonly BoundExpr[]): BoundExpr
}

export interface ScalarFunction {
  readonly kind: 'scalar'
  readonly name: string
  readonly aliases: readonly string[]
  readonly minArgs: number
  readonly maxArgs: number
  /** False: may give another value for the same arguments. */
  readonly deterministic: boolean
  /** Not to be called by users. */
  readonly internal: boolean
  readonly bind: (args: readonly BoundExpr[], context: BindContext) => BoundExpr
  readonly sql: (args: readonly string[], call: Call) => string
}

/** DISTINCT and FILTER as text, for templates. */
export interface AggregateModifiers {
  /** `DISTINCT ` or nothing. */
  readonly distinct: string
  /** ` FILTER (WHERE …)`, ` OVER (…)`, both or nothing: what follows the call's parenthesis. */
  readonly filter: string
  /** ` OVER (…)` or nothing, for templates that write a FILTER of their own. */
  readonly over: string
  /** The condition alone. */
  readonly condition?: string
}

/** One column of an aggregate's intermediate state. */
export interface AggregateBuffer {
  readonly name: string
  /** Over input rows. */
  readonly partial: AggregateCall
  /** Over partial states (`own` is this buffer's column, `all` are those of all buffers); may be applied again to its own results. */
  combine(own: BoundExpr, all: readonly BoundExpr[]): AggregateCall
}

export interface AggregateSplit {
  readonly buffers: readonly AggregateBuffer[]
  /** From the combined states to the result. */
  finish(buffers: readonly BoundExpr[]): BoundExpr
}

export interface AggregateFunction {
  readonly kind: 'aggregate'
  readonly name: string
  readonly aliases: readonly string[]
  readonly minArgs: number
  readonly maxArgs: number
  readonly internal: boolean
  /** False: the same rows in another order may give another value. */
  readonly deterministic: boolean
  /** DISTINCT changes nothing (min, max). */
  readonly ignoresDistinct: boolean
  /** Usually an `AggregateCall`; a rewrite may be an expression around some. `modifiers` apply to the calls it makes. */
  readonly bind: (args: readonly BoundExpr[], context: BindContext, modifiers: { distinct: boolean; filter?: BoundExpr }) => BoundExpr
  readonly sql: (args: readonly string[], call: AggregateCall, modifiers: AggregateModifiers) => string
  /** How to compute it in two steps; undefined: only over all rows of a group at once. */
  readonly split?: (call: AggregateCall) => AggregateSplit | undefined
}

/** Arguments whose number the arity has already settled. */
export type Pair = readonly [BoundExpr, BoundExpr]
export type Triple = readonly [BoundExpr, BoundExpr, BoundExpr]

export type FunctionEntry = ScalarFunction | AggregateFunction

export function call(fn: string, args: readonly BoundExpr[], type: DataType, nullable = args.some(isNullable)): Call {
  return { kind: 'Call', fn, args, type, nullable }
}

export function aggregateCall(
  fn: string,
  args: readonly BoundExpr[],
  type: DataType,
  nullable: boolean,
  modifiers: { distinct?: boolean; filter?: BoundExpr } = {},
): AggregateCall {
  const filter = modifiers.filter
  return { kind: 'AggregateCall', fn, args, distinct: modifiers.distinct ?? false, ...(filter === undefined ? {} : { filter }), type, nullable }
}

const ordinals = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth', 'ninth', 'tenth']

/** The error for an argument of a type that the parameter does not take. */
export function unexpectedInput(context: BindContext, index: number, expected: string, actual: DataType): SpkError {
  const quoted = expected.startsWith('(') ? expected : `"${expected}"`
  return context.fail(
    'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE',
    '42K09',
    `Cannot resolve "${context.callText}" due to data type mismatch: The ${ordinals[index] ?? `${index + 1}th`} parameter requires the ${quoted} type, ` +
      `however "${context.argText(index)}" has the type "${sqlTypeName(actual)}".`,
  )
}

/** Casts arguments to what parameters take; the last parameter repeats when there are more arguments. */
export function takeArgs(args: readonly BoundExpr[], params: readonly Expected[], context: BindContext): BoundExpr[] {
  return args.map((arg, i) => {
    const expected = params[Math.min(i, params.length - 1)] ?? 'any'
    const cast = implicitCast(arg, expected, context.castMode)
    if (cast === undefined) throw unexpectedInput(context, i, expectedName(expected), arg.type)
    return cast
  })
}

/** Brings all arguments to their common type. */
export function takeCommon(
  args: readonly BoundExpr[],
  context: BindContext,
  common: CommonType = commonTypes(context.ansi).wider,
): { readonly args: BoundExpr[]; readonly type: DataType } {
  const type = commonTypeOf(
    args.map(a => a.type),
    common,
  )
  if (type === undefined) {
    throw context.fail(
      'DATATYPE_MISMATCH.DATA_DIFF_TYPES',
      '42K09',
      `Cannot resolve "${context.callText}" due to data type mismatch: Input to \`${context.name.toLowerCase()}\` should all be the same type, but it's ` +
        `[${args.map(a => `"${sqlTypeName(a.type)}"`).join(', ')}].`,
    )
  }
  return { args: args.map(a => castTo(a, type, context.castMode)), type }
}

interface ScalarOptions {
  readonly aliases?: readonly string[]
  /** Arguments that must be given; default: all parameters. */
  readonly required?: number
  /** The last parameter may repeat. */
  readonly variadic?: boolean
  readonly deterministic?: boolean
  /** Default: nullable when an argument is. */
  readonly nullable?: boolean | ((args: readonly BoundExpr[]) => boolean)
}

/** A function with fixed parameter types. `result` is a type, or computed from the (cast) arguments. */
export function scalar(
  name: string,
  params: readonly Expected[],
  result: DataType | ((args: readonly BoundExpr[], context: BindContext) => DataType),
  sql: (args: readonly string[], call: Call) => string,
  options: ScalarOptions = {},
): ScalarFunction {
  const nullable = options.nullable
  return {
    kind: 'scalar',
    name,
    aliases: options.aliases ?? [],
    minArgs: options.required ?? params.length,
    maxArgs: options.variadic ? Number.POSITIVE_INFINITY : params.length,
    deterministic: options.deterministic ?? true,
    internal: false,
    bind: (args, context) => {
      const taken = takeArgs(args, params, context)
      const type = typeof result === 'function' ? result(taken, context) : result
      return call(name, taken, type, typeof nullable === 'function' ? nullable(taken) : (nullable ?? taken.some(isNullable)))
    },
    sql,
  }
}

/** A function that stands for an expression of other functions. */
export function rewritten(
  name: string,
  arity: number | readonly [number, number],
  bind: (args: readonly BoundExpr[], context: BindContext) => BoundExpr,
  aliases: readonly string[] = [],
): ScalarFunction {
  const [minArgs, maxArgs] = typeof arity === 'number' ? [arity, arity] : arity
  const sql = () => {
    throw new Error(`bug in spk: ${name} is rewritten when it is bound`)
  }
  return { kind: 'scalar', name, aliases, minArgs, maxArgs, deterministic: true, internal: false, bind, sql }
}

/** A function with a binding of its own. */
export function custom(
  name: string,
  arity: number | readonly [number, number],
  bind: (args: readonly BoundExpr[], context: BindContext) => BoundExpr,
  sql: (args: readonly string[], call: Call) => string,
  aliases: readonly string[] = [],
): ScalarFunction {
  return { ...rewritten(name, arity, bind, aliases), sql }
}

/** The text of a condition that fails the query with one of Spark's conditions when it is evaluated. */
export function raise(code: string, sqlState: string, message: string): string {
  return `error('[${code}] ${message.replaceAll("'", "''")} SQLSTATE: ${sqlState}')`
}
