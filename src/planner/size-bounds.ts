/**
 * Sizes for planning: bytes as they lie in the files (scaled by the columns read), rows from Parquet footers. Upper bounds where it can be: a filter is
 * not trusted to remove rows, so that nothing large is ever broadcast by mistake.
 */
import { unreachable } from '../core/errors.js'
import type { Attribute } from './bound.js'
import { cardinality, scanRows } from './cardinality.js'
import { conjunctsOf } from './conjuncts.js'
import type { Estimate } from './physical-plan.js'
import { type JoinPlan, outputOf, type Plan, type ScanPlan } from './plan.js'
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
