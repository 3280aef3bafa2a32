/**
 * What a partial aggregation in some place saves, in nanoseconds of one core, by rough rules: each row that it takes away is not joined, moved or grouped
 * above. Undefined where statistics do not say how many groups there are. Called by `push-partial-aggregation.ts`.
 */
import { type Attribute, type BoundExpr, isNullable } from '../../bound.js'
import { cardinality } from '../../cardinality.js'
import type { Plan } from '../../plan.js'

/** Of a row that a join looks up, one that an exchange moves, and one that is grouped, beside its keys. */
export const joinedRow = 20
export const movedRow = 60
const groupedRow = 12
const fixedKey = 6
const textKey = 30
/** Of a row whose group is not in the processor's caches. */
const farGroup = 25
const manyGroups = 50_000

/** Fewer groups than this part of the rows are worth making: estimates are rough. */
const mostLeft = 0.5
/** What is saved is so many times what it costs, at least. */
const worthwhile = 1.8

export function groupingCost(keys: readonly BoundExpr[], groups: number): number {
  const text = keys.filter(k => k.type.kind === 'string' || k.type.kind === 'binary').length
  return groupedRow + fixedKey * (keys.length - text) + textKey * text + (groups > manyGroups ? farGroup : 0)
}

/** `above`: what becomes of the plan's rows costs so much. `tasks`: so many of them make groups, each for itself. */
export function gainOf(plan: Plan, keys: readonly Attribute[], above: number, tasks: number): number | undefined {
  const rows = cardinality(plan)?.rows
  const groups = groupsPerTask(plan, keys, tasks)
  if (rows === undefined || groups === undefined || rows === 0) return undefined
  const left = Math.min(1, (groups * tasks) / rows)
  const cost = rows * groupingCost(keys, groups)
  const saved = above * (1 - left)
  return left <= mostLeft && saved >= cost * worthwhile ? saved - cost : undefined
}

/** Different keys among the rows of one task. Conditions on one column alone leave that part of its values. */
function groupsPerTask(plan: Plan, keys: readonly Attribute[], tasks: number): number | undefined {
  const known = cardinality(plan)
  if (known === undefined) return undefined
  let values = 1
  let inOrder = false
  for (const key of keys) {
    const column = known.columns.get(key.id)
    if (column === undefined) return undefined
    values *= Math.max(1, column.distinct * (column.kept ?? 1)) + (isNullable(key) && column.nullFraction > 0 ? 1 : 0)
    inOrder ||= column.clustered
  }
  // Of rows that lie together each task has groups of its own; of others, those that chance brings it.
  if (inOrder) return values / tasks
  return values * (1 - Math.exp(-known.rows / tasks / values))
}
