/**
 * The scan below the probe side of a join that gives one of its columns, where rows that the scan leaves out would be missing from that column's values
 * alone: what an inner join need not read may be left out there. Used by `physical/` and `adaptive/`.
 */
import { unaliased } from './bound.js'
import { equatesColumns } from './conjuncts.js'
import { isDeterministic } from './functions/table.js'
import type { Exchange, FileScan, Physical, PhysicalJoin } from './physical-plan.js'
import { isPlaced, physicalOutput } from './physical-plan.js'

/** With another scan in its place; undefined where there is none that the column comes from. */
export function overScan(plan: Physical, id: number, change: (scan: FileScan, id: number) => Physical | undefined): Physical | undefined {
  switch (plan.kind) {
    case 'FileScan':
      return !isPlaced(plan) && plan.everyTask !== true && plan.output.some(a => a.id === id) ? change(plan, id) : undefined
    case 'Filter': {
      // What counts rows, or draws for each, would count and draw otherwise.
      if (!isDeterministic(plan.condition)) return undefined
      const input = overScan(plan.input, id, change)
      return input && { ...plan, input }
    }
    case 'Project':
    case 'HashAggregate': {
      const list = plan.kind === 'Project' ? plan.expressions : plan.results
      const item = list.find(e => e.id === id)
      const source = item === undefined ? undefined : unaliased(item)
      if (!list.every(e => isDeterministic(unaliased(e)))) return undefined
      if (source?.kind !== 'Attribute') return undefined
      if (plan.kind === 'HashAggregate' && !plan.grouping.some(g => g.kind === 'Attribute' && g.id === source.id)) return undefined
      const input = overScan(plan.input, source.id, change)
      return input && { ...plan, input }
    }
    case 'Join': {
      if (plan.type === 'full' || plan.strategy !== 'BroadcastHashJoin' || !physicalOutput(plan.probe).some(a => a.id === id)) return undefined
      const probe = overScan(plan.probe, id, change)
      return probe && { ...plan, probe }
    }
    default:
      return undefined
  }
}

/** A broadcast that a join builds, and a pair of equal columns: the probe's, of which only values between the ends of the other are in the result. */
export interface BroadcastKey {
  readonly exchange: Exchange
  readonly probe: number
  /** As the exchange has it. */
  readonly build: number
}

export function broadcastKeys(join: PhysicalJoin): BroadcastKey[] {
  if (join.strategy !== 'BroadcastHashJoin' || (join.type !== 'inner' && join.type !== 'semi')) return []
  return join.probeKeys.flatMap((probe, i) => {
    const build = join.buildKeys[i]
    if (probe.kind !== 'Attribute' || build?.kind !== 'Attribute' || !equatesColumns(join.condition, probe.id, build.id)) return []
    const found = exchangeUnder(join.build, build.id)
    return found === undefined ? [] : [{ ...found, probe: probe.id }]
  })
}

function exchangeUnder(plan: Physical, id: number): Omit<BroadcastKey, 'probe'> | undefined {
  if (plan.kind === 'Exchange') return plan.target.kind === 'broadcast' ? { exchange: plan, build: id } : undefined
  if (plan.kind !== 'Project') return undefined
  const item = plan.expressions.find(e => e.id === id)
  const source = item === undefined ? undefined : unaliased(item)
  return source?.kind === 'Attribute' ? exchangeUnder(plan.input, source.id) : undefined
}
