/**
 * Which operators, and which inputs of a stage, do not mind how rows lie over the tasks. Asked by `adaptive/`, before it changes how a join's rows are
 * spread, and by `lower/`, which marks the inputs whose large partitions may be read by several tasks.
 */
import { type Exchange, isShuffled, type Physical, type PhysicalJoin, physicalChildren } from './physical-plan.js'

/** Whether an operator works the same however its input's rows lie over the tasks. */
export function passesRows(plan: Physical): boolean {
  switch (plan.kind) {
    case 'Project':
    case 'Filter':
    case 'TopN':
    case 'WindowGroupLimit':
    case 'CollectLimit':
    case 'Union':
    case 'Expand':
    case 'GroupingSets':
    case 'Generate':
      return true
    case 'HashAggregate':
      return plan.mode === 'partial'
    case 'Sort':
      return !plan.global
    default:
      return false
  }
}

const keepsProbe: ReadonlySet<PhysicalJoin['type']> = new Set(['inner', 'cross', 'left', 'semi', 'anti'])

export interface Splittable {
  /** Inputs of joins: parts of each partition, joined with the whole partition of the other side, give together what the partition gives. */
  readonly joined: ReadonlySet<Exchange>
  /** Inputs that the stage takes row by row. */
  readonly plain: ReadonlySet<Exchange>
  /** The two sides of a product. */
  readonly product: ReadonlySet<Exchange>
}

/** An exchange that the stage reads in several places is in neither set unless it may be split in all of them. */
export function splittable(stage: Physical): Splittable {
  const [joined, plain, whole] = [new Set<Exchange>(), new Set<Exchange>(), new Set<Exchange>()]
  const product = new Set<Exchange>()
  // `limited`: a limit above, which is the last one when all rows lie in one partition.
  const visit = (plan: Physical, may: boolean, inJoin: boolean, limited: boolean): void => {
    if (plan.kind === 'Exchange') {
      const alone = !('partitions' in plan.target) || plan.target.partitions === 1
      if (!may || (limited && alone) || joined.has(plan) || plain.has(plan)) whole.add(plan)
      else (inJoin ? joined : plain).add(plan)
      return
    }
    if (plan.kind === 'Join' && plan.strategy === 'CartesianProduct') {
      for (const side of [plan.probe, plan.build]) if (side.kind === 'Exchange') product.add(side)
      return
    }
    if (plan.kind === 'Join') {
      const shuffled = inJoin || isShuffled(plan)
      visit(plan.probe, may && keepsProbe.has(plan.type), shuffled, limited)
      visit(plan.build, may && isShuffled(plan) && plan.type === 'inner', shuffled, limited)
      return
    }
    const cutOff = limited || plan.kind === 'TopN' || plan.kind === 'CollectLimit'
    for (const child of physicalChildren(plan)) visit(child, may && passesRows(plan), inJoin, cutOff)
  }
  visit(stage, true, false, false)
  for (const exchange of whole) {
    joined.delete(exchange)
    plain.delete(exchange)
  }
  return { joined, plain, product }
}
