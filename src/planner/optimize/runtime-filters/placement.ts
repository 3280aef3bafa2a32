/**
 * Where below a side of a join its rows can be filtered by a key of that join: as deep as every row that is dropped there would be dropped by the join
 * anyway, whole groups and whole windows included.
 */
import type { Attribute } from '../../bound.js'
import { outputOf, type Plan } from '../../plan.js'
import { planChildren } from '../../tree.js'
import { columnBelow, type KeySource, keySources } from './key-sources.js'

export interface Placement {
  /** The filter goes above this node. */
  readonly at: Plan
  readonly key: Attribute
  /** The topmost node on the way for which fewer rows are much less work; undefined: none. */
  readonly relieved: Plan | undefined
  /** What restricts the key already: all that gives it, from the side of the join, or the input of a union, down. */
  readonly present: readonly KeySource[]
}

/** `isCostly`: whether a node gains from fewer rows. Several places when there is a union. */
export function placements(plan: Plan, id: number, isCostly: (plan: Plan) => boolean, above?: Plan): readonly Placement[] {
  const present = keySources(plan, id)
  return places(plan, id, isCostly, above).map(p => ({ ...p, present: [...p.present, ...present] }))
}

function places(plan: Plan, id: number, isCostly: (plan: Plan) => boolean, above?: Plan): readonly Placement[] {
  const relieved = above ?? (isCostly(plan) ? plan : undefined)
  const go = (input: Plan, column = id) => places(input, column, isCostly, relieved)
  switch (plan.kind) {
    case 'Project': {
      const from = columnBelow(plan.expressions, id)
      return from === undefined ? here(plan, id, above) : go(plan.input, from)
    }
    case 'Aggregate': {
      const from = columnBelow(plan.aggregates, id)
      const isKey = from !== undefined && plan.grouping.some(g => g.kind === 'Attribute' && g.id === from)
      return isKey ? go(plan.input, from) : here(plan, id, above)
    }
    case 'Window': {
      const inAll = plan.windows.every(w => w.child.kind === 'Window' && w.child.partitionBy.some(p => p.kind === 'Attribute' && p.id === id))
      return inAll ? go(plan.input) : here(plan, id, above)
    }
    case 'Filter':
      // What is read is filtered before it is looked up.
      return planChildren(plan.input).length === 0 ? here(plan, id, above) : go(plan.input)
    case 'Sort':
    case 'Distinct':
    case 'SubqueryAlias':
    case 'Hint':
    case 'Repartition':
      return go(plan.input)
    case 'Join': {
      const isLeft = outputOf(plan.left).some(a => a.id === id)
      if (plan.type === 'inner' || plan.type === 'cross') return go(isLeft ? plan.left : plan.right)
      if (isLeft && (plan.type === 'left' || plan.type === 'semi' || plan.type === 'anti')) return go(plan.left)
      return !isLeft && plan.type === 'right' ? go(plan.right) : here(plan, id, above)
    }
    case 'Union': {
      const at = plan.output.findIndex(a => a.id === id)
      return plan.inputs.flatMap(input => {
        const column = outputOf(input)[at]
        return column === undefined ? [] : placements(input, column.id, isCostly, relieved)
      })
    }
    default:
      return here(plan, id, above)
  }
}

function here(plan: Plan, id: number, relieved: Plan | undefined): readonly Placement[] {
  const key = outputOf(plan).find(a => a.id === id)
  return key === undefined ? [] : [{ at: plan, key, relieved, present: [] }]
}
