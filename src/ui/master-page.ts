/** The master's page and the extra fields of its `/json/`: what `/json/` says, for a person who wants to know whether the cluster is well. */
import { formatDuration, formatSize } from '../core/bytes.js'
import type { ApplicationEntry, DriverEntry, MasterStatus, WorkerEntry } from '../protocol/status.js'
import { type Cell, facts, frame, link, moment, resourceNames, section, state } from './layout.js'
import { type Html, html } from './server.js'

export interface MasterView {
  readonly status: MasterStatus
  readonly masterId: string
  /** Of the lease it holds; 0 when it holds none. */
  readonly epoch: number
  /** Who leads, as far as a standby knows. */
  readonly leader: { readonly masterId: string; readonly host: string; readonly ui: string } | undefined
  /** By application: what it waits for, when it has nothing. */
  readonly waiting: Readonly<Record<string, string>>
  /** Now, epoch milliseconds. */
  readonly now: number
}

const MIB = 2 ** 20

export function masterPage(view: MasterView): Html {
  const { status } = view
  const body = html`<h1>spk master ${state(status.status)}</h1>${role(view)}${status.status === 'STANDBY' ? '' : cluster(view)}`
  return frame(`spk master: ${status.status}`, body)
}

/** What this master is at the moment, in a sentence. */
function role({ status, masterId, epoch, leader }: MasterView): Html {
  const where = leader === undefined ? html`Nobody is known to lead.` : html`${leader.masterId} on ${leader.host} leads: ${link(leader.ui)}`
  const sentences: Readonly<Record<string, Html>> = {
    STANDBY: html`Standing by: it answers no worker and no driver, and takes over when the leader is gone. ${where}`,
    RECOVERING: html`It has just been elected, and waits for workers and drivers to register again. Running jobs go on.`,
    COMPLETING_RECOVERY: html`It has been elected, and puts its records in order. Running jobs go on.`,
    ALIVE: html`It leads the cluster.`,
  }
  const held: (readonly [string, Cell])[] = epoch === 0 ? [] : [['Epoch', epoch]]
  return html`<p>${sentences[status.status] ?? ''}</p>${facts([['Master', masterId], ['Bus', status.url], ...held])}`
}

function cluster({ status, waiting, now }: MasterView): Html {
  const gone = status.workers.length - status.aliveworkers
  return html`${facts([
    ['Workers', `${status.aliveworkers} alive${gone === 0 ? '' : `, ${gone} not`}`],
    ['Cores', `${status.coresused} of ${status.cores} in use`],
    ['Memory', `${size(status.memoryused)} of ${size(status.memory)} in use`],
    ['Applications', `${status.activeapps.length} active, ${status.completedapps.length} ended`],
    ['Drivers', `${status.activedrivers.length} active, ${status.completeddrivers.length} ended`],
  ])}
${section(
  'Workers',
  ['Worker', 'Host', 'State', 'Cores used', 'Memory used', 'Resources used', 'Last heartbeat'],
  status.workers.map(w => workerRow(w, now)),
  'No worker has registered. Start one with: spk node --role worker',
)}
${section(
  'Active applications',
  ['Application', 'Name', 'User', 'State', 'Cores', 'Memory per executor', 'Since', 'Waits for'],
  status.activeapps.map(a => [...applicationRow(a), waiting[a.id] ?? '']),
  'None.',
)}
${section('Active drivers', DRIVER_COLUMNS, status.activedrivers.map(driverRow), 'None.')}
${section(
  'Ended applications',
  ['Application', 'Name', 'User', 'State', 'Cores', 'Memory per executor', 'Ran'],
  [...status.completedapps].reverse().map(applicationRow),
  'None.',
)}
${section('Ended drivers', DRIVER_COLUMNS, [...status.completeddrivers].reverse().map(driverRow), 'None.')}`
}

const DRIVER_COLUMNS = ['Driver', 'State', 'Cores', 'Memory', 'Worker', 'Script', 'Submitted']

function workerRow(w: WorkerEntry, now: number): Cell[] {
  const silent = formatDuration(Math.max(0, now - w.lastheartbeat))
  return [
    link(w.webuiaddress, w.id),
    w.host,
    state(w.state),
    `${w.coresused} of ${w.cores}`,
    `${size(w.memoryused)} of ${size(w.memory)}`,
    resourceNames(w.resourcesused),
    `${silent} ago`,
  ]
}

function applicationRow(a: ApplicationEntry): Cell[] {
  return [a.id, a.name, a.user, state(a.state), a.cores, size(a.memoryperexecutor), formatDuration(a.duration)]
}

function driverRow(d: DriverEntry): Cell[] {
  return [d.id, state(d.state), d.cores, size(d.memory), d.worker, d.mainclass, moment(Number(d.starttime))]
}

function size(mib: number): string {
  return formatSize(mib * MIB)
}

/** `/json/clusterutilization`, in percent. */
export function clusterUtilization(status: MasterStatus): Record<string, number> {
  const { cores, coresused, memory, memoryused } = status
  return {
    waitingDrivers: status.activedrivers.filter(d => d.state === 'SUBMITTED').length,
    cores,
    coresused,
    coresutilization: cores === 0 ? 100 : Math.floor((100 * coresused) / cores),
    memory,
    memoryused,
    memoryutilization: memory === 0 ? 100 : Math.floor((100 * memoryused) / memory),
  }
}
