/**
 * Broadcasts whose keys' ends may prune what the join's probe side reads: their tasks report them. Where that side is a scan of several row groups whose
 * footers tell the ends of the column. Called by `planner.ts`, last; `adaptive/prune-scans.ts` makes use of it.
 */

import type { Conf } from '../../core/config.js'
import { conf } from '../../core/config-table.js'
import type { Attribute } from '../bound.js'
import { type Exchange, type FileScan, mapPhysicalChildren, type Physical, physicalChildren, physicalOutput } from '../physical-plan.js'
import { broadcastKeys, overScan } from '../probe-scan.js'
import { isRepeatable } from './reuse-exchanges.js'

export function reportEnds(plan: Physical, settings: Conf): Physical {
  if (!settings.get(conf.adaptiveEnabled) || !settings.get(conf.dynamicPruningEnabled)) return plan
  const wanted = new Map<Exchange, Attribute>()
  collect(plan, wanted)
  if (wanted.size === 0) return plan
  // An exchange that is read in several places stays one.
  const done = new Map<Exchange, Physical>()
  const rewrite = (node: Physical): Physical => {
    if (node.kind !== 'Exchange') return mapPhysicalChildren(node, rewrite)
    let next = done.get(node)
    if (next === undefined) {
      const ends = wanted.get(node)
      next = { ...node, input: rewrite(node.input), ...(ends === undefined ? {} : { target: { kind: 'broadcast', ends } }) }
      done.set(node, next)
    }
    return next
  }
  return rewrite(plan)
}

function collect(plan: Physical, wanted: Map<Exchange, Attribute>): void {
  for (const child of physicalChildren(plan)) collect(child, wanted)
  if (plan.kind !== 'Join') return
  for (const { exchange, probe, build } of broadcastKeys(plan)) {
    const column = physicalOutput(exchange).find(a => a.id === build)
    if (column === undefined || wanted.has(exchange) || !hasOrder.has(column.type.kind)) continue
    if (overScan(plan.probe, probe, (scan, id) => (mayPrune(scan, id) ? scan : undefined)) === undefined) continue
    // A lost broadcast is made again, but what its ends have left out is not read again.
    if (isRepeatable(exchange.input)) wanted.set(exchange, column)
  }
}

const hasOrder: ReadonlySet<string> = new Set(['short', 'int', 'long', 'date'])

/** Whether the footers tell ends that differ between row groups. */
function mayPrune({ files, output }: FileScan, id: number): boolean {
  const name = output.find(a => a.id === id)?.name ?? ''
  const ends = new Set<string>()
  for (const group of files.flatMap(f => f.rowGroups ?? [])) {
    const column = group.columns?.get(name)
    if (column?.min !== undefined && column.max !== undefined) ends.add(`${column.min} ${column.max}`)
  }
  return ends.size > 1
}
