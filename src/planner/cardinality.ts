/**
 * How many rows a logical plan is likely to give, and what is known of its columns: what join order and build sides are chosen by. Starts from Parquet
 * footers and from what ANALYZE TABLE has found; undefined where a source has neither. Sizes that something may be broadcast by are upper bounds and another matter: `size-bounds.ts`.
 * Equi-joins follow System R (Selinger et al. 1979) with one change: footers bound the distinct values of both keys from above, and a foreign key has no
 * value that its primary key lacks, so the smaller of the two bounds divides.
 */
import { unreachable } from '../core/errors.js'
import { type BoundExpr, type NamedExpr, unaliased } from './bound.js'
import { type ColumnStatistics, columnStatistics } from './column-statistics.js'
import { conjunctsOf } from './conjuncts.js'
import { type JoinPlan, outputOf, type Plan, type ScanPlan } from './plan.js'
import { columnOf, selectivity } from './selectivity.js'
import { analyzedStatistics } from './table-statistics.js'
import { references } from './tree.js'

export interface Cardinality {
  readonly rows: number
  /** By column id. Distinct values and ends are those of the table: filters above do not narrow them, rows do. */
  readonly columns: ReadonlyMap<number, ColumnStatistics>
}

/** Groups that a condition on their aggregates keeps (conditions on their keys are below the grouping): who asks is after the few that stand out. */
const havingKept = 0.1

function isGroups(plan: Plan): boolean {
  return plan.kind === 'Aggregate' || (plan.kind === 'Project' && isGroups(plan.input))
}

/** What an array is taken to hold. */
const elementsPerArray = 4

const none: ReadonlyMap<number, ColumnStatistics> = new Map()
const known = new WeakMap<Plan, { readonly value: Cardinality | undefined }>()

export function cardinality(plan: Plan): Cardinality | undefined {
  let found = known.get(plan)
  if (found === undefined) {
    found = { value: compute(plan) }
    known.set(plan, found)
  }
  return found.value
}

function compute(plan: Plan): Cardinality | undefined {
  switch (plan.kind) {
    case 'Scan': {
      const rows = scanRows(plan)
      if (rows === undefined) return undefined
      const columns = new Map<number, ColumnStatistics>()
      for (const a of plan.output) {
        const footers = columnStatistics(plan.files, a.name, a.type)
        const analyzed = plan.statistics && analyzedStatistics(plan.statistics, a.name, a.type, footers?.clustered ?? false)
        const statistics = analyzed ?? footers
        if (statistics !== undefined) columns.set(a.id, statistics)
      }
      return { rows, columns }
    }
    case 'LocalRows':
      return { rows: plan.rows, columns: none }
    case 'Values':
      return { rows: plan.rows.length, columns: none }
    case 'Range': {
      const span = plan.step === 0n ? 0n : (plan.end - plan.start + plan.step - (plan.step > 0n ? 1n : -1n)) / plan.step
      const rows = Math.max(0, Number(span))
      const [first, last] = [Number(plan.start), Number(plan.start + BigInt(Math.max(0, rows - 1)) * plan.step)]
      const id = { min: Math.min(first, last), max: Math.max(first, last), nullFraction: 0, distinct: Math.max(1, rows), clustered: false }
      return { rows, columns: new Map([[plan.output[0].id, id]]) }
    }
    case 'Project': {
      const input = cardinality(plan.input)
      return input && { rows: input.rows, columns: renamed(input.columns, plan.expressions) }
    }
    case 'Filter': {
      const input = cardinality(plan.input)
      if (input === undefined) return undefined
      const kept = selectivity(plan.condition, id => input.columns.get(id))
      return { ...input, rows: input.rows * (isGroups(plan.input) ? Math.min(kept, havingKept) : kept) }
    }
    case 'Aggregate': {
      const input = cardinality(plan.input)
      return input && { rows: groups(plan.grouping, input), columns: renamed(input.columns, plan.aggregates) }
    }
    case 'Distinct': {
      const input = cardinality(plan.input)
      return input && { ...input, rows: groups(outputOf(plan.input), input) }
    }
    case 'Join':
      return join(plan)
    case 'Limit': {
      const input = cardinality(plan.input)
      return input && { ...input, rows: Math.min(input.rows, plan.limit) }
    }
    case 'Offset': {
      const input = cardinality(plan.input)
      return input && { ...input, rows: Math.max(0, input.rows - plan.offset) }
    }
    case 'Union': {
      let rows = 0
      for (const input of plan.inputs) {
        const of = cardinality(input)
        if (of === undefined) return undefined
        rows += of.rows
      }
      return { rows, columns: none }
    }
    case 'SetOperation':
      return cardinality(plan.left)
    case 'Expand': {
      const input = cardinality(plan.input)
      return input && { rows: input.rows * plan.projections.length, columns: none }
    }
    case 'Generate': {
      const input = cardinality(plan.input)
      return input && { ...input, rows: input.rows * elementsPerArray }
    }
    case 'LateralJoin':
    case 'RecursiveCte':
    case 'RecursiveRef':
      return undefined
    case 'Window':
    case 'Sort':
    case 'SubqueryAlias':
    case 'Hint':
    case 'Repartition':
      return cardinality(plan.input)
    default:
      return unreachable(plan)
  }
}

/** By the footers, which are of these very files; else as many as ANALYZE TABLE has counted, in as much as the files are as large as they were. */
export function scanRows({ files, statistics }: ScanPlan): number | undefined {
  if (files.every(f => f.rowGroups !== undefined)) return files.reduce((sum, f) => sum + (f.rowGroups ?? []).reduce((n, g) => n + g.rows, 0), 0)
  if (statistics?.rows === undefined) return undefined
  const bytes = files.reduce((sum, f) => sum + f.file.size, 0)
  return statistics.bytes === 0 ? statistics.rows : Math.round((statistics.rows * bytes) / statistics.bytes)
}

function renamed(columns: Cardinality['columns'], list: readonly NamedExpr[]): Cardinality['columns'] {
  const out = new Map<number, ColumnStatistics>()
  for (const e of list) {
    const from = columnOf(unaliased(e))
    const statistics = from === undefined ? undefined : columns.get(from)
    if (statistics !== undefined) out.set(e.id, statistics)
  }
  return out
}

/** Groups of a GROUP BY: the product of the distinct values of all columns it reads, no more than rows. */
function groups(grouping: readonly BoundExpr[], input: Cardinality): number {
  const read = new Set(grouping.flatMap(g => [...references(g)]))
  let product = 1
  for (const id of read) product *= input.columns.get(id)?.distinct ?? Number.POSITIVE_INFINITY
  return Math.min(product, grouping.length === 0 ? 1 : input.rows)
}

function join(plan: JoinPlan): Cardinality | undefined {
  const left = cardinality(plan.left)
  const right = cardinality(plan.right)
  return left && right && joined(plan.type, left, right, plan.condition)
}

/** What a join of two inputs gives. Also called by the search for a join order, on inputs that are no plans yet. */
export function joined(type: JoinPlan['type'], left: Cardinality, right: Cardinality, condition: BoundExpr | undefined): Cardinality {
  const columns = new Map([...left.columns, ...right.columns])
  const rest: BoundExpr[] = []
  const keys: number[] = []
  for (const c of conjunctsOf(condition)) {
    const distinct = keyValues(c, left, right)
    if (distinct === undefined) rest.push(c)
    else keys.push(distinct)
  }
  // Several keys depend on one another (the parts of a composite key, say): together they have no more values than the smaller input has rows.
  const values = Math.min(
    keys.reduce((a, b) => a * b, 1),
    Math.max(1, ...keys, Math.min(left.rows, right.rows)),
  )
  const kept = restSelectivity(rest, columns)
  const matches = Math.max(Math.min(1, left.rows, right.rows), (left.rows * right.rows * kept) / values)
  switch (type) {
    case 'inner':
    case 'cross':
      return { rows: matches, columns }
    case 'left':
      return { rows: Math.max(left.rows, matches), columns }
    case 'right':
      return { rows: Math.max(right.rows, matches), columns }
    case 'full':
      return { rows: Math.max(left.rows + right.rows - matches, matches, left.rows, right.rows), columns }
    case 'semi':
      return { rows: left.rows * partner(right, kept, values), columns: left.columns }
    case 'anti':
      return { rows: left.rows * Math.max(0.1, 1 - partner(right, kept, values)), columns: left.columns }
    default:
      return unreachable(type)
  }
}

/** Of a disjunction over both sides, what it says of each alone is a filter below already (`InferFiltersFromDisjunctions`). */
const disjunctionKeeps = 0.5

function restSelectivity(rest: readonly BoundExpr[], columns: Cardinality['columns']): number {
  const isDisjunction = (e: BoundExpr) => e.kind === 'Call' && e.fn === 'or'
  const others = rest.filter(e => !isDisjunction(e))
  return selectivity(and(others), id => columns.get(id)) * disjunctionKeeps ** (rest.length - others.length)
}

/** The part of left rows that find a partner. */
function partner(right: Cardinality, kept: number, values: number): number {
  return Math.min(1, (right.rows * kept) / values)
}

function and(conditions: readonly BoundExpr[]): BoundExpr | undefined {
  return conditions.length < 2 ? conditions[0] : { kind: 'Call', fn: 'and', args: conditions, type: { kind: 'boolean' }, nullable: true }
}

/** Distinct values of an equality between the two inputs; undefined for any other condition. */
function keyValues(c: BoundExpr, left: Cardinality, right: Cardinality): number | undefined {
  if (c.kind !== 'Call' || (c.fn !== '=' && c.fn !== '<=>') || references(c).size < 2) return undefined
  const bounds = c.args.map(a => {
    const id = columnOf(a)
    return id === undefined ? undefined : (left.columns.get(id) ?? right.columns.get(id))?.distinct
  })
  const [a, b] = bounds
  if (a !== undefined && b !== undefined) return Math.max(1, Math.min(a, b))
  // Of an unknown key the larger input is taken to hold a foreign key of the smaller one.
  return Math.max(1, a ?? b ?? Math.min(left.rows, right.rows))
}
