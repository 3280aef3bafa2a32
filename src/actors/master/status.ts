/** What a master says of itself and its cluster, in Spark's shape (`protocol/status.ts`). Pure; a standby's lists are empty. */
import {
  type ApplicationEntry,
  type DriverEntry,
  dateText,
  type MasterStatus,
  mebibytes,
  resourcesStatus,
  type WorkerEntry,
} from '../../protocol/status.js'
import {
  type App,
  activeApps,
  type Capacity,
  type Cluster,
  type Driver,
  emptyCluster,
  executorsOf,
  freeByWorker,
  isAppActive,
  isDriverActive,
  type Worker,
} from './cluster.js'
import type { MasterContext } from './events.js'

/** `wall`: now, epoch milliseconds. */
export function masterStatus(context: Pick<MasterContext, 'cluster' | 'status' | 'url'>, wall: number): MasterStatus {
  const cluster = context.status === 'STANDBY' ? emptyCluster : context.cluster
  const free = freeByWorker(cluster)
  const workers = [...cluster.workers.values()].map(w => workerEntry(w, free.get(w.workerId) as Capacity))
  const alive = workers.filter(w => w.state === 'ALIVE')
  const sum = (of: (w: WorkerEntry) => number) => alive.reduce((total, w) => total + of(w), 0)
  const drivers = [...cluster.drivers.values()].sort((a, b) => a.sequence - b.sequence)
  const ended = [...cluster.apps.values()].filter(a => !isAppActive(a))
  return {
    url: context.url,
    workers,
    aliveworkers: alive.length,
    cores: sum(w => w.cores),
    coresused: sum(w => w.coresused),
    memory: sum(w => w.memory),
    memoryused: sum(w => w.memoryused),
    resources: alive.map(w => w.resources),
    resourcesused: alive.map(w => w.resourcesused),
    activeapps: activeApps(cluster).map(a => applicationEntry(cluster, a, wall)),
    completedapps: ended.sort((a, b) => a.sequence - b.sequence).map(a => applicationEntry(cluster, a, wall)),
    activedrivers: drivers.filter(isDriverActive).map(driverEntry),
    completeddrivers: drivers.filter(d => !isDriverActive(d)).map(driverEntry),
    status: context.status,
  }
}

function workerEntry(w: Worker, free: Capacity): WorkerEntry {
  const used = Object.fromEntries(Object.entries(w.resources).map(([name, all]) => [name, all.filter(a => !free.resources[name]?.includes(a))]))
  return {
    id: w.workerId,
    host: w.host,
    port: portOf(w.blockUrl),
    webuiaddress: w.uiUrl,
    cores: w.cores,
    coresused: w.cores - free.cores,
    coresfree: free.cores,
    memory: mebibytes(w.memory),
    memoryused: mebibytes(w.memory - free.memory),
    memoryfree: mebibytes(free.memory),
    resources: resourcesStatus(w.resources),
    resourcesused: resourcesStatus(used),
    resourcesfree: resourcesStatus(free.resources),
    state: w.state,
    lastheartbeat: w.seenAt,
  }
}

function portOf(url: string): number {
  return Number(/:(\d+)(?:\/|$)/.exec(url)?.[1] ?? 0)
}

function applicationEntry(cluster: Cluster, app: App, wall: number): ApplicationEntry {
  const { appId, name, user, executorMemory, executorResources, startedAt } = app.description
  const memory = mebibytes(executorMemory)
  const resources = Object.entries(executorResources).map(([resource, amount]) => ({ name: resource, amount }))
  return {
    id: appId,
    starttime: startedAt,
    name,
    cores: isAppActive(app) ? executorsOf(cluster, appId).reduce((total, e) => total + e.cores, 0) : 0,
    user,
    memoryperexecutor: memory,
    memoryperslave: memory,
    resourcesperexecutor: resources,
    resourcesperslave: resources,
    submitdate: dateText(startedAt),
    state: app.state,
    duration: Math.max(0, (app.endedAt ?? wall) - startedAt),
  }
}

function driverEntry(d: Driver): DriverEntry {
  return {
    id: d.driverId,
    starttime: String(d.submittedAt),
    state: d.state,
    cores: d.description.cores,
    memory: mebibytes(d.description.memory),
    resources: resourcesStatus(d.resources),
    submitdate: dateText(d.submittedAt),
    worker: d.workerId ?? 'None',
    mainclass: d.description.script,
  }
}
