/**
 * The lazy half of a DataFrame: every method gives a new DataFrame over a larger plan, at once and without looking at data or schema. Wrong names and
 * types are found by the analyzer when an action, `schema()` or `explain()` asks.
 */
import { SpkError } from '../core/errors.js'
import { types } from '../core/types.js'
import type { Expr } from '../planner/expr.js'
import type { Relation } from '../planner/logical.js'
import { attributeOf, Column, type ColumnOrName, named } from './column.js'
import type { DataFrame } from './dataframe.js'
import { GroupedData } from './grouped-data.js'
import { type JoinTypeName, joinTypeOf } from './join-types.js'
import type { LiteralInput } from './literal.js'
import type { Row } from './row.js'
import { sortOrder } from './window.js'
import { withoutSpans } from './without-spans.js'

let planIds = 0

/** Columns or names, as arguments or as one array. */
export type ColumnArguments = readonly (ColumnOrName | readonly ColumnOrName[])[]

/** Names of the columns that the row type lists: none when it is `Row`, whose columns only the query knows. */
export type KnownColumn<R extends object> = string extends keyof R ? never : keyof R & string

/** A row with one more column. What is in it only the query knows. */
// biome-ignore lint/suspicious/noExplicitAny: the type of an expression is not known to TypeScript
export type WithColumn<R extends object, N extends string> = Omit<R, N> & Record<N, any>

export function flattened(columns: ColumnArguments): ColumnOrName[] {
  return columns.flat() as ColumnOrName[]
}

export abstract class Transforms<R extends object = Row> {
  /** The unresolved plan. */
  readonly plan: Relation
  /** The SQL text that spans in the plan point into. */
  protected readonly text: string | undefined

  constructor(plan: Relation, text?: string) {
    this.plan = { ...plan, planId: ++planIds }
    this.text = text
  }

  /** The other side's plan, to become part of this one: its places are kept when they are places in the same text. */
  #taken<O extends object>(other: Transforms<O>): Relation {
    return other.text === undefined || other.text === this.text ? other.plan : withoutSpans(other.plan)
  }

  /** A DataFrame over another plan, in the same session. */
  protected abstract over<T extends object = Row>(plan: Relation): DataFrame<T>

  /** A column of this DataFrame, also where another one has a column of that name. @example a.join(b, a.col('id').eq(b.col('id'))) */
  col(name: string & (keyof R | string)): Column {
    return new Column(attributeOf(name, this.plan.planId))
  }

  /** Columns by name or expression; `'*'` is all of them. @example df.select('name', col('age').plus(1).as('next')) */
  select<K extends KnownColumn<R>>(...columns: readonly K[]): DataFrame<Pick<R, K>>
  select<T extends object = Row>(...columns: ColumnArguments): DataFrame<T>
  select<T extends object>(...columns: ColumnArguments): DataFrame<T> {
    return this.over({ kind: 'Project', input: this.plan, expressions: flattened(columns).map(c => named(c).node) })
  }

  /** Columns as SQL expressions. @example df.selectExpr('name', 'age + 1 AS next') */
  selectExpr<T extends object = Row>(...expressions: readonly string[]): DataFrame<T> {
    return this.over({ kind: 'Project', input: this.plan, expressions: expressions.map(text => ({ kind: 'ExpressionString', text }) as const) })
  }

  /** Rows for which the condition holds: a column or SQL text. @example df.filter(col('age').gt(25)), df.filter('age > 25') */
  filter(condition: Column | string): DataFrame<R> {
    return this.over<R>({ kind: 'Filter', input: this.plan, condition: conditionOf(condition) })
  }
  /** The same as `filter`. */
  where(condition: Column | string): DataFrame<R> {
    return this.filter(condition)
  }

  /** Adds a column, or replaces the one of that name. @example df.withColumn('gross', col('net').times(1.2)) */
  withColumn<N extends string>(name: N, column: Column): DataFrame<WithColumn<R, N>> {
    return this.over<WithColumn<R, N>>({ kind: 'WithColumns', input: this.plan, columns: [{ name, expr: column.node }] })
  }
  /** Adds or replaces several columns, all computed from the columns as they were. */
  withColumns(columns: Readonly<Record<string, Column>>): DataFrame {
    return this.over({ kind: 'WithColumns', input: this.plan, columns: Object.entries(columns).map(([name, c]) => ({ name, expr: c.node })) })
  }
  /** Renames a column; nothing happens when there is none of that name. */
  withColumnRenamed(from: string, to: string): DataFrame {
    return this.withColumnsRenamed({ [from]: to })
  }
  withColumnsRenamed(renames: Readonly<Record<string, string>>): DataFrame {
    return this.over({ kind: 'WithColumnsRenamed', input: this.plan, renames })
  }
  /** Leaves columns out; names that do not exist are ignored. */
  drop<K extends string>(...columns: readonly K[]): DataFrame<Omit<R, K>> {
    return this.over<Omit<R, K>>({ kind: 'Drop', input: this.plan, columns })
  }
  /** New names for all columns, by position. */
  toDF(...columns: readonly string[]): DataFrame {
    return this.over({ kind: 'ToDF', input: this.plan, columns })
  }
  /** A name for this DataFrame in qualified columns. @example df.as('a').join(df.as('b'), expr('a.id = b.parent')) */
  alias(name: string): DataFrame<R> {
    return this.over<R>({ kind: 'SubqueryAlias', input: this.plan, alias: name })
  }
  /** The same as `alias`. */
  as(name: string): DataFrame<R> {
    return this.alias(name)
  }

  /** Groups for aggregation; without columns, all rows are one group. @example df.groupBy('country').agg(functions.sum('sales')) */
  groupBy(...columns: ColumnArguments): GroupedData {
    return new GroupedData(
      this.plan,
      flattened(columns).map(c => named(c).node),
      plan => this.over(plan),
    )
  }
  /** Aggregates over all rows. @example df.agg({ sales: 'sum' }), df.agg(functions.max('age')) */
  agg<T extends object = Row>(...aggregates: readonly Column[] | [Readonly<Record<string, string>>]): DataFrame<T> {
    return this.groupBy().agg<T>(...(aggregates as readonly Column[]))
  }

  /**
   * Joins on columns that both sides have (they appear once), or on a condition.
   *
   * @param on - a name, several names, a condition or several (all must hold); absent: every pair
   * @example a.join(b, 'id'), a.join(b, ['id', 'day'], 'left'), a.join(b, a.col('id').eq(b.col('parent')), 'semi')
   */
  join<O extends object>(
    other: Transforms<O>,
    on?: string | readonly string[] | Column | readonly Column[],
    how: JoinTypeName | (string & {}) = 'inner',
  ): DataFrame {
    const base = { kind: 'Join', left: this.plan, right: this.#taken(other), type: joinTypeOf(how) } as const
    const list = on === undefined ? [] : Array.isArray(on) ? (on as readonly (string | Column)[]) : [on as string | Column]
    if (list.length === 0) return this.over(base)
    if (list.every(c => typeof c === 'string')) return this.over({ ...base, using: list })
    if (list.some(c => typeof c === 'string')) throw new SpkError('SPK_INVALID_CALL', 'join() takes names or conditions, not both.')
    const condition = (list as readonly Column[]).reduce((a, b) => a.and(b)).node
    return this.over({ ...base, condition })
  }
  /** Every pair of rows. */
  crossJoin<O extends object>(other: Transforms<O>): DataFrame {
    return this.join(other, undefined, 'cross')
  }

  /** Sorts all rows; columns ascend with NULLs first unless `desc()`. @example df.orderBy('country', col('sales').desc()) */
  orderBy(...columns: ColumnArguments): DataFrame<R> {
    return this.#sorted(columns, true)
  }
  /** The same as `orderBy`. */
  sort(...columns: ColumnArguments): DataFrame<R> {
    return this.#sorted(columns, true)
  }
  /** Sorts each partition by itself. */
  sortWithinPartitions(...columns: ColumnArguments): DataFrame<R> {
    return this.#sorted(columns, false)
  }
  #sorted(columns: ColumnArguments, global: boolean): DataFrame<R> {
    return this.over<R>({ kind: 'Sort', input: this.plan, order: flattened(columns).map(c => sortOrder(named(c).node)), global })
  }

  /** At most `n` rows: the first ones when sorted, else any. */
  limit(n: number): DataFrame<R> {
    return this.over<R>({ kind: 'Limit', input: this.plan, limit: count(n, 'limit') })
  }
  /** Leaves out the first `n` rows. */
  offset(n: number): DataFrame<R> {
    return this.over<R>({ kind: 'Offset', input: this.plan, offset: count(n, 'offset') })
  }

  /** Each row once. */
  distinct(): DataFrame<R> {
    return this.over<R>({ kind: 'Deduplicate', input: this.plan })
  }
  /** One row of those that agree in these columns; without columns, `distinct()`. */
  dropDuplicates(columns?: readonly string[]): DataFrame<R> {
    return this.over<R>({ kind: 'Deduplicate', input: this.plan, ...(columns === undefined ? {} : { columns }) })
  }

  /** Rows of both, columns by position, duplicates kept. */
  union<O extends object>(other: Transforms<O>): DataFrame<R> {
    return this.#set(other, 'union', true)
  }
  /** The same as `union`. */
  unionAll<O extends object>(other: Transforms<O>): DataFrame<R> {
    return this.union(other)
  }
  /** Rows of both, columns by name; with `allowMissingColumns`, what one side lacks is NULL there. */
  unionByName<O extends object>(other: Transforms<O>, options: { readonly allowMissingColumns?: boolean } = {}): DataFrame {
    const { allowMissingColumns = false } = options
    return this.over({
      kind: 'SetOperation',
      left: this.plan,
      right: this.#taken(other),
      operation: 'union',
      all: true,
      byName: true,
      allowMissingColumns,
    })
  }
  /** Rows that both have, each once. */
  intersect<O extends object>(other: Transforms<O>): DataFrame<R> {
    return this.#set(other, 'intersect', false)
  }
  /** Rows that both have, as often as the one that has fewer. */
  intersectAll<O extends object>(other: Transforms<O>): DataFrame<R> {
    return this.#set(other, 'intersect', true)
  }
  /** Rows that the other has not, each once. */
  except<O extends object>(other: Transforms<O>): DataFrame<R> {
    return this.#set(other, 'except', false)
  }
  /** The same as `except`. */
  subtract<O extends object>(other: Transforms<O>): DataFrame<R> {
    return this.except(other)
  }
  /** Rows of this one, each as often as it occurs here more than in the other. */
  exceptAll<O extends object>(other: Transforms<O>): DataFrame<R> {
    return this.#set(other, 'except', true)
  }
  #set<O extends object>(other: Transforms<O>, operation: 'union' | 'intersect' | 'except', all: boolean): DataFrame<R> {
    return this.over<R>({ kind: 'SetOperation', left: this.plan, right: this.#taken(other), operation, all })
  }

  /** Shuffles into `numPartitions` partitions, by the columns when given, else evenly. @example df.repartition(8, 'country'), df.repartition('country') */
  repartition(...args: readonly [number, ...ColumnOrName[]] | readonly ColumnOrName[]): DataFrame<R> {
    const [first, ...others] = args
    const columns = (typeof first === 'number' ? others : args) as readonly ColumnOrName[]
    return this.over<R>({
      kind: 'Repartition',
      input: this.plan,
      ...(typeof first === 'number' ? { numPartitions: first } : {}),
      columns: columns.map(c => named(c).node),
    })
  }

  /** A hint for the planner. @example big.join(small.hint('broadcast'), 'id') */
  hint(name: string, ...parameters: readonly (LiteralInput | Column)[]): DataFrame<R> {
    const nodes = parameters.map(p => (typeof p === 'string' ? attributeOf(p) : p instanceof Column ? p.node : number(p)))
    return this.over<R>({ kind: 'Hint', input: this.plan, name, parameters: nodes })
  }
}

function conditionOf(condition: Column | string): Expr {
  return typeof condition === 'string' ? { kind: 'ExpressionString', text: condition } : condition.node
}

function count(n: number, what: string): Expr {
  if (!Number.isInteger(n) || n < 0 || n > 2_147_483_647) {
    throw new SpkError('INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE', `${what}() takes a whole number from 0 to 2147483647, not ${n}.`, {
      sqlState: '42K0E',
    })
  }
  return { kind: 'Literal', value: n, type: types.int }
}

function number(value: LiteralInput): Expr {
  if (typeof value !== 'number') throw new SpkError('SPK_INVALID_CALL', 'A hint takes names, columns and whole numbers.')
  return { kind: 'Literal', value, type: types.int }
}
