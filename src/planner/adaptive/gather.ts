/**
 * Stages that read little, one after the other, become one stage: when all that such a stage reads is complete and so small that one task would read it
 * anyway, or as soon as several, the exchange it writes moves nothing, and its plan becomes part of its reader's. Each stage less saves a launch, a report, a block
 * file and a statement, which for the last steps of a query is most of what they cost. Used by `replan.ts`.
 */
import type { StageSize } from '../../core/stage.js'
import { type Exchange, mapPhysicalChildren, type Physical, physicalChildren } from '../physical-plan.js'

export interface GatherOptions {
  /** The stages that have plans: all but the second ones of range exchanges. */
  readonly stages: { has(id: number): boolean }
  /** Each stage's plan, as it is now and as it was first. */
  readonly plans: ReadonlyMap<number, Physical>
  readonly first: ReadonlyMap<number, Physical>
  readonly top: number | undefined
  /** Exchanges made here are added. */
  readonly stageOf: Map<Exchange, number>
  readonly complete: ReadonlyMap<number, StageSize>
  readonly started: ReadonlySet<number>
  /** Bytes that one task reads sooner than another stage starts; below 0: nothing is gathered. */
  readonly gatherBytes: number
}

/** Gives, stage by stage in the order of their numbers, the plan as one task runs it; undefined when it stays as it is. */
export function gathering(options: GatherOptions): (id: number, plan: Physical) => Physical | undefined {
  if (options.gatherBytes < 0) return () => undefined
  const makerOf = makers(options)
  const readers = countReaders(options, makerOf)
  return (id, plan) => {
    if (id !== options.top && !readers.has(id)) return undefined
    const gathered = new Gathering(options, makerOf, readers)
    const result = gathered.of(plan)
    return gathered.merged > 0 && gathered.bytes <= options.gatherBytes ? result : undefined
  }
}

/** The stage whose rows an exchange hands on: of a range exchange, which is two stages, the first. */
function makers({ stages, first, stageOf }: GatherOptions): (exchange: Exchange) => number | undefined {
  const stageOfPlan = new Map([...first].map(([id, plan]) => [plan, id]))
  return exchange => {
    const writer = stageOf.get(exchange)
    return writer === undefined || stages.has(writer) ? writer : stageOfPlan.get(exchange.input)
  }
}

/** How often the stages that are still wanted read each stage. */
function countReaders({ plans, top }: GatherOptions, makerOf: (exchange: Exchange) => number | undefined): ReadonlyMap<number, number> {
  const counts = new Map<number, number>()
  const count = (plan: Physical | undefined): void => {
    if (plan === undefined) return
    if (plan.kind !== 'Exchange') {
      for (const child of physicalChildren(plan)) count(child)
      return
    }
    const maker = makerOf(plan)
    if (maker === undefined) return
    const before = counts.get(maker) ?? 0
    counts.set(maker, before + 1)
    if (before === 0) count(plans.get(maker))
  }
  count(plans.get(top ?? -1))
  return counts
}

/** One plan, made one task's. */
class Gathering {
  readonly #options: GatherOptions
  readonly #makerOf: (exchange: Exchange) => number | undefined
  readonly #readers: ReadonlyMap<number, number>
  /** What the task would read. */
  bytes = 0
  /** Stages that need not run any more. */
  merged = 0

  constructor(options: GatherOptions, makerOf: (exchange: Exchange) => number | undefined, readers: ReadonlyMap<number, number>) {
    this.#options = options
    this.#makerOf = makerOf
    this.#readers = readers
  }

  /** Undefined when the plan may want several tasks. */
  of(plan: Physical): Physical | undefined {
    switch (plan.kind) {
      case 'Exchange':
        return this.#exchange(plan)
      case 'FileScan':
        return plan.tasks.length <= 1 ? plan : undefined
      case 'RowsScan':
        return plan.partitions.length <= 1 ? plan : undefined
      case 'RangeScan':
        return plan.partitions <= 1 ? plan : undefined
      case 'RecursiveCte':
      case 'RecursiveRef':
        return undefined
      default: {
        let whole = true
        const next = mapPhysicalChildren(plan, child => {
          const one = whole ? this.of(child) : undefined
          whole &&= one !== undefined
          return one ?? child
        })
        if (!whole) return undefined
        return next.kind === 'Union' ? { ...next, inOneTask: true } : next
      }
    }
  }

  #exchange(exchange: Exchange): Physical | undefined {
    const { stageOf, complete, started, plans } = this.#options
    const writer = stageOf.get(exchange)
    const maker = this.#makerOf(exchange)
    // So many partitions were asked for.
    if (writer === undefined || maker === undefined || ('origin' in exchange.target && exchange.target.origin !== undefined)) return undefined
    const source = complete.has(writer) ? writer : started.has(writer) ? undefined : maker
    if (source === undefined) return undefined
    const size = complete.get(source)
    if (size === undefined) {
      const input = started.has(maker) || this.#readers.get(maker) !== 1 ? undefined : plans.get(maker)
      if (input === undefined) return undefined
      this.merged++
      return this.of(input)
    }
    if (exchange.target.kind === 'broadcast') return exchange
    this.bytes += size.bytes
    // Ranges of rows that are all read by one task need no bounds.
    if (source !== writer) this.merged++
    const whole: Exchange = { kind: 'Exchange', input: exchange.input, target: { kind: 'single' } }
    stageOf.set(whole, source)
    return whole
  }
}
