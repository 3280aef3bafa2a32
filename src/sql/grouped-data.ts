/** What `groupBy` gives: groups waiting for their aggregates. */
import { SpkError } from '../core/errors.js'
import type { Expr } from '../planner/expr.js'
import type { Relation } from '../planner/logical.js'
import { Column, callFunction, col, lit } from './column.js'
import type { DataFrame } from './dataframe.js'
import type { Row } from './row.js'

export class GroupedData {
  readonly #input: Relation
  readonly #grouping: readonly Expr[]
  readonly #over: <T extends object>(plan: Relation) => DataFrame<T>

  constructor(input: Relation, grouping: readonly Expr[], over: <T extends object>(plan: Relation) => DataFrame<T>) {
    this.#input = input
    this.#grouping = grouping
    this.#over = over
  }

  /**
   * One row per group: the grouping columns, then these.
   *
   * @example df.groupBy('country').agg(functions.sum('sales').as('total'), functions.count('*'))
   * @example df.groupBy('country').agg({ sales: 'sum', '*': 'count' })
   */
  agg<T extends object = Row>(...aggregates: readonly Column[] | [Readonly<Record<string, string>>]): DataFrame<T> {
    const [first] = aggregates
    const columns =
      first === undefined || first instanceof Column
        ? (aggregates as readonly Column[])
        : Object.entries(first).map(([column, name]) => callFunction(name, [column === '*' && name === 'count' ? lit(1) : col(column)]))
    if (columns.length === 0) throw new SpkError('SPK_INVALID_CALL', 'agg() needs at least one aggregate.')
    return this.#over<T>({
      kind: 'Aggregate',
      input: this.#input,
      grouping: this.#grouping,
      aggregates: [...this.#grouping, ...columns.map(c => c.node)],
    })
  }

  /** Rows per group, in a column `count`. */
  count(): DataFrame {
    return this.agg(callFunction('count', [lit(1)]).as('count'))
  }
  /** Sums of numeric columns, named `sum(a)`. */
  sum(...columns: readonly string[]): DataFrame {
    return this.#each('sum', columns)
  }
  /** Averages of numeric columns, named `avg(a)`. */
  avg(...columns: readonly string[]): DataFrame {
    return this.#each('avg', columns)
  }
  /** The same as `avg`. */
  mean(...columns: readonly string[]): DataFrame {
    return this.#each('avg', columns)
  }
  /** Smallest values, named `min(a)`. */
  min(...columns: readonly string[]): DataFrame {
    return this.#each('min', columns)
  }
  /** Largest values, named `max(a)`. */
  max(...columns: readonly string[]): DataFrame {
    return this.#each('max', columns)
  }

  #each(name: string, columns: readonly string[]): DataFrame {
    if (columns.length === 0) throw new SpkError('SPK_INVALID_CALL', `${name}() of groups needs the names of the columns.`)
    return this.agg(...columns.map(c => callFunction(name, [col(c)])))
  }
}
