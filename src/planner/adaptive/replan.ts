/**
 * Adaptive execution: what is left of a query, planned again by the real sizes of complete stages (Spark's dynamic join selection and
 * `AQEPropagateEmptyRelation`). A join of two exchanges of which one turned out small becomes a broadcast join over the other's input, whose exchange is
 * then not needed; of which one turned out empty, where an empty side means no rows, becomes the empty relation. Only where nothing above the join in
 * its stage relies on how the exchanges would have laid the rows. Stages that would read little, each in one task, become one (`gather.ts`). Pure over its
 * own state; called through `pipeline.ts` by the driver.
 */
import type { SkewLimit } from '../../core/skew.js'
import type { Adapt, LaidOut, ShuffleReading, StageSize, StageSpec } from '../../core/stage.js'
import { type Exchange, isShuffled, mapPhysicalChildren, type Physical, type PhysicalJoin, physicalChildren } from '../physical-plan.js'
import { passesRows } from '../splittable.js'
import { currentPlan } from './current-plan.js'
import { gathering } from './gather.js'
import { filteredBy, isWorthFiltering, isWorthWaiting, keyFilters } from './key-filters.js'
import { withPrunedScans } from './prune-scans.js'
import { withoutSkewExchanges } from './skew-exchanges.js'

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
  /** Whether a join of two sides that lie there already may be broadcast too, tasks reading the large one's map outputs where they lie. */
  readonly localRead: boolean
  /** A side of which a smaller share of partitions has rows is not broadcast once both lie there: most tasks have nothing to do. */
  readonly nonEmptyRatio: number
  /** Bytes up to which each partition of a sort-merge join's build side makes it a hash join; 0: never. */
  readonly localMapBytes: number
  /** Bytes up to which stages are put together that would read them in one task each; below 0: none. */
  readonly gatherBytes: number
  /** What counts as a skewed partition. */
  readonly skewLimit: SkewLimit
  /** Rows from which a side of a join is filtered by the keys of the other one, once that is written; below 0: never. */
  readonly keyFilterRows: number
}

export interface Replanner {
  /** The function that the driver calls. It remembers what it has changed. */
  readonly adapt: Adapt
  /** Told how the tasks of a stage that starts share what they read; `plan` shows it. */
  readonly laidOut: LaidOut
  /** The whole plan as it is now. */
  plan(): Physical
}

/** Two sides of a join that are exchanges, maybe under projections. */
interface Sides {
  readonly probe: Exchange
  readonly build: Exchange
}

export function replanner(whole: Physical, options: ReplanOptions): Replanner {
  const { stages, stageOf } = options
  const plans = new Map([...stages].map(([id, { plan }]) => [id, plan]))
  const first = new Map(plans)
  const top = [...first].find(([, plan]) => plan === whole || (whole.kind === 'CollectLimit' && plan === whole.input))?.[0]
  /** Stages that have a filter, and the stage it is made of. */
  const filters = new Set<string>()
  const readersOf = (stage: number): number => {
    const count = (plan: Physical): number =>
      plan.kind === 'Exchange' ? Number(stageOf.get(plan) === stage) : physicalChildren(plan).reduce((sum, child) => sum + count(child), 0)
    return [...plans.values()].reduce((sum, plan) => sum + count(plan), 0)
  }
  const adapt: Adapt = (complete, started) => {
    // What a stage is now, not what it was first: stages that only its first plan read may be dropped.
    const inputOf = (exchange: Exchange): Physical => plans.get(stageOf.get(exchange) ?? -1) ?? exchange.input
    const sizeOf = (exchange: Exchange): StageSize | undefined => complete.get(stageOf.get(exchange) ?? -1)
    const isStarted = (exchange: Exchange): boolean => started.has(stageOf.get(exchange) ?? -1)
    const changed = new Set<number>()
    const idle = [...plans.keys()].filter(id => stages.has(id) && !started.has(id))
    const change = (id: number, next: (plan: Physical) => Physical | undefined): void => {
      const before = plans.get(id) as Physical
      const plan = next(before)
      if (plan === undefined || plan === before) return
      plans.set(id, plan)
      changed.add(id)
    }
    for (const id of idle) change(id, plan => changeJoins(plan, join => changedJoin(join, { ...options, sizeOf, inputOf, isStarted })))
    for (const id of idle) {
      for (const filter of keyFilters(plans.get(id) as Physical, options.keyFilterRows)) {
        const [large, small] = [stageOf.get(filter.large), stageOf.get(filter.small)]
        const size = small === undefined ? undefined : complete.get(small)
        const name = `${large} ${small}`
        if (large === undefined || size === undefined || filters.has(name) || !isWorthFiltering(filter, size)) continue
        if (!idle.includes(large) || readersOf(large) !== 1) continue
        const everywhere: Exchange = { ...filter.small, target: { kind: 'broadcast' } }
        stageOf.set(everywhere, small as number)
        filters.add(name)
        change(large, plan => filteredBy(filter, plan, everywhere))
      }
    }
    const waiting = (exchange: Exchange): Physical | undefined => {
      const maker = stageOf.get(exchange)
      return maker !== undefined && idle.includes(maker) && readersOf(maker) === 1 ? plans.get(maker) : undefined
    }
    for (const id of idle) change(id, plan => withoutSkewExchanges(plan, { limit: options.skewLimit, sizeOf, waiting }))
    for (const id of idle) change(id, plan => withPrunedScans(plan, sizeOf))
    const gathered = gathering({ ...options, plans, first, top, complete, started })
    for (const id of idle) change(id, plan => gathered(id, plan))
    return [...changed].map(id => (stages.get(id) as ReplanStage).remake(plans.get(id) as Physical))
  }
  const layouts = new Map<number, readonly ShuffleReading[]>()
  return {
    adapt,
    laidOut: (stage, readings) => void layouts.set(stage, readings),
    plan() {
      const plan = currentPlan((top === undefined ? undefined : plans.get(top)) ?? whole, top, { plans, stageOf, layouts })
      return whole.kind === 'CollectLimit' && plan.kind !== 'CollectLimit' ? { ...whole, input: plan } : plan
    },
  }
}

/** Rewrites the joins of a stage that nothing above relies on; the same plan when none changed. Above a changed join, the next one is looked at too. */
function changeJoins(plan: Physical, change: (join: PhysicalJoin) => Physical): Physical {
  if (plan.kind === 'Exchange') return plan
  if (plan.kind === 'Join') {
    if (isShuffled(plan)) return change(plan)
    if (plan.strategy === 'CartesianProduct') return plan
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
  if (!isShuffled(join)) return undefined
  const [probe, build] = [exchangeUnder(join.probe), exchangeUnder(join.build)]
  return probe === undefined || build === undefined ? undefined : { probe, build }
}

function exchangeUnder(plan: Physical): Exchange | undefined {
  if (plan.kind === 'Project') return exchangeUnder(plan.input)
  // One that the user asked for stays.
  const own = plan.kind === 'Exchange' && plan.target.kind === 'hash' && plan.target.partitions > 1 && plan.target.origin === undefined
  return own && plan.reading === undefined ? plan : undefined
}

interface Known extends ReplanOptions {
  readonly sizeOf: (exchange: Exchange) => StageSize | undefined
  readonly inputOf: (exchange: Exchange) => Physical
  readonly isStarted: (exchange: Exchange) => boolean
}

/** A side that is so many times too large is broadcast too where the other one has so many times its rows: to write those and read them again costs more. */
const largerTimes = 4
const fewerTimes = 8

function changedJoin(join: PhysicalJoin, known: Known): Physical {
  const { sizeOf, broadcastBytes } = known
  const sides = exchangedSides(join)
  if (sides === undefined) return join
  const [probe, build] = [sizeOf(sides.probe), sizeOf(sides.build)]
  if (probe !== undefined && build !== undefined) return joinWhereItLies(join, sides, probe, build, known)
  const { type } = join
  if ((build?.rows === 0 && (type === 'inner' || type === 'semi')) || (probe?.rows === 0 && type !== 'full')) {
    return { kind: 'ValuesScan', rows: [], output: join.output }
  }
  const small = (size: StageSize | undefined, other: Exchange, otherRows = 0): boolean => {
    if (size === undefined) return false
    if (size.bytes <= broadcastBytes) return true
    return size.bytes <= broadcastBytes * largerTimes && size.rows * fewerTimes <= otherRows && !known.isStarted(other)
  }
  if (small(build, sides.probe, join.probeRows) && type !== 'full') return broadcastJoin(join, sides, known)
  if (small(probe, sides.build, join.buildRows) && type === 'inner')
    return broadcastJoin(turned(join), { probe: sides.build, build: sides.probe }, known)
  return join
}

/** Both sides are written: what can still be saved is that the large one moves. */
function joinWhereItLies(join: PhysicalJoin, sides: Sides, probe: StageSize, build: StageSize, known: Known): Physical {
  const local = (exchange: Exchange): Exchange => ({ ...exchange, reading: 'local' })
  if (!known.localRead) return hashIfSmall(join, build, known)
  if (join.type !== 'full' && savesMoving(build, probe, known)) return broadcastJoin(join, sides, known, local(sides.probe))
  if (join.type === 'inner' && savesMoving(probe, build, known)) {
    return broadcastJoin(turned(join), { probe: sides.build, build: sides.probe }, known, local(sides.build))
  }
  return hashIfSmall(join, build, known)
}

/** Of sorted sides that lie alike: a hash table, where no partition is larger than the user takes to be sure of. What was asked for stays. */
function hashIfSmall(join: PhysicalJoin, { partitions = [] }: StageSize, { localMapBytes }: Known): PhysicalJoin {
  if (join.hinted || join.strategy !== 'SortMergeJoin' || localMapBytes <= 0) return join
  return Math.max(0, ...partitions) <= localMapBytes ? { ...join, strategy: 'ShuffledHashJoin' } : join
}

/** Whether the small side, read by every task, is less than the large one; a task of its own for each map output of that. */
function savesMoving(small: StageSize, large: StageSize, { broadcastBytes, nonEmptyRatio }: Known): boolean {
  const { partitions = [] } = small
  const filled = partitions.filter(bytes => bytes > 0).length
  return (
    small.bytes <= broadcastBytes &&
    small.bytes * (large.tasks ?? Number.POSITIVE_INFINITY) <= large.bytes &&
    filled >= partitions.length * nonEmptyRatio
  )
}

function turned(join: PhysicalJoin): PhysicalJoin {
  return { ...join, probe: join.build, build: join.probe, probeKeys: join.buildKeys, buildKeys: join.probeKeys }
}

/** `large`: what the large side becomes; its exchange's input when that need not be written. */
function broadcastJoin(join: PhysicalJoin, { probe, build }: Sides, { inputOf, stageOf }: Known, large: Physical = inputOf(probe)): Physical {
  const same = (exchange: Exchange, as: Exchange): Exchange => {
    const stage = stageOf.get(exchange)
    if (stage === undefined) throw new Error('bug in spk: a complete exchange without a stage')
    stageOf.set(as, stage)
    return as
  }
  const everywhere = same(build, { ...build, target: { kind: 'broadcast' } })
  if (large.kind === 'Exchange' && large.reading === 'local') same(probe, large)
  return {
    ...join,
    strategy: 'BroadcastHashJoin',
    probe: replaced(join.probe, probe, large),
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
  options: Pick<ReplanOptions, 'stages' | 'stageOf' | 'broadcastBytes' | 'keyFilterRows'>,
  parents: (stage: number) => readonly number[],
): Map<number, number[]> {
  const after = new Map<number, number[]>()
  const needs = (stage: number, wanted: number): boolean =>
    stage === wanted || [...parents(stage), ...(after.get(stage) ?? [])].some(next => needs(next, wanted))
  const waits = (large: number | undefined, small: number | undefined): void => {
    if (large !== undefined && small !== undefined && !needs(small, large)) after.set(large, [...(after.get(large) ?? []), small])
  }
  for (const { plan } of options.stages.values()) {
    for (const filter of keyFilters(plan, options.keyFilterRows))
      if (isWorthWaiting(filter)) waits(options.stageOf.get(filter.large), options.stageOf.get(filter.small))
    changeJoins(plan, join => {
      const sides = exchangedSides(join)
      const likely = join.buildBytes
      if (sides === undefined || likely === undefined || likely > options.broadcastBytes * largerTimes) return join
      const [large, small] = [options.stageOf.get(sides.probe), options.stageOf.get(sides.build)]
      waits(large, small)
      return join
    })
  }
  return after
}
