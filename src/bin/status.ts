/** `spk status`: what the leading master knows, as a table or as its `/json/`. */
import { formatSize } from '../core/bytes.js'
import { systemClock } from '../core/clock.js'
import { MasterStatus, type ResourcesStatus } from '../protocol/status.js'
import { RequestMasterState } from '../protocol/submission.js'
import { decodeRecord } from '../protocol/wire.js'
import { connectNats } from '../transport/nats.js'
import { parseNatsServers } from '../transport/nats-url.js'
import type { Parsed } from './arguments.js'
import { commandLogger } from './command-log.js'
import { exitCodes } from './exit-codes.js'
import { askMaster } from './master-client.js'
import { statusPlan } from './status-plan.js'

const PATIENCE_MS = 10_000

/** Resolves with the exit code. */
export async function status(flags: Parsed): Promise<number> {
  const { natsUrl, cluster, json } = statusPlan(flags, process.env)
  const transport = await connectNats({ servers: natsUrl, name: 'spk status', log: commandLogger() })
  try {
    const url = parseNatsServers(natsUrl).shown
    const reply = await askMaster({ transport, cluster, url, clock: systemClock, patienceMs: PATIENCE_MS }, RequestMasterState, {})
    process.stdout.write(json ? `${reply.json}\n` : statusTable(decodeRecord(MasterStatus, reply.json, 'the state of the master'), cluster))
    return exitCodes.done
  } finally {
    await transport.close()
  }
}

/** Columns as wide as their widest cell. */
function table(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return []
  const widths = head.map((h, i) => Math.max(h.length, ...rows.map(row => (row[i] ?? '').length)))
  const line = (cells: readonly string[]): string => `  ${cells.map((c, i) => c.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd()
  return ['', title, line(head), ...rows.map(line)]
}

const mebibytes = (mib: number): string => formatSize(mib * 2 ** 20)
const resources = (used: ResourcesStatus, all: ResourcesStatus): string =>
  Object.values(all)
    .map(r => `${r.name} ${used[r.name]?.addresses.length ?? 0}/${r.addresses.length}`)
    .join(' ')

export function statusTable(state: MasterStatus, cluster: string): string {
  return [
    `Cluster ${cluster} on ${state.url}: ${state.status}, ${state.aliveworkers} ${state.aliveworkers === 1 ? 'worker' : 'workers'} alive, ${state.coresused} of ${state.cores} cores and ${mebibytes(state.memoryused)} of ${mebibytes(state.memory)} in use`,
    ...table(
      'Workers',
      ['ID', 'STATE', 'CORES', 'MEMORY', 'RESOURCES', 'PAGE'],
      state.workers.map(w => [
        w.id,
        w.state,
        `${w.coresused}/${w.cores}`,
        `${mebibytes(w.memoryused)}/${mebibytes(w.memory)}`,
        resources(w.resourcesused, w.resources),
        w.webuiaddress,
      ]),
    ),
    ...table(
      'Applications',
      ['ID', 'NAME', 'STATE', 'CORES', 'USER', 'SUBMITTED'],
      [...state.activeapps, ...state.completedapps].map(a => [a.id, a.name, a.state, String(a.cores), a.user, a.submitdate]),
    ),
    ...table(
      'Drivers',
      ['ID', 'STATE', 'WORKER', 'PROGRAM'],
      [...state.activedrivers, ...state.completeddrivers].map(d => [d.id, d.state, d.worker, d.mainclass]),
    ),
    '',
  ].join('\n')
}
