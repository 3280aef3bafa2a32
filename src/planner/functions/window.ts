/**
 * Functions that only exist over a window: their types and their DuckDB SQL, ` OVER (…)` given as text. Aggregate functions over windows come from the
 * table of functions; `first` and `last` are here too, since over a window they look at the frame's edge and not at any row.
 */
import { must } from '../../core/errors.js'
import { types } from '../../core/types.js'
import { type BoundExpr, isNullable, literal, nullOf, type WindowCall } from '../bound.js'
import { castTo, commonType, implicitCast, isIntegral } from '../coercion.js'
import { evaluate } from '../evaluate.js'
import { references } from '../tree.js'
import { type BindContext, unexpectedInput } from './define.js'

export interface WindowFunction {
  readonly name: string
  readonly aliases: readonly string[]
  readonly minArgs: number
  readonly maxArgs: number
  /** `order`: needs ORDER BY and has no frame of its own. `frame`: looks at the frame. */
  readonly kind: 'order' | 'frame'
  bind(args: readonly BoundExpr[], context: BindContext, ignoreNulls: boolean): WindowCall
  sql(args: readonly string[], call: WindowCall, over: string): string
}

function windowCall(fn: string, args: readonly BoundExpr[], type: WindowCall['type'], nullable: boolean, ignoreNulls = false): WindowCall {
  return { kind: 'WindowCall', fn, args, type, nullable, ignoreNulls }
}

/** Refuses an argument that is not the same for all rows. */
function constant(arg: BoundExpr, index: number, input: string, context: BindContext): void {
  if (references(arg).size === 0) return
  throw context.fail(
    'DATATYPE_MISMATCH.NON_FOLDABLE_INPUT',
    '42K09',
    `Cannot resolve "${context.callText}" due to data type mismatch: the input \`${input}\` should be a foldable "INT" expression; however, got "${context.argText(index)}".`,
  )
}

/** Refuses a number below 1, as far as it is known before the query runs; NULL counts as 0. `suffix`: of the value as Spark writes it. */
function positive(arg: BoundExpr, input: string, most: string, suffix: string, context: BindContext): void {
  const value = evaluate(arg)?.value
  if (value === undefined || Number(value) > 0) return
  throw context.fail(
    'DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE',
    '42K09',
    `Cannot resolve "${context.callText}" due to data type mismatch: The ${input} must be between (0, ${most}] (current value = ${Number(value)}${suffix}).`,
  )
}

const nulls = (call: WindowCall) => (call.ignoreNulls ? ' IGNORE NULLS' : '')

function rank(name: string, type: 'int' | 'double'): WindowFunction {
  return {
    name,
    aliases: [],
    minArgs: 0,
    maxArgs: 0,
    kind: 'order',
    bind: () => windowCall(name, [], types[type], false),
    sql: (_, __, over) => (type === 'int' ? `CAST(${name}()${over} AS INTEGER)` : `${name}()${over}`),
  }
}

const ntile: WindowFunction = {
  name: 'ntile',
  aliases: [],
  minArgs: 0,
  maxArgs: 1,
  kind: 'order',
  bind: (args, context) => {
    const [n = literal(1, types.int)] = args
    constant(n, 0, 'buckets', context)
    if (n.type.kind !== 'int') throw unexpectedInput(context, 0, 'INT', n.type)
    positive(n, 'buckets', '2147483647', '', context)
    return windowCall('ntile', [n], types.int, false)
  },
  sql: ([n], _, over) => `CAST(ntile(${n})${over} AS INTEGER)`,
}

/** The value some rows before or after the current one, or the default where there is no such row. */
function shifted(name: 'lag' | 'lead'): WindowFunction {
  return {
    name,
    aliases: [],
    minArgs: 1,
    maxArgs: 3,
    kind: 'order',
    bind: (args, context, ignoreNulls) => {
      const [value, offset = literal(1, types.int), otherwise] = args as readonly [BoundExpr, BoundExpr?, BoundExpr?]
      const distance = implicitCast(offset, types.int)
      if (distance === undefined || !isIntegral(distance.type)) throw unexpectedInput(context, 1, 'INT', offset.type)
      constant(distance, 1, 'offset', context)
      const type = otherwise === undefined ? value.type : commonType(value.type, otherwise.type)
      if (type === undefined) throw unexpectedInput(context, 2, 'ANY', otherwise?.type ?? types.null)
      const absent = otherwise === undefined ? nullOf(type) : castTo(otherwise, type, context.castMode)
      return windowCall(name, [castTo(value, type, context.castMode), distance, absent], type, isNullable(value) || isNullable(absent), ignoreNulls)
    },
    sql: ([x, n, d], call, over) => `${name}(${x}, ${n}, ${d}${nulls(call)})${over}`,
  }
}

const nthValue: WindowFunction = {
  name: 'nth_value',
  aliases: [],
  minArgs: 2,
  maxArgs: 2,
  kind: 'frame',
  bind: (args, context, ignoreNulls) => {
    const [value, n] = args as readonly [BoundExpr, BoundExpr]
    const at = implicitCast(n, types.int)
    if (at === undefined) throw unexpectedInput(context, 1, 'INT', n.type)
    constant(at, 1, 'offset', context)
    positive(at, 'offset', '9223372036854775807', 'L', context)
    return windowCall('nth_value', [value, at], value.type, true, ignoreNulls)
  },
  sql: ([x, n], call, over) => `nth_value(${x}, ${n}${nulls(call)})${over}`,
}

function edge(name: 'first_value' | 'last_value', aliases: readonly string[]): WindowFunction {
  return {
    name,
    aliases,
    minArgs: 1,
    maxArgs: 2,
    kind: 'frame',
    bind: (args, context, ignoreNulls) => {
      const [value, ignore] = args as readonly [BoundExpr, BoundExpr?]
      if (ignore !== undefined && (ignore.kind !== 'Literal' || typeof ignore.value !== 'boolean')) {
        throw unexpectedInput(context, 1, 'BOOLEAN', ignore.type)
      }
      return windowCall(name, [value], value.type, true, ignoreNulls || ignore?.value === true)
    },
    sql: ([x], call, over) => `${name}(${x}${nulls(call)})${over}`,
  }
}

const functions: readonly WindowFunction[] = [
  rank('row_number', 'int'),
  rank('rank', 'int'),
  rank('dense_rank', 'int'),
  rank('percent_rank', 'double'),
  rank('cume_dist', 'double'),
  ntile,
  shifted('lag'),
  shifted('lead'),
  nthValue,
  edge('first_value', ['first', 'any_value']),
  edge('last_value', ['last']),
]

const byName = new Map(functions.flatMap(f => [f.name, ...f.aliases].map(name => [name, f] as const)))

/** The window function a user means by `name` (any case), or undefined. */
export function findWindowFunction(name: string): WindowFunction | undefined {
  return byName.get(name.toLowerCase())
}

export function windowFunction(fn: string): WindowFunction {
  return must(byName.get(fn), `no window function ${fn}`)
}
