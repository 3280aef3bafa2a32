/**
 * Sizes for planning: bytes as they lie in the files (scaled by the columns read), rows from Parquet footers. Upper bounds where it can be: a filter is
 * not trusted to remove rows, so that nothing large is ever broadcast by mistake.
 */
import { unreachable } from '../core/errors.js'
import type { Attribute, BoundExpr } from './bound.js'
import { cardinality, scanRows } from './cardinality.js'
import { conjunctsOf } from './conjuncts.js'
import type { Estimate } from './physical-plan.js'
import { type JoinPlan, outputOf, type Plan, type ScanPlan } from './plan.js'
import { columnOf } from './selectivity.js'
import { planChildren } from './tree.js'
import { rowWidth, typeWidth } from './type-width.js'

const known = new WeakMap<Plan, Estimate>()

export function estimate(plan: Plan): Estimate {
  let result = known.get(plan)
  if (result === undefined) {
    result = compute(plan)
    known.set(plan, result)
  }
  return result
}

function ofRows(rows: number, output: readonly Attribute[]): Estimate {
  return { rows, bytes: rows * rowWidth(output) }
}

/** The same rows with other columns. */
function reshaped(from: Estimate, before: readonly Attribute[], after: readonly Attribute[]): Estimate {
  const bytes = (from.bytes * rowWidth(after)) / rowWidth(before)
  return from.rows === undefined ? { bytes } : { bytes, rows: from.rows }
}

/** What a recursion is taken to give. */
const recursiveBytes = 2 ** 20

/** What an array is taken to hold where nothing is known of it, as in Spark's sizes. */
const elementsPerArray = 4

function times(from: Estimate, n: number): Estimate {
  return from.rows === undefined ? { bytes: from.bytes * n } : { bytes: from.bytes * n, rows: from.rows * n }
}

function atMost(from: Estimate, rows: number, output: readonly Attribute[]): Estimate {
  if (from.rows !== undefined && from.rows <= rows) return from
  return { rows, bytes: Math.min(from.bytes, rows * rowWidth(output)) }
}

function compute(plan: Plan): Estimate {
  const output = outputOf(plan)
  switch (plan.kind) {
    case 'Scan':
      return scan(plan)
    case 'LocalRows':
      return ofRows(plan.rows, output)
    case 'Values':
      return ofRows(plan.rows.length, output)
    case 'Range': {
      const span = plan.step === 0n ? 0n : (plan.end - plan.start + plan.step - (plan.step > 0n ? 1n : -1n)) / plan.step
      return ofRows(Math.max(0, Number(span)), output)
    }
    case 'Project':
      return reshaped(estimate(plan.input), outputOf(plan.input), output)
    case 'Aggregate':
      if (plan.grouping.length === 0) return ofRows(1, output)
      return reshaped(estimate(plan.input), outputOf(plan.input), output)
    case 'Join':
      return join(plan)
    case 'Limit':
      return atMost(estimate(plan.input), plan.limit, output)
    case 'Union': {
      const inputs = plan.inputs.map(estimate)
      const bytes = inputs.reduce((sum, e) => sum + e.bytes, 0)
      const rows = inputs.reduce<number | undefined>((sum, e) => (sum === undefined || e.rows === undefined ? undefined : sum + e.rows), 0)
      return rows === undefined ? { bytes } : { bytes, rows }
    }
    case 'SetOperation':
    case 'LateralJoin':
      return estimate(plan.left)
    case 'RecursiveCte':
    case 'RecursiveRef':
      // Nothing is known; one task makes and holds them all.
      return { bytes: recursiveBytes }
    case 'Window':
      return reshaped(estimate(plan.input), outputOf(plan.input), output)
    case 'Expand':
      return times(reshaped(estimate(plan.input), outputOf(plan.input), output), plan.projections.length)
    case 'Generate':
      return times(reshaped(estimate(plan.input), outputOf(plan.input), output), elementsPerArray)
    case 'Filter':
    case 'WindowGroupLimit':
    case 'Sort':
    case 'Offset':
    case 'Distinct':
    case 'SubqueryAlias':
    case 'Hint':
    case 'Repartition':
      return estimate(plan.input)
    default:
      return unreachable(plan)
  }
}

function scan(plan: ScanPlan): Estimate {
  const size = plan.files.reduce((sum, f) => sum + f.file.size, 0)
  const whole = plan.fileSchema.fields.reduce((sum, f) => sum + typeWidth(f.type), 8)
  const bytes = (size * rowWidth(plan.output)) / whole
  const rows = scanRows(plan)
  return rows === undefined ? { bytes } : { bytes, rows }
}

/** An equi-join is taken to keep at most as many rows as its larger side has, or as many as statistics make likely; without keys it is the product. */
function join(plan: JoinPlan): Estimate {
  const left = estimate(plan.left)
  const right = estimate(plan.right)
  if (plan.type === 'semi' || plan.type === 'anti') return left
  const equi = conjunctsOf(plan.condition).some(c => c.kind === 'Call' && (c.fn === '=' || c.fn === '<=>'))
  if (left.rows === undefined || right.rows === undefined)
    return { bytes: equi ? left.bytes + right.bytes : Math.max(left.bytes, 1) * Math.max(right.bytes, 1) }
  const rows = equi ? Math.max(left.rows, right.rows, cardinality(plan)?.rows ?? 0) : left.rows * right.rows
  const width = left.bytes / Math.max(1, left.rows) + right.bytes / Math.max(1, right.rows)
  return { rows, bytes: rows * width }
}

/** Bytes that a plan is likely to give: the bound, scaled by how many of its rows there are likely to be. */
export function likelyBytes(plan: Plan): number {
  const bound = estimate(plan)
  const likely = cardinality(plan)
  return likely === undefined || !bound.rows ? bound.bytes : (bound.bytes * likely.rows) / bound.rows
}

/** A side that is likely so many times smaller than the threshold is broadcast, unless it may be so many times larger. */
const likelyMargin = 1.5
const boundMargin = 16
/** Rows that conditions must leave out before their number is taken for the size. */
const mostKept = 0.5

/** Whether conditions whose effect statistics tell most likely make a plan smaller than a threshold, and it is not over it by far if they do not. */
export function isLikelyUnder(plan: Plan, threshold: number): boolean {
  const bound = estimate(plan)
  const likely = cardinality(plan)
  if (likely === undefined || !bound.rows || likely.rows > bound.rows * mostKept || bound.bytes > threshold * boundMargin) return false
  const width = Math.min(bound.bytes / bound.rows, rowWidth(outputOf(plan)))
  return likely.rows * width <= threshold / likelyMargin && conditionsAreKnown(plan)
}

const comparisons = new Set(['=', '<=>', '<', '<=', '>', '>=', 'in', 'isnull', 'isnotnull'])

const sized = new Set(['Scan', 'LocalRows', 'Values', 'Project', 'Filter', 'Join', 'SubqueryAlias'])

/** Whether a plan is made of joins and conditions, none of which was estimated by a rule of thumb. */
function conditionsAreKnown(plan: Plan): boolean {
  if (!sized.has(plan.kind)) return false
  if (plan.kind === 'Filter') {
    const columns = cardinality(plan.input)?.columns
    const isKnown = (e: BoundExpr): boolean => {
      if (e.kind !== 'Call') return e.kind === 'Literal'
      if (e.fn === 'and' || e.fn === 'or' || e.fn === 'not') return e.args.every(isKnown)
      const [value, ...others] = e.args.map(a => columnOf(a) ?? a)
      const of = typeof value === 'number' ? columns?.get(value) : undefined
      const hasEnds = of?.min !== undefined || ['=', '<=>', 'in', 'isnull', 'isnotnull'].includes(e.fn)
      return comparisons.has(e.fn) && of !== undefined && hasEnds && others.every(o => typeof o !== 'number' && o.kind === 'Literal')
    }
    if (!isKnown(plan.condition)) return false
  }
  return planChildren(plan).every(conditionsAreKnown)
}
