/**
 * Functions that take lambda functions: the parameters get the types of what the function hands over, and the call becomes one over arrays. Functions of
 * maps and of two arrays are calls over arrays of structs.
 */
import { array, type DataType, field, map, sameType, struct, types } from '../../core/types.js'
import { type BoundExpr, isNullable, type Lambda, type LambdaVariable, literal, nullOf } from '../bound.js'
import { castTo, sqlTypeName } from '../coercion.js'
import type { Expr, LambdaFunction, UnresolvedFunction } from '../expr.js'
import { call } from '../functions/define.js'
import { findFunction } from '../functions/table.js'
import { bindCall, text, unresolvedRoutine, wrongNumber } from './calls.js'
import { type AnalyzerContext, fail, type Names, unsupported } from './context.js'

type Bind = (expr: Expr, names: Names, context: AnalyzerContext) => BoundExpr

/** The arguments of one call, and how its parts are bound and refused. */
class Higher {
  readonly #expr: UnresolvedFunction
  readonly #names: Names
  readonly #context: AnalyzerContext
  readonly #bind: Bind
  constructor(expr: UnresolvedFunction, names: Names, context: AnalyzerContext, bind: Bind) {
    this.#expr = expr
    this.#names = names
    this.#context = context
    this.#bind = bind
  }

  get count(): number {
    return this.#expr.args.length
  }

  value(index: number): BoundExpr {
    return this.#bind(this.#expr.args[index] as Expr, this.#names, this.#context)
  }

  array(index: number): { readonly value: BoundExpr; readonly element: DataType; readonly nullable: boolean } {
    const value = this.value(index)
    if (value.type.kind === 'null') return { value: nullOf(array(types.null, true)), element: types.null, nullable: true }
    if (value.type.kind !== 'array') throw this.unexpected(index, 'ARRAY', value.type)
    return { value, element: value.type.element, nullable: value.type.containsNull }
  }

  map(index: number): { readonly value: BoundExpr; readonly type: Extract<DataType, { kind: 'map' }> } {
    const value = this.value(index)
    if (value.type.kind !== 'map') throw this.unexpected(index, 'MAP', value.type)
    return { value, type: value.type }
  }

  variable(name: string, type: DataType, nullable: boolean): LambdaVariable {
    return { kind: 'LambdaVariable', id: this.#context.nextId(), name, type, nullable }
  }

  /** The lambda at `index`, its parameters standing for `values`; there may be fewer of them, down to `fewest`. */
  body(index: number, values: readonly BoundExpr[], fewest = values.length): { readonly body: BoundExpr; readonly parameters: number } {
    const given = this.#expr.args[index]
    const lambda: LambdaFunction =
      given?.kind === 'LambdaFunction'
        ? given
        : { kind: 'LambdaFunction', parameters: values.slice(0, fewest).map((_, i) => `#${i}`), body: given as Expr }
    const { parameters } = lambda
    if (parameters.length < fewest || parameters.length > values.length) {
      throw fail(
        this.#context,
        lambda,
        'INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH',
        '42K0D',
        `Invalid lambda function call. A higher order function expects ${values.length} arguments, but got ${parameters.length}.`,
      )
    }
    const lower = parameters.map(p => p.toLowerCase())
    if (new Set(lower).size < lower.length) {
      throw fail(
        this.#context,
        lambda,
        'INVALID_LAMBDA_FUNCTION_CALL.DUPLICATE_ARG_NAMES',
        '42K0D',
        `Invalid lambda function call. The lambda function has duplicate arguments ${parameters.map(p => `\`${p}\``).join(', ')}.`,
      )
    }
    const variables = new Map(this.#names.variables)
    for (const [i, name] of lower.entries()) variables.set(name, values[i] as BoundExpr)
    return { body: this.#bind(lambda.body, { ...this.#names, variables }, this.#context), parameters: parameters.length }
  }

  condition(index: number, values: readonly BoundExpr[], fewest = values.length): { readonly body: BoundExpr; readonly parameters: number } {
    const bound = this.body(index, values, fewest)
    if (bound.body.type.kind === 'null') return { ...bound, body: nullOf(types.boolean) }
    if (bound.body.type.kind !== 'boolean') throw this.unexpected(index, 'BOOLEAN', bound.body.type)
    return bound
  }

  cast(value: BoundExpr, type: DataType): BoundExpr {
    return castTo(value, type, this.#context.castMode)
  }

  call(name: string, args: readonly BoundExpr[]): BoundExpr {
    return bindCall(name, args, this.#expr, this.#expr.args, this.#names, this.#context)
  }

  unexpected(index: number, expected: string, actual: DataType) {
    const places = ['first', 'second', 'third', 'fourth']
    const shown = (e: Expr | undefined) => (e === undefined ? '' : text(e, this.#names, this.#context))
    return fail(
      this.#context,
      this.#expr,
      'DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE',
      '42K09',
      `Cannot resolve "${shown(this.#expr)}" due to data type mismatch: The ${places[index] ?? 'last'} parameter requires the "${expected}" type, ` +
        `however "${shown(this.#expr.args[index])}" has the type "${sqlTypeName(actual)}".`,
    )
  }
}

function lambdaOf(parameters: readonly LambdaVariable[], body: BoundExpr): Lambda {
  return { kind: 'Lambda', parameters, body, type: body.type, nullable: isNullable(body) }
}

function fieldOf(from: BoundExpr, name: string, type: DataType, nullable: boolean): BoundExpr {
  return call('getfield', [from, literal(name, types.string)], type, nullable)
}

function pair(a: BoundExpr, b: BoundExpr): BoundExpr {
  return call('struct', [a, b], struct([field('key', a.type, false), field('value', b.type, isNullable(b))]), false)
}

interface Form {
  readonly fewest: number
  readonly most: number
  bind(h: Higher): BoundExpr
}

function transform(h: Higher): BoundExpr {
  const { value, element, nullable } = h.array(0)
  const [x, i] = [h.variable('x', element, nullable), h.variable('i', types.int, false)]
  const { body, parameters } = h.body(1, [x, i], 1)
  const lambda = lambdaOf(parameters === 1 ? [x] : [x, i], body)
  return call(parameters === 1 ? 'transform' : 'transform_indexed', [value, lambda], array(body.type, isNullable(body)), isNullable(value))
}

function filter(h: Higher): BoundExpr {
  const { value, element, nullable } = h.array(0)
  const [x, i] = [h.variable('x', element, nullable), h.variable('i', types.int, false)]
  const { body, parameters } = h.condition(1, [x, i], 1)
  return call(parameters === 1 ? 'filter' : 'filter_indexed', [value, lambdaOf(parameters === 1 ? [x] : [x, i], body)], value.type, isNullable(value))
}

function quantifier(name: 'exists' | 'forall'): Form {
  return {
    fewest: 2,
    most: 2,
    bind(h) {
      const { value, element, nullable } = h.array(0)
      const x = h.variable('x', element, nullable)
      const { body } = h.condition(1, [x])
      return call(name, [value, lambdaOf([x], body)], types.boolean, isNullable(value) || isNullable(body))
    },
  }
}

/** The accumulator and the element travel as one struct, since DuckDB's reduction has one type for both. */
function aggregate(h: Higher): BoundExpr {
  const { value, element, nullable } = h.array(0)
  const zero = h.value(1)
  const [acc, x] = [h.variable('acc', zero.type, true), h.variable('x', element, nullable)]
  const { body } = h.body(2, [acc, x])
  if (!sameType(body.type, zero.type) && body.type.kind !== 'null') throw h.unexpected(2, sqlTypeName(zero.type), body.type)
  const merge = h.cast(body, zero.type)
  const reduced = call('reduce', [value, zero, lambdaOf([acc, x], merge)], zero.type, true)
  if (h.count < 4) return reduced
  // The result is computed once and then handed to the last function.
  const last = h.variable('acc', zero.type, true)
  const { body: finish } = h.body(3, [last])
  return call('finish', [reduced, lambdaOf([last], finish)], finish.type, true)
}

function zipWith(h: Higher): BoundExpr {
  const [a, b] = [h.array(0), h.array(1)]
  const both = struct([field('0', a.element, true), field('1', b.element, true)])
  const p = h.variable('p', both, false)
  const { body } = h.body(2, [fieldOf(p, '0', a.element, true), fieldOf(p, '1', b.element, true)])
  const zipped = call('zip_pairs', [a.value, b.value], array(both, false), isNullable(a.value) || isNullable(b.value))
  return call('transform', [zipped, lambdaOf([p], body)], array(body.type, isNullable(body)), isNullable(zipped))
}

/** Over the entries of a map. */
function overEntries(h: Higher, kind: 'filter' | 'keys' | 'values'): BoundExpr {
  const { value, type } = h.map(0)
  const entry = struct([field('key', type.key, false), field('value', type.value, type.valueContainsNull)])
  const e = h.variable('e', entry, false)
  const [k, v] = [fieldOf(e, 'key', type.key, false), fieldOf(e, 'value', type.value, type.valueContainsNull)]
  const entries = call('map_entries', [value], array(entry, false), isNullable(value))
  if (kind === 'filter') {
    const { body } = h.condition(1, [k, v])
    return call('map_from_entries', [call('filter', [entries, lambdaOf([e], body)], entries.type, isNullable(value))], type, isNullable(value))
  }
  const { body } = h.body(1, [k, v])
  const made = kind === 'keys' ? pair(body, v) : pair(k, body)
  const changed = call('transform', [entries, lambdaOf([e], made)], array(made.type, false), isNullable(value))
  return h.call('map_from_entries', [changed])
}

function mapZipWith(h: Higher): BoundExpr {
  const [a, b] = [h.map(0), h.map(1)]
  if (!sameType(a.type.key, b.type.key)) throw h.unexpected(1, sqlTypeName(a.type), b.type)
  const k = h.variable('k', a.type.key, false)
  const at = (m: typeof a) => call('map_value_or_null', [m.value, k], m.type.value, true)
  const { body } = h.body(2, [k, at(a), at(b)])
  const keys = h.call('array_union', [h.call('map_keys', [a.value]), h.call('map_keys', [b.value])])
  const made = pair(k, body)
  const entries = call('transform', [keys, lambdaOf([k], made)], array(made.type, false), isNullable(keys))
  return call('map_from_entries', [entries], map(a.type.key, body.type, isNullable(body)), isNullable(keys))
}

const forms: Readonly<Record<string, Form>> = {
  transform: { fewest: 2, most: 2, bind: transform },
  filter: { fewest: 2, most: 2, bind: filter },
  exists: quantifier('exists'),
  forall: quantifier('forall'),
  aggregate: { fewest: 3, most: 4, bind: aggregate },
  reduce: { fewest: 3, most: 4, bind: aggregate },
  zip_with: { fewest: 3, most: 3, bind: zipWith },
  map_filter: { fewest: 2, most: 2, bind: h => overEntries(h, 'filter') },
  transform_keys: { fewest: 2, most: 2, bind: h => overEntries(h, 'keys') },
  transform_values: { fewest: 2, most: 2, bind: h => overEntries(h, 'values') },
  map_zip_with: { fewest: 3, most: 3, bind: mapZipWith },
}

/** A call with a lambda function among its arguments. */
export function bindHigherOrder(expr: UnresolvedFunction, names: Names, context: AnalyzerContext, bind: Bind): BoundExpr {
  const name = expr.name.toLowerCase()
  const form = Object.hasOwn(forms, name) ? forms[name] : undefined
  if (name === 'array_sort') throw unsupported(context, expr, 'LAMBDA_FUNCTION', 'array_sort with a function that compares')
  if (form === undefined) {
    if (findFunction(name) === undefined) throw unresolvedRoutine(expr, context)
    throw fail(
      context,
      expr,
      'INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION',
      '42K0D',
      `Invalid lambda function call. A lambda function should only be used in a higher order function. However, its class is ${name}, which is not one.`,
    )
  }
  if (expr.args.length < form.fewest || expr.args.length > form.most) {
    throw wrongNumber(name, form.fewest, form.most, expr.args.length, expr, context)
  }
  return form.bind(new Higher(expr, names, context, bind))
}
