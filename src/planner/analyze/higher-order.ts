/**
 * Functions that take lambda functions: the parameters get the types of what the function hands over, and the call becomes one over arrays. Functions of
 * maps and of two arrays are calls over arrays of structs.
 */
import { array, type DataType, field, map, sameType, struct, types } from '../../core/types.js'
import { type BoundExpr, isNullable, type Lambda, type LambdaVariable, literal, nullOf } from '../bound.js'
import { castTo, sqlTypeName } from '../coercion.js'
import { commonTypes } from '../common-types.js'
import type { Expr, LambdaFunction, UnresolvedFunction } from '../expr.js'
import { call } from '../functions/define.js'
import { findFunction } from '../functions/table.js'
import { bindCall, text, unresolvedRoutine, wrongNumber } from './calls.js'
import { type AnalyzerContext, fail, type Names } from './context.js'

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

  returns(index: number, expected: string, actual: DataType) {
    const shown = text(this.#expr, this.#names, this.#context)
    return fail(
      this.#context,
      this.#expr.args[index],
      'DATATYPE_MISMATCH.UNEXPECTED_RETURN_TYPE',
      '42K09',
      `Cannot resolve "${shown}" due to data type mismatch: The \`${this.#expr.name}\` requires return "${expected}" type, but the actual is "${sqlTypeName(actual)}" type.`,
    )
  }

  /** Maps whose keys meet in one type. */
  sameKeys(a: Extract<DataType, { kind: 'map' }>, b: Extract<DataType, { kind: 'map' }>): DataType {
    const key = commonTypes(this.#context.ansi).withoutText(a.key, b.key)
    if (key !== undefined) return key
    throw fail(
      this.#context,
      this.#expr,
      'DATATYPE_MISMATCH.MAP_ZIP_WITH_DIFF_TYPES',
      '42K09',
      `Cannot resolve "${text(this.#expr, this.#names, this.#context)}" due to data type mismatch: Input to the \`map_zip_with\` should have been two maps with compatible key types, but it's ["${sqlTypeName(a.key)}", "${sqlTypeName(b.key)}"].`,
    )
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

/** A type without the names of its fields. */
function unnamed(type: DataType): DataType {
  switch (type.kind) {
    case 'array':
      return array(unnamed(type.element), true)
    case 'map':
      return map(unnamed(type.key), unnamed(type.value), true)
    case 'struct':
      return struct(type.fields.map((f, i) => field(`${i}`, unnamed(f.type), true)))
    default:
      return type
  }
}

/** Elements are put into a sorted array one by one, each behind those that are not greater. */
function arraySort(h: Higher): BoundExpr {
  const { value, element, nullable } = h.array(0)
  const [x, e] = [h.variable('x', element, nullable), h.variable('e', element, nullable)]
  const { body } = h.body(1, [x, e])
  if (body.type.kind !== 'int') throw h.returns(1, 'INT', body.type)
  const sorted = h.variable('sorted', value.type, false)
  const before = call('filter', [sorted, lambdaOf([e], call('>=', [body, literal(0, types.int)], types.boolean))], value.type, false)
  const inserted = call('insert_behind', [sorted, x, call('size', [before], types.int, false)], value.type, false)
  return call('reduce', [value, call('array', [], value.type, false), lambdaOf([sorted, x], inserted)], value.type, isNullable(value))
}

/** The accumulator and the element travel as one struct, since DuckDB's reduction has one type for both. */
function aggregate(h: Higher): BoundExpr {
  const { value, element, nullable } = h.array(0)
  const zero = h.value(1)
  const [acc, x] = [h.variable('acc', zero.type, true), h.variable('x', element, nullable)]
  const { body } = h.body(2, [acc, x])
  if (!sameType(unnamed(body.type), unnamed(zero.type)) && body.type.kind !== 'null') throw h.unexpected(2, sqlTypeName(zero.type), body.type)
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
  const key = h.sameKeys(a.type, b.type)
  const k = h.variable('k', key, false)
  const [left, right] = [a, b].map(m => h.cast(m.value, map(key, m.type.value, m.type.valueContainsNull))) as [BoundExpr, BoundExpr]
  const at = (m: BoundExpr, value: DataType) => call('map_value_or_null', [m, k], value, true)
  const { body } = h.body(2, [k, at(left, a.type.value), at(right, b.type.value)])
  const keys = h.call('array_union', [h.call('map_keys', [left]), h.call('map_keys', [right])])
  const made = pair(k, body)
  const entries = call('transform', [keys, lambdaOf([k], made)], array(made.type, false), isNullable(keys))
  return call('map_from_entries', [entries], map(key, body.type, isNullable(body)), isNullable(keys))
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
  array_sort: { fewest: 2, most: 2, bind: arraySort },
  map_zip_with: { fewest: 3, most: 3, bind: mapZipWith },
}

/** Whether a call is of a function that takes functions; what stands in place of one is a function that gives that value. */
export function isHigherOrder(expr: UnresolvedFunction): boolean {
  const name = expr.name.toLowerCase()
  return expr.args.some(a => a.kind === 'LambdaFunction') || (Object.hasOwn(forms, name) && (name !== 'array_sort' || expr.args.length > 1))
}

/** A call of a function that takes functions. */
export function bindHigherOrder(expr: UnresolvedFunction, names: Names, context: AnalyzerContext, bind: Bind): BoundExpr {
  const name = expr.name.toLowerCase()
  const form = Object.hasOwn(forms, name) ? forms[name] : undefined
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
