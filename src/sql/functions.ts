/**
 * Spark's functions for the DataFrame API, under Spark's names. Most are made from the lists in `function-names.ts`; those with a form of their own are
 * written out here. A text argument is a column name where Spark reads it as one, else a literal.
 */
import type { Expr } from '../planner/expr.js'
import { Column, type ColumnOrName, type ColumnOrValue, callFunction, col, expr, lit, named, toColumn } from './column.js'
import { ofColumnAndValues, ofColumns, ofNothing, ofValues } from './function-names.js'

type Made<Names extends readonly string[], F> = { readonly [N in Names[number]]: F }

function made<const Names extends readonly string[], F>(names: Names, make: (name: string) => F): Made<Names, F> {
  return Object.fromEntries(names.map(name => [name, make(name)])) as Made<Names, F>
}

const byNothing = made(ofNothing, name => (): Column => callFunction(name, []))
const byColumns = made(
  ofColumns,
  name =>
    (column: ColumnOrName | ColumnOrValue, ...more: readonly (ColumnOrName | ColumnOrValue)[]): Column =>
      callFunction(name, [column, ...more].map(columnOf)),
)
const byColumnAndValues = made(
  ofColumnAndValues,
  name =>
    (column: ColumnOrName, ...values: readonly ColumnOrValue[]): Column =>
      callFunction(name, [named(column), ...values.map(toColumn)]),
)
const byValues = made(
  ofValues,
  name =>
    (...values: readonly ColumnOrValue[]): Column =>
      callFunction(name, values.map(toColumn)),
)

/** A text names a column, anything else is itself or a literal. */
function columnOf(value: ColumnOrName | ColumnOrValue): Column {
  return typeof value === 'string' ? col(value) : toColumn(value)
}

/** `count('*')`, `count(col('*'))` and `count(lit(1))` count rows; any other column counts where it is not NULL. */
function count(column: ColumnOrName): Column {
  const { node } = named(column)
  return node.kind === 'UnresolvedStar' ? callFunction('count', [lit(1)]) : callFunction('count', [new Column(node)])
}

function distinct(name: string) {
  return (column: ColumnOrName, ...more: readonly ColumnOrName[]): Column => callFunction(name, [column, ...more].map(named), { distinct: true })
}

/** A CASE: `when(col('n').gt(9), 'many').otherwise('few')`. */
function when(condition: Column, value: ColumnOrValue): Column {
  return callFunction('when', [condition, toColumn(value)])
}

let lambdaNumber = 0

/** A lambda from a JavaScript function over columns: it is called once, now, with columns that stand for its parameters. */
function lambda(body: (...parameters: Column[]) => Column, arity: number): Column {
  const parameters = Array.from({ length: arity }, (_, i) => `${'xyz'[i] ?? 'v'}_${lambdaNumber++}`)
  const node: Expr = { kind: 'LambdaFunction', parameters, body: body(...parameters.map(col)).node }
  return new Column(node)
}

function higherOrder(name: string) {
  return (column: ColumnOrName, body: (...parameters: Column[]) => Column): Column =>
    callFunction(name, [named(column), lambda(body, Math.max(1, body.length))])
}

/**
 * Spark's functions.
 *
 * @example
 * const { sum, avg, col, when } = functions
 * df.groupBy('country').agg(sum('sales').as('total'), avg('age'))
 */
export const functions = {
  ...byNothing,
  ...byColumns,
  ...byColumnAndValues,
  ...byValues,
  col,
  column: col,
  lit,
  expr,
  when,
  count,
  count_distinct: distinct('count'),
  countDistinct: distinct('count'),
  sum_distinct: distinct('sum'),
  sumDistinct: distinct('sum'),
  /** Calls any function by name. @example call_function('levenshtein', col('a'), col('b')) */
  call_function: (name: string, ...columns: readonly ColumnOrName[]): Column => callFunction(name, columns.map(named)),
  not: (column: ColumnOrName): Column => named(column).not(),
  asc: (column: ColumnOrName): Column => named(column).asc(),
  desc: (column: ColumnOrName): Column => named(column).desc(),
  /** A map of alternating keys and values. */
  create_map: (...columns: readonly ColumnOrName[]): Column => callFunction('map', columns.map(named)),
  named_struct: (...columns: readonly ColumnOrValue[]): Column => callFunction('named_struct', columns.map(toColumn)),
  /** `transform('xs', x => x.plus(1))` */
  transform: higherOrder('transform'),
  filter: higherOrder('filter'),
  exists: higherOrder('exists'),
  forall: higherOrder('forall'),
  transform_keys: (column: ColumnOrName, body: (key: Column, value: Column) => Column): Column =>
    callFunction('transform_keys', [named(column), lambda((k, v) => body(k as Column, v as Column), 2)]),
  transform_values: (column: ColumnOrName, body: (key: Column, value: Column) => Column): Column =>
    callFunction('transform_values', [named(column), lambda((k, v) => body(k as Column, v as Column), 2)]),
  map_filter: (column: ColumnOrName, body: (key: Column, value: Column) => Column): Column =>
    callFunction('map_filter', [named(column), lambda((k, v) => body(k as Column, v as Column), 2)]),
  aggregate: (column: ColumnOrName, initial: ColumnOrValue, merge: (accumulator: Column, value: Column) => Column): Column =>
    callFunction('aggregate', [named(column), toColumn(initial), lambda((a, v) => merge(a as Column, v as Column), 2)]),
} as const
