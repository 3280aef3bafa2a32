/** The whole plan as adaptive execution has made it so far, with what is known of how its stages read their inputs. For EXPLAIN. */
import type { ShuffleReading } from '../../core/stage.js'
import { type Exchange, mapPhysicalChildren, type Physical, physicalChildren } from '../physical-plan.js'

export interface CurrentStages {
  /** Each stage's part of the plan, by its number: a subtree of the first plan, or what has become of it. */
  readonly plans: ReadonlyMap<number, Physical>
  readonly stageOf: ReadonlyMap<Exchange, number>
  /** How the tasks of stages that have started share what they read. */
  readonly layouts: ReadonlyMap<number, readonly ShuffleReading[]>
}

/** `plan` is the part of stage `top`. */
export function currentPlan(plan: Physical, top: number | undefined, { plans, stageOf, layouts }: CurrentStages): Physical {
  /** An exchange that is read in several places stays one. */
  const inputs = new Map<Physical, Physical>()
  const inStage = (stage: number | undefined): ((plan: Physical) => Physical) => {
    const readings = new Map((stage === undefined ? [] : (layouts.get(stage) ?? [])).map(reading => [reading.stage, reading]))
    const visit = (node: Physical): Physical => {
      if (node.kind !== 'Exchange') {
        const next = mapPhysicalChildren(node, visit)
        return next.kind === 'Join' && readsSkewed(next) ? { ...next, skew: true } : next
      }
      const id = stageOf.get(node)
      const below = (id === undefined ? undefined : plans.get(id)) ?? node.input
      let input = inputs.get(below)
      if (input === undefined) {
        input = inStage(id)(below)
        inputs.set(below, input)
      }
      const reading = node.reading ?? readingText(id === undefined ? undefined : readings.get(id))
      return { ...node, input, ...(reading === undefined || node.target.kind === 'broadcast' ? {} : { reading }) }
    }
    return visit
  }
  return inStage(top)(plan)
}

function readingText(reading: ShuffleReading | undefined): Exchange['reading'] {
  if (reading?.coalesced && reading.skewed) return 'coalesced and skewed'
  return reading?.skewed ? 'skewed' : reading?.coalesced ? 'coalesced' : undefined
}

/** Whether one of the exchanges that a join itself brings together is read in pieces. */
function readsSkewed(join: Physical): boolean {
  const skewed = (node: Physical): boolean =>
    node.kind === 'Exchange' ? (node.reading?.includes('skewed') ?? false) : node.kind !== 'Join' && physicalChildren(node).some(skewed)
  return physicalChildren(join).some(skewed)
}
