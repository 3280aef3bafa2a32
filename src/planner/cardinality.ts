/**
 * How many rows a logical plan is likely to give, and what is known of its columns: what join order and build sides are chosen by. Starts from Parquet
 * footers and from what ANALYZE TABLE has found; undefined where a source has neither. Sizes that something may be broadcast by are upper bounds and
 * another matter: `size-bounds.ts`. Joins: `join-cardinality.ts`.
 */
import { unreachable } from '../core/errors.js'
import { type Attribute, type BoundExpr, type NamedExpr, unaliased } from './bound.js'
import { type ColumnStatistics, columnStatistics } from './column-statistics.js'
import { conjunctsOf } from './conjuncts.js'
import { isHeldBy } from './decimal-rules.js'
import { exprKey } from './expr-key.js'
import { type Cardinality, joined, type Key } from './join-cardinality.js'
import { type AggregatePlan, type ExpandPlan, type JoinPlan, outputOf, type Plan, type ScanPlan } from './plan.js'
import { columnOf, selectivity } from './selectivity.js'
import { analyzedStatistics } from './table-statistics.js'
import { references } from './tree.js'

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
        const analyzed = plan.statistics && analyzedStatistics(plan.statistics, a.name, a.type, footers)
        const statistics = analyzed ?? footers
        if (statistics !== undefined) columns.set(a.id, statistics)
      }
      return { rows, columns, keys: [...columns].filter(([, c]) => c.unique).map(([id, c]) => ({ columns: [id], values: c.distinct })) }
    }
    case 'LocalRows':
      return { rows: plan.rows, columns: none, keys: [] }
    case 'Values':
      return { rows: plan.rows.length, columns: none, keys: [] }
    case 'Range': {
      const span = plan.step === 0n ? 0n : (plan.end - plan.start + plan.step - (plan.step > 0n ? 1n : -1n)) / plan.step
      const rows = Math.max(0, Number(span))
      const [first, last] = [Number(plan.start), Number(plan.start + BigInt(Math.max(0, rows - 1)) * plan.step)]
      const id = {
        min: Math.min(first, last),
        max: Math.max(first, last),
        nullFraction: 0,
        distinct: Math.max(1, rows),
        unique: true,
        run: 1,
        clustered: false,
      }
      return { rows, columns: new Map([[plan.output[0].id, id]]), keys: [{ columns: [plan.output[0].id], values: id.distinct }] }
    }
    case 'Project': {
      const input = cardinality(plan.input)
      return input && { rows: input.rows, columns: renamed(input.columns, plan.expressions), keys: renamedKeys(input.keys, plan.expressions) }
    }
    case 'Filter': {
      const input = cardinality(plan.input)
      if (input === undefined) return undefined
      const kept = selectivity(plan.condition, id => input.columns.get(id))
      const rows = input.rows * (isGroups(plan.input) ? Math.min(kept, havingKept) : kept)
      return { ...input, rows, columns: narrowed(input.columns, plan.condition) }
    }
    case 'Aggregate': {
      const input = cardinality(plan.input)
      if (input === undefined) return undefined
      const rows = groups(plan.grouping, input)
      return { rows, columns: renamed(input.columns, plan.aggregates), keys: plan.partial ? [] : keyOfGroups(plan, rows) }
    }
    case 'Distinct': {
      const input = cardinality(plan.input)
      if (input === undefined) return undefined
      const rows = groups(outputOf(plan.input), input)
      return { ...input, rows, keys: [...input.keys, { columns: outputOf(plan.input).map(a => a.id), values: rows }] }
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
      const inputs: Cardinality[] = []
      for (const input of plan.inputs) {
        const of = cardinality(input)
        if (of === undefined) return undefined
        inputs.push(of)
      }
      const rows = inputs.reduce((sum, of) => sum + of.rows, 0)
      return { rows, columns: unionColumns(plan.output, plan.inputs.map(outputOf), inputs), keys: [] }
    }
    case 'SetOperation':
      return cardinality(plan.left)
    case 'Expand': {
      const input = cardinality(plan.input)
      return input && { rows: input.rows * plan.projections.length, columns: expandedColumns(plan, input), keys: [] }
    }
    case 'Generate': {
      const input = cardinality(plan.input)
      return input && { ...input, rows: input.rows * elementsPerArray, keys: [] }
    }
    case 'LateralJoin':
    case 'RecursiveCte':
    case 'RecursiveRef':
      return undefined
    case 'Window':
    case 'WindowGroupLimit':
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

/** Columns with what conditions on each of them alone keep. */
function narrowed(columns: Cardinality['columns'], condition: BoundExpr): Cardinality['columns'] {
  const out = new Map(columns)
  for (const c of conjunctsOf(condition)) {
    const [id, ...others] = references(c)
    const known = id === undefined || others.length > 0 ? undefined : out.get(id)
    if (id !== undefined && known !== undefined) out.set(id, { ...known, kept: (known.kept ?? 1) * selectivity(c, of => columns.get(of)) })
  }
  return out
}

function renamed(columns: Cardinality['columns'], list: readonly NamedExpr[]): Cardinality['columns'] {
  const out = new Map<number, ColumnStatistics>()
  for (const e of list) {
    const value = unaliased(e)
    const from = columnOf(value)
    const statistics = from === undefined ? undefined : columns.get(from)
    if (statistics !== undefined) out.set(e.id, isUnchanged(value) ? statistics : { ...statistics, likelyEnds: true })
  }
  return out
}

/** Whether casts have left every value as it was. */
function isUnchanged(e: BoundExpr): boolean {
  return e.kind === 'Cast' ? isHeldBy(e.child.type, e.type) && isUnchanged(e.child) : e.kind === 'Attribute'
}

/** Keys of which all columns are still there, under the names they have now. */
function renamedKeys(keys: readonly Key[], list: readonly NamedExpr[]): Key[] {
  const now = new Map<number, number>()
  for (const e of list) {
    const from = columnOf(unaliased(e))
    if (from !== undefined) now.set(from, e.id)
  }
  const kept: Key[] = []
  for (const key of keys) {
    const columns = key.columns.map(id => now.get(id)).filter(id => id !== undefined)
    if (columns.length === key.columns.length) kept.push({ ...key, columns })
  }
  return kept
}

/** What an aggregate groups by is there once, when its output has all of it. */
function keyOfGroups({ grouping, aggregates }: AggregatePlan, values: number): Key[] {
  const byKey = new Map(aggregates.map(e => [exprKey(unaliased(e)), e.id]))
  const columns = grouping.map(g => byKey.get(exprKey(g))).filter(id => id !== undefined)
  return columns.length === grouping.length && columns.length > 0 ? [{ columns, values }] : []
}

/** Of columns that all inputs know. What one input holds, the others are taken to hold too, as foreign keys of one table do. */
function unionColumns(
  output: readonly Attribute[],
  outputs: readonly (readonly Attribute[])[],
  inputs: readonly Cardinality[],
): Cardinality['columns'] {
  const columns = new Map<number, ColumnStatistics>()
  for (const [i, { id }] of output.entries()) {
    const all = inputs.map((input, n) => input.columns.get(outputs[n]?.[i]?.id ?? -1)).filter(c => c !== undefined)
    if (all.length < inputs.length) continue
    const [mins, maxs] = [all.map(c => c.min).filter(v => v !== undefined), all.map(c => c.max).filter(v => v !== undefined)]
    columns.set(id, {
      ...(mins.length < all.length || maxs.length < all.length ? {} : { min: Math.min(...mins), max: Math.max(...maxs) }),
      ...(all.some(c => c.likelyEnds) ? { likelyEnds: true } : {}),
      nullFraction: all.reduce((sum, c) => sum + c.nullFraction, 0) / all.length,
      distinct: Math.max(...all.map(c => c.distinct)),
      unique: false,
      run: Math.min(...all.map(c => c.run)),
      clustered: false,
    })
  }
  return columns
}

/** Of columns that are in every projection the same one, or NULL. */
function expandedColumns({ projections, output }: ExpandPlan, input: Cardinality): Cardinality['columns'] {
  const columns = new Map<number, ColumnStatistics>()
  for (const [i, { id }] of output.entries()) {
    const sources = projections.map(p => p[i]).filter(e => e !== undefined && !(e.kind === 'Literal' && e.value === null))
    const ids = new Set(sources.map(e => (e === undefined ? undefined : columnOf(e))))
    const [from] = ids
    const known = ids.size === 1 && from !== undefined ? input.columns.get(from) : undefined
    if (known !== undefined) columns.set(id, { ...known, unique: false, clustered: false })
  }
  return columns
}

/** Groups of a GROUP BY: the product of the distinct values of all columns it reads, no more than rows, or runs of rows. */
function groups(grouping: readonly BoundExpr[], input: Cardinality): number {
  const read = new Set(grouping.flatMap(g => [...references(g)]))
  let product = 1
  for (const id of read) {
    const known = input.columns.get(id)
    product *= known === undefined ? Number.POSITIVE_INFINITY : Math.min(known.distinct, Math.max(1, input.rows / known.run))
  }
  return Math.min(product, grouping.length === 0 ? 1 : input.rows)
}

function join(plan: JoinPlan): Cardinality | undefined {
  const left = cardinality(plan.left)
  const right = cardinality(plan.right)
  return left && right && joined(plan.type, left, right, plan.condition)
}
