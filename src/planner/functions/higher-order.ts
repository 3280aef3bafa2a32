/** The DuckDB SQL of functions that take lambda functions; the analyzer binds them. Lambdas come as `lambda x: …`. */
import type { Call, Lambda } from '../bound.js'
import { duckType } from '../duck-type.js'
import { custom, type ScalarFunction } from './define.js'

function internal(name: string, arity: number, sql: (args: readonly string[], call: Call) => string): ScalarFunction {
  const bind = (): never => {
    throw new Error(`bug in spk: ${name} is bound by the analyzer`)
  }
  return { ...custom(name, arity, bind, sql), internal: true }
}

function lambdaOf(call: Call, index: number): Lambda {
  const lambda = call.args[index]
  if (lambda?.kind !== 'Lambda') throw new Error(`bug in spk: ${call.fn} without a lambda function`)
  return lambda
}

/** A position counts from 0 in Spark, from 1 in DuckDB: the lambda is put into one that counts DuckDB's way. */
function indexed(fn: string) {
  return (args: readonly string[], call: Call): string => {
    const [x, i] = lambdaOf(call, 1).parameters
    const body = (args[1] ?? '').replace(/^lambda [^:]*: /, '')
    return `${fn}(${args[0]}, lambda x_${x?.id}, p_${i?.id}: ${body.replaceAll(new RegExp(`\\bx_${i?.id}\\b`, 'g'), `CAST(p_${i?.id} - 1 AS INTEGER)`)})`
  }
}

/** True as soon as one is (or, for `forall`, false); unknown when any is unknown. */
function quantified(duck: 'bool_or' | 'bool_and', decisive: boolean) {
  return ([list, lambda]: readonly string[]): string => {
    const tests = `list_transform(${list}, ${lambda})`
    return (
      `(CASE WHEN ${list} IS NULL THEN NULL WHEN list_contains(${tests}, ${decisive}) THEN ${decisive} ` +
      `WHEN len(${list}) > list_count(${tests}) THEN NULL ELSE coalesce(list_${duck}(${tests}), ${!decisive}) END)`
    )
  }
}

function reduce([list, zero, merge]: readonly string[], call: Call): string {
  const lambda = lambdaOf(call, 2)
  const [acc, x] = lambda.parameters
  const accType = duckType(call.type)
  const elementType = x === undefined ? '' : duckType(x.type)
  const body = (merge ?? '').replace(/^lambda [^:]*: /, '')
  const inside = body
    .replaceAll(new RegExp(`\\bx_${acc?.id}\\b`, 'g'), `(s_${acc?.id}).a`)
    .replaceAll(new RegExp(`\\bx_${x?.id}\\b`, 'g'), `(e_${x?.id}).x`)
  const first = `{'a': CAST(${zero} AS ${accType}), 'x': CAST(NULL AS ${elementType})}`
  const rest = `list_transform(${list}, lambda x_${x?.id}: {'a': CAST(NULL AS ${accType}), 'x': CAST(x_${x?.id} AS ${elementType})})`
  const step = `{'a': CAST(${inside} AS ${accType}), 'x': CAST(NULL AS ${elementType})}`
  return `(CASE WHEN ${list} IS NULL THEN NULL ELSE (list_reduce(list_prepend(${first}, ${rest}), lambda s_${acc?.id}, e_${x?.id}: ${step})).a END)`
}

export const higherOrder: readonly ScalarFunction[] = [
  internal('transform', 2, ([list, lambda]) => `list_transform(${list}, ${lambda})`),
  internal('transform_indexed', 2, indexed('list_transform')),
  internal('filter', 2, ([list, lambda]) => `list_filter(${list}, ${lambda})`),
  internal('filter_indexed', 2, indexed('list_filter')),
  internal('exists', 2, quantified('bool_or', true)),
  internal('forall', 2, quantified('bool_and', false)),
  internal('reduce', 3, reduce),
  internal('finish', 2, ([value, lambda]) => `list_transform([${value}], ${lambda})[1]`),
  internal('zip_pairs', 2, ([a, b], c) => {
    const element = c.type.kind === 'array' ? c.type.element : undefined
    const [x, y] = element?.kind === 'struct' ? element.fields : []
    const at = (list: string | undefined, type: string) => `CAST(${list}[i] AS ${type})`
    const made = `{'0': ${at(a, x === undefined ? '' : duckType(x.type))}, '1': ${at(b, y === undefined ? '' : duckType(y.type))}}`
    return `(CASE WHEN ${a} IS NULL OR ${b} IS NULL THEN NULL ELSE list_transform(range(1, greatest(len(${a}), len(${b})) + 1), lambda i: ${made}) END)`
  }),
  internal(
    'insert_behind',
    3,
    ([list, x, n], c) =>
      `list_concat(list_slice(${list}, 1, ${n}), CAST([${x}] AS ${duckType(c.type)}), list_slice(${list}, ${n} + 1, len(${list})))`,
  ),
  internal('map_value_or_null', 2, ([m, k]) => `map_extract_value(${m}, ${k})`),
]
