/** Window specifications for `Column.over`. */
import type { Expr, FrameBoundary, Window as WindowNode } from '../planner/expr.js'
import { type ColumnOrName, named } from './column.js'

type Spec = Pick<WindowNode, 'partitionBy' | 'orderBy' | 'frame'>

/** Which rows a window function sees. Immutable; starts with `Window`. */
export class WindowSpec {
  readonly spec: Spec
  constructor(spec: Spec) {
    this.spec = spec
  }

  /** Rows with the same values of these columns belong together. */
  partitionBy(...columns: readonly ColumnOrName[]): WindowSpec {
    return new WindowSpec({ ...this.spec, partitionBy: columns.map(c => named(c).node) })
  }
  /** Order within a partition; columns ascend unless `desc()`. */
  orderBy(...columns: readonly ColumnOrName[]): WindowSpec {
    return new WindowSpec({ ...this.spec, orderBy: columns.map(c => sortOrder(named(c).node)) })
  }
  /** The frame in rows: `rowsBetween(-1, 0)`, `rowsBetween(Window.unboundedPreceding, Window.currentRow)`. */
  rowsBetween(start: number, end: number): WindowSpec {
    return this.#framed('rows', start, end)
  }
  /** The frame in units of the ordering column. */
  rangeBetween(start: number, end: number): WindowSpec {
    return this.#framed('range', start, end)
  }
  #framed(type: 'rows' | 'range', start: number, end: number): WindowSpec {
    return new WindowSpec({ ...this.spec, frame: { type, lower: boundary(start), upper: boundary(end) } })
  }
}

function boundary(offset: number): FrameBoundary {
  if (offset === 0) return { kind: 'currentRow' }
  if (!Number.isFinite(offset)) return { kind: 'unbounded' }
  return { kind: 'offset', value: { kind: 'Literal', value: offset, type: { kind: 'int' } } }
}

/** An expression as a sort key: ascending unless it says otherwise. */
export function sortOrder(node: Expr): Expr {
  return node.kind === 'SortOrder' ? node : { kind: 'SortOrder', child: node, ascending: true }
}

const empty = new WindowSpec({ partitionBy: [], orderBy: [] })

/** Where window specifications start. @example Window.partitionBy('country').orderBy(col('sales').desc()) */
export const Window = {
  partitionBy: (...columns: readonly ColumnOrName[]): WindowSpec => empty.partitionBy(...columns),
  orderBy: (...columns: readonly ColumnOrName[]): WindowSpec => empty.orderBy(...columns),
  rowsBetween: (start: number, end: number): WindowSpec => empty.rowsBetween(start, end),
  rangeBetween: (start: number, end: number): WindowSpec => empty.rangeBetween(start, end),
  /** The first row of the partition. */
  unboundedPreceding: Number.NEGATIVE_INFINITY,
  /** The last row of the partition. */
  unboundedFollowing: Number.POSITIVE_INFINITY,
  currentRow: 0,
} as const
