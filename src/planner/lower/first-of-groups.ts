/** The first rows of each group by their rank: a window below a condition on it, both left out of what is given. Called by `fragment.ts`. */
import { types } from '../../core/types.js'
import { type BoundAlias, literal, type WindowExpr } from '../bound.js'
import { type PhysicalWindowGroupLimit, physicalOutput } from '../physical-plan.js'
import { type Aliases, filtered, type SelectBlock, withWindows } from './select-block.js'

export function firstOfGroups(block: SelectBlock, plan: PhysicalWindowGroupLimit, aliases: Aliases): SelectBlock {
  const { partitionBy, orderBy, fn, limit, rank } = plan
  const call = { kind: 'WindowCall', fn, args: [], ignoreNulls: false, type: rank.type, nullable: false } as const
  const window: WindowExpr = { kind: 'Window', function: call, partitionBy, orderBy, type: rank.type, nullable: false }
  const column: BoundAlias = { kind: 'Alias', id: rank.id, name: rank.name, child: window, qualifier: [] }
  const input = physicalOutput(plan.input)
  const ranked = [...input, rank]
  const first = { kind: 'Call', fn: '<=', args: [rank, literal(limit, types.int)], type: types.boolean, nullable: false } as const
  return filtered(withWindows(block, input, [column], ranked, aliases), ranked, first, aliases)
}
