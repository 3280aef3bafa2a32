/** What is looked at when all is over: what ended applications left behind, and what the event log says about attempts and commits. */
import { decodeEvents } from '#src/protocol/event-log.js'
import { RECORD_VERSION } from '#src/protocol/version.js'
import type { SimCluster } from './cluster.js'
import { countEvent } from './coverage.js'
import type { Scenario } from './scenario.js'
import type { Applications } from './workload.js'

/** What an ended application must not leave: processes, entries and cores in the leader's books, blocks, temporary files. */
export function leftBehind(cluster: SimCluster, applications: Applications): string[] {
  const left = [...cluster.processes.running].map(p => `process of ${p.what} on ${p.workerNode.name}`)
  for (const p of applications.clients) if (!p.stopped && p.node.alive) left.push(`driver ${p.node.name} has not stopped`)
  const leader = [...cluster.masters.values()].find(m => m.phase() === 'leading')
  if (leader === undefined) left.push('nobody leads')
  const status = leader?.status()
  for (const worker of status?.workers ?? []) if (worker.coresused > 0) left.push(`${worker.coresused} cores of ${worker.host}`)
  for (const app of status?.activeapps ?? []) left.push(`application ${app.id} in the books`)
  for (const driver of status?.activedrivers ?? []) left.push(`driver ${driver.id} in the books`)
  for (const file of cluster.disks.left()) left.push(`blocks ${file}`)
  // A driver that was killed could not remove what it was writing.
  const died = applications.programs.filter(p => p.died || !p.node.alive).map(p => `/out/${p.name}/`)
  for (const folder of cluster.outputs.temporary.keys()) if (!died.some(path => folder.startsWith(path))) left.push(`temporary folder ${folder}`)
  return left
}

/** By the event log: an attempt ends once, and one attempt of a partition succeeds, unless its output was lost in between. */
export function checkEventLog(cluster: SimCluster, scenario: Scenario): void {
  const { world } = cluster
  const whole = !scenario.faults.some(f => f.kind === 'storeLost')
  const accepted = new Set<string>()
  const ended = new Map<string, string>()
  for (const record of world.bus.peekStream(cluster.names.eventStream)) {
    const app = record.subject.split('.')[2]
    for (const event of decodeEvents(record.data, RECORD_VERSION)) {
      countEvent(world.counts, event)
      if (event.Event !== 'TaskEnd') continue
      const { reason } = event.end
      const task = `${app} job ${event.jobId} stage ${event.stageId} task ${event.index}`
      const attempt = `${task}.${event.attempt}`
      const before = ended.get(attempt)
      ended.set(attempt, reason)
      if (before !== undefined && !(before === 'Success' && reason === 'Resubmitted') && whole)
        world.violate('stale status taken', `${attempt} had ended (${before}) and ends again (${reason})`)
      if (reason === 'Success') {
        if (accepted.has(task) && whole) world.violate('second commit', `${task} succeeded twice`)
        accepted.add(task)
      } else if (reason === 'Resubmitted') accepted.delete(task)
    }
  }
}
