/**
 * Where below a side of a join its rows can be filtered by a key of that join: as deep as every row that is dropped there would be dropped by the join
 * anyway, whole groups and whole windows included. Not below chance and numbers of rows, which are others for fewer rows.
 */
import { type Attribute, unaliased } from '../../bound.js'
import { isDeterministic } from '../../functions/table.js'
import { outputOf, type Plan } from '../../plan.js'
import { planChildren } from '../../tree.js'
import { columnBelow, type KeySource, keySources } from './key-sources.js'

export interface Placement {
  /** The filter goes above this node. */
  readonly at: Plan
  readonly key: Attribute
  /** The nodes on the way for which fewer rows are much less work, the topmost first. */
  readonly relieved: readonly Plan[]
  /** What restricts the key already: all that gives it, from the side of the join, or the input of a union, down. */
  readonly present: readonly KeySource[]
}

/** `isCostly`: whether a node gains from fewer rows. Several places when there is a union. */
export function placements(plan: Plan, id: number, isCostly: (plan: Plan) => boolean, above: readonly Plan[]): readonly Placement[] {
  const present = keySources(plan, id)
  // What is above the place leaves out no row there, but its joins have made their own filters.
  return places(plan, id, isCostly, above).map(p => ({
    ...p,
    present: [...p.present, ...present.filter(s => s.plan === p.at || !contains(s.plan, p.at))],
  }))
}

function contains(plan: Plan, node: Plan): boolean {
  return plan === node || planChildren(plan).some(child => contains(child, node))
}

function places(plan: Plan, id: number, isCostly: (plan: Plan) => boolean, above: readonly Plan[]): readonly Placement[] {
  const relieved = isCostly(plan) ? [...above, plan] : above
  const go = (input: Plan, column = id) => places(input, column, isCostly, relieved)
  switch (plan.kind) {
    case 'Project': {
      const from = plan.expressions.every(e => isDeterministic(unaliased(e))) ? columnBelow(plan.expressions, id) : undefined
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
      return planChildren(plan.input).length === 0 || !isDeterministic(plan.condition) ? here(plan, id, above) : go(plan.input)
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

function here(plan: Plan, id: number, relieved: readonly Plan[]): readonly Placement[] {
  const key = outputOf(plan).find(a => a.id === id)
  return key === undefined ? [] : [{ at: plan, key, relieved, present: [] }]
}
