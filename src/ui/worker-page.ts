/** The worker's page and `/json/` (Spark's fields), from a plain view that the worker's process fills. */
import { formatSize } from '../core/bytes.js'
import type { Resources } from '../protocol/common.js'
import { type ExecutorEntry, mebibytes, resourcesStatus, type WorkerStatus } from '../protocol/status.js'
import { type Cell, facts, frame, link, resourceNames, section, state } from './layout.js'
import { type Html, html } from './server.js'

/** Memory in bytes. */
export interface ExecutorView {
  readonly appId: string
  readonly appName: string
  readonly user: string
  readonly executorId: string
  /** Cap of the application over all its executors; 0: none. */
  readonly coresMax: number
  readonly cores: number
  readonly memory: number
  readonly resources: Resources
  readonly state: string
  /** How it was started. */
  readonly command: string
  readonly pid?: number
  /** How it ended. */
  readonly message?: string
}

export interface DriverView {
  readonly driverId: string
  readonly name: string
  readonly cores: number
  readonly memory: number
  readonly resources: Resources
  readonly state: string
  readonly script: string
  readonly pid?: number
  readonly message?: string
}

export interface WorkerView {
  readonly workerId: string
  readonly host: string
  /** What it is doing: registering, active, … */
  readonly state: string
  /** Of the bus. */
  readonly masterUrl: string
  readonly masterUi: string
  readonly masterId: string | undefined
  readonly cores: number
  readonly memory: number
  readonly resources: Resources
  readonly blockUrl: string
  readonly executors: readonly ExecutorView[]
  readonly finishedExecutors: readonly ExecutorView[]
  readonly drivers: readonly DriverView[]
  readonly finishedDrivers: readonly DriverView[]
}

function used(view: WorkerView): { readonly cores: number; readonly memory: number; readonly resources: Resources } {
  const all = [...view.executors, ...view.drivers]
  const resources: Resources = Object.fromEntries(Object.keys(view.resources).map(name => [name, all.flatMap(one => one.resources[name] ?? [])]))
  const sum = (of: (one: ExecutorView | DriverView) => number) => all.reduce((total, one) => total + of(one), 0)
  return { cores: sum(one => one.cores), memory: sum(one => one.memory), resources }
}

export function workerJson(view: WorkerView): WorkerStatus {
  const now = used(view)
  return {
    id: view.workerId,
    masterurl: view.masterUrl,
    masterwebuiurl: view.masterUi,
    cores: view.cores,
    coresused: now.cores,
    memory: mebibytes(view.memory),
    memoryused: mebibytes(now.memory),
    resources: resourcesStatus(view.resources),
    resourcesused: resourcesStatus(now.resources),
    executors: view.executors.map(executorEntry),
    finishedexecutors: view.finishedExecutors.map(executorEntry),
  }
}

function executorEntry(e: ExecutorView): ExecutorEntry {
  const memory = mebibytes(e.memory)
  const resources = Object.entries(e.resources).map(([name, addresses]) => ({ name, amount: addresses.length }))
  return {
    id: Number(e.executorId),
    memory,
    resources: resourcesStatus(e.resources),
    appid: e.appId,
    appdesc: {
      name: e.appName,
      cores: e.coresMax,
      memoryperexecutor: memory,
      resourcesperexecutor: resources,
      memoryperslave: memory,
      resourcesperslave: resources,
      user: e.user,
      command: e.command,
    },
  }
}

export function workerPage(view: WorkerView): Html {
  const now = used(view)
  const master = view.masterId === undefined ? html`none has answered yet` : link(view.masterUi, view.masterId)
  const body = html`<h1>spk worker ${state(view.state)}</h1>
${facts([
  ['Worker', view.workerId],
  ['Host', view.host],
  ['Master', master],
  ['Bus', view.masterUrl],
  ['Cores', `${now.cores} of ${view.cores} in use`],
  ['Memory', `${formatSize(now.memory)} of ${formatSize(view.memory)} in use`],
  ['Resources in use', resourceNames(resourcesStatus(now.resources)) || 'none'],
  ['Blocks', view.blockUrl],
])}
${section('Executors', EXECUTOR_COLUMNS, view.executors.map(executorRow), 'None runs here.')}
${section('Drivers', DRIVER_COLUMNS, view.drivers.map(driverRow), 'None runs here.')}
${section('Ended executors', EXECUTOR_COLUMNS, [...view.finishedExecutors].reverse().map(executorRow), 'None.')}
${section('Ended drivers', DRIVER_COLUMNS, [...view.finishedDrivers].reverse().map(driverRow), 'None.')}`
  return frame(`spk worker: ${view.state}`, body)
}

const EXECUTOR_COLUMNS = ['Executor', 'Application', 'User', 'State', 'Cores', 'Memory', 'Resources', 'Process', 'Note']
const DRIVER_COLUMNS = ['Driver', 'Name', 'Script', 'State', 'Cores', 'Memory', 'Resources', 'Process', 'Note']

function executorRow(e: ExecutorView): Cell[] {
  return [`${e.appId}/${e.executorId}`, e.appName, e.user, state(e.state), ...common(e)]
}

function driverRow(d: DriverView): Cell[] {
  return [d.driverId, d.name, d.script, state(d.state), ...common(d)]
}

function common(one: ExecutorView | DriverView): Cell[] {
  return [one.cores, formatSize(one.memory), resourceNames(resourcesStatus(one.resources)), one.pid ?? '', one.message ?? '']
}
