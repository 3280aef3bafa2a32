/**
 * Adaptive execution: what is left of a query, planned again by the real sizes of complete stages (Spark's dynamic join selection and
 * `AQEPropagateEmptyRelation`). A join of two exchanges of which one turned out small becomes a broadcast join over the other's input, whose exchange is
 * then not needed; of which one turned out empty, where an empty side means no rows, becomes the empty relation. Only where nothing above the join in
 * its stage relies on how the exchanges would have laid the rows. Pure over its own state; called through `pipeline.ts` by the driver.
 */
import type { Adapt, StageSize, StageSpec } from '../../core/stage.js'
import { type Exchange, mapPhysicalChildren, type Physical, type PhysicalJoin } from '../physical-plan.js'
import { passesRows } from '../splittable.js'

export interface ReplanStage {
  readonly plan: Physical
  remake(plan: Physical): StageSpec
}

export interface ReplanOptions {
  readonly stages: ReadonlyMap<number, ReplanStage>
  /** Exchanges made here are added: they are written by stages that exist. */
  readonly stageOf: Map<Exchange, number>
  /** Bytes up to which a side is broadcast; below 0: none. */
  readonly broadcastBytes: number
}

export interface Replanner {
  /** The function that the driver calls. It remembers what it has changed. */
  readonly adapt: Adapt
  /** The whole plan as it is now. */
  plan(): Physical
}

/** Two sides of a join that are exchanges, maybe under projections. */
interface Sides {
  readonly probe: Exchange
  readonly build: Exchange
}

export function replanner(whole: Physical, { stages, stageOf, broadcastBytes }: ReplanOptions): Replanner {
  const plans = new Map([...stages].map(([id, { plan }]) => [id, plan]))
  const first = new Map(plans)
  const adapt: Adapt = (complete, started) => {
    // What a stage is now, not what it was first: stages that only its first plan read may be dropped.
    const inputOf = (exchange: Exchange): Physical => plans.get(stageOf.get(exchange) ?? -1) ?? exchange.input
    const sizeOf = (exchange: Exchange): StageSize | undefined => complete.get(stageOf.get(exchange) ?? -1)
    const changed: StageSpec[] = []
    for (const [id, before] of plans) {
      const stage = stages.get(id)
      if (stage === undefined || started.has(id)) continue
      const plan = changeJoins(before, join => changedJoin(join, { sizeOf, inputOf, broadcastBytes, stageOf }))
      if (plan === before) continue
      plans.set(id, plan)
      changed.push(stage.remake(plan))
    }
    return changed
  }
  /** Each stage's part is a subtree of the first plan, and is replaced by what has become of it. */
  const current = (plan: Physical): Physical => {
    if (plan.kind !== 'Exchange') return mapPhysicalChildren(plan, current)
    const id = stageOf.get(plan)
    const input = (id === undefined ? undefined : plans.get(id)) ?? plan.input
    return { ...plan, input: current(input) }
  }
  const top = [...first].find(([, plan]) => plan === whole || (whole.kind === 'CollectLimit' && plan === whole.input))?.[0]
  return {
    adapt,
    plan() {
      const plan = current((top === undefined ? undefined : plans.get(top)) ?? whole)
      return whole.kind === 'CollectLimit' && plan.kind !== 'CollectLimit' ? { ...whole, input: plan } : plan
    },
  }
}

/** Rewrites the joins of a stage that nothing above relies on; the same plan when none changed. Above a changed join, the next one is looked at too. */
function changeJoins(plan: Physical, change: (join: PhysicalJoin) => Physical): Physical {
  if (plan.kind === 'Exchange') return plan
  if (plan.kind === 'Join') {
    if (plan.strategy === 'ShuffledHashJoin') return change(plan)
    const probe = changeJoins(plan.probe, change)
    return probe === plan.probe ? plan : { ...plan, probe }
  }
  if (!passesRows(plan)) return plan
  let same = true
  const next = mapPhysicalChildren(plan, child => {
    const mapped = changeJoins(child, change)
    same &&= mapped === child
    return mapped
  })
  return same ? plan : next
}

/** The exchanges that feed a join; undefined when a side is anything else, or all lies in one partition, on which more may rely. */
export function exchangedSides(join: PhysicalJoin): Sides | undefined {
  if (join.strategy !== 'ShuffledHashJoin') return undefined
  const [probe, build] = [exchangeUnder(join.probe), exchangeUnder(join.build)]
  return probe === undefined || build === undefined ? undefined : { probe, build }
}

function exchangeUnder(plan: Physical): Exchange | undefined {
  if (plan.kind === 'Project') return exchangeUnder(plan.input)
  return plan.kind === 'Exchange' && plan.target.kind === 'hash' && plan.target.partitions > 1 ? plan : undefined
}

interface Known {
  readonly sizeOf: (exchange: Exchange) => StageSize | undefined
  readonly inputOf: (exchange: Exchange) => Physical
  readonly broadcastBytes: number
  readonly stageOf: Map<Exchange, number>
}

function changedJoin(join: PhysicalJoin, known: Known): Physical {
  const { sizeOf, broadcastBytes } = known
  const sides = exchangedSides(join)
  if (sides === undefined) return join
  const [probe, build] = [sizeOf(sides.probe), sizeOf(sides.build)]
  // Both are there: the work is done.
  if (probe !== undefined && build !== undefined) return join
  const { type } = join
  if ((build?.rows === 0 && (type === 'inner' || type === 'semi')) || (probe?.rows === 0 && type !== 'full')) {
    return { kind: 'ValuesScan', rows: [], output: join.output }
  }
  const small = (size: StageSize | undefined): boolean => size !== undefined && size.bytes <= broadcastBytes
  if (small(build) && type !== 'full') return broadcastJoin(join, sides, known)
  if (small(probe) && type === 'inner') return broadcastJoin(turned(join), { probe: sides.build, build: sides.probe }, known)
  return join
}

function turned(join: PhysicalJoin): PhysicalJoin {
  return { ...join, probe: join.build, build: join.probe, probeKeys: join.buildKeys, buildKeys: join.probeKeys }
}

function broadcastJoin(join: PhysicalJoin, { probe, build }: Sides, { inputOf, stageOf }: Known): Physical {
  const stage = stageOf.get(build)
  if (stage === undefined) throw new Error('bug in spk: a complete exchange without a stage')
  const everywhere: Exchange = { ...build, target: { kind: 'broadcast' } }
  stageOf.set(everywhere, stage)
  return {
    ...join,
    strategy: 'BroadcastHashJoin',
    probe: replaced(join.probe, probe, inputOf(probe)),
    build: replaced(join.build, build, everywhere),
  }
}

function replaced(plan: Physical, from: Exchange, to: Physical): Physical {
  return plan === from ? to : mapPhysicalChildren(plan, child => replaced(child, from, to))
}

/**
 * Stages that had better wait: the large side of a join whose other side is likely small enough to be broadcast, until that one's size is known. By
 * number of the waiting stage; never in a circle.
 */
export function waitingStages(
  options: Pick<ReplanOptions, 'stages' | 'stageOf' | 'broadcastBytes'>,
  parents: (stage: number) => readonly number[],
): Map<number, number[]> {
  const after = new Map<number, number[]>()
  const needs = (stage: number, wanted: number): boolean =>
    stage === wanted || [...parents(stage), ...(after.get(stage) ?? [])].some(next => needs(next, wanted))
  for (const { plan } of options.stages.values()) {
    changeJoins(plan, join => {
      const sides = exchangedSides(join)
      const likely = join.buildBytes
      if (sides === undefined || likely === undefined || likely > options.broadcastBytes * likelyFactor) return join
      const [large, small] = [options.stageOf.get(sides.probe), options.stageOf.get(sides.build)]
      if (large !== undefined && small !== undefined && !needs(small, large)) after.set(large, [...(after.get(large) ?? []), small])
      return join
    })
  }
  return after
}

/** Estimates are rough: a side that is likely no more than so many times too large is worth waiting for. */
const likelyFactor = 4
