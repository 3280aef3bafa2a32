/**
 * Cuts a physical plan at its exchanges into a graph of stages. Producers come before consumers; an exchange that is read twice is one stage; a range
 * exchange is two, one that samples and one that writes by the bounds.
 */
import { must, unreachable } from '../../core/errors.js'
import type { Fragment, SortKey, StageGraph, StageInput, StageOutput, StageSpec, WriteTarget } from '../../core/stage.js'
import { field, type StructType, struct } from '../../core/types.js'
import type { BoundSortOrder } from '../bound.js'
import { type Exchange, exchangesBelow, type Physical, physicalOutput } from '../physical-plan.js'

/** Written by `lower/`; handed in, since phases do not import each other. */
export interface Lowering {
  fragments(
    plan: Physical,
    read: (exchange: Exchange) => { readonly stage: number; readonly read: 'partition' | 'all' | 'forward' | 'broadcast' },
    names?: readonly string[],
  ): Fragment[]
  schema(plan: Physical): StructType
  columnName(attribute: BoundSortOrder['child'] & { readonly kind: 'Attribute' }): string
  /** The statement that passes an input on as it is. */
  passOn(input: StageInput, schema: StructType): Fragment
  isDeterministic(plan: Physical): boolean
  stageName(plan: Physical): string
}

/** Rows of keys that each task reports for the bounds of a range exchange. */
const sampleSize = 1000

/** A stage with what it was made from, so that it can be made again from another plan. */
export interface CutStage {
  readonly plan: Physical
  /** The same stage from another plan with the same output, whose exchanges have their stages in `stageOf`. */
  remake(plan: Physical): StageSpec
}

export interface CutPlan {
  readonly graph: StageGraph
  /** By the stage's number. A range exchange's second stage, which only passes rows on, is not among them. */
  readonly stages: ReadonlyMap<number, CutStage>
  /** The stage that writes an exchange. */
  readonly stageOf: Map<Exchange, number>
}

/** `write`: the last stage writes; files have the users' column names. */
export function cutStages(plan: Physical, names: readonly string[], lowering: Lowering, write?: WriteTarget): CutPlan {
  const stages: StageSpec[] = []
  const done = new Map<Exchange, number>()
  const cuts = new Map<number, CutStage>()
  const add = (stage: Omit<StageSpec, 'id'>): number => {
    const id = stages.length
    stages.push({ id, ...stage })
    return id
  }
  const read = (exchange: Exchange) => {
    const stage = must(done.get(exchange), 'an exchange is read before it is cut')
    if (exchange.reading === 'local') return { stage, read: 'forward' as const }
    const target = exchange.target.kind
    return { stage, read: target === 'broadcast' ? ('broadcast' as const) : target === 'single' ? ('all' as const) : ('partition' as const) }
  }
  const build = (below: Physical, output: StageOutput, more: Partial<StageSpec> = {}, columnNames?: readonly string[]): number => {
    for (const exchange of exchangesBelow(below)) cut(exchange)
    const make = (from: Physical): Omit<StageSpec, 'id'> => ({
      name: lowering.stageName(from),
      fragments: lowering.fragments(from, read, columnNames),
      schema: columnNames === undefined ? lowering.schema(from) : namedSchema(from, columnNames),
      output,
      parents: [...new Set(exchangesBelow(from).map(e => must(done.get(e), 'an exchange was not cut')))],
      deterministic: lowering.isDeterministic(from),
      ...more,
    })
    const id = add(make(below))
    cuts.set(id, { plan: below, remake: other => ({ id, ...make(other) }) })
    return id
  }
  const cut = (exchange: Exchange): void => {
    if (done.has(exchange)) return
    const target = exchange.target
    switch (target.kind) {
      case 'range': {
        const keys = sortKeys(target.order, lowering)
        const sampled = build(exchange.input, { kind: 'single', sample: { keys, size: sampleSize } })
        const schema = lowering.schema(exchange.input)
        const input: StageInput = { kind: 'shuffle', name: 'shuffle_1', stage: sampled, schema, read: 'forward' }
        const exact = target.origin === 'REPARTITION_BY_NUM'
        const output: StageOutput = { kind: 'range', keys, partitions: target.partitions, sampleFrom: sampled, ...(exact ? { exact } : {}) }
        done.set(
          exchange,
          add({ name: 'Range exchange', fragments: [lowering.passOn(input, schema)], schema, output, parents: [sampled], deterministic: true }),
        )
        return
      }
      case 'hash':
        done.set(exchange, build(exchange.input, { kind: 'hash', keys: target.keys.map(k => lowering.columnName(k)), partitions: target.partitions }))
        return
      case 'single':
        done.set(exchange, build(exchange.input, { kind: 'single' }))
        return
      case 'broadcast':
        done.set(
          exchange,
          build(exchange.input, target.ends === undefined ? { kind: 'broadcast' } : { kind: 'broadcast', ends: lowering.columnName(target.ends) }),
        )
        return
      case 'roundRobin':
        // Which row goes where depends on the order of rows, which a shuffle read does not fix.
        done.set(
          exchange,
          build(
            exchange.input,
            { kind: 'roundRobin', partitions: target.partitions },
            exchangesBelow(exchange.input).length > 0 ? { deterministic: false } : {},
          ),
        )
        return
      default:
        unreachable(target)
    }
  }
  const result = namedSchema(plan, names)
  if (write !== undefined) build(plan, write, {}, write.kind === 'write' ? names : undefined)
  else if (plan.kind === 'CollectLimit') build(plan.input, { kind: 'result' }, { rowLimit: plan.limit })
  else build(plan, { kind: 'result' })
  return { graph: { stages, schema: result }, stages: cuts, stageOf: done }
}

function namedSchema(plan: Physical, names: readonly string[]): StructType {
  return struct(physicalOutput(plan).map((a, i) => field(names[i] ?? a.name, a.type, a.nullable)))
}

function sortKeys(order: readonly BoundSortOrder[], lowering: Lowering): SortKey[] {
  return order.map(o => {
    const column = must(o.child.kind === 'Attribute' ? o.child : undefined, 'a range exchange goes by columns')
    return { column: lowering.columnName(column), ascending: o.ascending, nullsFirst: o.nullsFirst }
  })
}
